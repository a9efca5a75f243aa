//! `recado events`: what happened, as a list and live.

mod tail;

use clap::{Subcommand, builder::NonEmptyStringValueParser};
use recado_core::ConversationId;
use serde_json::Value;

use super::resource::given;
use crate::{Answer, Client, Output, Printer, Result, View};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List events, oldest first
    #[command(
        after_help = "Examples:\n  recado events list --type button.pressed --conversation conv-456\n  recado events list --last 20"
    )]
    List {
        #[command(flatten)]
        filter: Filter,
        /// Maximum number of events
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: Option<u16>,
        /// The newest N instead of the oldest
        #[arg(long, value_name = "N", conflicts_with = "limit", value_parser = clap::value_parser!(u16).range(1..=1000))]
        last: Option<u16>,
    },
    /// Follow events as they happen, until Ctrl-C
    ///
    /// If the connection is lost, it is opened again after the last event.
    /// Programs get one event as JSON per line.
    #[command(
        after_help = "Examples:\n  recado events tail\n  recado events tail --type button.pressed --output json | jq .data.button"
    )]
    Tail(Filter),
}

#[derive(clap::Args)]
pub(crate) struct Filter {
    /// Begin after this event
    #[arg(long, value_name = "EVENT_ID", value_parser = NonEmptyStringValueParser::new())]
    after: Option<String>,
    /// Only events of this type, such as button.pressed
    #[arg(long = "type", value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    kind: Option<String>,
    /// Only events of this conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<ConversationId>,
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        given([
            ("cursor", self.after),
            ("type", self.kind),
            ("conversationId", self.conversation.map(String::from)),
        ])
    }
}

pub(crate) async fn run(command: Command, client: &Client, printer: Printer) -> Result<Output> {
    match command {
        Command::List {
            filter,
            limit,
            last,
        } => {
            let mut query = filter.query();
            if let Some(last) = last {
                let newest = client.newest(&["events"], &query, last.into()).await?;
                return Ok(listed(newest.into()));
            }
            query.extend(limit.map(|limit| ("limit", limit.to_string())));
            Ok(listed(client.get(&["events"], &query).await?))
        }
        Command::Tail(filter) => {
            tail::run(client, filter.query(), printer).await?;
            Ok(Output::none())
        }
    }
}

fn listed(answer: Answer) -> Output {
    let events = answer.value.get("data").and_then(Value::as_array);
    let events = match events.filter(|events| !events.is_empty()) {
        Some(events) => View::Events(events.clone()),
        None => View::Text("nothing happened yet".to_owned()),
    };
    let more = View::more(&answer.value);
    let views = [events].into_iter().chain(more).collect();
    Output::new(answer.text, views)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_of_events_and_names_the_next_part() {
        let views = |value: Value| listed(value.into()).views;
        let list = json!({"data": [{"type": "a"}, {"type": "b"}], "nextCursor": "evt_2"});
        let views_of_two = views(list);
        let [View::Events(events), View::Text(more)] = &views_of_two[..] else {
            panic!("other views");
        };
        assert_eq!(events.len(), 2);
        assert_eq!(more, "there is more: add --after evt_2");
        let none = views(json!({"data": [], "nextCursor": null}));
        assert!(matches!(&none[..], [View::Text(text)] if text == "nothing happened yet"));
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
