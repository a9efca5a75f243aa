//! `recado message`: what was sent, and how far it has come.

use clap::Subcommand;
use recado_core::MessageId;
use serde_json::{Value, json};

use super::once::Once;
use crate::{Client, Columns, Output, Result, View, render::bubble};

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
        Command::Resend(args) => {
            let body = json!({"acceptDuplicate": args.accept_duplicate});
            let (path, key) = (["messages", args.id.as_str(), "resend"], args.once.key());
            (client.once(&path, &[], &body, &key).await?, "/message")
        }
    };
    let views = answer.value.pointer(message).map(views);
    Ok(Output::new(answer.text, views.unwrap_or_default()))
}

/// Returns a flat message as a person wants to see it.
pub(crate) fn views(message: &Value) -> Vec<View> {
    let mut views = Vec::from_iter(bubble::of_message(message).map(View::Message));
    views.push(View::fields(message, FIELDS));
    views.extend(View::warnings(message));
    views
}
