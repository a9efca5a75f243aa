//! A conversation as a chat: the customer on the left, the agent on the right.

use recado_sandbox::drawing::{Bubble, Paint, Style};
use recado_sandbox::terminal::{one_line, width, wrap};
use serde_json::Value;

use super::bubble;
use super::instant::{day, time};
use super::wording::{colour, customer, error, progress, text, words};

/// Wider, the two sides would stand too far apart.
const MAX_COLUMNS: usize = 80;
const MIN_COLUMNS: usize = 24;

/// Messages, oldest first, ready to be drawn.
pub(crate) struct Chat(Vec<Message>);

struct Message {
    at: String,
    bubble: Bubble,
    /// What stands under the bubble, behind the time.
    caption: String,
    paint: Paint,
    /// Whether an agent sent it.
    is_ours: bool,
}

impl Chat {
    /// Reads flat messages, as the server answers them.
    pub(crate) fn new<'a>(messages: impl IntoIterator<Item = &'a Value>) -> Self {
        Self(messages.into_iter().map(Message::read).collect())
    }

    /// Draws the chat in at most `columns`; below 24 columns it takes 24.
    pub(crate) fn draw(&self, columns: usize, style: Style) -> String {
        let columns = columns.clamp(MIN_COLUMNS, MAX_COLUMNS);
        let mut lines = Vec::new();
        let mut today = String::new();
        for message in &self.0 {
            let day = day(&message.at);
            if day != today {
                let blank = " ".repeat(columns.saturating_sub(width(&day)) / 2);
                lines.push(format!("{blank}{}", style.paint(&day, Paint::Dim)));
                today = day;
            }
            lines.extend(message.draw(columns, style));
        }
        lines.join("\n")
    }
}

impl Message {
    fn read(message: &Value) -> Self {
        let is_ours = message.get("from").and_then(Value::as_str) != Some("human");
        let said = || Bubble {
            body: said(message),
            ..Bubble::default()
        };
        let (bubble, caption, paint) = if is_ours {
            let status = text(message, "status").unwrap_or_default();
            let caption = progress(&status, error(message.pointer("/metadata/error")));
            let bubble = bubble::of_message(message).unwrap_or_else(said);
            (bubble, caption, colour(&status).unwrap_or(Paint::Dim))
        } else {
            let name = customer(message.pointer("/metadata/contact"));
            (said(), name.unwrap_or_default(), Paint::Dim)
        };
        Self {
            at: text(message, "createdAt").unwrap_or_default(),
            bubble,
            caption,
            paint,
            is_ours,
        }
    }

    fn draw(&self, columns: usize, style: Style) -> Vec<String> {
        let placed = |line: &str, used: usize| {
            let blanks = columns.saturating_sub(used);
            format!(
                "{}{line}",
                " ".repeat(if self.is_ours { blanks } else { 0 })
            )
        };
        let bubble = self.bubble.draw(columns, style);
        // The first line is the bubble's edge, which has no escape sequences.
        let edge = bubble.lines().next().map_or(0, width);
        let caption = format!("{}  {}", time(&self.at), self.caption);
        // Painted when it is broken into lines, since escape sequences would count as columns.
        let caption = wrap(caption.trim_end(), columns);
        let caption =
            (caption.iter()).map(|line| placed(&style.paint(line, self.paint), width(line)));
        let bubble = bubble.lines().map(|line| placed(line, edge));
        bubble.chain(caption).collect()
    }
}

/// Returns what the customer said: a choice by its title, a text as it is.
fn said(message: &Value) -> String {
    let title = message.pointer("/metadata/choice/title");
    if let Some(title) = title.and_then(Value::as_str) {
        return format!("▸ {}", one_line(title));
    }
    let kind = message.pointer("/metadata/kind").and_then(Value::as_str);
    let text = message.get("text").and_then(Value::as_str);
    words(
        kind.unwrap_or("unknown"),
        text.filter(|text| !text.is_empty()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ours(status: &str, error: &Value) -> Value {
        json!({
            "text": "How can we help you?", "from": "agent", "status": status,
            "createdAt": "2026-11-22T12:00:00.000Z",
            "metadata": {"kind": "buttons", "buttons": [{"id": "btn_sales", "title": "Sales"}], "error": error},
        })
    }

    fn theirs(kind: &str, text: &str, choice: &Value) -> Value {
        json!({
            "text": text, "from": "human", "status": "read", "createdAt": "2026-11-22T12:00:09.000Z",
            "metadata": {"kind": kind, "choice": choice, "contact": {"name": "Ana", "phone": "5521988887777"}},
        })
    }

    fn drawn(messages: &[Value], columns: usize) -> String {
        Chat::new(messages).draw(columns, Style::Plain)
    }

    #[test]
    fn the_customer_is_on_the_left_and_the_agent_on_the_right() {
        let tap = theirs(
            "button",
            "Sales",
            &json!({"id": "btn_sales", "title": "Sales"}),
        );
        let expected = "
               2026-11-22
                ╭──────────────────────╮
                │ How can we help you? │
                ├──────────────────────┤
                │       ↩ Sales        │
                ╰──────────────────────╯
                       12:00:00  ✓✓ read
╭─────────╮
│ ▸ Sales │
╰─────────╯
12:00:09  Ana";
        assert_eq!(
            format!("\n{}", drawn(&[ours("read", &Value::Null), tap], 40)),
            expected
        );
    }

    #[test]
    fn other_kinds_show_their_kind_and_their_text() {
        let none = &Value::Null;
        let image = drawn(&[theirs("image", "", none)], 40);
        assert!(image.contains("│ [image] │"), "{image}");
        let caption = drawn(&[theirs("image", "my cat", none)], 40);
        assert!(caption.contains("│ [image] my cat │"), "{caption}");
        let text = drawn(&[theirs("text", "one\ntwo", none)], 40);
        assert!(text.contains("│ one │\n│ two │"), "{text}");
    }

    #[test]
    fn a_failure_tells_its_reason_on_as_many_lines_as_it_needs() {
        let error = json!({"reason": "window_closed", "code": 131_047, "message": "more than 24 hours have passed"});
        let drawn = drawn(&[ours("failed", &error)], 40);
        let end: Vec<&str> = drawn.lines().rev().take(2).map(str::trim).collect();
        assert_eq!(
            end,
            [
                "have passed (code 131047)",
                "12:00:00  ✗ failed: more than 24 hours"
            ]
        );
    }

    #[test]
    fn read_is_blue_and_the_rest_is_dim() {
        let read = Chat::new(&[ours("read", &Value::Null)]).draw(40, Style::Ansi);
        assert!(
            read.ends_with("\u{1b}[38;5;33m12:00:00  ✓✓ read\u{1b}[0m"),
            "{read}"
        );
        let sent = Chat::new(&[ours("sent", &Value::Null)]).draw(40, Style::Ansi);
        assert!(
            sent.ends_with("\u{1b}[2m12:00:00  ✓ sent\u{1b}[0m"),
            "{sent}"
        );
    }

    #[test]
    fn every_day_is_named_once() {
        let mut tomorrow = theirs("text", "hello", &Value::Null);
        tomorrow["createdAt"] = json!("2026-11-23T00:00:00.000Z");
        let drawn = drawn(
            &[
                ours("sent", &Value::Null),
                ours("read", &Value::Null),
                tomorrow,
            ],
            60,
        );
        assert_eq!(drawn.matches("2026-11-22").count(), 1);
        assert_eq!(drawn.matches("2026-11-23").count(), 1);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_steers_it() {
        let messages = [
            ours(
                "failed",
                &json!({"reason": "r", "message": "x".repeat(200)}),
            ),
            theirs("text", &"👩‍👩‍👧 日本語 ".repeat(30), &Value::Null),
            theirs("text", "\u{1b}[2J\r\u{7}", &Value::Null),
            json!({"from": "human"}),
            json!({}),
        ];
        for columns in [0, 24, 37, 80, 500] {
            let drawn = drawn(&messages, columns);
            let most = columns.clamp(MIN_COLUMNS, MAX_COLUMNS);
            assert!(drawn.lines().all(|line| width(line) <= most), "{drawn}");
            assert!(!drawn.contains(['\u{1b}', '\r', '\u{7}']));
        }
    }
}
