//! `recado message`: what was sent, how far it has come, and the files of customers.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use recado_core::MessageId;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::once::Once;
use crate::{Client, Columns, Failure, Output, Result, View, render::bubble};

const FIELDS: Columns = "\
    ID /id, STATUS /status, ERROR /metadata/error/message, CODE /metadata/error/code, \
    EXTERNAL ID /externalId, CONVERSATION /conversationId, AGENT /agentId, \
    CHANNEL /metadata/channelId, CREATED /createdAt, UPDATED /updatedAt";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show a message as the customer sees it, and how far it has come
    Show { id: MessageId },
    /// Cancel a message that waits in the queue, or in that of Z-API
    Cancel { id: MessageId },
    /// Fetch the file of a customer's message
    #[command(after_help = "Example:\n  recado message media msg_… photo.jpg")]
    Media {
        id: MessageId,
        /// File to write; it must not exist
        file: PathBuf,
    },
    /// Send again what a message says, as a new message
    Resend(ResendArgs),
}

#[derive(clap::Args)]
pub(crate) struct ResendArgs {
    id: MessageId,
    /// Send it although it may have arrived: its outcome is unknown, or the provider accepted it
    #[arg(long)]
    accept_duplicate: bool,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    let (answer, message) = match command {
        Command::Show { id } => (client.get(&["messages", id.as_str()], &[]).await?, ""),
        Command::Cancel { id } => (client.delete(&["messages", id.as_str()], &[]).await?, ""),
        Command::Media { id, file } => return fetch(client, &id, &file).await,
        Command::Resend(args) => {
            let body = json!({"acceptDuplicate": args.accept_duplicate});
            let (path, key) = (["messages", args.id.as_str(), "resend"], args.once.key());
            (client.once(&path, &[], &body, &key).await?, "/message")
        }
    };
    let views = answer.value.pointer(message).map(views);
    Ok(Output::new(answer.text, views.unwrap_or_default()))
}

/// Writes the file of a customer's message; one that breaks off is removed.
async fn fetch(client: &Client, id: &MessageId, output: &Path) -> Result<Output> {
    let mut response = client.download(&["messages", id.as_str(), "media"]).await?;
    let cannot = |error: std::io::Error| {
        Failure::Usage(format!("cannot write {}: {error}", output.display()))
    };
    let mut file = File::create_new(output).await.map_err(cannot)?;
    let written = async {
        let mut length = 0;
        while let Some(bytes) = client.next_bytes(&mut response).await? {
            file.write_all(&bytes).await.map_err(cannot)?;
            length += bytes.len();
        }
        file.flush().await.map_err(cannot)?;
        Ok(length)
    };
    match written.await {
        Ok(length) => {
            let answer = json!({"file": output.to_string_lossy(), "bytes": length});
            let done = format!("{length} bytes in {}", output.display());
            Ok(Output::done(answer.into(), done))
        }
        Err(failure) => {
            tokio::fs::remove_file(output).await.ok();
            Err(failure)
        }
    }
}

/// Returns a flat message as a person wants to see it.
pub(crate) fn views(message: &Value) -> Vec<View> {
    let mut views = Vec::from_iter(bubble::of_message(message).map(View::Message));
    views.push(View::fields(message, FIELDS));
    views.extend(View::warnings(message));
    views
}
