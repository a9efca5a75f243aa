//! `recado org`: the tenants of a server.

use clap::Subcommand;
use recado_core::OrganizationId;
use serde_json::json;

use super::listing::ListArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Columns, Output};

const COLUMNS: Columns = &[("ID", "/id"), ("NAME", "/name"), ("CREATED", "/createdAt")];

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
    }
}
