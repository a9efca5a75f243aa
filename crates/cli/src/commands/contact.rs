//! `recado contact`: the people whom an organization talks to.

use clap::Subcommand;
use serde_json::{Value, json};

use super::confirmation::Confirmation;
use crate::{Client, Output, Result};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Erase all data of one contact for good: conversations, messages, events and stored provider webhooks
    #[command(after_help = "Example:\n  recado contact erase +5511900000001")]
    Erase {
        /// Phone number with country code, business-scoped user id or LID
        address: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    let Command::Erase {
        address,
        confirmation,
    } = command;
    confirmation.ask(&format!("Erase all data of {address} for good?"))?;
    let body = json!({ "address": address });
    let answer = client.post(&["contacts", "erase"], &body).await?;
    let sentence = done(&answer.value);
    Ok(Output::done(answer, sentence))
}

/// Says what was erased, and of which contact: a number may be read in another way than it was meant.
fn done(answer: &Value) -> String {
    let count = |name: &str| answer[name].as_u64().unwrap_or_default();
    let whom = (answer["phone"]["formatted"].as_str())
        .or_else(|| answer["address"].as_str())
        .unwrap_or_default();
    let end = match answer["complete"] {
        Value::Bool(true) => "",
        _ => "; the erasure goes on, repeat the command to see whether it has ended",
    };
    format!(
        "erased {whom}: {} conversations, {} messages, {} events, {} stored calls of providers{end}",
        count("conversations"),
        count("messages"),
        count("events"),
        count("webhookCalls")
    )
}
