//! What a message of each kind holds, as Baileys and as Go spell it.

use recado_core::inbound::EncryptedFile;
use serde_json::Value;
use url::Url;

use super::members::own;
use crate::webhook::prelude::*;
use crate::webhook::reading::MAX_URL_BYTES;

/// Where the file of a message can be had, and when the message was sent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// The address at which the provider has put the file.
    pub(crate) file_url: Option<&'a Value>,
    /// How many days the file stays there, if that is known.
    pub(crate) url_days: Option<i64>,
    /// How many days WhatsApp keeps the file for a linked device, if the provider fetches it from there for us.
    pub(crate) key_days: Option<i64>,
    /// In milliseconds since 1970.
    pub(crate) sent_at: Option<i64>,
}

/// A member that says something, and what it says.
pub(super) type Found<'a> = Option<(&'a Value, InboundContent)>;

/// What reads a content, of its member.
type Reader = fn(&Value, Origin<'_>) -> InboundContent;

/// The members that carry a content, and what reads each.
const KINDS: [(&str, Reader); 18] = [
    ("extendedTextMessage", |member, _| {
        only_words("text", words(own(member, "text")))
    }),
    ("imageMessage", |member, at| of_file("image", member, at)),
    ("videoMessage", |member, at| of_file("video", member, at)),
    ("ptvMessage", |member, at| of_file("video", member, at)),
    ("documentMessage", |member, at| {
        of_file("document", member, at)
    }),
    ("audioMessage", |member, at| of_file("audio", member, at)),
    ("stickerMessage", |member, at| {
        of_file("sticker", member, at)
    }),
    ("locationMessage", |member, _| {
        location(member, "name", false)
    }),
    ("liveLocationMessage", |member, _| {
        location(member, "caption", true)
    }),
    ("contactMessage", |member, _| contacts(member)),
    ("contactsArrayMessage", |member, _| contacts(member)),
    ("reactionMessage", |member, _| {
        let target = own(member, "key").and_then(|key| id(own(key, "id")));
        reaction(words(own(member, "text")), target)
    }),
    ("orderMessage", |member, _| order(member)),
    ("productMessage", |member, _| product(member)),
    ("pollCreationMessage", |member, _| poll(member)),
    ("pollCreationMessageV2", |member, _| poll(member)),
    ("pollCreationMessageV3", |member, _| poll(member)),
    ("pollUpdateMessage", |member, _| poll_vote(member)),
];

/// What a message says that is not a tap.
pub(super) fn anything_else<'a>(message: &'a Value, origin: Origin<'_>) -> Found<'a> {
    if let Some(text) = words(own(message, "conversation")) {
        return Some((message, InboundContent::text(text)));
    }
    KINDS.iter().find_map(|(member, read)| {
        let member = own(message, member)?;
        Some((member, read(member, origin)))
    })
}

fn of_file(kind: &str, member: &Value, origin: Origin<'_>) -> InboundContent {
    let is = |key| own(member, key) == Some(&Value::Bool(true));
    let provider_url = url(origin.file_url);
    let encrypted = match (&provider_url, origin.key_days) {
        (None, Some(_)) => encrypted(member),
        _ => None,
    };
    let days = match (&provider_url, &encrypted) {
        (Some(_), _) => origin.url_days,
        (None, Some(_)) => origin.key_days,
        (None, None) => None,
    };
    let media = ReceivedMedia {
        provider_url,
        mime_type: short_words(own(member, "mimetype")),
        file_name: short_words(own(member, "fileName")),
        size: size(own(member, "fileLength")),
        expires_at: days.and_then(|days| days_after(origin.sent_at, days)),
        sha256: sha256(own(member, "fileSha256")),
        seconds: size(own(member, "seconds")),
        width: size(own(member, "width")),
        height: size(own(member, "height")),
        voice: is("ptt"),
        animated: is("isAnimated") || is("gifPlayback"),
        view_once: is("viewOnce"),
        encrypted,
        ..ReceivedMedia::default()
    };
    let caption = words(own(member, "caption"));
    file(kind, caption, media).unwrap_or_else(|| unknown(member))
}

/// What wuzapi's download routes ask for, if the message has all of it.
///
/// The sender writes it, and wuzapi calls the address from its own network: it may lead to WhatsApp alone.
fn encrypted(member: &Value) -> Option<EncryptedFile> {
    let text = |key| id(own(member, key));
    let address = url(own(member, "url"))?;
    let host = Url::parse(&address)
        .ok()
        .filter(|it| it.scheme() == "https")?;
    let host = host.host_str()?;
    let direct_path = url_path(own(member, "directPath"))?;
    (host == "whatsapp.net" || host.ends_with(".whatsapp.net")).then_some(EncryptedFile {
        kind: String::new(),
        url: address,
        direct_path,
        media_key: text("mediaKey")?,
        mime_type: text("mimetype")?,
        encrypted_sha256: text("fileEncSha256")?,
        sha256: text("fileSha256")?,
        size: size(own(member, "fileLength"))?,
    })
}

/// A path at WhatsApp, and not the beginning of another address.
fn url_path(value: Option<&Value>) -> Option<String> {
    let path = words(value).filter(|path| path.len() <= MAX_URL_BYTES)?;
    (path.starts_with('/') && !path.starts_with("//")).then_some(path)
}

fn location(member: &Value, words_at: &str, live: bool) -> InboundContent {
    let text = words(own(member, words_at));
    let coordinates = (
        own(member, "degreesLatitude"),
        own(member, "degreesLongitude"),
    );
    let Some(mut place) = place(coordinates.0, coordinates.1) else {
        return only_words("location", text);
    };
    place.name = words(own(member, "name"));
    place.address = words(own(member, "address"));
    place.url = url(own(member, "url"));
    place.live = live || own(member, "isLive") == Some(&Value::Bool(true));
    place.accuracy = size(own(member, "accuracyInMeters"));
    holding("location", text, ReceivedContent::Location(place))
}

/// One card, or the cards of `contacts`.
fn contacts(member: &Value) -> InboundContent {
    let card = |member: &Value| {
        let vcard = own(member, "vcard").and_then(Value::as_str);
        vcard::card(vcard.unwrap_or_default(), words(own(member, "displayName")))
    };
    let cards = match own(member, "contacts").and_then(Value::as_array) {
        Some(several) => several.iter().map(card).collect(),
        None => vec![card(member)],
    };
    let contacts = ReceivedContacts {
        contacts: cards,
        shared: false,
    };
    let name = words(own(member, "displayName"));
    holding("contacts", name, ReceivedContent::Contacts(contacts))
}

/// WhatsApp gives linked devices a token instead of the items.
fn order(member: &Value) -> InboundContent {
    let order = ReceivedOrder {
        order_id: id(own(member, "orderId")),
        token: id(own(member, "token")),
        currency: short_words(own(member, "totalCurrencyCode")),
        total: thousandths(own(member, "totalAmount1000")),
        ..ReceivedOrder::default()
    };
    let note = words(own(member, "message"));
    holding("order", note, ReceivedContent::Order(order))
}

fn product(member: &Value) -> InboundContent {
    let of_product = |key| own(own(member, "product")?, key);
    let title = words(of_product("title"));
    let product = ReceivedProduct {
        product_id: id(of_product("productId")),
        retailer_id: id(of_product("retailerId")),
        title: title.clone(),
        price: thousandths(of_product("priceAmount1000")),
        currency: short_words(of_product("currencyCode")),
        url: url(of_product("url")),
    };
    holding("product", title, ReceivedContent::Product(product))
}

fn poll(member: &Value) -> InboundContent {
    let options = own(member, "options").and_then(Value::as_array);
    let options = options.into_iter().flatten();
    let poll = ReceivedPoll {
        options: options
            .filter_map(|it| words(own(it, "optionName")))
            .collect(),
        max: own(member, "selectableOptionsCount")
            .and_then(integer)
            .filter(|max| *max > 0),
    };
    holding(
        "poll",
        words(own(member, "name")),
        ReceivedContent::Poll(poll),
    )
}

/// The vote is encrypted with a secret of the poll, which no engine opens.
fn poll_vote(member: &Value) -> InboundContent {
    let key = own(member, "pollCreationMessageKey");
    let vote = PollVote {
        poll_external_id: key.and_then(|key| id(own(key, "id"))),
        options: None,
    };
    holding("poll_vote", None, ReceivedContent::PollVote(vote))
}
