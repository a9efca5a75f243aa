//! What is special to Z-API.

use recado_core::{Provider, capabilities};
use url::Url;

use super::account::{
    BUTTONS_ENDPOINT, ButtonsEndpoint, CLIENT_TOKEN, INSTANCE_ID, INSTANCE_TOKEN, WEBHOOK_TOKEN,
};
use crate::account::fields::{BASE_URL, MESSAGES_PER_SECOND};
use crate::base_url::segments;
use crate::profile::{Profile, Registration};

const LIST: &str = ButtonsEndpoint::List.as_str();

pub(crate) const PROFILE: Profile = Profile {
    provider: Provider::Zapi,
    type_name: "Zapi",
    credentials: &[INSTANCE_ID, INSTANCE_TOKEN, CLIENT_TOKEN],
    settings: &[
        BUTTONS_ENDPOINT,
        WEBHOOK_TOKEN,
        MESSAGES_PER_SECOND,
        BASE_URL,
    ],
    base_url: "https://api.z-api.io",
    // Z-API docs, webhooks.
    registration: Registration::Program { https_only: true },
    // Z-API signs nothing: that a caller knows the URL is the proof (Z-API docs, webhooks).
    webhook_secret_in_url: true,
    webhook_secret_apart: false,
    challenges: false,
    shared_webhook: None,
    has_queue: true,
    free_service_messages: None,
    chatvolt_words: &["zapi"],
    carries: |settings| match settings[BUTTONS_ENDPOINT.name].as_str() {
        Some(LIST) => &capabilities::ZAPI_LIST,
        _ => &capabilities::ZAPI,
    },
    mistaken_base_url: url_of_instance,
};

/// Recognizes `https://api.z-api.io/instances/…/token/…`; a proxy may have `instances` in a path of its own.
fn url_of_instance(url: &Url) -> Option<&'static str> {
    let path = segments(url);
    // Z-API's own host has nothing else there.
    let is_vendor = url.host_str() == Some("api.z-api.io");
    let is_instance = (is_vendor && path.contains(&"instances"))
        || path
            .windows(3)
            .any(|part| part[0] == "instances" && part[2] == "token");
    is_instance.then_some(
        "Is the URL of an instance; end it before /instances, and write the id and the token of the instance as \
         credentials",
    )
}
