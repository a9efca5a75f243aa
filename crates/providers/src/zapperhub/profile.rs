//! What is special to ZapperHUB.

use recado_core::{Provider, capabilities};
use url::Url;

use super::account::{API_KEY, DIALECT, INSTANCE_ID, RECIPIENT_FORM, VENDOR_URL, WUZAPI};
use crate::account::fields::{BASE_URL, MESSAGES_PER_SECOND};
use crate::base_url::segments;
use crate::profile::{Profile, Registration};

pub(crate) const PROFILE: Profile = Profile {
    provider: Provider::ZapperHub,
    type_name: "ZapperHub",
    credentials: &[INSTANCE_ID, API_KEY],
    settings: &[DIALECT, RECIPIENT_FORM, MESSAGES_PER_SECOND, BASE_URL],
    base_url: VENDOR_URL,
    registration: Registration::Program { https_only: false },
    webhook_secret_in_url: true,
    // The hosted API shows the secret in a header, and wuzapi signs with it.
    webhook_secret_apart: true,
    challenges: false,
    shared_webhook: None,
    has_queue: false,
    free_service_messages: None,
    // ChatVolt writes ZapperHUB's former name.
    chatvolt_words: &["zapperapi", "zapper", "zapperhub"],
    carries: |settings| match settings[DIALECT.name].as_str() {
        Some(WUZAPI) => &capabilities::WUZAPI_FORK,
        _ => &capabilities::ZAPPERAPI_V2,
    },
    mistaken_base_url: url_of_call,
};

/// Recognizes `https://api.zapperapi.com/…/messages/buttons` and `https://…/chat/send/buttons`.
fn url_of_call(url: &Url) -> Option<&'static str> {
    let is_call = segments(url).windows(2).any(|pair| {
        matches!(pair, ["messages", _] | ["chat", "send"] | ["session", "status"] if !pair[1].is_empty())
    });
    is_call.then_some(
        "Is the URL of a call; end it before the id of the instance, or before /chat or /session",
    )
}
