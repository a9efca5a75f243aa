//! Registration of webhooks: `PUT …/update-webhook-*` and `PUT …/update-every-webhooks` (Z-API docs, webhooks).

use serde_json::{Value, json};

use super::request::{Object, error};
use crate::webhooks::{check_url, is_this_machine};
use crate::{Answer, Provider, State, Webhook, call::is_one_of};

/// All events, each of which has one URL.
const EVENTS: &str = "DeliveryCallback ReceivedCallback MessageStatusCallback ConnectedCallback \
    DisconnectedCallback PresenceChatCallback";

/// Returns the events whose URL a method sets.
pub(super) fn events(method: &str) -> Option<&'static str> {
    Some(match method {
        "update-webhook-delivery" => "DeliveryCallback",
        // The account's own messages, which the second one adds, are not simulated.
        "update-webhook-received" | "update-webhook-received-delivery" => "ReceivedCallback",
        "update-webhook-message-status" => "MessageStatusCallback",
        "update-webhook-connected" => "ConnectedCallback",
        "update-webhook-disconnected" => "DisconnectedCallback",
        "update-webhook-chat-presence" => "PresenceChatCallback",
        "update-every-webhooks" => EVENTS,
        _ => return None,
    })
}

/// Sets the URL of events; an empty one removes it (inferred).
pub(super) fn update(
    state: &mut State,
    body: &Object,
    instance: &str,
    events: &str,
) -> Result<Answer, Answer> {
    let url = body.get("value").and_then(Value::as_str);
    let url = url.ok_or_else(|| error(400, "The field 'value' is empty"))?;
    if !url.is_empty() {
        let checked = check_url(url, &state.settings.webhooks);
        let checked = checked.map_err(|refused| error(400, &refused.to_string()))?;
        // The real one demands https; a receiver on this machine may do without. The words are invented.
        if checked.scheme() != "https" && !is_this_machine(&checked) {
            return Err(error(400, "The URL must be https"));
        }
    }
    for webhook in state.webhooks.of_mut(Provider::Zapi, instance) {
        if webhook.events.is_empty() {
            webhook.events = EVENTS.split(' ').map(str::to_owned).collect();
        }
        webhook.events.retain(|event| !is_one_of(event, events));
    }
    let is_idle = |webhook: &Webhook| webhook.events.is_empty();
    state.webhooks.remove(Provider::Zapi, instance, is_idle);
    if !url.is_empty() {
        state.webhooks.add(Webhook {
            account: instance.to_owned(),
            events: events.split(' ').map(str::to_owned).collect(),
            ..Webhook::new(Provider::Zapi, url)
        });
    }
    Ok(Answer::new(200, json!({"value": true})))
}
