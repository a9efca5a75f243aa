//! What Meta sends: the handshake, and batches of messages, statuses and errors (Meta, webhooks).

mod account_alerts;
mod content;
mod number_changes;

use std::collections::HashMap;

use recado_core::inbound::{CustomerCall, Pricing, SYSTEM};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;
use url::form_urlencoded;

use super::account::APP_SECRET;
use super::errors;
use crate::webhook::prelude::*;
use crate::webhook::{Admission, WebhookCall, WebhookHead, WebhookRefused};

/// Most bytes of a word in a price class; those of Meta have 32 at most.
const MAX_PRICING_WORD: usize = 64;

/// Longest name of a field; Meta's have 36 bytes at most.
const MAX_FIELD: usize = 64;

/// Meta's challenges have about ten digits.
const MAX_CHALLENGE_BYTES: usize = 256;

/// The system messages that say so when a customer's number or user id changes; the second is an older name.
const NUMBER_CHANGES: [&str; 3] = [
    "user_changed_number",
    "customer_changed_number",
    "user_changed_user_id",
];

/// Checks the signature that the app secret makes over the raw body.
pub(super) fn verify_body(
    call: &WebhookCall<'_>,
    app_secret: Option<&SecretString>,
) -> Result<(), WebhookRefused> {
    let secret = app_secret.ok_or(WebhookRefused::Unprovable(APP_SECRET.name))?;
    let signature = signature(call.head.headers);
    WebhookRefused::unless(signature.is_some_and(|hex| proof::signs(hex, call.body, secret)))
}

/// Checks that a call is signed, and that the signature can be checked.
pub(super) fn verify_head(
    head: &WebhookHead<'_>,
    app_secret: Option<&SecretString>,
) -> Result<(), WebhookRefused> {
    if app_secret.is_none() {
        return Err(WebhookRefused::Unprovable(APP_SECRET.name));
    }
    WebhookRefused::unless(signature(head.headers).is_some_and(proof::may_sign))
}

/// The hexadecimal digits of the signature.
fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get("x-hub-signature-256")?;
    value.as_bytes().strip_prefix(b"sha256=")
}

/// Proves the owner of a webhook by the verify token. The challenge is printed back, so it may hold nothing but visible
/// ASCII.
pub(super) fn handshake(query: &str, token: &SecretString) -> Result<Admission, WebhookRefused> {
    let value = |name| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    let subscribes = value("hub.mode").is_some_and(|mode| mode == "subscribe");
    let given = value("hub.verify_token").unwrap_or_default();
    let challenge = value("hub.challenge").filter(|text| {
        (1..=MAX_CHALLENGE_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match challenge {
        Some(challenge) if proof::knows(given.as_bytes(), token) && subscribes => {
            Ok(Admission::Challenge(challenge.into_owned()))
        }
        _ => Err(WebhookRefused::Forbidden),
    }
}

/// Every item of every change of every entry.
pub(super) fn parse(redactor: &Redactor, body: &[u8]) -> Result<Vec<Received>, WebhookUnreadable> {
    let body = object(body)?;
    if text(&body, "/object") != Some("whatsapp_business_account") {
        return Ok(Vec::new());
    }
    let entries = items(&body, "entry").iter();
    let changes = entries.flat_map(|entry| {
        let changes = items(entry, "changes").iter();
        changes.map(move |change| (entry, change))
    });
    let received = changes.flat_map(|(entry, it)| change(redactor, entry, it));
    Ok(number_changes::in_order(
        received.take(MAX_ITEMS + 1).collect(),
    ))
}

fn change(redactor: &Redactor, entry: &Value, change: &Value) -> Vec<Received> {
    let value = change.get("value").unwrap_or(&Value::Null);
    let number = id(value.pointer("/metadata/phone_number_id"));
    let received = |what| Received {
        number: number.clone(),
        what,
    };
    let contacts = contacts(value);
    match text(change, "/field") {
        Some("messages") => {}
        Some("calls") => {
            let calls = items(value, "calls").iter().take(MAX_ITEMS + 1);
            return calls.map(|it| received(call(&contacts, it))).collect();
        }
        Some("user_preferences") => {
            let preferences = items(value, "user_preferences").iter().take(MAX_ITEMS + 1);
            return preferences
                .map(|it| received(preference(&contacts, it)))
                .collect();
        }
        field => {
            let field = field.filter(|field| field.len() <= MAX_FIELD);
            let alert = field.and_then(|it| account_alerts::alert(redactor, entry, it, value));
            return vec![received(alert.unwrap_or(Inbound::Ignored(Ignored::Field)))];
        }
    }
    let messages = items(value, "messages").iter();
    let statuses = items(value, "statuses").iter();
    let errors = items(value, "errors").iter();
    messages
        .map(|it| message(&contacts, it))
        .chain(statuses.map(|it| status(redactor, it)))
        .chain(errors.map(|it| account_alerts::of_error(redactor, entry, it, &error(redactor, it))))
        .map(received)
        .take(MAX_ITEMS + 1)
        .collect()
}

fn message(contacts: &Contacts<'_>, message: &Value) -> Inbound {
    let (from, content) = match moved(message) {
        Some(to) => {
            let text = words(message.pointer("/system/body"));
            (
                former(message, &to),
                InboundContent::NumberChange { to, text },
            )
        }
        None => (sender(contacts, message), content::content(message)),
    };
    let answered = message.pointer("/context/id");
    let group = message.get("group_id").filter(|chat| !chat.is_null());
    message_of(Said {
        external_id: id(message.get("id")),
        from,
        // A group whose id is not a text is unknown.
        group: group.map(|chat| chat.as_str().unwrap_or_default()),
        sent_at: instant(message.get("timestamp")),
        in_reply_to: id(answered.or_else(|| message.pointer("/reaction/message_id"))),
        content,
        context: content::context(message),
        referral: content::referral(message),
    })
}

/// What a customer wants no more, or again (Meta, webhooks reference: `user_preferences`); it has no id.
fn preference(contacts: &Contacts<'_>, preference: &Value) -> Inbound {
    let word = |key| text(preference, key).unwrap_or_default();
    let event = format!("{}_{}", word("/category"), word("/value"));
    let sent_at = instant(preference.get("timestamp"));
    let customer = text(preference, "/wa_id").or_else(|| text(preference, "/user_id"));
    let known = customer.and_then(|address| contacts.get(address));
    let name = known.and_then(|known| short_words(known.pointer("/profile/name")));
    let content = content::preference(&event, words(preference.get("detail")));
    message_of(Said {
        external_id: customer.and_then(|address| {
            let mark = sent_at.map(|at| at.to_string());
            derived_id(address, &event, mark)
        }),
        from: contact([customer], name),
        group: None,
        sent_at,
        in_reply_to: None,
        content,
        context: MessageContext::default(),
        referral: None,
    })
}

/// A call; only the customer's own opens the window (Meta, send messages and calls).
fn call(contacts: &Contacts<'_>, call: &Value) -> Inbound {
    if text(call, "/direction") == Some("BUSINESS_INITIATED") {
        return Inbound::Ignored(Ignored::Call);
    }
    match sender(contacts, call) {
        Some(from) => {
            let at = instant(call.get("timestamp"));
            Inbound::Call(CustomerCall::new(from, at))
        }
        None => Inbound::Ignored(Ignored::WithoutSender),
    }
}

/// The contacts of a change by each of their addresses.
type Contacts<'a> = HashMap<&'a str, &'a Value>;

/// Looks the contacts up once, as a call may have a contact for each of its messages.
fn contacts(value: &Value) -> Contacts<'_> {
    // Of two with the same address the first one counts.
    let contacts = items(value, "contacts").iter().rev();
    let by_address = contacts.flat_map(|contact| {
        let addresses = ["/wa_id", "/user_id"].map(|path| text(contact, path));
        addresses
            .into_iter()
            .flatten()
            .map(move |address| (address, contact))
    });
    by_address.collect()
}

/// One batch may hold several customers, and not in the order of their messages: contacts are matched.
fn sender(contacts: &Contacts<'_>, message: &Value) -> Option<Contact> {
    let phone = text(message, "/from");
    let user_id = text(message, "/from_user_id");
    let mut names = [phone, user_id].into_iter().flatten();
    let known = names.find_map(|address| contacts.get(address)).copied();
    let of_known = |path| text(known?, path);
    let addresses = [
        phone,
        user_id,
        of_known("/wa_id"),
        of_known("/user_id"),
        text(message, "/from_parent_user_id"),
        // A system message may name its customer nowhere else.
        text(message, "/system/previous_user_id"),
    ];
    let name = known.and_then(|known| short_words(known.pointer("/profile/name")));
    contact(addresses, name)
}

/// Who a customer is after a change of number or user id (Meta, webhooks, system messages).
fn moved(message: &Value) -> Option<Contact> {
    let kind = text(message, "/system/type").unwrap_or_default();
    let number = text(message, "/system/new_wa_id");
    if text(message, "/type") != Some(SYSTEM)
        || !(NUMBER_CHANGES.contains(&kind) || number.is_some())
    {
        return None;
    }
    // Older versions of the API say `new_wa_id`.
    let addresses = ["/system/wa_id", "/system/user_id"].map(|path| text(message, path));
    contact([number].into_iter().chain(addresses), None)
}

/// Returns the former addresses of the customer: `from` is the old number, and a new address is never among them.
fn former(message: &Value, to: &Contact) -> Option<Contact> {
    let addresses = [
        "/from",
        // Beside `customer_changed_number`: who the customer was.
        "/system/customer",
        "/system/previous_user_id",
        "/from_user_id",
        "/system/previous_parent_user_id",
    ]
    .map(|path| text(message, path));
    let is_new = |address: &&str| {
        address
            .parse()
            .is_ok_and(|address| to.addresses().any(|new| *new == address))
    };
    contact(
        addresses.map(|address| address.filter(|it| !is_new(it))),
        None,
    )
}

fn status(redactor: &Redactor, status: &Value) -> Inbound {
    let step = match text(status, "/status") {
        Some("sent") => Status::Sent,
        Some("delivered") => Status::Delivered,
        Some("read" | "played") => Status::Read,
        Some("failed") => Status::Failed,
        _ => return Inbound::Ignored(Ignored::Status),
    };
    let external_ids: Vec<_> = id(status.get("id")).into_iter().collect();
    let ours = text(status, "/biz_opaque_callback_data");
    let message_id = ours.and_then(|id| id.parse().ok());
    if external_ids.is_empty() && message_id.is_none() {
        return Inbound::Ignored(Ignored::WithoutId);
    }
    let error = items(status, "errors").first();
    let mut news = StatusUpdate::new(external_ids, step);
    news.message_id = message_id;
    news.error = error
        .filter(|_| step == Status::Failed)
        .map(|it| self::error(redactor, it));
    news.pricing = status.get("pricing").and_then(pricing);
    Inbound::Status(news)
}

/// Reads how Meta charges for a message (Meta, webhooks reference: status). A word that is too long to be one of
/// Meta's is left out; `None` if nothing is left.
fn pricing(pricing: &Value) -> Option<Pricing> {
    let word = |path| text(pricing, path).filter(|word| word.len() <= MAX_PRICING_WORD);
    let [category, kind, model] =
        ["/category", "/type", "/pricing_model"].map(|path| word(path).map(str::to_owned));
    let billable = pricing.get("billable").and_then(Value::as_bool);
    let is_told = [&category, &kind, &model].into_iter().any(Option::is_some) || billable.is_some();
    is_told.then(|| Pricing::new(category, kind, model, billable))
}

/// `title` and `message` are the same words nowadays; `details` says more.
fn error(redactor: &Redactor, error: &Value) -> MessageError {
    let code = error.get("code").and_then(Value::as_i64);
    let kind = code
        .and_then(errors::meaning)
        .unwrap_or(ErrorKind::Rejected);
    let title = text(error, "/message").or_else(|| text(error, "/title"));
    let parts = [title, text(error, "/error_data/details")];
    let message = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    MessageError {
        code,
        ..MessageError::new(kind.reason(), redactor.clean(&message))
    }
}
