//! `recado send buttons`: a text with reply buttons.

use recado_core::{Button, SendButtons, request};

use super::draft::{Draft, How, Texts, Who, fields};
use super::kind::{Column, Fills, Kind, pair};
use crate::Result;

pub(super) const HELP: &str = "Examples:
  recado send buttons --agent agent-123 --conversation conv-456 --body \"How can we help you?\" \\
      --button btn_sales=Sales --button btn_support=Support
  recado send buttons --json body.json --dry-run
  recado send buttons --csv customers.csv --agent agent-123 --body \"Hello {{name}}, is {{date}} right?\" \\
      --button yes=Yes --button no=No --dry-run
  recado send buttons --direct zapi --to +5511900000001 --body Hi --button yes=Yes

With --async the message waits in the server's queue: `recado message show` and `recado events tail` tell what
becomes of it. A message of --at waits there as well. Neither goes with --direct, which has no queue, or with --csv,
which shows what became of each row.

With --csv the columns of the file are conversation, agent, header, body, footer, button1, button2 and button3 (as
ID=TITLE), and variables of your own; docs/csv.md describes them. The same command again continues a run.

Without a server (--direct) the credentials come from the environment:
`recado channel create --help` lists them. RECADO_WHATSAPP_URL, RECADO_ZAPI_URL and
RECADO_ZAPPERHUB_URL lead elsewhere, for example to `recado sandbox`;
RECADO_WHATSAPP_VERSION chooses the version of the Graph API.

Exit code 6 means that the answer was lost: the message may be on its way,
so do not send it again before you have looked.";

#[derive(Default, clap::Args)]
pub(crate) struct ButtonsArgs {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    texts: Texts,
    /// A button; repeat it for up to three. The title may contain '='
    #[arg(long = "button", value_name = "ID=TITLE", value_parser = button, required_unless_present_any = ["json", "csv"], conflicts_with = "json")]
    buttons: Vec<Button>,
    #[command(flatten)]
    how: How,
}

pub(super) const KIND: Kind = Kind {
    name: "buttons",
    path: |_| vec!["messages", "interactive", "send-buttons"],
    read: request::read::<SendButtons>,
    columns: &[
        Column::text("agent", "agentId"),
        Column::text("conversation", "conversationId"),
        Column::text("header", "header_text"),
        Column::text("body", "body_text"),
        Column::text("footer", "footer_text"),
        column_of_button("button1", "button_1_id", "button_1_title"),
        column_of_button("button2", "button_2_id", "button_2_title"),
        column_of_button("button3", "button_3_id", "button_3_title"),
    ],
};

const fn column_of_button(name: &'static str, id: &'static str, title: &'static str) -> Column {
    let fills = Fills::Pair { id, title };
    Column { name, fills }
}

fn button(text: &str) -> Result<Button, &'static str> {
    pair(text).map(|(id, title)| Button::new(id, title))
}

impl ButtonsArgs {
    pub(super) fn draft(self) -> Result<Draft> {
        let mut flags = fields(self.who, self.texts);
        for (number, button) in (1..).zip(self.buttons) {
            flags.insert(format!("button_{number}_id"), button.id.into());
            flags.insert(format!("button_{number}_title"), button.title.into());
        }
        self.how.draft(&KIND, flags)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::super::draft::Conversation;
    use super::*;

    #[rstest]
    #[case("btn_sales=Sales", "btn_sales", "Sales")]
    #[case("a=1+1=2", "a", "1+1=2")]
    #[case("a= b ", "a", " b ")]
    fn a_button_is_an_id_and_a_title(#[case] text: &str, #[case] id: &str, #[case] title: &str) {
        assert_eq!(button(text), Ok(Button::new(id, title)));
    }

    #[rstest]
    #[case("Sales")]
    #[case("=Sales")]
    #[case("btn_sales=")]
    #[case("")]
    fn half_a_button_is_refused(#[case] text: &str) {
        assert!(button(text).is_err());
    }

    #[test]
    fn every_field_of_the_message_has_a_column() {
        let fields = [
            "agentId",
            "conversationId",
            "header_text",
            "body_text",
            "footer_text",
        ];
        let buttons = [
            "button_1_id",
            "button_1_title",
            "button_3_id",
            "button_3_title",
        ];
        for field in fields.into_iter().chain(buttons) {
            assert_ne!(KIND.column_of(field), field);
        }
        assert_eq!(KIND.column_of("button_2_title"), "button2");
    }

    #[test]
    fn flags_make_the_body_that_chatvolt_takes() {
        let args = ButtonsArgs {
            who: Who {
                agent: Some("agent-123".to_owned()),
                conversation: Conversation {
                    id: Some("conv-456".to_owned()),
                },
            },
            texts: Texts {
                header: None,
                body: Some("Hi".to_owned()),
                footer: Some("Foot".to_owned()),
            },
            buttons: vec![button("a=Yes").unwrap(), button("b=No").unwrap()],
            ..ButtonsArgs::default()
        };
        let expected = json!({
            "agentId": "agent-123", "conversationId": "conv-456", "body_text": "Hi", "footer_text": "Foot",
            "button_1_id": "a", "button_1_title": "Yes", "button_2_id": "b", "button_2_title": "No",
        });
        assert_eq!(Value::Object(args.draft().unwrap().body), expected);
    }
}
