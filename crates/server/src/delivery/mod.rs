//! Events on their way out: every delivery until it arrives or is given up, signed, at least once.
//!
//! The store decides what is due and keeps the order within a conversation; `schedule` decides when a
//! failed attempt is repeated; [`run`] does the work.

mod formats;
pub(crate) mod outcome;
mod request;
pub(crate) mod schedule;
mod signature;
mod worker;

use recado_store::{DeliveryKey, EventId, StoreError, WebhookEndpoint, WebhookEndpointId};

use crate::app::App;

pub(crate) use formats::CHATVOLT_KINDS;
pub(crate) use request::{Answered, RESERVED_HEADERS};
pub(crate) use signature::fresh_secret;
pub use worker::{Drained, drain, run};

/// The id of a delivery, for the receiver and in the API: that of its endpoint and its event in one,
/// because the ids of events are only unique within an organization.
pub(crate) fn delivery_id(key: &DeliveryKey) -> String {
    let event = key.event_id.to_string();
    format!("{}{}", id_prefix(&key.endpoint_id), digits(&event))
}

pub(crate) fn event_of(endpoint: &WebhookEndpointId, id: &str) -> Option<EventId> {
    let digits = id.strip_prefix(&id_prefix(endpoint))?;
    format!("evt_{digits}").parse().ok()
}

fn id_prefix(endpoint: &WebhookEndpointId) -> String {
    let endpoint = endpoint.as_str();
    format!("dlv_{}_", endpoint.strip_prefix("whk_").unwrap_or(endpoint))
}

fn digits(event: &str) -> &str {
    event.strip_prefix("evt_").unwrap_or(event)
}

/// Sends an event of type `webhook.test` that exists nowhere else; nothing is written down.
pub(crate) async fn test(app: &App, endpoint: &WebhookEndpoint) -> Result<Answered, StoreError> {
    let secrets = app.store.endpoint_secrets(endpoint)?;
    let id = app.uuid().simple();
    let at = app.clock.now();
    let body = formats::test(endpoint, &format!("evt_test_{id}"), at);
    let transmission = request::Transmission {
        url: &endpoint.url,
        id: &format!("dlv_test_{id}"),
        body,
        secrets: &secrets,
        at,
    };
    Ok(transmission.send(&app.http).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_delivery_leads_back_to_its_event_and_no_other_endpoint() {
        let endpoint: WebhookEndpointId = "whk_0199".parse().expect("an id");
        let other: WebhookEndpointId = "whk_0198".parse().expect("an id");
        let event: EventId = "evt_000000000000002a".parse().expect("an id");
        let id = delivery_id(&DeliveryKey {
            organization_id: "acme".parse().expect("an id"),
            endpoint_id: endpoint.clone(),
            event_id: event,
        });
        assert_eq!(id, "dlv_0199_000000000000002a");
        assert_eq!(event_of(&endpoint, &id), Some(event));
        assert_eq!(event_of(&other, &id), None);
        for wrong in ["", "dlv_0199_", "dlv_0199_2a", "evt_000000000000002a"] {
            assert_eq!(event_of(&endpoint, wrong), None, "{wrong}");
        }
    }
}
