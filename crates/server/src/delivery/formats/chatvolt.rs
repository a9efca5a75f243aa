//! Events as ChatVolt's webhook payload, for receivers that were written for it (ChatVolt docs, webhooks).

use recado_core::event::{EventData, EventType, MessageStatusData};
use recado_core::inbound::{Choice, Contact, ReceivedContent, ReceivedMedia, Referral};
use recado_core::{MessageId, Provider, Recipient, RecipientKind};
use recado_providers::Profile;
use recado_store::{Agent, Channel, Conversation, Event, Message, Store, StoreError};
use serde::Serialize;

use crate::api::routes::media;
use crate::api::time::Timestamp;
use crate::app::App;

/// The events that the format has words for, some of them only for certain causes.
pub(crate) const KINDS: [EventType; 6] = [
    EventType::MessageAccepted,
    EventType::MessageRejected,
    EventType::MessageFailed,
    EventType::MessageReceived,
    EventType::ButtonPressed,
    EventType::ListSelected,
];

/// Meta's number for a message outside of the 24-hour window (Meta, error codes).
const WINDOW_CLOSED: i64 = 131_047;

/// The kinds of a received message that are the customer's words, files or choices.
///
/// The others make no delivery, because a receiver would take them for words: ChatVolt has no event for reactions,
/// edits, revokes, calls and notices of WhatsApp, and `unsupported` and `unknown` say nothing.
const SAID: [&str; 14] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "order",
    "product",
    // Taps whose id is not known.
    "button",
    "list",
    "interactive",
    "nfm_reply",
];

/// The event type of everything that a customer says.
const USER_MESSAGE: &str = "USER_MESSAGE_RECEIVED";

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
    ctwa_attributions: Option<[Attribution; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_phone_number: Option<String>,
    created_at: Timestamp,
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

/// The advertisement that brought the customer. ChatVolt's time of the click is left out, because no provider tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribution {
    ctwa_clid: Option<String>,
    source_id: Option<String>,
    source_type: Option<String>,
    headline: Option<String>,
    body: Option<String>,
    source_url: Option<String>,
    media_type: Option<String>,
    image_url: Option<String>,
    video_url: Option<String>,
    thumbnail_url: Option<String>,
}

impl From<Referral> for Attribution {
    fn from(referral: Referral) -> Self {
        Self {
            ctwa_clid: referral.click_id,
            source_id: referral.source_id,
            source_type: referral.source_type,
            headline: referral.headline,
            body: referral.body,
            source_url: referral.source_url,
            media_type: referral.media_type,
            image_url: referral.image_url,
            video_url: referral.video_url,
            thumbnail_url: referral.thumbnail_url,
        }
    }
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

/// What the payload takes from the event.
#[derive(Default)]
struct Told {
    event_type: &'static str,
    message_id: Option<MessageId>,
    from: Option<Contact>,
    choice: Option<Choice>,
    text: Option<String>,
    media: Option<ReceivedMedia>,
    referral: Option<Referral>,
}

/// Returns the event in ChatVolt's shape, or `None` if ChatVolt has no word for it.
pub(crate) async fn payload(app: &App, event: &Event) -> Result<Option<Payload>, StoreError> {
    let Some(mut told) = told(event) else {
        return Ok(None);
    };
    if let (Some(media), Some(message)) = (&mut told.media, &told.message_id)
        && media.available
        && media.provider_url.is_none()
    {
        let link = media::link(app, &event.organization_id, message, event.created_at);
        media.provider_url = Some(link);
    }
    let surroundings = surroundings(&app.store, event, &told).await?;
    Ok(Some(compose(event, told, surroundings)))
}

fn told(event: &Event) -> Option<Told> {
    let of_user = |message_id, from| Told {
        event_type: USER_MESSAGE,
        message_id: Some(message_id),
        from: Some(from),
        ..Told::default()
    };
    let of_agent = |event_type, data: MessageStatusData| Told {
        event_type,
        message_id: Some(data.message_id),
        ..Told::default()
    };
    let Ok(data) = EventData::read(event.event_type, &event.data) else {
        // The text of the error may quote the customer.
        tracing::error!(event_id = %event.id, "an event cannot be read: a webhook endpoint of the format chatvolt does not get it");
        return None;
    };
    match data {
        EventData::MessageReceived(data) => SAID.contains(&&*data.kind).then(|| Told {
            text: data.text.or_else(|| coordinates(data.content.as_ref()?)),
            media: data
                .content
                .as_ref()
                .and_then(ReceivedContent::media)
                .cloned(),
            referral: data.referral,
            ..of_user(data.message_id, data.from)
        }),
        // A tap has no event of its own there: it arrives as a message of the user (inferred).
        EventData::ButtonPressed(data) => Some(Told {
            choice: Some(data.button),
            ..of_user(data.message_id, data.from)
        }),
        EventData::ListSelected(data) => Some(Told {
            choice: Some(data.list),
            ..of_user(data.message_id, data.from)
        }),
        // Spelled like this.
        EventData::MessageAccepted(data) => Some(of_agent("AGENT_MESSAGE_SENDED", data)),
        EventData::MessageRejected(data) | EventData::MessageFailed(data) => {
            let error = data.error.as_ref()?;
            let is_closed = error.code == Some(WINDOW_CLOSED) || error.reason == "window_closed";
            is_closed.then(|| of_agent("AGENT_MESSAGE_BLOCKED", data))
        }
        EventData::MessageQueued(_)
        | EventData::MessageUnknown(_)
        | EventData::MessageSent(_)
        | EventData::MessageDelivered(_)
        | EventData::MessageRead(_)
        | EventData::ConversationCreated(_)
        | EventData::ChannelConnected(_)
        | EventData::ChannelAlert(_)
        | EventData::ChannelBudget(_)
        | EventData::ChannelDisconnected(_)
        | EventData::ChannelPaused(_)
        | EventData::ChannelResumed(_)
        | EventData::WebhookEndpointDisabled(_) => None,
    }
}

/// What stands for a place without a name, where there is room for a text only.
fn coordinates(content: &ReceivedContent) -> Option<String> {
    match content {
        ReceivedContent::Location(place) => Some(format!("{},{}", place.latitude, place.longitude)),
        _ => None,
    }
}

async fn surroundings(
    store: &Store,
    event: &Event,
    told: &Told,
) -> Result<Surroundings, StoreError> {
    let organization = &event.organization_id;
    let mut found = Surroundings::default();
    if let Some(id) = &event.agent_id {
        let agent = store.get::<Agent>(organization, id).await?;
        found.agent_name = agent.map(|agent| agent.name);
    }
    if let Some(id) = &event.channel_id {
        let channel = store.get::<Channel>(organization, id).await?;
        found.provider = channel.map(|channel| channel.provider);
    }
    if let Some(Contact { phone, name, .. }) = &told.from {
        found.phone = phone.as_ref().map(Recipient::to_string);
        found.name.clone_from(name);
        return Ok(found);
    }
    if let Some(id) = &event.conversation_id
        && let Some(conversation) = store.get::<Conversation>(organization, id).await?
    {
        let Contact { phone, name, .. } = conversation.person;
        let own = Some(conversation.recipient).filter(|to| to.kind() == RecipientKind::Phone);
        found.phone = own.or(phone).as_ref().map(Recipient::to_string);
        found.name = name;
    }
    if let Some(id) = &told.message_id
        && let Some(message) = store.get::<Message>(organization, id).await?
        && let recado_store::MessageContent::Outbound(content) = message.content
    {
        found.agent_response = Some(content.text().into_owned());
    }
    Ok(found)
}

fn compose(event: &Event, told: Told, found: Surroundings) -> Payload {
    let message_id = told.message_id.map(String::from);
    let title = told.choice.as_ref().map(|choice| choice.title.clone());
    let file_name = told
        .media
        .as_ref()
        .and_then(|media| media.file_name.clone());
    // A receiver reads it from every message of the user, also from one without words.
    let user_message = (told.event_type == USER_MESSAGE)
        .then(|| title.or(told.text).or(file_name).unwrap_or_default());
    let attachment = told
        .media
        .and_then(|media| attachment(media, message_id.as_deref()));
    Payload {
        event_type: told.event_type,
        organization_id: event.organization_id.to_string(),
        conversation_id: event.conversation_id.as_ref().map(ToString::to_string),
        message_id,
        agent_id: event.agent_id.as_ref().map(ToString::to_string),
        // A receiver reads a text, also when the agent was deleted.
        agent_name: found
            .agent_name
            .or_else(|| event.agent_id.as_ref().map(ToString::to_string)),
        channel: found
            .provider
            .and_then(|provider| Profile::of(provider).chatvolt_words.first().copied()),
        // Recado neither resolves nor ranks conversations, and no program answers by itself.
        conversation_status: "UNRESOLVED",
        conversation_priority: "MEDIUM",
        is_ai_enabled: false,
        user_message,
        agent_response: found.agent_response,
        button_reply: told.choice,
        attachments: attachment.map(|attachment| [attachment]),
        ctwa_attributions: told.referral.map(|referral| [referral.into()]),
        user_name: found.name,
        user_phone_number: found.phone,
        created_at: event.created_at.into(),
    }
}

fn attachment(media: ReceivedMedia, message_id: Option<&str>) -> Option<Attachment> {
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    /// An event with what all events of its type tell, and with `data`.
    fn event(event_type: EventType, data: Value) -> Event {
        let mut whole = json!({
            "messageId": "msg_1", "from": {}, "kind": "text", "status": "accepted", "endpointId": "whk_1",
            "button": {"id": "1", "title": "A"}, "list": {"id": "1", "title": "A"},
        });
        let Value::Object(data) = data else {
            panic!("an object")
        };
        whole.as_object_mut().expect("an object").extend(data);
        Event {
            id: "evt_000000000000002a".parse().expect("an id"),
            organization_id: "acme".parse().expect("an id"),
            event_type,
            agent_id: Some("agent-123".parse().expect("an id")),
            channel_id: Some("main".parse().expect("an id")),
            conversation_id: Some("conv-456".parse().expect("an id")),
            data: whole,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn composed(event: &Event, found: Surroundings) -> Option<Value> {
        let payload = compose(event, told(event)?, found);
        Some(serde_json::to_value(payload).expect("JSON"))
    }

    #[test]
    fn a_tap_arrives_as_a_message_of_the_user_with_the_button_beside_it() {
        let event = event(
            EventType::ButtonPressed,
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
    #[case::a_text(EventType::MessageReceived, json!({"kind": "text", "text": "Hi"}), Some("USER_MESSAGE_RECEIVED"))]
    #[case::an_image(EventType::MessageReceived, json!({"kind": "image", "text": null}), Some("USER_MESSAGE_RECEIVED"))]
    #[case::a_notice(EventType::MessageReceived, json!({"kind": "system", "text": "A changed"}), None)]
    #[case::a_kind_of_tomorrow(EventType::MessageReceived, json!({"kind": "hologram", "text": "x"}), None)]
    #[case::a_row(EventType::ListSelected, json!({}), Some("USER_MESSAGE_RECEIVED"))]
    #[case::accepted(EventType::MessageAccepted, json!({"error": null}), Some("AGENT_MESSAGE_SENDED"))]
    #[case::outside_of_the_window(EventType::MessageRejected, json!({"error": {"code": null, "reason": "window_closed", "message": "x"}}), Some("AGENT_MESSAGE_BLOCKED"))]
    #[case::failed_outside_of_the_window(EventType::MessageFailed, json!({"error": {"code": 131_047, "reason": "provider_rejected", "message": "x"}}), Some("AGENT_MESSAGE_BLOCKED"))]
    #[case::failed_otherwise(EventType::MessageFailed, json!({"error": {"code": 131_026, "reason": "provider_rejected", "message": "x"}}), None)]
    #[case::rejected_without_a_cause(EventType::MessageRejected, json!({"error": null}), None)]
    #[case::sent(EventType::MessageSent, json!({}), None)]
    #[case::read(EventType::MessageRead, json!({}), None)]
    #[case::opened(EventType::ConversationCreated, json!({}), None)]
    fn the_event_type_is_chatvolts(
        #[case] event_type: EventType,
        #[case] data: Value,
        #[case] expected: Option<&str>,
    ) {
        let composed = composed(&event(event_type, data), Surroundings::default());
        let word = composed.map(|payload| payload["eventType"].clone());
        assert_eq!(word, expected.map(Value::from));
    }

    #[test]
    fn every_kind_of_the_format_and_no_other_can_be_sent() {
        let closed = json!({"error": {"reason": "window_closed", "message": "x"}});
        for event_type in EventType::ALL {
            let sent = composed(&event(event_type, closed.clone()), Surroundings::default());
            assert_eq!(sent.is_some(), KINDS.contains(&event_type), "{event_type}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_out_and_the_message_is_always_a_text() {
        let event = event(
            EventType::MessageReceived,
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
        let event = event(EventType::MessageReceived, data);
        let payload = composed(&event, Surroundings::default()).expect("a payload");
        assert_eq!(payload["userMessage"], "1.pdf");
        assert_eq!(payload["attachments"], attachments);
    }
}
