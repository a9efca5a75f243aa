//! Registration of webhooks: `PUT …/update-webhook-*` and `PUT …/update-every-webhooks` (Z-API docs, webhooks).

use serde_json::{Value, json};

use super::request::{Object, error};
use crate::webhooks::{check_url, is_this_machine};
use crate::{Answer, Provider, State, Webhook};

/// All events, each of which has one URL.
const EVENTS: [&str; 6] = [
    "DeliveryCallback",
    "ReceivedCallback",
    "MessageStatusCallback",
    "ConnectedCallback",
    "DisconnectedCallback",
    "PresenceChatCallback",
];

/// Returns the events whose URL a method sets.
pub(super) fn events(method: &str) -> Option<&'static [&'static str]> {
    Some(match method {
        "update-webhook-delivery" => &EVENTS[0..1],
        // The account's own messages, which the second one adds, are not simulated.
        "update-webhook-received" | "update-webhook-received-delivery" => &EVENTS[1..2],
        "update-webhook-message-status" => &EVENTS[2..3],
        "update-webhook-connected" => &EVENTS[3..4],
        "update-webhook-disconnected" => &EVENTS[4..5],
        "update-webhook-chat-presence" => &EVENTS[5..6],
        "update-every-webhooks" => &EVENTS,
        _ => return None,
    })
}

/// Sets the URL of events; an empty one removes it (inferred).
pub(super) fn update(
    state: &mut State,
    body: &Object,
    instance: &str,
    events: &[&str],
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
            webhook.events = EVENTS.map(str::to_owned).into();
        }
        let others = |event: &String| !events.contains(&event.as_str());
        webhook.events.retain(others);
    }
    let is_idle = |webhook: &Webhook| webhook.events.is_empty();
    state.webhooks.remove(Provider::Zapi, instance, is_idle);
    if !url.is_empty() {
        state.webhooks.add(Webhook {
            account: instance.to_owned(),
            events: events.iter().map(|&event| event.to_owned()).collect(),
            ..Webhook::new(Provider::Zapi, url)
        });
    }
    Ok(Answer::new(200, json!({"value": true})))
}
