//! `recado agent`: who speaks.

use clap::Subcommand;
use recado_core::AgentId;
use serde_json::json;

use super::{confirmation::Confirmation, once::Once, resource, resource::ListArgs};
use crate::{Client, Columns, Output, Result, note};

const COLUMNS: Columns = "ID /id, NAME /name, CREATED /createdAt";
const FIELDS: Columns = "ID /id, NAME /name, ORGANIZATION /organizationId, CREATED /createdAt";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an agent
    #[command(after_help = "Example:\n  recado agent create Ana --id agent-123")]
    Create {
        /// Name of the agent
        name: String,
        /// Id of the agent, to keep one from ChatVolt or to choose it yourself
        #[arg(long)]
        id: Option<AgentId>,
        #[command(flatten)]
        once: Once,
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

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    match command {
        Command::Create { name, id, once } => {
            let body = json!({"name": name, "id": id});
            resource::create_once(client, &["agents"], &body, once, FIELDS).await
        }
        Command::List(args) => resource::list(client, &["agents"], args, COLUMNS).await,
        Command::Show { id } => resource::show(client, &["agents", id.as_str()], FIELDS).await,
        Command::Delete { id, confirmation } => {
            for warning in uses(&id, client).await {
                note(&warning);
            }
            let path = ["agents", id.as_str()];
            resource::delete(client, &path, "agent", &confirmation, "?").await
        }
    }
}

/// Returns a warning for each thing that still names the agent. A key that may not read gets none.
async fn uses(id: &AgentId, client: &Client) -> Vec<String> {
    let mut warnings = Vec::new();
    let one = [("agentId", id.to_string()), ("limit", "1".to_owned())];
    let conversations = client.get(&["conversations"], &one).await;
    if conversations.is_ok_and(|list| list.value.pointer("/data/0").is_some()) {
        warnings.push(format!(
            "warning: conversations name agent {id}: they stay, and a send to one of them has to name another agent"
        ));
    }
    let mut channels = Vec::new();
    let listed = client.each(&["channels"], &[], |channel| {
        if channel["agentId"] == id.as_str() {
            channels.push(channel["id"].as_str().unwrap_or_default().to_owned());
        }
    });
    // The deletion itself tells what is wrong with the server or the key.
    listed.await.ok();
    warnings.extend(channels.iter().map(|channel| {
        format!(
            "warning: channel {channel} names agent {id}: its new customers come to the organization's first agent until `recado channel update {channel} --agent AGENT`"
        )
    }));
    warnings
}
