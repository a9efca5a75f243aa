//! Which kind of thing an id seems to be of, for the hint when it was not found.

use serde_json::Value;

/// A kind of thing with an id.
struct Kind {
    title: &'static str,
    /// How its ids begin: those that Recado makes, and those of the documentation's examples.
    prefixes: &'static [&'static str],
    /// The command that takes such an id.
    command: &'static str,
    /// The word of the answer that it was not found.
    missing: &'static str,
    /// Where its id is in a path, behind this.
    list: &'static str,
    /// Where its id is in a body.
    field: &'static str,
}

static KINDS: [Kind; 11] = [
    kind(
        "organization",
        &["org_"],
        "org show",
        "organization_not_found",
        "organizations",
        "organizationId",
    ),
    kind(
        "API key",
        &["key_"],
        "key delete --org ORGANIZATION",
        "api_key_not_found",
        "api-keys",
        "",
    ),
    kind(
        "user",
        &["usr_"],
        "user show",
        "user_not_found",
        "users",
        "",
    ),
    kind(
        "agent",
        &["agt_", "agent-"],
        "agent show",
        "agent_not_found",
        "agents",
        "agentId",
    ),
    kind(
        "channel",
        &["chn_"],
        "channel show",
        "channel_not_found",
        "channels",
        "channelId",
    ),
    kind(
        "conversation",
        &["cnv_", "conv-"],
        "conversation show",
        "conversation_not_found",
        "conversations",
        "conversationId",
    ),
    kind(
        "message",
        &["msg_"],
        "message show",
        "message_not_found",
        "messages",
        "",
    ),
    kind("event", &["evt_"], "events list --after", "", "events", ""),
    kind(
        "webhook endpoint",
        &["whk_"],
        "webhook show",
        "webhook_endpoint_not_found",
        "webhook-endpoints",
        "",
    ),
    kind(
        "delivery",
        &["dlv_"],
        "webhook delivery ENDPOINT",
        "delivery_not_found",
        "deliveries",
        "",
    ),
    kind(
        "provider webhook",
        &["whc_"],
        "webhook-call retry",
        "webhook_call_not_found",
        "webhook-calls",
        "",
    ),
];

const fn kind(
    title: &'static str,
    prefixes: &'static [&'static str],
    command: &'static str,
    missing: &'static str,
    list: &'static str,
    field: &'static str,
) -> Kind {
    Kind {
        title,
        prefixes,
        command,
        missing,
        list,
        field,
    }
}

/// Returns the hint for something that was not found, if its id seems to be of another kind.
pub(crate) fn hint(
    reason: &str,
    path: &[&str],
    query: &[(&str, String)],
    body: Option<&Value>,
) -> Option<String> {
    let asked = KINDS.iter().find(|kind| kind.missing == reason)?;
    let in_path = path.iter().position(|segment| *segment == asked.list);
    let in_path = in_path.and_then(|place| path.get(place + 1).copied());
    let mut filters = query.iter();
    let in_query = filters.find(|(name, _)| *name == asked.field);
    let in_query = in_query.map(|(_, id)| id.as_str());
    let id = in_path
        .or(in_query)
        .or_else(|| body?.get(asked.field)?.as_str())?;
    let seems = kind_of(id)?;
    (seems.title != asked.title).then(|| sentence(id, seems, asked.title))
}

/// Returns the hint for an id that a sandbox does not know, if it seems to be Recado's own.
pub(crate) fn hint_of_phone(id: &str) -> Option<String> {
    let seems = kind_of(id)?;
    if seems.list == "messages" {
        return Some(format!(
            "{id} is Recado's id of a message; the phone knows its externalId, which `recado {} {id}` shows",
            seems.command
        ));
    }
    Some(sentence(id, seems, "message"))
}

/// Returns the kind whose ids begin like this one.
fn kind_of(id: &str) -> Option<&'static Kind> {
    let begins = |kind: &&Kind| kind.prefixes.iter().any(|prefix| id.starts_with(prefix));
    KINDS.iter().find(begins)
}

fn sentence(id: &str, seems: &Kind, asked: &str) -> String {
    format!(
        "{id} looks like the id of {} {}, not of {} {asked}; see `recado {} {id}`",
        article(seems.title),
        seems.title,
        article(asked),
        seems.command
    )
}

fn article(title: &str) -> &'static str {
    if title.starts_with(['a', 'A', 'e', 'o']) {
        "an"
    } else {
        "a"
    }
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
        for kind in &KINDS {
            let line = format!("recado {} {}1", kind.command, kind.prefixes[0]);
            if let Err(error) = Cli::try_parse_from(line.split(' ')) {
                panic!("{error}");
            }
        }
    }
}
