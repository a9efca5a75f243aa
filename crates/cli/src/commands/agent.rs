//! `recado agent`: who speaks.

use clap::Subcommand;
use recado_core::AgentId;
use serde_json::json;

use super::listing::ListArgs;
use crate::client::Client;
use crate::confirmation::Confirmation;
use crate::failure::Failure;
use crate::output::{Columns, Output};

const COLUMNS: Columns = &[("ID", "/id"), ("NAME", "/name"), ("CREATED", "/createdAt")];
const FIELDS: Columns = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("ORGANIZATION", "/organizationId"),
    ("CREATED", "/createdAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an agent
    #[command(after_help = "Example:\n  recado agent create Ana --id agent-123")]
    Create {
        /// What people call it
        name: String,
        /// Its id, to keep one from ChatVolt or to choose it yourself
        #[arg(long)]
        id: Option<AgentId>,
    },
    /// List the agents
    List(#[command(flatten)] ListArgs),
    /// Show an agent
    Show { id: AgentId },
    /// Delete an agent
    Delete {
        id: AgentId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output, Failure> {
    match command {
        Command::Create { name, id } => {
            let answer = client
                .post(&["agents"], &json!({"name": name, "id": id}))
                .await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::List(list) => {
            let answer = client.get(&["agents"], &list.query()).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Show { id } => {
            let answer = client.get(&["agents", id.as_str()], &[]).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::Delete { id, confirmation } => {
            confirmation.ask(&format!(
                "Delete agent {id}? Its conversations stay, and cannot be sent to any more."
            ))?;
            let answer = client.delete(&["agents", id.as_str()]).await?;
            Ok(Output::done(answer, format!("deleted agent {id}")))
        }
    }
}
