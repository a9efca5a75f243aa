//! The JSON shape of an event: in a list, in a stream and in a delivery.

use recado_core::OrganizationId;
use recado_store as store;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::openapi::words;
use super::time::Timestamp;

/// Something that happened in the organization.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "evt_000000000000002a", "type": "button.pressed", "createdAt": "2026-11-22T12:00:00.000Z",
    "organizationId": "loja", "agentId": "agent-123", "channelId": "main", "conversationId": "conv-456",
    "data": {
        "messageId": "msg_0199f3aa4a1e7c109d7b000000000002", "externalId": "wamid.HBgM", "inReplyTo": "msg_0199f3aa4a1e7c109d7b000000000001",
        "button": {"id": "btn_sales", "title": "Sales"},
        "from": {"phone": "5521988887777", "userId": null, "lid": null, "name": "Ana"}
    }
}))]
pub(crate) struct Event {
    /// The id of the event. Ids sort in the order of writing within the organization.
    pub(crate) id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = words::EventType)]
    pub(crate) kind: &'static str,
    /// The time at which the event was stored.
    created_at: Timestamp,
    /// The organization of the event.
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    /// The agent of the conversation.
    agent_id: Option<String>,
    /// The channel that the event concerns.
    channel_id: Option<String>,
    /// The conversation that the event concerns.
    conversation_id: Option<String>,
    /// What the event tells, by its type.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<store::Event> for Event {
    fn from(event: store::Event) -> Self {
        Self {
            id: event.id.to_string(),
            kind: event.event_type.as_str(),
            created_at: event.created_at.into(),
            organization_id: event.organization_id,
            agent_id: event.agent_id.map(String::from),
            channel_id: event.channel_id.map(String::from),
            conversation_id: event.conversation_id.map(String::from),
            data: event.data,
        }
    }
}
