//! `recado send cta-url`: a text with a button that opens a link.

use recado_core::{SendCtaUrl, request};

use super::draft::{Draft, How, Texts, Who, fields, given};
use super::kind::{Column, Kind};
use crate::Result;

pub(super) const HELP: &str = "Examples:
  recado send cta-url --agent agent-123 --conversation conv-456 --body \"Your order is on its way.\" \\
      --button \"Follow it\" --url https://shop.example/orders/4711
  recado send cta-url --csv orders.csv --agent agent-123 --body \"Hello {{name}}\" --button \"Follow it\" \\
      --url 'https://shop.example/orders/{{order}}' --dry-run
  recado send cta-url --direct zapi --to +5511900000001 --body Hi --button Open --url https://shop.example

No provider tells that the customer opened the link. With --csv the columns of the file are conversation, agent,
header, body, footer, button and url, and variables of your own; docs/csv.md describes them. The same command again
continues a run.

`recado send buttons --help` tells more of --async, --direct and the exit codes, which are the same here.";

#[derive(Default, clap::Args)]
pub(crate) struct CtaUrlArgs {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    texts: Texts,
    /// The text on the button
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    button: Option<String>,
    /// The link that the button opens, an https URL
    #[arg(
        long,
        value_name = "URL",
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    url: Option<String>,
    #[command(flatten)]
    how: How,
}

pub(super) const KIND: Kind = Kind {
    name: "cta_url",
    path: |_| vec!["messages", "interactive", "send-cta"],
    read: request::read::<SendCtaUrl>,
    columns: &[
        Column::text("agent", "agentId"),
        Column::text("conversation", "conversationId"),
        Column::text("header", "header_text"),
        Column::text("body", "body_text"),
        Column::text("footer", "footer_text"),
        Column::text("button", "button_display_text"),
        Column::text("url", "button_url"),
    ],
};

impl CtaUrlArgs {
    pub(super) fn draft(self) -> Result<Draft> {
        let mut flags = fields(self.who, self.texts);
        flags.extend(given([
            ("button_display_text", self.button),
            ("button_url", self.url),
        ]));
        self.how.draft(&KIND, flags)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: CtaUrlArgs,
    }

    #[test]
    fn the_options_are_the_fields_of_the_request() {
        let options =
            "cta-url --agent A --conversation C --body Hi --button Open --url https://shop.example";
        let command = Command::try_parse_from(options.split(' ')).expect("options");
        let draft = command.args.draft().expect("a draft");
        assert_eq!(
            Value::Object(draft.body),
            json!({"agentId": "A", "conversationId": "C", "body_text": "Hi", "button_display_text": "Open",
                "button_url": "https://shop.example"})
        );
    }
}
