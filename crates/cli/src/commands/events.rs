//! `recado events`: what happened, as a list and live.

mod tail;

use clap::Subcommand;
use recado_core::ConversationId;
use recado_sandbox::drawing::Style;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::event_line::{When, line};
use crate::failure::Failure;
use crate::output::{Output, Printer, View};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List events, oldest first; times are UTC
    #[command(
        after_help = "Example:\n  recado events list --type button.pressed --conversation conv-456"
    )]
    List {
        #[command(flatten)]
        filter: Filter,
        /// How many at most
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: Option<u16>,
    },
    /// Follow events as they happen, until Ctrl-C; times are UTC
    ///
    /// A connection that is lost is opened again behind the last event.
    /// Programs get one event as JSON per line.
    #[command(
        after_help = "Examples:\n  recado events tail\n  recado events tail --type button.pressed --output json | jq .data.button"
    )]
    Tail(Filter),
}

/// Which events are wanted.
#[derive(clap::Args)]
pub(crate) struct Filter {
    /// Begin behind this event
    #[arg(long, value_name = "EVENT_ID")]
    after: Option<String>,
    /// Only this type, such as button.pressed
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only this conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<ConversationId>,
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        let parts = [
            ("cursor", self.after),
            ("type", self.kind),
            ("conversationId", self.conversation.map(String::from)),
        ];
        let parts = parts.into_iter();
        parts
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }
}

pub(crate) async fn run(
    command: Command,
    client: &Client,
    printer: Printer,
) -> Result<Output, Failure> {
    match command {
        Command::List { filter, limit } => {
            let limit = limit.map(|limit| ("limit", limit.to_string()));
            let query: Vec<_> = filter.query().into_iter().chain(limit).collect();
            let answer = client.get(&["events"], &query).await?;
            Ok(listed(answer, Style::of_stdout()))
        }
        Command::Tail(filter) => {
            tail::run(client, filter.query(), printer).await?;
            Ok(Output::new(String::new(), Vec::new()))
        }
    }
}

fn listed(answer: Answer, style: Style) -> Output {
    let events = answer.value.get("data").and_then(Value::as_array);
    let lines: Vec<String> = (events.into_iter().flatten())
        .map(|event| line(event, When::DayAndTime, style))
        .collect();
    let text = if lines.is_empty() {
        "nothing happened yet".to_owned()
    } else {
        lines.join("\n")
    };
    let more = View::more(&answer.value);
    let views = [View::Text(text)].into_iter().chain(more).collect();
    Output::new(answer.text, views)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn views(value: Value) -> Vec<String> {
        let text = value.to_string();
        let output = listed(Answer { text, value }, Style::Plain);
        let views = output.views.into_iter();
        views
            .map(|view| match view {
                View::Text(text) => text,
                _ => panic!("another view"),
            })
            .collect()
    }

    #[test]
    fn a_list_has_one_line_per_event_and_names_the_next_part() {
        let event = |kind: &str| json!({"type": kind, "createdAt": "2026-11-22T12:00:03.000Z", "conversationId": "c"});
        let list = json!({"data": [event("a"), event("b")], "nextCursor": "evt_2"});
        assert_eq!(
            views(list),
            [
                "2026-11-22 12:00:03  a                  c\n2026-11-22 12:00:03  b                  c",
                "there is more: add --after evt_2"
            ]
        );
        assert_eq!(
            views(json!({"data": [], "nextCursor": null})),
            ["nothing happened yet"]
        );
    }

    #[test]
    fn the_query_names_only_what_is_wanted() {
        let filter = Filter {
            after: None,
            kind: Some("button.pressed".to_owned()),
            conversation: Some("conv-456".parse().unwrap()),
        };
        assert_eq!(
            filter.query(),
            [
                ("type", "button.pressed".to_owned()),
                ("conversationId", "conv-456".to_owned())
            ]
        );
    }
}
