//! `recado conversation show`: a conversation with its messages.

use jiff::Timestamp;
use recado_core::ConversationId;
use serde_json::Value;

use crate::api::client::Client;
use crate::failure::Failure;
use crate::render::chat::Chat;
use crate::render::instant::instant;
use crate::render::output::{Columns, Output, View};
use crate::render::wording::{person, text};

const FIELDS: Columns = &[
    ("ID", "/id"),
    ("AGENT", "/agentId"),
    ("CHANNEL", "/channelId"),
    ("TO", "/to"),
    ("CUSTOMER", "/customer"),
    ("WINDOW", "/window"),
    ("CREATED", "/createdAt"),
];

pub(super) async fn run(
    id: &ConversationId,
    last: usize,
    client: &Client,
) -> Result<Output, Failure> {
    let path = ["conversations", id.as_str()];
    let conversation = client.get(&path, &[]).await?.value;
    let path = ["conversations", id.as_str(), "messages"];
    let newest = client.newest(&path, &[], last).await?;
    let now = Timestamp::now();
    Ok(output(conversation, newest.entries, newest.earlier, now))
}

/// Programs get the conversation with its messages in one object.
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

/// The conversation with its customer's name and its window in words.
fn readable(conversation: &Value, now: Timestamp) -> Value {
    let mut readable = conversation.clone();
    if let Value::Object(readable) = &mut readable {
        let customer = conversation.get("contact").and_then(person);
        readable.insert("customer".to_owned(), customer.into());
        let window = text(conversation, "windowExpiresAt").map(|end| window(&end, now));
        readable.insert("window".to_owned(), window.into());
    }
    readable
}

/// Whether WhatsApp carries more than templates.
fn window(end: &str, now: Timestamp) -> String {
    let shown = instant(end);
    match end.parse::<Timestamp>() {
        Ok(end) if end <= now => format!("closed since {shown}"),
        _ => format!("open until {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::Request;
    use axum::routing::get;
    use rstest::rstest;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;
    use crate::api::address::parse_server;

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

    #[tokio::test]
    async fn all_parts_are_read_and_the_newest_messages_kept() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = parse_server(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let parts = Arc::new(Mutex::new(
            [
                json!({"data": [1, 2, 3], "nextCursor": "a"}),
                json!({"data": [4, 5], "nextCursor": "b"}),
                json!({"data": [], "nextCursor": null}),
            ]
            .into_iter(),
        ));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let answer = move |request: Request| async move {
            seen.lock().unwrap().push(request.uri().to_string());
            parts.lock().unwrap().next().unwrap().to_string()
        };
        let router = Router::new().fallback(get(answer));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        let client = Client::new(server, &"k".into()).unwrap();
        let path = ["conversations", "conv-456", "messages"];
        let newest = client.newest(&path, &[], 2).await.unwrap();
        assert_eq!(newest.entries, [4, 5]);
        assert_eq!(newest.earlier, 3);
        let path = "/conversations/conv-456/messages?limit=100";
        assert_eq!(
            *asked.lock().unwrap(),
            [
                path.to_owned(),
                format!("{path}&cursor=a"),
                format!("{path}&cursor=b")
            ]
        );
    }
}
