//! Reads values whose presence and type no provider promises.

use jiff::Timestamp;
use recado_core::inbound::{
    ConnectionUpdate, Contact, Ignored, Inbound, InboundContent, InboundMessage, MessageContext,
    Referral, StatusUpdate,
};
use recado_core::message::MessageError;
use recado_core::{Recipient, RecipientKind, Status};
use serde_json::Value;
use url::Url;

use super::call::WebhookUnreadable;
use crate::lenient_json;

/// Numbers below are seconds since 1970, the others milliseconds: Z-API and ZapperHUB send both.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// The end of the year 9999.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// Longer than any name or media type that is shown to a person; WhatsApp's own names have at most 25 characters.
const MAX_SHORT_CHARS: usize = 256;

/// Longer than any id of WhatsApp, and short enough for every index.
const MAX_ID_BYTES: usize = 512;

/// Longer than any address of a file, and short enough for an event.
pub(crate) const MAX_URL_BYTES: usize = 2048;

/// The body as a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Value, WebhookUnreadable> {
    lenient_json::parse(body)
        .filter(Value::is_object)
        .ok_or(WebhookUnreadable)
}

/// Returns the elements of the array `key`, or nothing if it is not an array.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The elements of an array, or the value itself.
pub(crate) fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(many) => many,
        one => std::slice::from_ref(one),
    }
}

/// A text that says something, without NUL, which PostgreSQL cannot store.
pub(crate) fn words(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.replace('\0', "");
    Some(text).filter(|text| !text.is_empty())
}

/// A text that is cut: the name of a customer or a file, or a media type.
pub(crate) fn short_words(value: Option<&Value>) -> Option<String> {
    Some(words(value)?.chars().take(MAX_SHORT_CHARS).collect())
}

pub(crate) fn id(value: Option<&Value>) -> Option<String> {
    words(value).and_then(bounded_id)
}

pub(crate) fn bounded_id(id: String) -> Option<String> {
    Some(id).filter(|id| id.len() <= MAX_ID_BYTES)
}

/// An address of the web.
pub(crate) fn url(value: Option<&Value>) -> Option<String> {
    let url = words(value).filter(|url| url.len() <= MAX_URL_BYTES)?;
    let parsed = Url::parse(&url).ok()?;
    matches!(parsed.scheme(), "http" | "https").then_some(url)
}

/// A count of bytes, in the forms of [`integer`].
pub(crate) fn size(value: Option<&Value>) -> Option<i64> {
    integer(value?).filter(|size| *size >= 0)
}

/// The id of a choice: a text, or a number where a library turned it into one.
pub(crate) fn choice_id(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Number(number) => Some(number.to_string()),
        other => words(Some(other)),
    }
}

/// Milliseconds since 1970, of a number, its text, protobuf.js's `{low, high}`, or RFC 3339.
pub(crate) fn instant(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    let number = match integer(value) {
        Some(number) => number,
        None => value.as_str()?.parse::<Timestamp>().ok()?.as_millisecond(),
    };
    let milliseconds = match number {
        0..FIRST_MILLISECONDS => number * 1000,
        _ => number,
    };
    Some(milliseconds).filter(|instant| (0..=LAST_MILLISECOND).contains(instant))
}

/// A number, its text, or protobuf.js's `{low, high}`.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        Value::Object(long) => {
            let half = |key| long.get(key).and_then(Value::as_i64);
            Some(half("high").unwrap_or_default() << 32 | (half("low")? & 0xffff_ffff))
        }
        _ => None,
    }
}

/// Returns the customer with these addresses, or `None` if all of them are invalid.
pub(crate) fn contact<'a>(
    addresses: impl IntoIterator<Item = Option<&'a str>>,
    name: Option<String>,
) -> Option<Contact> {
    let addresses = addresses.into_iter().flatten();
    let contact = Contact::new(addresses.filter_map(|text| text.parse().ok())).named(name);
    let is_known = contact.addresses().next().is_some();
    is_known.then_some(contact)
}

/// What a provider says of a customer's message.
pub(crate) struct Said<'a> {
    pub(crate) external_id: Option<String>,
    pub(crate) from: Option<Contact>,
    /// The chat, if it is a group.
    pub(crate) group: Option<&'a str>,
    pub(crate) sent_at: Option<i64>,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) content: InboundContent,
    pub(crate) context: MessageContext,
    pub(crate) referral: Option<Referral>,
}

/// Returns the message, or why it is left out.
pub(crate) fn message_of(said: Said<'_>) -> Inbound {
    let may_be_tap = may_be_tap(&said);
    let Some(external_id) = said.external_id else {
        return Inbound::Ignored(Ignored::WithoutId);
    };
    let group = match said.group.map(str::parse::<Recipient>) {
        None => None,
        Some(Ok(chat)) if chat.kind() == RecipientKind::Group && may_be_tap => Some(chat),
        // What the members write to one another is not for us.
        Some(_) => return Inbound::Ignored(Ignored::Group),
    };
    let Some(from) = said.from else {
        return Inbound::Ignored(Ignored::WithoutSender);
    };
    let mut message = InboundMessage::new(external_id, from, said.content);
    message.group = group;
    message.sent_at = said.sent_at;
    message.in_reply_to = said.in_reply_to;
    message.context = said.context;
    message.referral = said.referral.map(Box::new);
    Inbound::Message(message)
}

/// A text that answers a message may have the title of one of its buttons, which only the store can tell.
fn may_be_tap(said: &Said<'_>) -> bool {
    match &said.content {
        InboundContent::Other { kind, .. } => kind == "text" && said.in_reply_to.is_some(),
        content => content.is_tap(),
    }
}

pub(crate) fn connected(connected: bool, detail: Option<String>) -> Inbound {
    Inbound::Connection(ConnectionUpdate::new(connected, detail))
}

/// News of the message with this id.
pub(crate) fn status(
    external_id: Option<String>,
    status: Status,
    error: Option<MessageError>,
) -> Inbound {
    match external_id {
        Some(id) => {
            let mut news = StatusUpdate::new(vec![id], status);
            news.error = error;
            Inbound::Status(news)
        }
        None => Inbound::Ignored(Ignored::WithoutId),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::seconds(json!(1_790_000_009))]
    #[case::milliseconds(json!(1_790_000_009_000_i64))]
    #[case::text(json!("1790000009"))]
    #[case::long(json!({"low": 1_790_000_009, "high": 0, "unsigned": true}))]
    #[case::long_of_milliseconds(json!({"low": -1_001_353_432, "high": 416}))]
    #[case::rfc_3339(json!("2026-09-21T14:13:29Z"))]
    #[case::with_an_offset(json!("2026-09-21T11:13:29-03:00"))]
    fn an_instant_is_read_in_every_form(#[case] value: Value) {
        assert_eq!(instant(Some(&value)), Some(1_790_000_009_000));
    }

    #[rstest]
    #[case(json!(-1))]
    #[case(json!(i64::MIN))]
    #[case(json!(i64::MAX))]
    #[case(json!(u64::MAX))]
    #[case(json!(1e300))]
    #[case(json!("0001-01-01T00:00:00Z"))]
    #[case(json!("soon"))]
    #[case(json!({"low": 1, "high": i64::MAX}))]
    #[case(json!({}))]
    #[case(json!(null))]
    fn what_is_no_instant_is_none(#[case] value: Value) {
        assert_eq!(instant(Some(&value)), None);
    }

    #[test]
    fn every_address_has_its_place_and_a_group_is_not_a_contact() {
        let text = |recipient: Option<Recipient>| recipient.map(|it| it.to_string());
        let addresses = [
            "190000000000001:3@lid",
            "5521988887777",
            "BR.1",
            "5511900000001",
        ];
        let ana = contact(addresses.map(Some), None).expect("a contact");
        assert_eq!(text(ana.phone).as_deref(), Some("5521988887777"));
        assert_eq!(text(ana.lid).as_deref(), Some("190000000000001@lid"));
        assert_eq!(text(ana.user_id).as_deref(), Some("BR.1"));
        let not_of_a_contact = [
            Some("120363000000000001@g.us"),
            Some("status@broadcast"),
            None,
        ];
        assert_eq!(contact(not_of_a_contact, Some("Ana".into())), None);
    }
}
