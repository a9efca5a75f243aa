//! Registration of webhooks: `POST /webhook` and `POST /session/hmac/config` (the fork's source code).

use serde_json::json;

use super::request::{error, member, object, success, text, undecodable};
use crate::{Answer, Call, Provider, State, Webhook, webhooks::check_url};

/// The fewest characters of a key (the fork's source code).
const KEY_LENGTH: usize = 32;

/// Sets the URL; without `events` the subscriptions stay, which are all at first (inferred).
pub(super) fn set(state: &mut State, call: &Call, user: &str) -> Result<Answer, Answer> {
    let body = object(call)?;
    let url = text(body, "webhookURL")?;
    if !url.is_empty() {
        // wuzapi does not check it; the words are invented.
        let checked = check_url(url, &state.settings.webhooks);
        checked.map_err(|refused| error(400, &refused.to_string()))?;
    }
    let events = member(body, "events").cloned().unwrap_or_default();
    let events: Option<Vec<String>> = serde_json::from_value(events).map_err(|_| undecodable())?;
    change(state, user, |webhook| {
        url.clone_into(&mut webhook.url);
        webhook.events = events.unwrap_or_else(|| std::mem::take(&mut webhook.events));
    });
    Ok(success(json!({"webhook": url})))
}

/// Sets the key that webhooks are signed with.
pub(super) fn set_key(state: &mut State, call: &Call, user: &str) -> Result<Answer, Answer> {
    let key = text(object(call)?, "hmac_key")?;
    if key.len() < KEY_LENGTH {
        let problem = format!("HMAC key must be at least {KEY_LENGTH} characters long");
        return Err(error(400, &problem));
    }
    change(state, user, |webhook| webhook.secret = Some(key.to_owned()));
    // The words are invented.
    let details = "HMAC configuration saved successfully";
    Ok(success(json!({"Details": details})))
}

/// Returns the user's webhook; one without a URL gets no deliveries.
pub(super) fn of<'a>(state: &'a State, user: &'a str) -> Option<&'a Webhook> {
    state.webhooks.of(Provider::Wuzapi, user).next()
}

fn change(state: &mut State, user: &str, change: impl FnOnce(&mut Webhook)) {
    if of(state, user).is_none() {
        state.webhooks.add(Webhook {
            account: user.to_owned(),
            ..Webhook::new(Provider::Wuzapi, "")
        });
    }
    if let Some(webhook) = state.webhooks.of_mut(Provider::Wuzapi, user).next() {
        change(webhook);
    }
}
