//! An event on one line: when, what kind, which conversation, who, what.

use recado_sandbox::drawing::{Paint, Style};
use recado_sandbox::terminal::{one_line, width};
use serde_json::Value;

use crate::render::fitting::shortened;
use crate::render::instant::{instant, time};
use crate::render::wording::{choice, colour, person, progress, text};

/// As wide as `message.delivered`, the longest type that is common.
const KIND_COLUMNS: usize = 17;
/// Columns of an id, which is longer, and of a name, on a terminal.
const ID_COLUMNS: usize = 8;
const GAP: &str = "  ";

/// How much of the time a line tells.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Time,
    DayAndTime,
}

/// The line of an event in at most `columns`.
pub(crate) fn line(event: &Value, when: When, columns: usize, style: Style) -> String {
    let data = event.get("data").unwrap_or(&Value::Null);
    let at = text(event, "createdAt").unwrap_or_default();
    let at = match when {
        When::Time => time(&at),
        When::DayAndTime => instant(&at),
    };
    let kind = text(event, "type").unwrap_or_default();
    let place = text(event, "conversationId").or_else(|| text(event, "channelId"));
    let who = data
        .get("from")
        .and_then(person)
        .or_else(|| text(data, "messageId"))
        .or_else(|| text(data, "endpointId"));
    // On a narrow terminal ids give way, so that what happened stays.
    let id = |text: String| {
        if columns == usize::MAX {
            text
        } else {
            shortened(&text, ID_COLUMNS)
        }
    };
    let (what, paint) = what(&kind, data).unwrap_or_default();
    let parts = [
        Some((at, Some(Paint::Dim))),
        Some((format!("{} {kind:KIND_COLUMNS$}", direction(&kind)), None)),
        place.map(|place| (id(place), None)),
        who.map(|who| (id(who), None)),
        Some((what, paint)),
    ];
    let mut line = String::new();
    let mut left = columns;
    for (text, paint) in parts
        .into_iter()
        .flatten()
        .filter(|(text, _)| !text.is_empty())
    {
        if !line.is_empty() {
            line.push_str(GAP);
            left = left.saturating_sub(GAP.len());
        }
        if left == 0 {
            break;
        }
        let text = shortened(&text, left);
        left = left.saturating_sub(width(&text));
        line.push_str(&paint.map_or(text.clone(), |paint| style.paint(&text, paint)));
    }
    line.trim_end().to_owned()
}

/// Whether a message came in or went out; blank for an event of something else.
fn direction(kind: &str) -> char {
    match kind {
        "button.pressed" | "list.selected" | "message.received" => '←',
        kind if kind.starts_with("message.") => '→',
        _ => ' ',
    }
}

/// What happened in a few words, and how they stand out.
fn what(kind: &str, data: &Value) -> Option<(String, Option<Paint>)> {
    match kind {
        "button.pressed" | "list.selected" => {
            let chosen = choice(data.get("button").or_else(|| data.get("list"))?)?;
            Some((chosen, Some(Paint::Bold)))
        }
        "message.received" => Some((received(data), None)),
        "webhook_endpoint.disabled" => {
            let since = text(data, "failingSince")?;
            Some((format!("failing since {}", instant(&since)), None))
        }
        _ => match data.get("status").and_then(Value::as_str) {
            Some(status) => {
                let error = data.get("error").unwrap_or(&Value::Null);
                Some((progress(status, error), colour(status)))
            }
            None => Some((text(data, "detail")?, None)),
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
        line(event, When::Time, usize::MAX, Style::Plain)
    }

    #[rstest]
    #[case("button.pressed", json!({"messageId": "msg_2", "button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}}),
        "12:00:03  ← button.pressed     conv-456  Ana  ▸ Sales (btn_sales)")]
    #[case("list.selected", json!({"list": {"id": "row_1", "title": "Row"}, "from": {"phone": "5521988887777"}}),
        "12:00:03  ← list.selected      conv-456  5521988887777  ▸ Row (row_1)")]
    #[case("message.received", json!({"kind": "text", "text": "Olá\nHi", "from": {"name": "Ana"}}),
        "12:00:03  ← message.received   conv-456  Ana  Olá Hi")]
    #[case("message.received", json!({"kind": "image", "text": null, "from": {"name": "Ana"}}),
        "12:00:03  ← message.received   conv-456  Ana  [image]")]
    #[case("message.received", json!({"kind": "image", "text": "me", "from": {"name": "Ana"}}),
        "12:00:03  ← message.received   conv-456  Ana  [image] me")]
    #[case("message.delivered", json!({"messageId": "msg_1", "status": "delivered", "error": null}),
        "12:00:03  → message.delivered  conv-456  msg_1  ✓✓ delivered")]
    #[case("message.failed", json!({"messageId": "msg_1", "status": "failed", "error": {"reason": "r", "code": 131_026, "message": "undeliverable"}}),
        "12:00:03  → message.failed     conv-456  msg_1  ✗ failed: undeliverable (code 131026)")]
    #[case("conversation.created", json!({"from": {"name": "Ana"}}),
        "12:00:03    conversation.created  conv-456  Ana")]
    #[case("a.future.type", json!({"x": 1}), "12:00:03    a.future.type      conv-456")]
    fn an_event_is_one_line(#[case] kind: &str, #[case] data: Value, #[case] expected: &str) {
        assert_eq!(shown(&event(kind, &data)), expected);
    }

    #[rstest]
    #[case("channel.disconnected", json!({"detail": "phone is off"}), Some("main"),
        "12:00:03    channel.disconnected  main  phone is off")]
    #[case("webhook_endpoint.disabled", json!({"endpointId": "whk_1", "failingSince": "2026-11-17T12:00:00Z"}), None,
        "12:00:03    webhook_endpoint.disabled  whk_1  failing since 2026-11-17 12:00:00 UTC")]
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
                usize::MAX,
                Style::Ansi
            ),
            "\u{1b}[2m2026-11-22 12:00:03 UTC\u{1b}[0m  ← button.pressed     conv-456  Ana  \
             \u{1b}[1m▸ Sales (btn_sales)\u{1b}[0m"
        );
    }

    #[rstest]
    #[case("read", "\u{1b}[38;5;33m✓✓ read\u{1b}[0m")]
    #[case("failed", "\u{1b}[31m✗ failed\u{1b}[0m")]
    #[case("sent", "✓ sent")]
    fn read_and_failed_have_their_colours(#[case] status: &str, #[case] expected: &str) {
        let event = event(&format!("message.{status}"), &json!({"status": status}));
        let line = line(&event, When::Time, usize::MAX, Style::Ansi);
        assert!(line.ends_with(expected), "{line}");
    }

    #[rstest]
    #[case("message.delivered", json!({"messageId": "msg_01a2231df6fd715fbb69e129a6a845de", "status": "delivered"}),
        "2026-11-22 12:00:03 UTC  → message.delivered  cn…9e129  ms…845de  ✓✓ delivered")]
    #[case("button.pressed", json!({"button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}}),
        "2026-11-22 12:00:03 UTC  ← button.pressed     cn…9e129  Ana  ▸ Sales (btn_sales)")]
    fn a_line_fits_the_terminal(#[case] kind: &str, #[case] data: Value, #[case] expected: &str) {
        let mut event = event(kind, &data);
        event["conversationId"] = json!("cnv_01a2231df6fd715fbb69e129");
        let line = line(&event, When::DayAndTime, 80, Style::Plain);
        assert_eq!(line, expected);
        assert!(width(&line) <= 80, "{line}");
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
