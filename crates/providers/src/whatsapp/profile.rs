//! What is special to the Cloud API.

use recado_core::{Provider, capabilities};
use url::Url;

use super::account::{
    ACCESS_TOKEN, API_VERSION, APP_SECRET, PAIR_RATE, PHONE_NUMBER_ID, PairRateCheck, VERIFY_TOKEN,
    is_version,
};
use crate::account::fields::{BASE_URL, MESSAGES_PER_SECOND};
use crate::base_url::segments;
use crate::profile::{Profile, Registration, SharedWebhook};

const IGNORED: &str = PairRateCheck::Ignored.as_str();

pub(crate) const PROFILE: Profile = Profile {
    provider: Provider::WhatsApp,
    type_name: "WhatsApp",
    credentials: &[PHONE_NUMBER_ID, ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN],
    settings: &[API_VERSION, PAIR_RATE, MESSAGES_PER_SECOND, BASE_URL],
    base_url: "https://graph.facebook.com",
    // One callback serves a whole Meta app, so it is the app's owner who sets it (Meta, webhooks set-up).
    registration: Registration::ByHand {
        instructions: "Meta does not let programs register webhooks. In its App Dashboard, under WhatsApp > Configuration, set the callback URL to {url} and the verify token to the verifyToken of the channel's credentials, or to its webhookSecret without one; subscribe to the field messages. The credentials need the appSecret of the app",
    },
    webhook_secret_in_url: false,
    webhook_secret_apart: true,
    challenges: true,
    shared_webhook: Some(SharedWebhook {
        number: PHONE_NUMBER_ID.name,
        secret: APP_SECRET.name,
    }),
    // Meta, pricing from 2026-10-01: of each business phone number in a calendar month.
    has_queue: false,
    free_service_messages: Some(1_000),
    chatvolt_words: &["whatsapp"],
    carries: |settings| match settings[PAIR_RATE.name].as_str() {
        Some(IGNORED) => &capabilities::WHATSAPP_UNPAIRED,
        _ => &capabilities::WHATSAPP,
    },
    mistaken_base_url: url_of_call,
};

/// Recognizes `https://graph.facebook.com/v25.0/800000000000001/…`; a proxy may have a version of its own.
fn url_of_call(url: &Url) -> Option<&'static str> {
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let path = segments(url);
    // Meta's own host has nothing else there.
    let is_meta = url.host_str() == Some("graph.facebook.com");
    let is_call = (is_meta && path.iter().any(|segment| is_version(segment)))
        || path
            .windows(2)
            .any(|pair| is_version(pair[0]) && is_id(pair[1]));
    is_call.then_some("Is the URL of a call; end it before the version")
}
