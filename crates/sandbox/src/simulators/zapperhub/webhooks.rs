//! Registration of webhooks: `/webhook` (one, with a secret) and `/webhooks` (several, without).
//!
//! Routes and members: the vendor's `OpenAPI` file; the words of refusals are invented.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::request::{error, no_route};
use crate::{Answer, Call, Provider, State, Webhook, webhooks::check_url};

/// Answers a request for `/webhook`.
pub(super) fn single(state: &mut State, call: &Call, instance: &str) -> Result<Answer, Answer> {
    let is_single = |webhook: &Webhook| webhook.name.is_none();
    match *call.method() {
        Method::POST => {
            let body = body(call)?;
            let webhook = Webhook {
                secret: text(body, "secretKey").map(str::to_owned),
                events: legacy_events(state),
                ..webhook(state, body, instance)?
            };
            let answer = shown(&webhook);
            state.webhooks.replace(webhook);
            Ok(Answer::new(200, answer))
        }
        Method::GET => Ok(Answer::new(200, shown(find(state, instance, is_single)?))),
        Method::DELETE => Ok(remove(state, instance, is_single)),
        _ => Err(no_route(call)),
    }
}

/// Answers a request for `/webhooks`.
pub(super) fn several(state: &mut State, call: &Call, instance: &str) -> Result<Answer, Answer> {
    match *call.method() {
        Method::POST => {
            let webhook = named(state, call, instance)?;
            Ok(set(state, webhook))
        }
        Method::GET => {
            let webhooks = state.webhooks.of(Provider::Zapperhub, instance);
            let shown: Vec<_> = webhooks.map(shown).collect();
            Ok(Answer::new(200, json!({"webhooks": shown})))
        }
        _ => Err(no_route(call)),
    }
}

/// Answers a request for `/webhooks/{id}`; the id is the webhook's name.
pub(super) fn one(
    state: &mut State,
    call: &Call,
    instance: &str,
    id: &str,
) -> Result<Answer, Answer> {
    let is_it = |webhook: &Webhook| webhook.name.as_deref() == Some(id);
    let answer = json!({"webhook": shown(find(state, instance, is_it)?)});
    match *call.method() {
        Method::GET => Ok(Answer::new(200, answer)),
        Method::PUT => {
            let webhook = named(state, call, instance)?;
            state.webhooks.remove(Provider::Zapperhub, instance, is_it);
            Ok(set(state, webhook))
        }
        Method::DELETE => Ok(remove(state, instance, is_it)),
        _ => Err(no_route(call)),
    }
}

fn find<'a>(
    state: &'a State,
    instance: &str,
    which: impl Fn(&Webhook) -> bool,
) -> Result<&'a Webhook, Answer> {
    let mut webhooks = state.webhooks.of(Provider::Zapperhub, instance);
    let found = webhooks.find(|webhook| which(webhook));
    found.ok_or_else(|| error(404, "Webhook not found"))
}

fn remove(state: &mut State, instance: &str, which: impl Fn(&Webhook) -> bool) -> Answer {
    state.webhooks.remove(Provider::Zapperhub, instance, which);
    Answer::new(200, json!({}))
}

/// Sets one of the several webhooks.
fn set(state: &mut State, webhook: Webhook) -> Answer {
    let answer = json!({"webhook": shown(&webhook)});
    state.webhooks.replace(webhook);
    Answer::new(200, answer)
}

/// Returns the events of the single webhook: all, unless the switch takes the updates away.
fn legacy_events(state: &State) -> Vec<String> {
    if !state.settings.zapperhub.legacy_without_updates {
        return Vec::new();
    }
    let events = ["connection.update", "messages.upsert", "messages.reaction"];
    events.map(str::to_owned).into()
}

fn named(state: &State, call: &Call, instance: &str) -> Result<Webhook, Answer> {
    let body = body(call)?;
    let name = text(body, "name").ok_or_else(|| error(400, "body/name Required"))?;
    Ok(Webhook {
        name: Some(name.to_owned()),
        events: subscriptions(body)?,
        ..webhook(state, body, instance)?
    })
}

fn webhook(state: &State, body: &Map<String, Value>, instance: &str) -> Result<Webhook, Answer> {
    let url = text(body, "url").ok_or_else(|| error(400, "body/url Required"))?;
    let checked = check_url(url, &state.settings.webhooks);
    checked.map_err(|refused| error(400, &format!("body/url: {refused}")))?;
    Ok(Webhook {
        account: instance.to_owned(),
        ..Webhook::new(Provider::Zapperhub, url)
    })
}

fn subscriptions(body: &Map<String, Value>) -> Result<Vec<String>, Answer> {
    let names = body.get("subscriptions").and_then(Value::as_array);
    let names = names.ok_or_else(|| error(400, "body/subscriptions Required"))?;
    let names: Vec<String> = serde_json::from_value(names.clone().into()).unwrap_or_default();
    if names.is_empty() {
        return Err(error(400, "body/subscriptions must be an array of names"));
    }
    Ok(names)
}

/// Returns the webhook as the API shows it, without the secret.
fn shown(webhook: &Webhook) -> Value {
    let name = webhook.name.as_deref().unwrap_or("default");
    json!({"id": name, "name": name, "url": webhook.url, "subscriptions": webhook.events})
}

fn body(call: &Call) -> Result<&Map<String, Value>, Answer> {
    let body = call.json.as_ref().and_then(Value::as_object);
    body.ok_or_else(|| error(400, "body must be object"))
}

fn text<'a>(body: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    let text = body.get(key).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
}
