//! What the program understands, and which command does it.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    agent, audit, channel, completions, contact, conversation, events, export, import, key, login,
    message, org, profile, sandbox, send, user, webhook, webhook_call,
};
use crate::environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::render::output::Output;
use crate::render::printer::Printer;

const EXAMPLES: &str = "\
A first message, with a server and a key:
  recado agent create Ana --id agent-123
  recado channel create --provider zapi \"Main number\" --id main
  recado conversation create --agent agent-123 --channel main --to +5511900000001 --id conv-456
  recado send buttons --agent agent-123 --conversation conv-456 --body \"How can we help you?\" \\
      --button btn_sales=Sales --button btn_support=Support

Without a server, to a simulated phone: see `recado sandbox`.";

/// Sends WhatsApp messages with reply buttons through a Recado server, or without one
#[derive(Parser)]
#[command(name = "recado", version, after_help = format!("{EXAMPLES}\n\n{}", ExitCode::help()))]
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
    /// Agents: who speaks
    #[command(subcommand)]
    Agent(agent::Command),
    /// Channels: connected WhatsApp numbers
    #[command(subcommand)]
    Channel(channel::Command),
    /// Conversations: one agent, one channel, one recipient
    #[command(subcommand)]
    Conversation(conversation::Command),
    /// Contacts: the people on WhatsApp
    #[command(subcommand)]
    Contact(contact::Command),
    /// Bring agents and conversations along from another service, with their ids
    #[command(subcommand)]
    Import(import::Command),
    /// Messages, of the agent and of the customer
    #[command(subcommand)]
    Message(message::Command),
    /// Send a message
    #[command(subcommand)]
    Send(send::Command),
    /// What happened: taps, messages of customers, statuses
    #[command(subcommand)]
    Events(events::Command),
    /// Print everything of the organization as JSON lines
    #[command(after_help = "Example:\n  recado export > loja.jsonl")]
    Export,
    /// Webhook endpoints: who is told of events
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Calls of providers that were taken and could not be applied
    #[command(subcommand)]
    WebhookCall(webhook_call::Command),
    /// Simulated providers and phones on this machine; alone, it runs them
    Sandbox(sandbox::Args),
    /// Print the completions of a shell
    Completions(completions::Args),
}

impl Cli {
    /// Does what was asked.
    pub(crate) async fn run(self, printer: Printer) -> Result<Output, Failure> {
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
    use rstest::rstest;

    use super::*;

    #[test]
    fn verify_cli() {
        Cli::command().debug_assert();
    }

    #[rstest]
    #[case("login --email ana@example.com --org org_1 --days 30 --profile work")]
    #[case("logout --forget")]
    #[case("profile list")]
    #[case("profile use work")]
    #[case("user create --email ana@example.com --name Ana --role agent")]
    #[case("user create --email ana@example.com --name Ana --role owner --org acme")]
    #[case("user list --limit 5")]
    #[case("user show usr_1")]
    #[case("user update usr_1 --role viewer")]
    #[case("user delete usr_1")]
    #[case("user link usr_1")]
    #[case("user sessions usr_1")]
    #[case("user end-sessions usr_1")]
    #[case("audit --limit 20")]
    #[case("key create --org org_1 ci --scope send --scope read --days 30")]
    #[case("key current")]
    #[case("org create Acme --id acme")]
    #[case("org list --limit 5 --after org_1")]
    #[case("org show org_1")]
    #[case("org suspend org_1")]
    #[case("org resume org_1")]
    #[case("org delete org_1 --confirm Acme")]
    #[case("key create --org org_1 ci")]
    #[case("key create --org org_1 ci --quiet")]
    #[case("key list --org org_1")]
    #[case("key delete --org org_1 key_1")]
    #[case("agent create Ana --id agent-123")]
    #[case("agent delete agent-123")]
    #[case(
        "channel create --provider zapi Main --credential instanceId=I --setting buttonsEndpoint=list"
    )]
    #[case("channel create --provider whatsapp Main --credentials -")]
    #[case("channel update main")]
    #[case("channel update main --name Other")]
    #[case("channel create --provider zapi Main --agent agent-123 --check")]
    #[case("channel update main --agent agent-123")]
    #[case("channel check main")]
    #[case("channel register-webhook main")]
    #[case("conversation create --agent a --channel c --to +5511900000001")]
    #[case("conversation list --recipient +5511900000001 --agent a --channel c --limit 5")]
    #[case("conversation show conv-456")]
    #[case("conversation show conv-456 --last 1000")]
    #[case("conversation messages conv-456")]
    #[case("import chatvolt agents.json conversations.json --channel zapi=main --dry-run")]
    #[case("import chatvolt - --channel main --agent agent-123 --report rows.jsonl")]
    #[case("message show msg_1")]
    #[case("send buttons --agent a --conversation c --body Hi --button x=Yes --button y=No")]
    #[case("send buttons --json - --dry-run")]
    #[case("send buttons --direct zapi --to 5511900000001 --body Hi --button x=Yes")]
    #[case("send buttons --direct zapi --to 5511900000001 --json body.json")]
    #[case("send buttons --direct zapi --setting buttonsEndpoint=list --to 5511900000001 --json -")]
    #[case("events list --after evt_1 --limit 1000 --type button.pressed --conversation conv-456")]
    #[case("events tail --after evt_1 --type button.pressed --conversation conv-456")]
    #[case("webhook add https://example.com/hook")]
    #[case(
        "webhook add https://example.com/hook --type button.pressed --type list.selected --format chatvolt --header X-Key:1"
    )]
    #[case("webhook list --limit 5")]
    #[case("webhook show whk_1")]
    #[case("webhook update whk_1 --enable")]
    #[case("webhook update whk_1 --url https://h/ --type a --type b --no-header --disable")]
    #[case("webhook update whk_1 --all-types --format chatvolt --header X-Key:1")]
    #[case("webhook delivery whk_1 dlv_1")]
    #[case("webhook remove whk_1")]
    #[case("webhook test whk_1")]
    #[case("webhook rotate-secret whk_1")]
    #[case("webhook deliveries whk_1 --status failed --after x")]
    #[case("webhook replay whk_1 --delivery d1")]
    #[case("webhook replay whk_1 --from 2026-11-22T12:00:00Z --to 2026-11-22T13:00:00Z")]
    #[case("sandbox")]
    #[case("sandbox --listen 127.0.0.1:0")]
    #[case("sandbox --output json --listen 127.0.0.1:0")]
    #[case("sandbox run --listen 127.0.0.1:0")]
    #[case("sandbox tap wamid.1 btn_sales")]
    #[case("sandbox --output json tap wamid.1 btn_sales --sandbox http://127.0.0.1:1")]
    #[case("sandbox say --provider zapi --from +5511900000001 --account INST-01 Hello")]
    #[case("sandbox read wamid.1")]
    #[case("sandbox connect --provider wuzapi --url http://127.0.0.1:8080/webhooks/x")]
    #[case(
        "sandbox connect --provider whatsapp --url http://h/ --account 1 --secret s --verify-token v"
    )]
    #[case("completions bash")]
    #[case("--server http://h:1 --key k --output json agent list")]
    #[case("agent list --server http://h:1 --key k --output json")]
    fn a_good_line_is_understood(#[case] line: &str) {
        let words = ["recado"].into_iter().chain(line.split(' '));
        Cli::try_parse_from(words).unwrap();
    }

    #[rstest]
    #[case("", "Usage")]
    #[case("agent show ../org", "an id has 1 to 64 characters")]
    #[case("channel create --provider telegram x", "whatsapp, zapi, zapperhub")]
    #[case("org delete org_1", "--confirm")]
    #[case(
        "user create --email a@b --name Ana --role boss",
        "owner, agent, viewer"
    )]
    #[case("user update usr_1", "required")]
    #[case("key create --org org_1 ci --scope write", "read, send, manage")]
    #[case("key create --org org_1 ci --days 0", "1..=3650")]
    #[case("login --days 0", "1..=365")]
    #[case("profile use ../x", "a profile's name has")]
    #[case("conversation create --agent a --channel c --to bob", "phone number")]
    #[case("send buttons --agent a --conversation c --body Hi", "--button")]
    #[case(
        "send buttons --agent a --conversation c --body Hi --button yes",
        "ID=TITLE"
    )]
    #[case("send buttons --conversation c --body Hi --button x=Yes", "--agent")]
    #[case("send buttons --json - --body Hi", "cannot be used with")]
    #[case("send buttons --direct zapi --body Hi --button x=Yes", "--to")]
    #[case("send buttons --json - --to 5511900000001", "--direct")]
    #[case("send buttons --json - --setting dialect=wuzapi", "--direct")]
    #[case("agent list --server localhost:8080", "http://")]
    #[case("agent list --limit 0", "1..=100")]
    #[case("events list --limit 1001", "1..=1000")]
    #[case("events tail --limit 5", "unexpected argument")]
    #[case("events list --conversation ../x", "an id has 1 to 64 characters")]
    #[case("conversation list --recipient bob", "phone number")]
    #[case("conversation list --after=", "a value is required")]
    #[case("events tail --after=", "a value is required")]
    #[case("events list --type=", "a value is required")]
    #[case("conversation show c --last 0", "1..=1000")]
    #[case("webhook add https://h --format xml", "recado, chatvolt")]
    #[case(
        "webhook deliveries e --status lost",
        "pending, delivered, failed, not_sent"
    )]
    #[case("webhook deliveries e --last 5 --limit 5", "cannot be used with")]
    #[case("webhook update e", "required")]
    #[case("webhook update e --enable --disable", "cannot be used with")]
    #[case("webhook update e --type a --all-types", "cannot be used with")]
    #[case("webhook update e --header a:b --no-header", "cannot be used with")]
    #[case("webhook replay e", "required")]
    #[case("webhook replay e --from 2026-11-22T12:00:00Z", "--to")]
    #[case("webhook replay e --delivery d --from a --to b", "cannot be used with")]
    #[case("sandbox read m --listen 127.0.0.1:0", "unexpected argument")]
    #[case("sandbox say --provider zapi --from 1 Hi", "phone number")]
    #[case(
        "sandbox say --provider telegram --from 1 Hi",
        "whatsapp, zapi, zapperhub, wuzapi"
    )]
    #[case("sandbox read m --sandbox localhost:8090", "http://")]
    #[case("sandbox tap m", "<BUTTON>")]
    fn a_bad_line_is_refused_with_a_reason(#[case] line: &str, #[case] reason: &str) {
        let words = ["recado"].into_iter().chain(line.split_whitespace());
        let error = Cli::try_parse_from(words).err().unwrap();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(error.exit_code(), ExitCode::Usage as i32);
    }
}
