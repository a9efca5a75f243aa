//! `recado org`: the tenants of a server.

use clap::Subcommand;
use recado_core::OrganizationId;
use reqwest::Method;
use serde_json::json;

use super::listing::ListArgs;
use crate::api::client::{Client, Effect};
use crate::failure::Failure;
use crate::render::output::{Columns, Output};

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("SUSPENDED", "/suspendedAt"),
    ("CREATED", "/createdAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an organization
    #[command(after_help = "Example:\n  recado org create \"Acme Ltd\" --id acme")]
    Create {
        /// What people call it
        name: String,
        /// Its id, to choose it yourself
        #[arg(long)]
        id: Option<OrganizationId>,
    },
    /// List the organizations
    List(#[command(flatten)] ListArgs),
    /// Show an organization
    Show { id: OrganizationId },
    /// Suspend an organization: its API keys and sessions are refused and its deliveries wait, until it is resumed
    Suspend { id: OrganizationId },
    /// Resume a suspended organization
    Resume { id: OrganizationId },
    /// Delete an organization and everything that it owns, for good
    #[command(after_help = "Example:\n  recado org delete acme --confirm acme")]
    Delete {
        id: OrganizationId,
        /// The id or the name of the organization, once more
        #[arg(long, value_name = "ID_OR_NAME")]
        confirm: String,
    },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output, Failure> {
    match command {
        Command::Create { name, id } => {
            let answer = client
                .post(&["organizations"], &json!({"name": name, "id": id}))
                .await?;
            Ok(Output::record(answer, COLUMNS))
        }
        Command::List(list) => {
            let answer = client.get(&["organizations"], &list.query()).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Show { id } => {
            let answer = client.get(&["organizations", id.as_str()], &[]).await?;
            Ok(Output::record(answer, COLUMNS))
        }
        Command::Suspend { id } => set_suspended(client, &id, "suspend").await,
        Command::Resume { id } => set_suspended(client, &id, "resume").await,
        Command::Delete { id, confirm } => {
            let (path, query) = (["organizations", id.as_str()], [("confirm", confirm)]);
            let answer = client
                .call(Method::DELETE, &path, &query, None, Effect::Changes)
                .await?;
            let done = format!("deleted organization {id}; its data are removed in the background");
            Ok(Output::done(answer, done))
        }
    }
}

/// Suspends or resumes an organization, as `verb` says.
async fn set_suspended(
    client: &Client,
    id: &OrganizationId,
    verb: &str,
) -> Result<Output, Failure> {
    let path = ["organizations", id.as_str(), verb];
    let answer = client.post(&path, &json!({})).await?;
    Ok(Output::record(answer, COLUMNS))
}
