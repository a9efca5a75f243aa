//! `recado send location-request`: a text with a button by which the customer sends a place.

use recado_core::{SendLocationRequest, request};

use super::draft::{Draft, How, Who, given};
use super::kind::{Column, Kind};
use crate::Result;

pub(super) const HELP: &str = "Examples:
  recado send location-request --agent agent-123 --conversation conv-456 --body \"Where may we deliver?\"
  recado send location-request --direct whatsapp --to +5511900000001 --body \"Where may we deliver?\"

WhatsApp Cloud API alone carries it. With --csv the columns of the file are conversation, agent and body, and variables of
your own; docs/csv.md describes them. The same command again continues a run.

`recado send buttons --help` tells more of --async, --direct and the exit codes, which are the same here.";

#[derive(Default, clap::Args)]
pub(crate) struct LocationRequestArgs {
    #[command(flatten)]
    who: Who,
    /// The text
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    body: Option<String>,
    #[command(flatten)]
    how: How,
}

pub(super) const KIND: Kind = Kind {
    name: "location_request",
    path: |_| vec!["messages", "interactive", "location-request"],
    read: request::read::<SendLocationRequest>,
    columns: &[
        Column::text("agent", "agentId"),
        Column::text("conversation", "conversationId"),
        Column::text("body", "body_text"),
    ],
};

impl LocationRequestArgs {
    pub(super) fn draft(self) -> Result<Draft> {
        let fields = given([
            ("agentId", self.who.agent),
            ("conversationId", self.who.conversation.id),
            ("body_text", self.body),
        ]);
        self.how.draft(&KIND, fields)
    }
}
