//! What a customer's message says, by the member that it has (Z-API docs, on-message-received).

use recado_core::inbound::{ContactPhone, OrderItem};
use serde_json::Value;

use crate::webhook::prelude::*;

/// How long Z-API keeps a customer's file (Z-API docs, file expiration).
const MEDIA_DAYS: i64 = 30;

/// JSON pointers to the id and the title of a tapped button, in order of precedence.
///
/// The first is documented (Z-API docs, on-message-received), the second and third observed, the others inferred.
const BUTTONS: [(&str, &str); 5] = [
    (
        "/buttonsResponseMessage/buttonId",
        "/buttonsResponseMessage/message",
    ),
    ("/buttonReply/buttonId", "/buttonReply/message"),
    ("/buttonReply/id", "/buttonReply/text"),
    (
        "/templateButtonReplyMessage/selectedId",
        "/templateButtonReplyMessage/selectedDisplayText",
    ),
    (
        "/templateButtonReplyMessage/buttonId",
        "/templateButtonReplyMessage/message",
    ),
];

/// What reads a content, of its member and the whole callback.
type Reader = fn(&Value, &Value) -> InboundContent;

/// The members that carry a content, and what reads each.
const KINDS: [(&str, Reader); 14] = [
    ("text", |member, _| {
        only_words("text", words(member.get("message")))
    }),
    ("image", |member, body| of_file("image", member, body)),
    ("video", |member, body| of_file("video", member, body)),
    ("document", |member, body| of_file("document", member, body)),
    ("audio", |member, body| of_file("audio", member, body)),
    ("sticker", |member, body| of_file("sticker", member, body)),
    ("location", |member, _| location(member)),
    ("contact", |member, _| contacts(member)),
    ("contacts", |member, _| contacts(member)),
    ("reaction", |member, _| {
        reaction(words(member.get("value")), reaction_target(member))
    }),
    ("order", |member, _| order(member)),
    ("product", |member, _| product(member)),
    ("poll", |member, _| poll(member)),
    ("pollVote", |member, _| poll_vote(member)),
];

/// A text that answers a message of ours may be a tap: the store compares it with the titles of its buttons.
pub(super) fn content(body: &Value) -> InboundContent {
    let is = |key| body.get(key) == Some(&Value::Bool(true));
    if is("waitingMessage") {
        return unavailable(false);
    }
    if is_revoke(body) {
        return revoked(target(body));
    }
    if let Some(tap) = tap(body) {
        return tap;
    }
    let mut kinds = KINDS.iter();
    let known = kinds.find_map(|(member, read)| Some((present(body, member)?, read)));
    let Some((member, read)) = known else {
        return unknown(body);
    };
    let content = read(member, body);
    if is("isEdit") {
        edit(target(body), content)
    } else {
        content
    }
}

/// The id that a callback names.
pub(super) fn target(body: &Value) -> Option<String> {
    // Z-API does not say which member names the message that was deleted.
    id(body.get("messageId")).or_else(|| {
        let quoted = body.get("referenceMessageId").filter(|_| is_revoke(body));
        id(quoted)
    })
}

pub(super) fn is_revoke(body: &Value) -> bool {
    text(body, "/notification") == Some("REVOKE")
}

fn present<'a>(body: &'a Value, member: &str) -> Option<&'a Value> {
    body.get(member).filter(|it| !it.is_null())
}

fn tap(body: &Value) -> Option<InboundContent> {
    let button = |(id, title): &(&str, &str)| {
        let title = words(body.pointer(title)).unwrap_or_default();
        Some(Choice::new(choice_id(body.pointer(id))?, title))
    };
    if let Some(choice) = BUTTONS.iter().find_map(button) {
        return Some(InboundContent::Button(choice));
    }
    let id = choice_id(body.pointer("/listResponseMessage/selectedRowId"))?;
    let title = ["/title", "/message"].map(|key| format!("/listResponseMessage{key}"));
    let title = title.iter().find_map(|path| words(body.pointer(path)));
    let choice = Choice::new(id, title.unwrap_or_default());
    Some(InboundContent::List(choice))
}

fn of_file(kind: &str, member: &Value, body: &Value) -> InboundContent {
    let is = |key| member.get(key) == Some(&Value::Bool(true));
    let provider_url = url(member.get(format!("{kind}Url"))).filter(|_| !is("downloadError"));
    let media = ReceivedMedia {
        expires_at: provider_url
            .as_ref()
            .and_then(|_| days_after(instant(body.get("momment")), MEDIA_DAYS)),
        provider_url,
        mime_type: short_words(member.get("mimeType")),
        file_name: short_words(member.get("fileName")),
        seconds: size(member.get("seconds")),
        width: size(member.get("width")),
        height: size(member.get("height")),
        voice: is("ptt"),
        view_once: is("viewOnce"),
        ..ReceivedMedia::default()
    };
    let caption = words(member.get("caption"));
    file(kind, caption, media).unwrap_or_else(|| unknown(body))
}

/// One card, or several (inferred: the documentation shows none of several).
fn contacts(member: &Value) -> InboundContent {
    let card = |member: &Value| {
        let vcard = member.get("vCard").and_then(Value::as_str);
        let name = words(member.get("displayName"));
        let mut card = vcard::card(vcard.unwrap_or_default(), name);
        if card.phones.is_empty() {
            let phones = items(member, "phones").iter();
            card.phones.extend(phones.map(|phone| ContactPhone {
                phone: words(Some(phone)),
                ..ContactPhone::default()
            }));
        }
        card
    };
    let contacts = ReceivedContacts {
        contacts: one_or_many(member).iter().map(card).collect(),
        shared: false,
    };
    let text = words(member.get("displayName"));
    holding("contacts", text, ReceivedContent::Contacts(contacts))
}

/// The message that a reaction is about.
pub(super) fn reaction_target(member: &Value) -> Option<String> {
    id(member.pointer("/referencedMessage/messageId"))
}

/// Amounts are thousandths of the currency (Z-API docs, order).
fn order(member: &Value) -> InboundContent {
    let item = |item: &Value| OrderItem {
        product_id: id(item.get("retailerId")).or_else(|| id(item.get("productId"))),
        name: words(item.get("name")),
        quantity: item.get("quantity").and_then(integer),
        price: thousandths(item.get("price")),
        currency: short_words(item.get("currencyCode")),
    };
    let order = ReceivedOrder {
        order_id: id(member.get("orderId")),
        catalog_id: None,
        token: id(member.get("token")),
        currency: short_words(member.get("currency")),
        total: thousandths(member.get("total")),
        items: items(member, "products").iter().map(item).collect(),
    };
    let note = words(member.get("message"));
    holding("order", note, ReceivedContent::Order(order))
}

fn product(member: &Value) -> InboundContent {
    let title = words(member.get("title"));
    let product = ReceivedProduct {
        product_id: id(member.get("productId")),
        retailer_id: id(member.get("retailerId")),
        title: title.clone(),
        price: thousandths(member.get("price")),
        currency: short_words(member.get("currencyCode")),
        url: url(member.get("url")),
    };
    holding("product", title, ReceivedContent::Product(product))
}

fn poll(member: &Value) -> InboundContent {
    let poll = ReceivedPoll {
        options: names(member),
        max: member
            .get("pollMaxOptions")
            .and_then(integer)
            .filter(|max| *max > 0),
    };
    let question = words(member.get("question"));
    holding("poll", question, ReceivedContent::Poll(poll))
}

/// No option at all takes the vote back (inferred).
fn poll_vote(member: &Value) -> InboundContent {
    let vote = PollVote {
        poll_external_id: id(member.get("pollMessageId")),
        options: Some(names(member)),
    };
    holding("poll_vote", None, ReceivedContent::PollVote(vote))
}

fn names(member: &Value) -> Vec<String> {
    let options = items(member, "options").iter();
    options.filter_map(|it| words(it.get("name"))).collect()
}

/// The advertisement, which a link that a person sends resembles.
pub(super) fn referral(body: &Value) -> Option<Referral> {
    let shown = present(body, "externalAdReply")?;
    let member = |key| shown.get(key);
    let referral = Referral {
        source_type: short_words(member("sourceType")),
        source_id: id(member("sourceId")),
        source_url: url(member("sourceUrl")),
        headline: words(member("title")),
        body: words(member("body")),
        media_type: advertised_kind(member("mediaType")),
        thumbnail_url: url(member("thumbnailUrl")),
        click_id: id(member("ctwaClid")),
        ..Referral::default()
    };
    is_advertisement(&referral).then_some(referral)
}
