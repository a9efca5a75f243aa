//! Which kind of thing an id seems to be of, for the hint when it was not found.

use serde_json::Value;

/// The kinds of things with an id, one on a line, in the order of the fields of [`Kind`].
///
/// Ids begin as Recado makes them, or as those of the documentation's examples.
const KINDS: &str = "\
organization | organizations | org_ | org show | org list
API key | api-keys | key_ | key delete --org ORGANIZATION | key list --org ORGANIZATION
user | users | usr_ | user show | user list
agent | agents | agt_ agent- | agent show | agent list
channel | channels | chn_ | channel show | channel list
conversation | conversations | cnv_ conv- | conversation show | conversation list
message | messages | msg_ | message show | conversation messages CONVERSATION
event | events | evt_ | events list --after | events list
webhook endpoint | webhook-endpoints | whk_ | webhook show | webhook list
delivery | deliveries | dlv_ | webhook delivery ENDPOINT | webhook deliveries ENDPOINT
provider webhook | webhook-calls | whc_ | webhook-call retry | webhook-call list";

struct Kind {
    title: &'static str,
    /// The segment of a path before its ids.
    segment: &'static str,
    /// How its ids begin, separated by spaces.
    prefixes: &'static str,
    command: &'static str,
    listing: &'static str,
}

fn kinds() -> impl Iterator<Item = Kind> {
    KINDS.lines().filter_map(|line| {
        let mut cells = line.split(" | ");
        Some(Kind {
            title: cells.next()?,
            segment: cells.next()?,
            prefixes: cells.next()?,
            command: cells.next()?,
            listing: cells.next()?,
        })
    })
}

impl Kind {
    /// Returns the kind that was not found, by the reason of the answer.
    fn missing(reason: &str) -> Option<Self> {
        let noun = reason.strip_suffix("_not_found")?;
        kinds().find(|kind| kind.noun() == noun)
    }

    /// Returns the kind whose ids begin like this one.
    fn of(id: &str) -> Option<Self> {
        let begins = |prefix| id.starts_with(prefix);
        kinds().find(|kind| kind.prefixes.split(' ').any(begins))
    }

    /// Returns the noun of the reasons: `api_key` of `api-keys`, `delivery` of `deliveries`.
    fn noun(&self) -> String {
        let noun = self.segment.replace('-', "_");
        match noun.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => noun.trim_end_matches('s').to_owned(),
        }
    }

    /// Says that an id seems to be of this kind, and not of the one that was asked for.
    fn instead_of(&self, asked: &str, id: &str) -> String {
        let (title, command) = (self.title, self.command);
        let (a, another) = (article(title), article(asked));
        format!(
            "{id} looks like the id of {a} {title}, not of {another} {asked}; see `recado {command} {id}`"
        )
    }
}

pub(crate) fn listing(reason: &str) -> Option<&'static str> {
    Kind::missing(reason).map(|kind| kind.listing)
}

/// Returns the hint for something that was not found, if its id seems to be of another kind.
pub(crate) fn hint(
    reason: &str,
    path: &[&str],
    query: &[(&str, String)],
    body: Option<&Value>,
) -> Option<String> {
    let asked = Kind::missing(reason)?;
    let in_path = path.iter().position(|segment| *segment == asked.segment);
    let in_path = in_path.and_then(|place| path.get(place + 1).copied());
    // Only nouns of one word have fields: `agentId`.
    let field = format!("{}Id", asked.noun());
    let in_query = query.iter().find(|(name, _)| *name == field);
    let id = in_path
        .or(in_query.map(|(_, id)| id.as_str()))
        .or_else(|| body?.get(&field)?.as_str())?;
    let seems = Kind::of(id)?;
    (seems.title != asked.title).then(|| seems.instead_of(asked.title, id))
}

/// Returns the hint for an id that a sandbox does not know, if it seems to be Recado's own.
pub(crate) fn hint_of_phone(id: &str) -> Option<String> {
    let seems = Kind::of(id)?;
    let command = seems.command;
    if seems.title == "message" {
        return Some(format!(
            "{id} is Recado's id of a message; the phone knows its externalId, which `recado {command} {id}` shows"
        ));
    }
    Some(seems.instead_of("message", id))
}

fn article(title: &str) -> &'static str {
    let has_vowel = title.starts_with(['a', 'A', 'e', 'o']);
    if has_vowel { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::cli::Cli;

    #[rstest]
    #[case("message_not_found", &["messages", "conv-456"],
        Some("conv-456 looks like the id of a conversation, not of a message; see `recado conversation show conv-456`"))]
    #[case("conversation_not_found", &["conversations", "msg_1", "messages"],
        Some("msg_1 looks like the id of a message, not of a conversation; see `recado message show msg_1`"))]
    #[case("agent_not_found", &["agents", "chn_1"],
        Some("chn_1 looks like the id of a channel, not of an agent; see `recado channel show chn_1`"))]
    #[case("delivery_not_found", &["webhook-endpoints", "whk_1", "deliveries", "evt_1"],
        Some("evt_1 looks like the id of an event, not of a delivery; see `recado events list --after evt_1`"))]
    #[case("message_not_found", &["messages", "msg_1"], None)]
    #[case("message_not_found", &["messages", "wamid.1"], None)]
    #[case("rate_limited", &["messages", "conv-456"], None)]
    fn an_id_of_another_kind_is_recognized(
        #[case] reason: &str,
        #[case] path: &[&str],
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(hint(reason, path, &[], None).as_deref(), expected);
    }

    #[test]
    fn an_id_in_a_body_is_looked_at_too() {
        let body = json!({"agentId": "agent-123", "conversationId": "msg_1"});
        let path = ["messages", "interactive", "send-buttons"];
        let found = hint("conversation_not_found", &path, &[], Some(&body));
        assert!(found.is_some_and(|hint| hint.starts_with("msg_1 looks like the id of a message")));
        assert_eq!(hint("agent_not_found", &path, &[], Some(&body)), None);
    }

    #[test]
    fn an_id_of_a_filter_is_looked_at_too() {
        let query = [
            ("limit", "5".to_owned()),
            ("conversationId", "msg_1".to_owned()),
        ];
        let found = hint("conversation_not_found", &["events"], &query, None);
        assert!(found.is_some_and(|hint| hint.starts_with("msg_1 looks like the id of a message")));
    }

    #[rstest]
    #[case(
        "msg_1",
        Some(
            "msg_1 is Recado's id of a message; the phone knows its externalId, which `recado message show msg_1` shows"
        )
    )]
    #[case(
        "conv-456",
        Some(
            "conv-456 looks like the id of a conversation, not of a message; see `recado conversation show conv-456`"
        )
    )]
    #[case("wamid.1", None)]
    fn an_id_of_recado_is_not_on_the_phone(#[case] id: &str, #[case] expected: Option<&str>) {
        assert_eq!(hint_of_phone(id).as_deref(), expected);
    }

    #[test]
    fn every_command_of_a_hint_takes_the_id() {
        assert_eq!(kinds().count(), KINDS.lines().count());
        for kind in kinds() {
            let prefix = kind.prefixes.split(' ').next().unwrap();
            let line = format!("recado {} {prefix}1", kind.command);
            if let Err(error) = Cli::try_parse_from(line.split(' ')) {
                panic!("{error}");
            }
        }
    }
}
