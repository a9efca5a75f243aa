//! `recado conversation`: one agent, one channel, one recipient.

mod show;

use clap::Subcommand;
use recado_core::recipient::{GivenRecipient, GivenRecipientError};
use recado_core::{AgentId, ChannelId, ConversationId};
use serde::Serialize;
use serde_json::json;

use super::{once::Once, resource, resource::ListArgs};
use crate::{Client, Columns, Output, Result, View};

const COLUMNS: Columns = "ID /id, AGENT /agentId, CHANNEL /channelId, TO /to, CREATED /createdAt";
const MESSAGES: Columns = "ID /id, FROM /from, STATUS /status, CREATED /createdAt, TEXT /text";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a conversation
    #[command(
        after_help = "Example:\n  recado conversation create --agent agent-123 --channel main --to +5511900000001 --id conv-456"
    )]
    Create(CreateArgs),
    /// List the conversations
    List(Filter),
    /// Show a conversation with its messages, as a chat
    Show {
        id: ConversationId,
        /// Number of messages, the newest
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        last: u16,
    },
    /// List the messages of a conversation
    Messages {
        id: ConversationId,
        #[command(flatten)]
        list: ListArgs,
    },
}

#[derive(clap::Args, Serialize)]
pub(crate) struct CreateArgs {
    /// Agent that sends the messages
    #[arg(long, value_name = "ID")]
    #[serde(rename = "agentId")]
    agent: AgentId,
    /// Channel that carries the messages
    #[arg(long, value_name = "ID")]
    #[serde(rename = "channelId")]
    channel: ChannelId,
    /// Recipient: a phone number with +, country code and area code, such as +5511900000001; a user id, a LID or a group
    #[arg(long, value_name = "RECIPIENT", value_parser = recipient)]
    to: String,
    /// Id of the conversation, to keep one from ChatVolt or to choose it yourself
    #[arg(long)]
    id: Option<ConversationId>,
    #[command(flatten)]
    #[serde(skip)]
    once: Once,
}

#[derive(clap::Args)]
pub(crate) struct Filter {
    /// Only conversations with this customer or group; a phone number is found in every form
    #[arg(long, value_name = "RECIPIENT", value_parser = recipient)]
    recipient: Option<String>,
    /// Only conversations of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<AgentId>,
    /// Only conversations over this channel
    #[arg(long, value_name = "ID")]
    channel: Option<ChannelId>,
    #[command(flatten)]
    list: ListArgs,
}

/// Checks a recipient, and returns it as it was written: the server says how it was read.
fn recipient(text: &str) -> Result<String, GivenRecipientError> {
    text.parse::<GivenRecipient>().map(|_| text.to_owned())
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    match command {
        Command::Create(args) => {
            let (body, key) = (json!(args), args.once.key());
            let answer = client.once(&["conversations"], &[], &body, &key).await?;
            let warnings = View::warnings(&answer.value);
            let mut output = Output::record(answer, COLUMNS);
            output.views.extend(warnings);
            Ok(output)
        }
        Command::List(filter) => {
            let query = filter.list.query_with([
                ("recipient", filter.recipient),
                ("agentId", filter.agent.map(String::from)),
                ("channelId", filter.channel.map(String::from)),
            ]);
            let answer = client.get(&["conversations"], &query).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Show { id, last } => show::run(&id, usize::from(last), client).await,
        Command::Messages { id, list } => {
            let path = ["conversations", id.as_str(), "messages"];
            resource::list(client, &path, list, MESSAGES).await
        }
    }
}
