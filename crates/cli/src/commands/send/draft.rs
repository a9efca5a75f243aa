//! What the commands of all kinds of messages share.

use jiff::Timestamp;
use recado_core::{GivenRecipient, Provider};
use serde_json::{Map, Value};

use super::csv::args::CsvArgs;
use super::kind::Kind;
use crate::credentials::{provider_parser, setting};
use crate::{Result, input};

/// Who sends to whom, with a server.
#[derive(Default, clap::Args)]
pub(super) struct Who {
    /// Agent that sends the message
    #[arg(long, value_name = "ID", required_unless_present_any = ["json", "csv", "direct"], conflicts_with_all = ["json", "direct"])]
    pub(super) agent: Option<String>,
    #[command(flatten)]
    pub(super) conversation: Conversation,
}

/// To whom a message goes, with a server.
#[derive(Default, clap::Args)]
pub(super) struct Conversation {
    /// Conversation in which the message is sent
    #[arg(long = "conversation", value_name = "ID", required_unless_present_any = ["json", "csv", "direct"], conflicts_with_all = ["json", "direct"])]
    pub(super) id: Option<String>,
}

/// The texts of a message in which the customer chooses something.
#[derive(Default, clap::Args)]
pub(super) struct Texts {
    /// The bold line above the body
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    pub(super) header: Option<String>,
    /// The main text
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    pub(super) body: Option<String>,
    /// The small line below the body
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    pub(super) footer: Option<String>,
}

/// Returns the fields of a body that these options fill.
pub(super) fn fields(who: Who, texts: Texts) -> Map<String, Value> {
    let fields = given([
        ("agentId", who.agent),
        ("conversationId", who.conversation.id),
        ("header_text", texts.header),
        ("body_text", texts.body),
        ("footer_text", texts.footer),
    ]);
    fields.collect()
}

/// Returns the fields of a body for which an option was given.
pub(super) fn given<const N: usize>(
    fields: [(&'static str, Option<String>); N],
) -> impl Iterator<Item = (String, Value)> {
    let fields = fields.into_iter();
    fields.filter_map(|(name, text)| Some((name.to_owned(), text?.into())))
}

/// Where the body comes from, and which way the message goes.
#[derive(Default, clap::Args)]
pub(super) struct How {
    /// The body as ChatVolt's API takes it; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<String>,
    /// Show what the provider would get, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Send straight to this provider, without a server
    #[arg(long, value_name = "PROVIDER", value_parser = provider_parser(), requires = "to")]
    pub(super) direct: Option<Provider>,
    /// Recipient, without a server: a phone number with +, country code and area code, such as +5511900000001; a user id, a LID or a group
    #[arg(long, value_name = "RECIPIENT", requires = "direct")]
    pub(super) to: Option<GivenRecipient>,
    /// A setting of the channel, without a server, such as dialect=wuzapi; repeat it for more
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting, requires = "direct")]
    pub(super) settings: Vec<(String, String)>,
    /// Key of the request: the same command with the same key sends once within 24 hours [default: a random key]
    #[arg(long, value_name = "KEY", conflicts_with_all = ["direct", "dry_run"])]
    pub(super) idempotency_key: Option<String>,
    /// Have the message sent at this time, such as 2026-12-01T09:00:00-03:00, at most 30 days ahead
    #[arg(long, value_name = "TIME", conflicts_with_all = ["direct", "csv"])]
    pub(super) at: Option<Timestamp>,
    /// Have the message queued, and do not wait until the provider has it
    #[arg(long = "async", conflicts_with_all = ["direct", "csv"])]
    pub(super) is_async: bool,
    #[command(flatten)]
    pub(super) csv: CsvArgs,
}

/// A message of any kind, before it is checked.
pub(super) struct Draft {
    pub(super) kind: &'static Kind,
    /// The fields of the body; with `--csv` those that rows may leave out.
    pub(super) body: Map<String, Value>,
    pub(super) how: How,
}

impl How {
    /// Returns a message with the body of the file if one is named, else with that of the flags.
    pub(super) fn draft(
        self,
        kind: &'static Kind,
        flags: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Draft> {
        let body = self.body(flags.into_iter().collect())?;
        let how = self;
        Ok(Draft { kind, body, how })
    }

    fn body(&self, flags: Map<String, Value>) -> Result<Map<String, Value>> {
        self.json.as_deref().map_or(Ok(flags), input::json_object)
    }
}
