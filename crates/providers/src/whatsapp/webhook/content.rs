//! What a message says, by its `type` (Meta, messages webhook reference).

use recado_core::inbound::{
    ContactName, ContactPhone, OrderItem, ReferredProduct, SYSTEM, SystemNotice, Unsupported,
    UnsupportedCause,
};
use serde_json::Value;

use crate::webhook::prelude::*;

/// How long Meta keeps a customer's file (Meta, media).
const MEDIA_DAYS: i64 = 7;

/// The message exists, and this app may not see it (Meta, error codes).
const NOT_AVAILABLE: i64 = 131_060;

pub(super) fn content(message: &Value) -> InboundContent {
    let kind = text(message, "/type").unwrap_or_default();
    let word = |path| words(message.pointer(path));
    match kind {
        "interactive" => interactive(message),
        "button" => template_tap(message),
        "text" => only_words(kind, word("/text/body")),
        "image" | "video" | "audio" | "document" | "sticker" => of_file(kind, message),
        "location" => location(message.get("location").unwrap_or(&Value::Null)),
        "contacts" => contacts(message),
        "reaction" => {
            let target = id(message.pointer("/reaction/message_id"));
            reaction(word("/reaction/emoji"), target)
        }
        "order" => order(message),
        SYSTEM => {
            let event = short_words(message.pointer("/system/type"));
            let notice = ReceivedContent::System(SystemNotice { event });
            holding(kind, word("/system/body"), notice)
        }
        "edit" => {
            let target = id(message.pointer("/edit/original_message_id"));
            match message.pointer("/edit/message").filter(|it| it.is_object()) {
                Some(new) => edit(target, content(new)),
                None => unread_edit(target),
            }
        }
        "revoke" => revoked(id(message.pointer("/revoke/original_message_id"))),
        "unsupported" => unsupported(message),
        _ => unknown(message),
    }
}

/// WhatsApp tells what a customer wants.
pub(super) fn preference(event: &str, detail: Option<String>) -> InboundContent {
    let event = short_words(Some(&event.into()));
    holding(
        SYSTEM,
        detail,
        ReceivedContent::System(SystemNotice { event }),
    )
}

/// A template's quick reply is a tap too, under other names (Meta, messages webhook, button).
fn template_tap(message: &Value) -> InboundContent {
    let title = words(message.pointer("/button/text"));
    match choice_id(message.pointer("/button/payload")) {
        Some(id) => InboundContent::Button(Choice::new(id, title.unwrap_or_default())),
        None => only_words("button", title),
    }
}

fn interactive(message: &Value) -> InboundContent {
    let kind = text(message, "/interactive/type").unwrap_or_default();
    let reply = |key: &str| message.get("interactive")?.get(kind)?.get(key);
    let choice = || {
        let title = words(reply("title")).unwrap_or_default();
        Some(Choice::new(choice_id(reply("id"))?, title))
    };
    let found = match kind {
        "button_reply" => choice().map(InboundContent::Button),
        "list_reply" => choice().map(InboundContent::List),
        // The form's answers, as the JSON text that Meta makes of them.
        "nfm_reply" => {
            let response = words(reply("response_json"));
            let form = FormReply {
                name: short_words(reply("name")),
                response: response
                    .as_deref()
                    .and_then(|json| members(&lenient_json::parse(json.as_bytes())?)),
            };
            Some(holding(kind, response, ReceivedContent::FormReply(form)))
        }
        "call_permission_reply" => {
            let form = FormReply {
                name: Some("call_permission".to_owned()),
                response: message
                    .pointer("/interactive/call_permission_reply")
                    .and_then(members),
            };
            let response = words(reply("response"));
            Some(holding(kind, response, ReceivedContent::FormReply(form)))
        }
        _ => None,
    };
    found.unwrap_or_else(|| unknown(message))
}

fn of_file(kind: &str, message: &Value) -> InboundContent {
    let member = |key| message.get(kind)?.get(key);
    let is = |key| member(key) == Some(&true.into());
    // Meta's `url` gives the file only with the access token, which a customer's server does not have.
    let media_id = id(member("id"));
    let media = ReceivedMedia {
        expires_at: media_id
            .as_ref()
            .and_then(|_| days_after(instant(message.get("timestamp")), MEDIA_DAYS)),
        id: media_id,
        mime_type: short_words(member("mime_type")),
        file_name: short_words(member("filename")),
        sha256: sha256(member("sha256")),
        voice: is("voice"),
        animated: is("animated"),
        ..ReceivedMedia::default()
    };
    let caption = words(member("caption"));
    file(kind, caption, media).unwrap_or_else(|| unknown(message))
}

fn contacts(message: &Value) -> InboundContent {
    let cards = items(message, "contacts").iter().map(card);
    let contacts = ReceivedContacts {
        contacts: cards.collect(),
        shared: text(message, "/origin") == Some("contact_request"),
    };
    holding("contacts", None, ReceivedContent::Contacts(contacts))
}

fn card(contact: &Value) -> ContactCard {
    let name = |key| words(contact.get("name").and_then(|name| name.get(key)));
    let phone = |phone: &Value| ContactPhone {
        phone: words(phone.get("phone")),
        wa_id: id(phone.get("wa_id")),
        kind: short_words(phone.get("type")),
    };
    let emails = items(contact, "emails").iter();
    ContactCard {
        name: ContactName {
            formatted: name("formatted_name"),
            first: name("first_name"),
            last: name("last_name"),
        },
        phones: items(contact, "phones").iter().map(phone).collect(),
        emails: emails.filter_map(|it| words(it.get("email"))).collect(),
        org: words(contact.pointer("/org/company")),
        vcard: None,
    }
}

/// The numbers come as numbers or as texts (observed).
fn order(message: &Value) -> InboundContent {
    let order = message.get("order").unwrap_or(&Value::Null);
    let item = |item: &Value| OrderItem {
        product_id: id(item.get("product_retailer_id")),
        name: None,
        quantity: item.get("quantity").and_then(integer),
        price: amount(item.get("item_price")),
        currency: short_words(item.get("currency")),
    };
    let ordered: Vec<_> = items(order, "product_items").iter().map(item).collect();
    let received = ReceivedOrder {
        catalog_id: id(order.get("catalog_id")),
        currency: ordered.first().and_then(|item| item.currency.clone()),
        items: ordered,
        ..ReceivedOrder::default()
    };
    let note = words(order.get("text"));
    holding("order", note, ReceivedContent::Order(received))
}

fn unsupported(message: &Value) -> InboundContent {
    let cause = |error: &Value| UnsupportedCause {
        code: error.get("code").and_then(Value::as_i64),
        message: [
            error.pointer("/error_data/details"),
            error.get("message"),
            error.get("title"),
        ]
        .into_iter()
        .find_map(words)
        .unwrap_or_default(),
    };
    let errors: Vec<_> = items(message, "errors").iter().map(cause).collect();
    if errors.iter().any(|error| error.code == Some(NOT_AVAILABLE)) {
        return unavailable(false);
    }
    let content = ReceivedContent::Unsupported(Unsupported {
        kind: short_words(message.pointer("/unsupported/type")),
        errors,
    });
    holding("unsupported", None, content)
}

/// What the message refers to; a quoted message's id is in `context` too.
pub(super) fn context(message: &Value) -> MessageContext {
    let is = |path| message.pointer(path) == Some(&true.into());
    let often = is("/context/frequently_forwarded");
    let product = message.pointer("/context/referred_product");
    MessageContext {
        replied_to_external_id: id(message.pointer("/context/id")),
        forwarded: often || is("/context/forwarded"),
        frequently_forwarded: often,
        referred_product: product
            .filter(|it| it.is_object())
            .map(|product| ReferredProduct {
                catalog_id: id(product.get("catalog_id")),
                product_id: id(product.get("product_retailer_id")),
            }),
    }
}

/// The advertisement; only the first message of a customer who came by one has it.
pub(super) fn referral(message: &Value) -> Option<Referral> {
    let referral = message.get("referral").filter(|it| it.is_object())?;
    let member = |key| referral.get(key);
    Some(Referral {
        source_type: short_words(member("source_type")),
        source_id: id(member("source_id")),
        source_url: url(member("source_url")),
        headline: words(member("headline")),
        body: words(member("body")),
        media_type: short_words(member("media_type")),
        image_url: url(member("image_url")),
        video_url: url(member("video_url")),
        thumbnail_url: url(member("thumbnail_url")),
        click_id: id(member("ctwa_clid")),
        welcome_text: words(referral.pointer("/welcome_message/text")),
    })
}
