//! `recado key`: the API keys of an organization.

use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use recado_core::{ApiKeyId, OrganizationId, Scope};
use serde_json::{Value, json};

use super::listing::ListArgs;
use crate::api::client::{Answer, Client};
use crate::commands::confirmation::Confirmation;
use crate::failure::Failure;
use crate::render::output::{Columns, Output, View};

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("BEGINS WITH", "/prefix"),
    ("SCOPES", "/scopes"),
    ("LAST USED", "/lastUsedAt"),
    ("EXPIRES", "/expiresAt"),
];
const CREATED: Columns = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("SCOPES", "/scopes"),
    ("EXPIRES", "/expiresAt"),
    ("KEY", "/key"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an API key; it is shown once and never again
    #[command(
        after_help = "Example:\n  recado key create --org acme website --scope send --quiet > recado.key"
    )]
    Create {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        /// What it is for
        name: String,
        /// What it may do: read, send or manage; may be given several times [default: everything]
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<Scope>,
        /// How many days it works [default: until it is deleted]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: Option<u16>,
        /// Print the key alone, for scripts
        #[arg(long, short)]
        quiet: bool,
    },
    /// List the API keys, without their secrets
    List {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show the API key that this command uses
    Current,
    /// Delete an API key: it is refused from now on
    Delete {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        /// The key's id, not its secret
        #[arg(value_name = "KEY_ID")]
        id: ApiKeyId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output, Failure> {
    match command {
        Command::Create {
            org,
            name,
            scopes,
            days,
            quiet,
        } => {
            let path = ["organizations", org.as_str(), "api-keys"];
            let mut key = json!({"name": name});
            if !scopes.is_empty() {
                key["scopes"] = json!(scopes);
            }
            if let Some(days) = days {
                key["expiresAt"] = json!(in_days(days).to_string());
            }
            let answer = client.post(&path, &key).await?;
            if quiet {
                return alone(&answer);
            }
            let mut output = Output::record(answer, CREATED);
            let note = "keep the key now: it is not shown again".to_owned();
            output.views.push(View::Text(note));
            Ok(output)
        }
        Command::List { org, list } => {
            let path = ["organizations", org.as_str(), "api-keys"];
            let answer = client.get(&path, &list.query()).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Current => {
            let answer = client.get(&["api-keys", "current"], &[]).await?;
            Ok(Output::record(answer, COLUMNS))
        }
        Command::Delete {
            org,
            id,
            confirmation,
        } => {
            confirmation.ask(&format!(
                "Delete API key {id}? Programs that use it are refused from then on."
            ))?;
            let path = ["organizations", org.as_str(), "api-keys", id.as_str()];
            let answer = client.delete(&path).await?;
            Ok(Output::done(answer, format!("deleted API key {id}")))
        }
    }
}

/// Returns the time that many days from now.
pub(super) fn in_days(days: u16) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24 * i64::from(days))
}

/// Returns an output of the key alone, in either format.
fn alone(answer: &Answer) -> Result<Output, Failure> {
    let key = answer.value.get("key").and_then(Value::as_str);
    let key = key.ok_or_else(|| Failure::Own("the server's answer has no key".to_owned()))?;
    Ok(Output::new(
        key.to_owned(),
        vec![View::Text(key.to_owned())],
    ))
}
