//! `recado channel`: connected WhatsApp numbers.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use recado_core::{AgentId, ChannelId, Provider};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::listing::ListArgs;
use crate::client::{Answer, Client, Effect};
use crate::credentials::{self, CredentialArgs, setting};
use crate::environment::Lookup;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::{Columns, Output, cell};

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("PROVIDER", "/provider"),
    ("NAME", "/name"),
    ("CREATED", "/createdAt"),
];
const FIELDS: Columns = &[
    ("ID", "/id"),
    ("PROVIDER", "/provider"),
    ("NAME", "/name"),
    ("AGENT", "/agentId"),
    ("CONNECTED", "/connected"),
    ("SETTINGS", "/settings"),
    ("WEBHOOK URL", "/webhookUrl"),
    ("WEBHOOK SECRET", "/webhookSecret"),
    ("CREATED", "/createdAt"),
    ("UPDATED", "/updatedAt"),
];
const REGISTERED: Columns = &[
    ("REGISTERED", "/registered"),
    ("WEBHOOK URL", "/webhookUrl"),
];
const CHECK: Columns = &[("STATE", "/state"), ("DETAIL", "/detail")];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Connect a number; the credentials come from the environment, a file or flags
    #[command(after_help = create_help())]
    Create {
        /// Who carries the messages
        #[arg(long, value_parser = provider_parser())]
        provider: Provider,
        /// What people call it
        name: String,
        /// Its id, to choose it yourself
        #[arg(long)]
        id: Option<ChannelId>,
        /// Who speaks in conversations that customers begin [default: the first agent]
        #[arg(long, value_name = "ID")]
        agent: Option<AgentId>,
        #[command(flatten)]
        credentials: CredentialArgs,
        /// A setting, such as baseUrl=https://…; repeat it for more
        #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
    },
    /// List the channels
    List(#[command(flatten)] ListArgs),
    /// Show a channel, without its credentials
    Show { id: ChannelId },
    /// Change a channel; what is not named stays, but credentials and settings are replaced as a whole
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true)
        .args(["name", "agent", "pairs", "file", "settings"]))]
    Update {
        id: ChannelId,
        /// What people call it
        #[arg(long)]
        name: Option<String>,
        /// Who speaks in conversations that customers begin
        #[arg(long, value_name = "ID")]
        agent: Option<AgentId>,
        #[command(flatten)]
        credentials: CredentialArgs,
        /// A setting; these replace all that there were
        #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
    },
    /// Ask the provider whether the number can send; exit code 4 if it cannot
    Check { id: ChannelId },
    /// Tell Z-API or ZapperHUB where to send its webhooks; with Meta you do that in its App Dashboard
    RegisterWebhook { id: ChannelId },
    /// Delete a channel
    Delete { id: ChannelId },
}

fn create_help() -> String {
    format!(
        "Examples:\n  recado channel create --provider zapi \"Main number\" --id main\n  \
         recado channel create --provider whatsapp Sales --credentials whatsapp.json\n\n{}",
        credentials::help()
    )
}

/// Reads a provider, and tells completions which ones there are.
pub(crate) fn provider_parser() -> impl TypedValueParser<Value = Provider> {
    PossibleValuesParser::new(Provider::ALL.map(Provider::as_str))
        .try_map(|text| text.parse::<Provider>())
}

pub(crate) async fn run(
    command: Command,
    client: &Client,
    lookup: Lookup<'_>,
) -> Result<Output, Failure> {
    match command {
        Command::Create {
            provider,
            name,
            id,
            agent,
            credentials,
            settings,
        } => {
            let settings = credentials::settings(settings);
            let body = json!({
                "provider": provider,
                "name": name,
                "id": id,
                "agentId": agent,
                "credentials": credentials.for_channel(provider, &settings, lookup)?,
                "settings": settings,
            });
            let answer = client.post(&["channels"], &body).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::List(list) => {
            let answer = client.get(&["channels"], &list.query()).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Show { id } => {
            let answer = client.get(&["channels", id.as_str()], &[]).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::Update {
            id,
            name,
            agent,
            credentials,
            settings,
        } => {
            let body = changes(name, agent, &credentials, settings)?;
            let answer = client.patch(&["channels", id.as_str()], &body).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::Check { id } => {
            let path = ["channels", id.as_str(), "check"];
            let answer = (client.call(Method::POST, &path, &[], None, Effect::Reads)).await?;
            Ok(checked(answer))
        }
        Command::RegisterWebhook { id } => register_webhook(&id, client).await,
        Command::Delete { id } => {
            let answer = client.delete(&["channels", id.as_str()]).await?;
            Ok(Output::done(answer, format!("deleted channel {id}")))
        }
    }
}

async fn register_webhook(id: &ChannelId, client: &Client) -> Result<Output, Failure> {
    let path = ["channels", id.as_str(), "register-webhook"];
    let effect = Effect::Changes;
    match client.call(Method::POST, &path, &[], None, effect).await {
        Ok(answer) => Ok(Output::record(answer, REGISTERED)),
        Err(Failure::Refused(refusal)) => {
            // The refusal is what matters, whether or not the channel can be read.
            let channel = client.get(&["channels", id.as_str()], &[]).await.ok();
            let advice = channel.and_then(|channel| dashboard(&channel.value));
            Err(Failure::Refused(match advice {
                Some(advice) => Box::new(refusal.with_advice(advice)),
                None => refusal,
            }))
        }
        Err(failure) => Err(failure),
    }
}

/// How a person sets the webhook of a WhatsApp number; none for the others (Meta, webhooks from the App Dashboard).
fn dashboard(channel: &Value) -> Option<String> {
    if channel.get("provider")? != Provider::WhatsApp.as_str() {
        return None;
    }
    let part = |key: &str| cell(channel.get(key));
    Some(format!(
        "in Meta's App Dashboard, under WhatsApp > Configuration, set\n    \
         Callback URL: {}\n    \
         Verify token: the verifyToken of the channel's credentials; without one, \
         the WEBHOOK SECRET that `recado channel show {}` tells\n  \
         and subscribe to the field messages. The credentials need the app's appSecret, too: \
         it proves that Meta calls",
        part("webhookUrl"),
        part("id"),
    ))
}

/// A number that cannot send is no success for a script that asks.
fn checked(answer: Answer) -> Output {
    let connected = answer.value.get("state") == Some(&json!("connected"));
    let mut output = Output::record(answer, CHECK);
    if !connected {
        output.exit_code = ExitCode::Refused;
    }
    output
}

fn changes(
    name: Option<String>,
    agent: Option<AgentId>,
    credentials: &CredentialArgs,
    settings: Vec<(String, String)>,
) -> Result<Value, Failure> {
    let mut body = Map::new();
    if let Some(name) = name {
        body.insert("name".to_owned(), name.into());
    }
    if let Some(agent) = agent {
        body.insert("agentId".to_owned(), String::from(agent).into());
    }
    if let Some(credentials) = credentials.given()? {
        body.insert("credentials".to_owned(), credentials.into());
    }
    if !settings.is_empty() {
        let settings = credentials::settings(settings);
        body.insert("settings".to_owned(), settings.into());
    }
    Ok(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("connected", ExitCode::Ok)]
    #[case("disconnected", ExitCode::Refused)]
    #[case("misconfigured", ExitCode::Refused)]
    fn a_number_that_cannot_send_is_no_success(#[case] state: &str, #[case] code: ExitCode) {
        let value = json!({"state": state, "detail": null});
        let text = value.to_string();
        assert_eq!(checked(Answer { text, value }).exit_code, code);
    }

    #[test]
    fn a_change_names_only_what_changes() {
        let changed = changes(
            Some("Other".to_owned()),
            Some("agent-123".parse().unwrap()),
            &CredentialArgs::default(),
            Vec::new(),
        );
        assert_eq!(
            changed.unwrap(),
            json!({"name": "Other", "agentId": "agent-123"})
        );
        let settings = vec![setting("baseUrl=http://a/?b=c").unwrap()];
        let changed = changes(None, None, &CredentialArgs::default(), settings);
        assert_eq!(
            changed.unwrap(),
            json!({"settings": {"baseUrl": "http://a/?b=c"}})
        );
    }

    #[rstest]
    #[case("whatsapp", true)]
    #[case("zapi", false)]
    fn only_a_number_of_whatsapp_is_set_up_by_hand(#[case] provider: &str, #[case] by_hand: bool) {
        let url = "https://recado.example/webhooks/whatsapp/main";
        let channel = json!({"id": "main", "provider": provider, "webhookUrl": url});
        let advice = dashboard(&channel);
        assert_eq!(advice.is_some(), by_hand);
        assert!(advice.is_none_or(|advice| advice.contains(url) && advice.contains("verifyToken")));
    }
}
