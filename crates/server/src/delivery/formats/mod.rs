//! The body of a delivery, in the format of its endpoint.

mod chatvolt;

pub(crate) use chatvolt::KINDS as CHATVOLT_KINDS;

use jiff::Timestamp;
use recado_store::{DueDelivery, StoreError, WebhookEndpoint, WebhookFormat};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::event::Event;
use crate::api::time;
use crate::app::App;

/// Returns the body, or `None` if the format has no word for the event.
pub(crate) async fn of(app: &App, due: &DueDelivery) -> Result<Option<Vec<u8>>, StoreError> {
    match due.endpoint.format {
        WebhookFormat::Recado => Ok(Some(bytes(&Event::from(due.event.clone())))),
        WebhookFormat::ChatVolt => {
            let payload = chatvolt::payload(app, &due.event).await?;
            Ok(payload.map(|payload| bytes(&payload)))
        }
    }
}

pub(crate) fn test(endpoint: &WebhookEndpoint, event_id: &str, at: Timestamp) -> Vec<u8> {
    let nothing = Value::Null;
    bytes(&match endpoint.format {
        WebhookFormat::Recado => json!({
            "id": event_id,
            "type": "webhook.test",
            "createdAt": time::Timestamp::from(at),
            "organizationId": endpoint.organization_id,
            "agentId": nothing,
            "channelId": nothing,
            "conversationId": nothing,
            "data": {"webhookEndpointId": endpoint.id.as_str()},
        }),
        // ChatVolt's test has no eventType (documentation, webhooks); the rest of it is invented.
        WebhookFormat::ChatVolt => json!({
            "organizationId": endpoint.organization_id,
            "createdAt": time::Timestamp::from(at),
            "test": true,
        }),
    })
}

fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("plain texts under plain names can be written")
}
