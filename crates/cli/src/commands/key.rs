//! `recado key`: the API keys of an organization.

use clap::Subcommand;
use recado_core::{ApiKeyId, OrganizationId};
use serde_json::{Value, json};

use super::listing::ListArgs;
use crate::client::{Answer, Client};
use crate::failure::Failure;
use crate::output::{Columns, Output, View};

const COLUMNS: Columns = &[("ID", "/id"), ("NAME", "/name"), ("CREATED", "/createdAt")];
const CREATED: Columns = &[("ID", "/id"), ("NAME", "/name"), ("KEY", "/key")];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an API key; it is shown once and never again
    #[command(after_help = "Example:\n  recado key create --org acme website --quiet > recado.key")]
    Create {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        /// What it is for
        name: String,
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
    /// Delete an API key: whoever uses it is refused from now on
    Delete {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        /// The key's id, not its secret
        #[arg(value_name = "KEY_ID")]
        id: ApiKeyId,
    },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output, Failure> {
    match command {
        Command::Create { org, name, quiet } => {
            let path = ["organizations", org.as_str(), "api-keys"];
            let answer = client.post(&path, &json!({"name": name})).await?;
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
        Command::Delete { org, id } => {
            let path = ["organizations", org.as_str(), "api-keys", id.as_str()];
            let answer = client.delete(&path).await?;
            Ok(Output::done(answer, format!("deleted API key {id}")))
        }
    }
}

/// The key and nothing else, in either format.
fn alone(answer: &Answer) -> Result<Output, Failure> {
    let key = answer.value.get("key").and_then(Value::as_str);
    let key = key.ok_or_else(|| Failure::Own("the server's answer has no key".to_owned()))?;
    Ok(Output::new(
        key.to_owned(),
        vec![View::Text(key.to_owned())],
    ))
}
