//! `recado send text`: a plain text.

use recado_core::{FieldErrors, SendText, request};
use serde_json::Value;

use super::draft::{Conversation, Draft, How, given};
use super::kind::{Column, Kind};
use crate::{Failure, Result};

pub(super) const HELP: &str = "Examples:
  recado send text --agent agent-123 --conversation conv-456 --body \"Your order has left our shop.\"
  recado send text --conversation conv-456 --body \"Follow it: https://shop.example/4711\" --link-preview true
  recado send text --csv customers.csv --body \"Hello {{name}}, your order is on its way.\" --dry-run
  recado send text --json body.json --dry-run
  recado send text --direct zapi --to +5511900000001 --body Hi

The file of --json has the conversation as `conversationId`. Without --agent the agent of the conversation sends the message. With --csv the columns of the file are conversation,
agent and body, and variables of your own; docs/csv.md describes them. The same command again continues a run.

`recado send buttons --help` tells more of --async, --direct and the exit codes, which are the same here.";

#[derive(Default, clap::Args)]
pub(crate) struct TextArgs {
    /// Agent that sends the message [default: that of the conversation]
    #[arg(long, value_name = "ID", conflicts_with_all = ["json", "direct"])]
    agent: Option<String>,
    #[command(flatten)]
    conversation: Conversation,
    /// The text
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    body: Option<String>,
    /// Whether the phone shows a preview of the first link, where the provider leaves that to the sender
    #[arg(long, value_name = "true|false", conflicts_with = "json")]
    link_preview: Option<bool>,
    #[command(flatten)]
    how: How,
}

pub(super) const KIND: Kind = Kind {
    name: "text",
    path: |body| {
        let conversation = body.get("conversationId").and_then(Value::as_str);
        let conversation = conversation.unwrap_or_default();
        vec!["conversation", "message", "conversationId", conversation]
    },
    read: request::read::<SendText>,
    columns: &[
        Column::text("agent", "agentId"),
        Column::text("conversation", "conversationId"),
        Column::text("body", "message"),
    ],
};

impl TextArgs {
    pub(super) fn draft(self) -> Result<Draft> {
        let texts = given([
            ("agentId", self.agent),
            ("conversationId", self.conversation.id),
            ("message", self.body),
        ]);
        let preview = self.link_preview;
        let preview = preview.map(|shown| ("linkPreview".to_owned(), shown.into()));
        let draft = self.how.draft(&KIND, texts.chain(preview))?;
        // The path of the route has the conversation, also if a file has the body.
        let named = draft.body.get("conversationId").and_then(Value::as_str);
        let goes_by_server = draft.how.direct.is_none() && draft.how.csv.file().is_none();
        if goes_by_server && named.is_none_or(str::is_empty) {
            let missing = FieldErrors::field("conversationId", "Required");
            return Err(Failure::Fields(missing));
        }
        Ok(draft)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: TextArgs,
    }

    fn body(options: &str) -> Value {
        let command = Command::try_parse_from(options.split(' ')).expect("options");
        Value::Object(command.args.draft().expect("a draft").body)
    }

    #[test]
    fn an_agent_and_a_preview_are_left_open_unless_they_are_given() {
        let plain = json!({"conversationId": "C", "message": "Hi"});
        assert_eq!(body("text --conversation C --body Hi"), plain);
        let full =
            json!({"agentId": "A", "conversationId": "C", "message": "Hi", "linkPreview": false});
        let options = "text --agent A --conversation C --body Hi --link-preview false";
        assert_eq!(body(options), full);
    }

    #[test]
    fn the_path_has_the_conversation() {
        let body = json!({"conversationId": "C 1"});
        let body = body.as_object().expect("an object");
        let path = (KIND.path)(body);
        assert_eq!(path, ["conversation", "message", "conversationId", "C 1"]);
    }
}
