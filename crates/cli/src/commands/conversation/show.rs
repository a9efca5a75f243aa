//! `recado conversation show`: a conversation with its messages.

use jiff::Timestamp;
use recado_core::ConversationId;
use serde_json::Value;

use crate::render::wording::{customer, text};
use crate::{Client, Columns, Output, Result, View, render::chat::Chat, render::instant::instant};

const FIELDS: Columns = "\
    ID /id, AGENT /agentId, CHANNEL /channelId, TO /to, CUSTOMER /customer, WINDOW /window, \
    CREATED /createdAt";

pub(super) async fn run(id: &ConversationId, last: usize, client: &Client) -> Result<Output> {
    let path = ["conversations", id.as_str(), "messages"];
    let conversation = client.get(&path[..2], &[]).await?.value;
    let newest = client.newest(&path, &[], last).await?;
    let now = Timestamp::now();
    Ok(output(conversation, newest.entries, newest.earlier, now))
}

fn output(mut conversation: Value, messages: Vec<Value>, earlier: usize, now: Timestamp) -> Output {
    let mut views = vec![View::fields(&readable(&conversation, now), FIELDS)];
    // An empty line between the conversation and what was said in it.
    views.push(View::Text(String::new()));
    if earlier > 0 {
        views.push(View::Text(format!(
            "{earlier} earlier messages: add --last, or see `recado conversation messages`"
        )));
    }
    views.push(if messages.is_empty() {
        View::Text("no messages yet".to_owned())
    } else {
        View::Chat(Chat::new(&messages))
    });
    if let Value::Object(conversation) = &mut conversation {
        conversation.insert("messages".to_owned(), messages.into());
    }
    Output::new(conversation.to_string(), views)
}

/// Adds the name of the customer and the window in words.
fn readable(conversation: &Value, now: Timestamp) -> Value {
    let mut readable = conversation.clone();
    if let Value::Object(readable) = &mut readable {
        let customer = customer(conversation.get("contact"));
        readable.insert("customer".to_owned(), customer.into());
        let window = text(conversation, "windowExpiresAt").map(|end| window(&end, now));
        readable.insert("window".to_owned(), window.into());
    }
    readable
}

/// Says whether WhatsApp delivers more than templates.
fn window(end: &str, now: Timestamp) -> String {
    let shown = instant(end);
    match end.parse::<Timestamp>() {
        Ok(end) if end <= now => format!("closed since {shown}"),
        _ => format!("open until {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("2026-11-23T12:00:00.000Z", "open until 2026-11-23 12:00:00 UTC")]
    #[case("2026-11-22T12:00:00.000Z", "closed since 2026-11-22 12:00:00 UTC")]
    fn a_window_is_open_or_closed(#[case] end: &str, #[case] shown: &str) {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(window(end, now), shown);
    }

    #[test]
    fn a_conversation_is_shown_with_its_chat_and_is_one_object_for_programs() {
        let conversation = json!({
            "id": "conv-456", "contact": {"name": "Ana"}, "windowExpiresAt": "2026-11-23T12:00:00.000Z",
        });
        let messages = vec![json!({"text": "Hi", "from": "human"})];
        let output = output(
            conversation,
            messages,
            7,
            "2026-11-22T12:00:00Z".parse().unwrap(),
        );
        let [
            View::Fields(fields),
            View::Text(_),
            View::Text(earlier),
            View::Chat(_),
        ] = &output.views[..]
        else {
            panic!("other views");
        };
        let pair = |title: &str, value: &str| (title.to_owned(), value.to_owned());
        let expected = [
            pair("ID", "conv-456"),
            pair("CUSTOMER", "Ana"),
            pair("WINDOW", "open until 2026-11-23 12:00:00 UTC"),
        ];
        assert_eq!(fields, &expected);
        assert!(earlier.starts_with("7 earlier messages"), "{earlier}");
        let json: Value = serde_json::from_str(&output.json).unwrap();
        assert_eq!(json["id"], "conv-456");
        assert_eq!(json["messages"][0]["text"], "Hi");
    }
}
