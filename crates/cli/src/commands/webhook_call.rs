//! `recado webhook-call`: calls of providers that were taken and could not be applied.

use clap::Subcommand;

use super::{resource, resource::ListArgs};
use crate::{Client, Columns, Output, Result};

const COLUMNS: Columns = "\
    ID /id, CHANNEL /channelId, STATUS /status, CONTENT TYPE /contentType, RECEIVED /receivedAt";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the provider webhooks that could not be applied
    List {
        /// Only those with this status
        #[arg(long, value_parser = ["unreadable", "crashed", "too_many_items"])]
        status: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Try to apply a provider webhook again
    Retry { id: String },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    match command {
        Command::List { status, list } => {
            let query = list.query_with([("status", status)]);
            let answer = client.get(&["webhook-calls"], &query).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Retry { id } => {
            let path = ["webhook-calls", &id, "retry"];
            resource::create(client, &path, &serde_json::json!({}), COLUMNS).await
        }
    }
}
