//! Events as ChatVolt's webhook payload, for receivers that were written for it (ChatVolt docs, webhooks).

use recado_core::inbound::Person;
use recado_core::{MessageId, Provider, Recipient, RecipientKind};
use recado_store::{Event, EventKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::api::routes::rfc3339;

/// The events that the format has words for, some of them only for certain causes.
pub(crate) const KINDS: [EventKind; 6] = [
    EventKind::MessageAccepted,
    EventKind::MessageRejected,
    EventKind::MessageFailed,
    EventKind::MessageReceived,
    EventKind::ButtonPressed,
    EventKind::ListSelected,
];

/// Meta's number for a message outside of the 24-hour window (Meta, error codes).
const WINDOW_CLOSED: i64 = 131_047;

/// The kinds of a received message that are the customer's words, files or choices.
///
/// The others make no delivery, because a receiver would take them for words: ChatVolt has no event for reactions,
/// edits, revokes, calls and notices of WhatsApp, and `unsupported` and `unknown` say nothing.
const SAID: [&str; 13] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "order",
    // Taps whose id is not known.
    "button",
    "list",
    "interactive",
    "nfm_reply",
];

/// The media type of a file whose own is not known.
const ANY_FILE: &str = "application/octet-stream";

/// What ChatVolt posts. `buttonReply` is ours: ChatVolt tells the title only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    event_type: &'static str,
    organization_id: String,
    conversation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    agent_id: Option<String>,
    agent_name: Option<String>,
    channel: Option<&'static str>,
    conversation_status: &'static str,
    conversation_priority: &'static str,
    is_ai_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_response: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    button_reply: Option<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<[Attachment; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_phone_number: Option<String>,
    created_at: String,
}

/// A file of the customer. A receiver fetches `url`, so a file without one is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    id: String,
    url: String,
    mime_type: String,
    /// 0 if it is not known.
    size: i64,
}

/// What was tapped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Choice {
    id: String,
    title: String,
}

/// What the payload tells that does not stand in the event.
#[derive(Default)]
struct Surroundings {
    agent_name: Option<String>,
    provider: Option<Provider>,
    /// The body of the message that the agent sent.
    agent_response: Option<String>,
    /// The customer of the conversation.
    phone: Option<String>,
    name: Option<String>,
}

/// The parts of an event's data that matter here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    message_id: Option<String>,
    kind: Option<String>,
    text: Option<String>,
    content: Option<Content>,
    button: Option<Choice>,
    list: Option<Choice>,
    from: Option<From>,
    error: Option<Cause>,
}

#[derive(Deserialize)]
struct Content {
    media: Option<Media>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Media {
    id: Option<String>,
    provider_url: Option<String>,
    mime_type: Option<String>,
    file_name: Option<String>,
    size: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct From {
    phone: Option<String>,
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    code: Option<i64>,
    reason: Option<String>,
}

/// The event in ChatVolt's shape; none if ChatVolt has no word for it.
pub(crate) async fn payload(store: &Store, event: &Event) -> Result<Option<Payload>, StoreError> {
    let data = Data::deserialize(&event.data).unwrap_or_default();
    let Some(event_type) = event_type(event.kind, &data) else {
        return Ok(None);
    };
    let surroundings = surroundings(store, event, &data).await?;
    Ok(Some(compose(event_type, event, data, surroundings)))
}

/// A tap has no event of its own there: it arrives as a message of the user (inferred).
fn event_type(kind: EventKind, data: &Data) -> Option<&'static str> {
    match kind {
        EventKind::MessageReceived => {
            let is_said = SAID.contains(&data.kind.as_deref()?);
            is_said.then_some("USER_MESSAGE_RECEIVED")
        }
        EventKind::ButtonPressed | EventKind::ListSelected => Some("USER_MESSAGE_RECEIVED"),
        // Spelled like this.
        EventKind::MessageAccepted => Some("AGENT_MESSAGE_SENDED"),
        EventKind::MessageRejected | EventKind::MessageFailed => {
            let cause = data.error.as_ref()?;
            let closed = cause.code == Some(WINDOW_CLOSED)
                || cause.reason.as_deref() == Some("window_closed");
            closed.then_some("AGENT_MESSAGE_BLOCKED")
        }
        _ => None,
    }
}

async fn surroundings(
    store: &Store,
    event: &Event,
    data: &Data,
) -> Result<Surroundings, StoreError> {
    let organization = &event.organization_id;
    let mut found = Surroundings::default();
    if let Some(id) = &event.agent_id {
        let agent = store.get_agent(organization, id).await?;
        found.agent_name = agent.map(|agent| agent.name);
    }
    if let Some(id) = &event.channel_id {
        let channel = store.get_channel(organization, id).await?;
        found.provider = channel.map(|channel| channel.provider);
    }
    if let Some(from) = &data.from {
        found.phone.clone_from(&from.phone);
        found.name.clone_from(&from.name);
        return Ok(found);
    }
    if let Some(id) = &event.conversation_id
        && let Some(conversation) = store.get_conversation(organization, id).await?
    {
        let Person { phone, name, .. } = conversation.person;
        let own = Some(conversation.recipient).filter(|to| to.kind() == RecipientKind::Phone);
        found.phone = own.or(phone).as_ref().map(Recipient::to_string);
        found.name = name;
    }
    let message_id = data.message_id.as_deref().map(str::parse::<MessageId>);
    if let Some(Ok(id)) = message_id
        && let Some(message) = store.get_message(organization, &id).await?
        && let recado_store::MessageContent::Outbound(content) = message.content
    {
        found.agent_response = Some(content.text().to_owned());
    }
    Ok(found)
}

fn compose(event_type: &'static str, event: &Event, data: Data, found: Surroundings) -> Payload {
    let choice = data.button.or(data.list);
    let title = choice.as_ref().map(|choice| choice.title.clone());
    let media = data.content.and_then(|content| content.media);
    let file_name = media.as_ref().and_then(|media| media.file_name.clone());
    // A receiver reads it from every message of the user, also from one without words.
    let user_message = (event_type == "USER_MESSAGE_RECEIVED")
        .then(|| title.or(data.text).or(file_name).unwrap_or_default());
    let attachment = media.and_then(|media| attachment(media, data.message_id.as_deref()));
    Payload {
        event_type,
        organization_id: event.organization_id.to_string(),
        conversation_id: event.conversation_id.as_ref().map(ToString::to_string),
        message_id: data.message_id,
        agent_id: event.agent_id.as_ref().map(ToString::to_string),
        // A receiver reads a text, also when the agent was deleted.
        agent_name: found
            .agent_name
            .or_else(|| event.agent_id.as_ref().map(ToString::to_string)),
        channel: found.provider.map(channel_word),
        // Nobody resolves or ranks conversations here, and no program answers by itself.
        conversation_status: "UNRESOLVED",
        conversation_priority: "MEDIUM",
        is_ai_enabled: false,
        user_message,
        agent_response: found.agent_response,
        button_reply: choice,
        attachments: attachment.map(|attachment| [attachment]),
        user_name: found.name,
        user_phone_number: found.phone,
        created_at: rfc3339(event.created_at),
    }
}

fn attachment(media: Media, message_id: Option<&str>) -> Option<Attachment> {
    Some(Attachment {
        url: media.provider_url?,
        id: media
            .id
            .or_else(|| message_id.map(str::to_owned))
            .unwrap_or_default(),
        mime_type: media.mime_type.unwrap_or_else(|| ANY_FILE.to_owned()),
        size: media.size.unwrap_or_default(),
    })
}

/// ChatVolt's word for a provider; `ZapperHUB` has its former name there.
const fn channel_word(provider: Provider) -> &'static str {
    match provider {
        Provider::WhatsApp => "whatsapp",
        Provider::Zapi => "zapi",
        Provider::ZapperHub => "zapperapi",
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: EventKind, data: Value) -> Event {
        Event {
            id: "evt_000000000000002a".parse().expect("an id"),
            organization_id: "acme".parse().expect("an id"),
            kind,
            agent_id: Some("agent-123".parse().expect("an id")),
            channel_id: Some("main".parse().expect("an id")),
            conversation_id: Some("conv-456".parse().expect("an id")),
            data,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn composed(event: &Event, found: Surroundings) -> Option<Value> {
        let data = Data::deserialize(&event.data).expect("data");
        let event_type = event_type(event.kind, &data)?;
        let payload = compose(event_type, event, data, found);
        Some(serde_json::to_value(payload).expect("JSON"))
    }

    #[test]
    fn a_tap_arrives_as_a_message_of_the_user_with_the_button_beside_it() {
        let event = event(
            EventKind::ButtonPressed,
            json!({
                "messageId": "msg_2", "externalId": "wamid.1", "inReplyTo": "msg_1",
                "button": {"id": "btn_sales", "title": "Sales"},
                "from": {"phone": "5521988887777", "userId": null, "name": "Ana"},
            }),
        );
        let found = Surroundings {
            agent_name: Some("Front desk".into()),
            provider: Some(Provider::ZapperHub),
            agent_response: None,
            phone: Some("5521988887777".into()),
            name: Some("Ana".into()),
        };
        let expected = json!({
            "eventType": "USER_MESSAGE_RECEIVED",
            "organizationId": "acme",
            "conversationId": "conv-456",
            "messageId": "msg_2",
            "agentId": "agent-123",
            "agentName": "Front desk",
            "channel": "zapperapi",
            "conversationStatus": "UNRESOLVED",
            "conversationPriority": "MEDIUM",
            "isAiEnabled": false,
            "userMessage": "Sales",
            "buttonReply": {"id": "btn_sales", "title": "Sales"},
            "userName": "Ana",
            "userPhoneNumber": "5521988887777",
            "createdAt": "1970-01-01T00:00:00.000Z",
        });
        assert_eq!(composed(&event, found), Some(expected));
    }

    #[rstest]
    #[case::a_text(EventKind::MessageReceived, json!({"kind": "text", "text": "Hi", "from": {}}), Some("USER_MESSAGE_RECEIVED"))]
    #[case::an_image(EventKind::MessageReceived, json!({"kind": "image", "text": null}), Some("USER_MESSAGE_RECEIVED"))]
    #[case::a_notice(EventKind::MessageReceived, json!({"kind": "system", "text": "A changed"}), None)]
    #[case::a_kind_of_tomorrow(EventKind::MessageReceived, json!({"kind": "hologram", "text": "x"}), None)]
    #[case::a_row(EventKind::ListSelected, json!({"list": {"id": "1", "title": "A"}}), Some("USER_MESSAGE_RECEIVED"))]
    #[case::accepted(EventKind::MessageAccepted, json!({"error": null}), Some("AGENT_MESSAGE_SENDED"))]
    #[case::outside_of_the_window(EventKind::MessageRejected, json!({"error": {"code": null, "reason": "window_closed", "message": "x"}}), Some("AGENT_MESSAGE_BLOCKED"))]
    #[case::failed_outside_of_the_window(EventKind::MessageFailed, json!({"error": {"code": 131_047, "reason": "provider_rejected"}}), Some("AGENT_MESSAGE_BLOCKED"))]
    #[case::failed_otherwise(EventKind::MessageFailed, json!({"error": {"code": 131_026, "reason": "provider_rejected"}}), None)]
    #[case::rejected_without_a_cause(EventKind::MessageRejected, json!({"error": null}), None)]
    #[case::sent(EventKind::MessageSent, json!({}), None)]
    #[case::read(EventKind::MessageRead, json!({}), None)]
    #[case::opened(EventKind::ConversationCreated, json!({"from": {}}), None)]
    fn the_event_type_is_chatvolts(
        #[case] kind: EventKind,
        #[case] data: Value,
        #[case] expected: Option<&str>,
    ) {
        let composed = composed(&event(kind, data), Surroundings::default());
        let event_type = composed.map(|payload| payload["eventType"].clone());
        assert_eq!(event_type, expected.map(Value::from));
    }

    #[test]
    fn every_kind_of_the_format_and_no_other_can_be_sent() {
        let closed = json!({"error": {"reason": "window_closed"}, "kind": "text"});
        for kind in EventKind::ALL {
            let sent = composed(&event(kind, closed.clone()), Surroundings::default());
            assert_eq!(sent.is_some(), KINDS.contains(&kind), "{kind}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_out_and_the_message_is_always_a_text() {
        let event = event(
            EventKind::MessageReceived,
            json!({"kind": "location", "text": null}),
        );
        let payload = composed(&event, Surroundings::default()).expect("a payload");
        for key in ["userPhoneNumber", "userName", "buttonReply", "attachments"] {
            assert_eq!(payload.get(key), None, "{key}");
        }
        assert_eq!(payload["userMessage"], "");
        assert_eq!(payload["agentName"], "agent-123");
    }

    #[rstest]
    #[case::known(
        json!({"id": "1", "providerUrl": "https://files.example/1.pdf", "mimeType": "application/pdf", "fileName": "1.pdf", "size": 7}),
        json!([{"id": "1", "url": "https://files.example/1.pdf", "mimeType": "application/pdf", "size": 7}])
    )]
    #[case::an_address_alone(
        json!({"id": null, "providerUrl": "https://files.example/1.pdf", "mimeType": null, "fileName": "1.pdf", "size": null}),
        json!([{"id": "msg_1", "url": "https://files.example/1.pdf", "mimeType": "application/octet-stream", "size": 0}])
    )]
    #[case::an_id_alone(
        json!({"id": "1", "providerUrl": null, "mimeType": "application/pdf", "fileName": "1.pdf", "size": null}),
        Value::Null
    )]
    fn a_file_is_attached_if_it_has_an_address(#[case] media: Value, #[case] attachments: Value) {
        let data = json!({"messageId": "msg_1", "kind": "document", "text": null, "content": {"type": "document", "media": media}});
        let event = event(EventKind::MessageReceived, data);
        let payload = composed(&event, Surroundings::default()).expect("a payload");
        assert_eq!(payload["userMessage"], "1.pdf");
        assert_eq!(payload["attachments"], attachments);
    }
}
