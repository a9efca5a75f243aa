//! An event on one line: when, what kind, which conversation, who, what.

use recado_sandbox::drawing::{Paint, Style};
use recado_sandbox::terminal::one_line;
use serde_json::Value;

use crate::happening::{choice, colour, day, person, progress, text, time};

/// As wide as `message.delivered`, the longest type that is common.
const KIND_COLUMNS: usize = 17;

/// How much of the time a line tells.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Time,
    DayAndTime,
}

/// The line of an event.
pub(crate) fn line(event: &Value, when: When, style: Style) -> String {
    let data = event.get("data").unwrap_or(&Value::Null);
    let at = text(event, "createdAt").unwrap_or_default();
    let at = match when {
        When::Time => time(&at).to_owned(),
        When::DayAndTime => format!("{} {}", day(&at), time(&at)),
    };
    let kind = text(event, "type").unwrap_or_default();
    let place = text(event, "conversationId").or_else(|| text(event, "channelId"));
    let who = data
        .get("from")
        .and_then(person)
        .or_else(|| text(data, "messageId"))
        .or_else(|| text(data, "endpointId"));
    let parts = [
        Some(style.paint(&at, Paint::Dim)),
        Some(format!("{kind:KIND_COLUMNS$}")),
        place,
        who,
        what(&kind, data, style),
    ];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
    line.trim_end().to_owned()
}

fn what(kind: &str, data: &Value, style: Style) -> Option<String> {
    match kind {
        "button.pressed" | "list.selected" => {
            let chosen = choice(data.get("button").or_else(|| data.get("list"))?)?;
            Some(style.paint(&chosen, Paint::Bold))
        }
        "message.received" => Some(received(data)),
        "webhook_endpoint.disabled" => {
            text(data, "failingSince").map(|since| format!("failing since {since}"))
        }
        _ => match data.get("status").and_then(Value::as_str) {
            Some(status) => {
                let error = data.get("error").unwrap_or(&Value::Null);
                let progress = progress(status, error);
                Some(match colour(status) {
                    Some(paint) => style.paint(&progress, paint),
                    None => progress,
                })
            }
            None => text(data, "detail"),
        },
    }
}

/// The words of a customer; of another kind, the kind and the caption.
fn received(data: &Value) -> String {
    let kind = data.get("kind").and_then(Value::as_str);
    words(kind.unwrap_or("unknown"), text(data, "text").as_deref())
}

/// A text as it is; of anything else its kind, then the text that came with it.
pub(crate) fn words(kind: &str, text: Option<&str>) -> String {
    match (kind, text) {
        ("text", Some(text)) => text.to_owned(),
        (kind, Some(text)) => format!("[{}] {text}", one_line(kind)),
        (kind, None) => format!("[{}]", one_line(kind)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn event(kind: &str, data: &Value) -> Value {
        json!({
            "id": "evt_000000000000002a", "type": kind, "createdAt": "2026-11-22T12:00:03.000Z",
            "organizationId": "loja", "agentId": "agent-123", "channelId": "main",
            "conversationId": "conv-456", "data": data,
        })
    }

    fn shown(event: &Value) -> String {
        line(event, When::Time, Style::Plain)
    }

    #[rstest]
    #[case("button.pressed", json!({"messageId": "msg_2", "button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}}),
        "12:00:03  button.pressed     conv-456  Ana  ▸ Sales (btn_sales)")]
    #[case("list.selected", json!({"list": {"id": "row_1", "title": "Row"}, "from": {"phone": "5521988887777"}}),
        "12:00:03  list.selected      conv-456  5521988887777  ▸ Row (row_1)")]
    #[case("message.received", json!({"kind": "text", "text": "Olá\nHi", "from": {"name": "Ana"}}),
        "12:00:03  message.received   conv-456  Ana  Olá Hi")]
    #[case("message.received", json!({"kind": "image", "text": null, "from": {"name": "Ana"}}),
        "12:00:03  message.received   conv-456  Ana  [image]")]
    #[case("message.received", json!({"kind": "image", "text": "me", "from": {"name": "Ana"}}),
        "12:00:03  message.received   conv-456  Ana  [image] me")]
    #[case("message.delivered", json!({"messageId": "msg_1", "status": "delivered", "error": null}),
        "12:00:03  message.delivered  conv-456  msg_1  ✓✓ delivered")]
    #[case("message.failed", json!({"messageId": "msg_1", "status": "failed", "error": {"reason": "r", "code": 131_026, "message": "undeliverable"}}),
        "12:00:03  message.failed     conv-456  msg_1  ✗ failed: undeliverable (code 131026)")]
    #[case("conversation.created", json!({"from": {"name": "Ana"}}),
        "12:00:03  conversation.created  conv-456  Ana")]
    #[case("a.future.type", json!({"x": 1}), "12:00:03  a.future.type      conv-456")]
    fn an_event_is_one_line(#[case] kind: &str, #[case] data: Value, #[case] expected: &str) {
        assert_eq!(shown(&event(kind, &data)), expected);
    }

    #[rstest]
    #[case("channel.disconnected", json!({"detail": "phone is off"}), Some("main"),
        "12:00:03  channel.disconnected  main  phone is off")]
    #[case("webhook_endpoint.disabled", json!({"endpointId": "whk_1", "failingSince": "2026-11-17T12:00:00Z"}), None,
        "12:00:03  webhook_endpoint.disabled  whk_1  failing since 2026-11-17T12:00:00Z")]
    fn an_event_outside_of_a_conversation_names_its_place(
        #[case] kind: &str,
        #[case] data: Value,
        #[case] channel: Option<&str>,
        #[case] expected: &str,
    ) {
        let mut event = event(kind, &data);
        event["conversationId"] = Value::Null;
        event["channelId"] = json!(channel);
        assert_eq!(shown(&event), expected);
    }

    #[test]
    fn a_list_tells_the_day_and_a_terminal_sees_the_tap_stand_out() {
        let tap = json!({"button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}});
        assert_eq!(
            line(
                &event("button.pressed", &tap),
                When::DayAndTime,
                Style::Ansi
            ),
            "\u{1b}[2m2026-11-22 12:00:03\u{1b}[0m  button.pressed     conv-456  Ana  \
             \u{1b}[1m▸ Sales (btn_sales)\u{1b}[0m"
        );
    }

    #[rstest]
    #[case("read", "\u{1b}[38;5;33m✓✓ read\u{1b}[0m")]
    #[case("failed", "\u{1b}[31m✗ failed\u{1b}[0m")]
    #[case("sent", "✓ sent")]
    fn read_and_failed_have_their_colours(#[case] status: &str, #[case] expected: &str) {
        let event = event(&format!("message.{status}"), &json!({"status": status}));
        let line = line(&event, When::Time, Style::Ansi);
        assert!(line.ends_with(expected), "{line}");
    }

    #[test]
    fn nothing_in_an_event_steers_the_terminal() {
        let data =
            json!({"kind": "text", "text": "a\u{1b}[2J", "from": {"name": "\u{1b}]0;x\u{7}"}});
        let shown = shown(&event("message.received", &data));
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown}");
    }

    #[test]
    fn what_is_no_event_is_still_a_line() {
        assert_eq!(shown(&Value::Null), "");
        assert_eq!(shown(&json!({"type": 1, "data": "x"})), "");
    }
}
