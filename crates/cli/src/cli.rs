//! What the program understands, and which command does it.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    agent, audit, channel, completions, contact, conversation, events, export, import, key, login,
    message, org, profile, sandbox, send, user, webhook, webhook_call,
};
use crate::{ExitCode, Globals, Output, Printer, Result, environment};

const EXAMPLES: &str = "\
A first message, with a server and a key:
  recado agent create Ana --id agent-123
  recado channel create --provider zapi \"Main number\" --id main
  recado conversation create --agent agent-123 --channel main --to +5511900000001 --id conv-456
  recado send buttons --agent agent-123 --conversation conv-456 --body \"How can we help you?\" \\
      --button btn_sales=Sales --button btn_support=Support

Without a server, to a simulated phone: see `recado sandbox`.";

/// Sends WhatsApp messages with reply buttons or lists through a Recado server, or without one
#[derive(Parser)]
#[command(name = "recado", version, after_help = format!("{EXAMPLES}\n\n{}", ExitCode::HELP))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sign in with e-mail address and password, and keep a key of your own
    Login(login::LoginArgs),
    /// Delete the key that a login keeps
    Logout(login::LogoutArgs),
    /// Profiles: the servers that you have signed in to
    #[command(subcommand)]
    Profile(profile::Command),
    /// Organizations, the tenants of a server (operator key)
    #[command(subcommand)]
    Org(org::Command),
    /// API keys of an organization
    #[command(subcommand)]
    Key(key::Command),
    /// Users: the people of an organization
    #[command(subcommand)]
    User(user::Command),
    /// The audit log: who did what, when and from which address
    Audit(audit::Args),
    /// Agents: the senders of messages
    #[command(subcommand)]
    Agent(agent::Command),
    /// Channels: connected WhatsApp numbers
    #[command(subcommand)]
    Channel(channel::Command),
    /// Conversations: one agent, one channel, one recipient
    #[command(subcommand)]
    Conversation(conversation::Command),
    /// Contacts: customers on WhatsApp
    #[command(subcommand)]
    Contact(contact::Command),
    /// Import agents and conversations from another service, with their ids
    #[command(subcommand)]
    Import(import::Command),
    /// Messages of agents and customers
    #[command(subcommand)]
    Message(message::Command),
    /// Send a message
    #[command(subcommand)]
    Send(send::Command),
    /// Events: taps, messages of customers, statuses
    #[command(subcommand)]
    Events(events::Command),
    /// Print everything of the organization as JSON lines
    #[command(after_help = "Example:\n  recado export > loja.jsonl")]
    Export,
    /// Webhook endpoints: URLs that receive the events
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Provider webhooks that were stored and could not be applied
    #[command(subcommand)]
    WebhookCall(webhook_call::Command),
    /// Simulated providers and phones on this machine; runs them if no subcommand is given
    Sandbox(sandbox::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
}

impl Cli {
    pub(crate) async fn run(self, printer: Printer) -> Result<Output> {
        let (globals, lookup) = (&self.globals, &environment::process);
        let client = || globals.client(lookup);
        match self.command {
            Command::Login(args) => login::login(args, globals).await,
            Command::Logout(args) => login::logout(args, globals).await,
            Command::Profile(command) => profile::run(&command),
            Command::Org(command) => org::run(command, &client()?).await,
            Command::Key(command) => key::run(command, &client()?).await,
            Command::User(command) => user::run(command, &client()?).await,
            Command::Audit(args) => audit::run(args, &client()?).await,
            Command::Agent(command) => agent::run(command, &client()?).await,
            Command::Channel(command) => channel::run(command, &client()?, lookup).await,
            Command::Conversation(command) => conversation::run(command, &client()?).await,
            Command::Contact(command) => contact::run(command, &client()?).await,
            Command::Import(command) => import::run(command, &client()?, printer).await,
            Command::Message(command) => message::run(command, &client()?).await,
            Command::Send(command) => send::run(command, globals, lookup).await,
            Command::Events(command) => events::run(command, &client()?, printer).await,
            Command::Export => export::run(&client()?, printer).await,
            Command::Webhook(command) => webhook::run(command, &client()?).await,
            Command::WebhookCall(command) => webhook_call::run(command, &client()?).await,
            Command::Sandbox(args) => sandbox::run(args, printer).await,
            Command::Completions(args) => Ok(completions::run(&args, &mut Self::command())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_cli() {
        Cli::command().debug_assert();
    }

    const GOOD: &str = "\
login --email ana@example.com --org org_1 --days 30 --profile work
logout --forget
profile list
profile use work
user create --email ana@example.com --name Ana --role agent
user create --email ana@example.com --name Ana --role owner --org acme
user list --limit 5
user show usr_1
user update usr_1 --role viewer
user delete usr_1
user link usr_1
user sessions usr_1
user end-sessions usr_1
audit --limit 20
key create --org org_1 ci --scope send --scope read --days 30
key current
org create Acme --id acme
org list --limit 5 --after org_1
org show org_1
org update org_1 --guard-repeats false
org suspend org_1
org resume org_1
org delete org_1 --confirm Acme
key create --org org_1 ci --quiet
key list --org org_1
key delete --org org_1 key_1
agent create Ana --id agent-123 --idempotency-key order-1
agent delete agent-123
channel create --provider zapi Main --credential instanceId=I --setting buttonsEndpoint=list
channel create --provider whatsapp Main --credentials -
channel update main
channel update main --name Other
channel create --provider zapi Main --agent agent-123 --check
channel check main
channel register-webhook main
conversation create --agent a --channel c --to +5511900000001
conversation list --recipient +5511900000001 --agent a --channel c --limit 5
conversation show conv-456 --last 1000
conversation messages conv-456
import chatvolt agents.json conversations.json --channel zapi=main --dry-run
import chatvolt - --channel main --agent agent-123 --report rows.jsonl
message show msg_1
send buttons --agent a --conversation c --body Hi --button x=Yes --button y=No
send buttons --json - --dry-run
send buttons --csv rows.csv
send buttons --csv - --result r.csv --agent a --body {{text}} --button x=Yes --concurrency 8 --skip-invalid --allow-duplicates --dry-run
send buttons --json - --idempotency-key order-1
send buttons --direct zapi --to 5511900000001 --body Hi --button x=Yes
send buttons --direct zapi --to 5511900000001 --json body.json
send buttons --direct zapi --setting buttonsEndpoint=list --to 5511900000001 --json -
events list --after evt_1 --limit 1000 --type button.pressed --conversation conv-456
events tail --after evt_1 --type button.pressed --conversation conv-456
webhook add https://example.com/hook
webhook add https://example.com/hook --type button.pressed --type list.selected --format chatvolt --header X-Key:1
webhook list --limit 5
webhook show whk_1
webhook update whk_1 --url https://h/ --type a --type b --no-header --disable
webhook update whk_1 --all-types --format chatvolt --header X-Key:1
webhook delivery whk_1 dlv_1
webhook remove whk_1
webhook test whk_1
webhook rotate-secret whk_1
webhook deliveries whk_1 --status failed --after x
webhook replay whk_1 --delivery d1
webhook replay whk_1 --from 2026-11-22T12:00:00Z --to 2026-11-22T13:00:00Z
sandbox
sandbox --output json --listen 127.0.0.1:0
sandbox run --listen 127.0.0.1:0
sandbox tap wamid.1 btn_sales
sandbox --output json tap wamid.1 btn_sales --sandbox http://127.0.0.1:1
sandbox say --provider zapi --from +5511900000001 --account INST-01 Hello
sandbox read wamid.1
sandbox connect --provider wuzapi --url http://127.0.0.1:8080/webhooks/x
sandbox connect --provider whatsapp --url http://h/ --account 1 --secret s --verify-token v
completions bash
--server http://h:1 --key k --output json agent list
agent list --server http://h:1 --key k --output json";

    #[test]
    fn a_good_line_is_understood() {
        for line in GOOD.lines() {
            let words = ["recado"].into_iter().chain(line.split(' '));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }

    /// Lines, and what their error says.
    const BAD: &str = "\
agent show ../org -> an id has 1 to 64 characters
channel create --provider telegram x -> whatsapp, zapi, zapperhub
org delete org_1 -> --confirm
user create --email a@b --name Ana --role boss -> owner, agent, viewer
user update usr_1 -> required
key create --org org_1 ci --scope write -> read, send, manage
key create --org org_1 ci --days 0 -> 1..=3650
login --days 0 -> 1..=365
profile use ../x -> a profile's name has
conversation create --agent a --channel c --to bob -> phone number
send buttons --agent a --conversation c --body Hi -> --button
send buttons --agent a --conversation c --body Hi --button yes -> ID=TITLE
send buttons --conversation c --body Hi --button x=Yes -> --agent
send buttons --csv rows.csv --json - -> cannot be used with
send buttons --csv rows.csv --idempotency-key k -> cannot be used with
send buttons --csv rows.csv --concurrency 0 -> 1..=64
send buttons --json - --skip-invalid -> cannot be used with
send buttons --agent a --conversation c --body Hi --button x=Yes --result r.csv -> --csv
send buttons --json - --body Hi -> cannot be used with
send buttons --direct zapi --body Hi --button x=Yes -> --to
send buttons --json - --to 5511900000001 -> --direct
send buttons --json - --setting dialect=wuzapi -> --direct
agent list --server localhost:8080 -> http://
agent list --limit 0 -> 1..=100
events list --limit 1001 -> 1..=1000
events tail --limit 5 -> unexpected argument
events list --conversation ../x -> an id has 1 to 64 characters
conversation list --recipient bob -> phone number
conversation list --after= -> a value is required
events tail --after= -> a value is required
events list --type= -> a value is required
conversation show c --last 0 -> 1..=1000
webhook add https://h --format xml -> recado, chatvolt
webhook deliveries e --status lost -> pending, delivered, failed, not_sent
webhook deliveries e --last 5 --limit 5 -> cannot be used with
webhook update e -> required
webhook update e --enable --disable -> cannot be used with
webhook update e --type a --all-types -> cannot be used with
webhook update e --header a:b --no-header -> cannot be used with
webhook replay e -> required
webhook replay e --from 2026-11-22T12:00:00Z -> --to
webhook replay e --delivery d --from a --to b -> cannot be used with
sandbox read m --listen 127.0.0.1:0 -> unexpected argument
sandbox say --provider zapi --from 1 Hi -> phone number
sandbox say --provider telegram --from 1 Hi -> whatsapp, zapi, zapperhub, wuzapi
sandbox read m --sandbox localhost:8090 -> http://
sandbox tap m -> <BUTTON>";

    #[test]
    fn a_bad_line_is_refused_with_a_reason() {
        for case in BAD.lines().chain(["-> Usage"]) {
            let (line, reason) = case.split_once("-> ").expect("a line and a reason");
            let words = ["recado"].into_iter().chain(line.split_whitespace());
            let error = Cli::try_parse_from(words).err().expect(line);
            assert!(error.to_string().contains(reason), "{line}: {error}");
            assert_eq!(error.exit_code(), ExitCode::Usage as i32);
        }
    }
}
