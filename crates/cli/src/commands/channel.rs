//! `recado channel`: connected WhatsApp numbers.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use recado_core::{AgentId, ChannelId, Provider};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::listing::ListArgs;
use crate::api::client::{Answer, Client, Effect};
use crate::commands::confirmation::Confirmation;
use crate::credentials::{self, CredentialArgs, setting};
use crate::environment::Lookup;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::render::output::{Columns, Output};

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
    ("CREDENTIALS", "/credentialsSet"),
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
        /// A setting, such as baseUrl=https://…; repeat it for more [names: below]
        #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
        /// Ask the provider first, and create nothing unless the number can send
        #[arg(long)]
        check: bool,
    },
    /// List the channels
    List(#[command(flatten)] ListArgs),
    /// Show a channel, without its credentials
    Show { id: ChannelId },
    /// Change a channel; credentials that are not named stay, and settings are replaced as a whole
    ///
    /// Without any option, the credentials in the environment replace those of the channel.
    #[command(after_help = credentials::help())]
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
        /// A setting; these replace all that there were [names: below]
        #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
    },
    /// Ask the provider whether the number can send; exit code 4 if it cannot
    Check { id: ChannelId },
    /// Tell Z-API or ZapperHUB where to send its webhooks; with Meta you do that in its App Dashboard
    RegisterWebhook { id: ChannelId },
    /// Delete a channel
    Delete {
        id: ChannelId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
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
            check,
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
            let answer = create(client, &body, check).await?;
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
            let answer = update(client, &id, body, lookup).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::Check { id } => {
            let path = ["channels", id.as_str(), "check"];
            let answer = (client.call(Method::POST, &path, &[], None, Effect::Reads)).await?;
            Ok(checked(answer))
        }
        Command::RegisterWebhook { id } => register_webhook(&id, client).await,
        Command::Delete { id, confirmation } => {
            confirmation.ask(&format!(
                "Delete channel {id}? Its conversations stay, and cannot be sent to any more."
            ))?;
            let answer = client.delete(&["channels", id.as_str()]).await?;
            Ok(Output::done(answer, format!("deleted channel {id}")))
        }
    }
}

async fn register_webhook(id: &ChannelId, client: &Client) -> Result<Output, Failure> {
    let path = ["channels", id.as_str(), "register-webhook"];
    let effect = Effect::Changes;
    let answer = client.call(Method::POST, &path, &[], None, effect).await?;
    Ok(Output::record(answer, REGISTERED))
}

async fn create(client: &Client, body: &Value, check: bool) -> Result<Answer, Failure> {
    let query = [("check", "true".to_owned())];
    let query = if check { &query[..] } else { &[] };
    let (path, effect) = (["channels"], Effect::Changes);
    client
        .call(Method::POST, &path, query, Some(body), effect)
        .await
}

/// Changes a channel; without changes, its credentials come from the environment, so that a forgotten variable
/// changes nothing where something else is named.
async fn update(
    client: &Client,
    id: &ChannelId,
    mut body: Map<String, Value>,
    lookup: Lookup<'_>,
) -> Result<Answer, Failure> {
    let path = ["channels", id.as_str()];
    if body.is_empty() {
        let channel = client.get(&path, &[]).await?.value;
        let provider = provider_of(&channel).ok_or_else(|| {
            Failure::Usage("name what changes: see recado channel update --help".to_owned())
        })?;
        let credentials = credentials::for_update(provider, lookup)?;
        body.insert("credentials".to_owned(), credentials.into());
    }
    client.patch(&path, &Value::Object(body)).await
}

/// Returns the provider of a channel, if this version knows it.
fn provider_of(channel: &Value) -> Option<Provider> {
    channel.get("provider")?.as_str()?.parse().ok()
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
) -> Result<Map<String, Value>, Failure> {
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
    Ok(body)
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
            Value::Object(changed.unwrap()),
            json!({"name": "Other", "agentId": "agent-123"})
        );
        let settings = vec![setting("baseUrl=http://a/?b=c").unwrap()];
        let changed = changes(None, None, &CredentialArgs::default(), settings);
        assert_eq!(
            Value::Object(changed.unwrap()),
            json!({"settings": {"baseUrl": "http://a/?b=c"}})
        );
    }
}
