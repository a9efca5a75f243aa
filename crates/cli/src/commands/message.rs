//! `recado message`: what was sent, and how far it has come.

use clap::Subcommand;
use recado_core::MessageId;
use serde_json::Value;

use crate::{Client, Columns, Output, Result, View, render::bubble};

const FIELDS: Columns = "\
    ID /id, STATUS /status, ERROR /metadata/error/message, CODE /metadata/error/code, \
    EXTERNAL ID /externalId, CONVERSATION /conversationId, AGENT /agentId, \
    CHANNEL /metadata/channelId, CREATED /createdAt, UPDATED /updatedAt";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show a message as the customer sees it, and how far it has come
    Show { id: MessageId },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    let Command::Show { id } = command;
    let answer = client.get(&["messages", id.as_str()], &[]).await?;
    let views = views(&answer.value);
    Ok(Output::new(answer.text, views))
}

/// Returns a flat message as a person wants to see it.
pub(crate) fn views(message: &Value) -> Vec<View> {
    let mut views = Vec::from_iter(bubble::of_message(message).map(View::Message));
    views.push(View::fields(message, FIELDS));
    views.extend(View::warnings(message));
    views
}
