//! What customers' messages hold beside their words, in the forms that several providers share.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use recado_core::Money;
use recado_core::inbound::{
    Edited, InboundContent, Reaction, ReceivedContent, ReceivedLocation, ReceivedMedia, Referral,
    Revoked, UNAVAILABLE, Unavailable, Unknown,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::reading::{bounded_id, integer, url, words};

/// Longest JSON of a provider that is kept.
const MAX_RAW_BYTES: usize = 64 * 1024;

/// Deepest nesting of a JSON that is kept. `serde_json` reads no deeper than 127, and events nest it further.
const MAX_DEPTH: usize = 64;

/// Bytes of a SHA-256.
const SHA256_BYTES: usize = 32;

/// Returns a message that is neither a tap nor a plain text.
pub(crate) fn holding(
    kind: &str,
    text: Option<String>,
    content: ReceivedContent,
) -> InboundContent {
    InboundContent::Other {
        kind: kind.to_owned(),
        text,
        content: Some(Box::new(content)),
    }
}

/// Returns a message without more than its words.
pub(crate) fn only_words(kind: &str, text: Option<String>) -> InboundContent {
    InboundContent::Other {
        kind: kind.to_owned(),
        text,
        content: None,
    }
}

/// Returns a file of this kind, or `None` if the kind is not one of a file.
pub(crate) fn file(
    kind: &str,
    caption: Option<String>,
    mut media: ReceivedMedia,
) -> Option<InboundContent> {
    media.available =
        media.id.is_some() || media.provider_url.is_some() || media.encrypted.is_some();
    if let Some(encrypted) = &mut media.encrypted {
        kind.clone_into(&mut encrypted.kind);
    }
    let content = ReceivedContent::of_file(kind, media)?;
    Some(holding(kind, caption, content))
}

/// Returns the new words of an earlier message, of which the present content is known.
pub(crate) fn edit(target: Option<String>, content: InboundContent) -> InboundContent {
    match content {
        InboundContent::Other { kind, text, .. } => {
            let edited = Edited {
                target_external_id: target,
                kind: Some(kind),
            };
            holding("edit", text, ReceivedContent::Edited(edited))
        }
        tap => tap,
    }
}

/// Returns new words that the provider cannot read.
pub(crate) fn unread_edit(target: Option<String>) -> InboundContent {
    let edited = Edited {
        target_external_id: target,
        kind: None,
    };
    holding("edit", None, ReceivedContent::Edited(edited))
}

/// Returns the deletion of an earlier message.
pub(crate) fn revoked(target: Option<String>) -> InboundContent {
    let revoked = Revoked {
        target_external_id: target,
        by: None,
    };
    holding("revoke", None, ReceivedContent::Revoked(revoked))
}

/// Returns a reaction to a message, or its removal if the emoji is missing.
pub(crate) fn reaction(emoji: Option<String>, target: Option<String>) -> InboundContent {
    let reaction = Reaction {
        emoji: emoji.clone(),
        target_external_id: target,
    };
    holding("reaction", emoji, ReceivedContent::Reaction(reaction))
}

/// Returns a message that the provider could not read.
pub(crate) fn unavailable(view_once: bool) -> InboundContent {
    let unavailable = ReceivedContent::Unavailable(Unavailable { view_once });
    holding(UNAVAILABLE, None, unavailable)
}

/// The id of a change of the message with this id, which has none of its own.
pub(crate) fn derived_id(target: &str, change: &str, mark: Option<String>) -> Option<String> {
    let mark = mark.map(|mark| format!("-{mark}")).unwrap_or_default();
    bounded_id(format!("{target}#{change}{mark}"))
}

/// What tells one change of a message from another: its time, or else its words.
pub(crate) fn mark(at: Option<i64>, content: &InboundContent) -> Option<String> {
    match (at, content) {
        (Some(at), _) => Some(at.to_string()),
        (None, InboundContent::Other { text, .. }) => {
            Some(hex::encode(&Sha256::digest(text.as_deref()?)[..8]))
        }
        (None, _) => None,
    }
}

/// The kind of file that an advertisement shows: WhatsApp's word or its number (whatsmeow, `waE2E`).
pub(crate) fn advertised_kind(value: Option<&Value>) -> Option<String> {
    let word = match value? {
        Value::Number(number) => match number.as_i64()? {
            1 => "image".to_owned(),
            2 => "video".to_owned(),
            _ => return None,
        },
        other => words(Some(other))?.to_lowercase(),
    };
    ["image", "video"].contains(&&*word).then_some(word)
}

/// Whether it is an advertisement: a link that a person sends with a picture has the same members (inferred).
pub(crate) fn is_advertisement(referral: &Referral) -> bool {
    referral.source_id.is_some()
        || referral.click_id.is_some()
        || referral.source_type.as_deref() == Some("ad")
}

/// Returns a message of a kind that is not known, with its JSON.
pub(crate) fn unknown(raw: &Value) -> InboundContent {
    let content = ReceivedContent::Unknown(Unknown { raw: whole(raw) });
    holding("unknown", None, content)
}

/// The members of an object, as [`kept`] leaves them.
pub(crate) fn members(value: &Value) -> Option<Map<String, Value>> {
    match kept(value) {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// The provider's JSON, as [`kept`] leaves it, unless it is too long.
pub(crate) fn whole(raw: &Value) -> Option<Value> {
    let is_short = raw.to_string().len() <= MAX_RAW_BYTES;
    is_short.then(|| kept(raw))
}

/// The value without NUL, which PostgreSQL cannot store, without what is nested deeper than [`MAX_DEPTH`], and
/// without the keys of files.
fn kept(value: &Value) -> Value {
    kept_to(MAX_DEPTH, value)
}

/// Whether a member opens a file or a message to everyone who knows it.
fn opens_files(key: &str) -> bool {
    ["mediaKey", "messageSecret"]
        .iter()
        .any(|secret| key.eq_ignore_ascii_case(secret))
}

fn kept_to(depth: usize, value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "").into(),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::Null,
        Value::Array(items) => items.iter().map(|it| kept_to(depth - 1, it)).collect(),
        Value::Object(members) => {
            let shown = members.iter().filter(|(key, _)| !opens_files(key));
            let clean = |(key, value): (&String, &Value)| {
                (key.replace('\0', ""), kept_to(depth - 1, value))
            };
            Value::Object(shown.map(clean).collect())
        }
        other => other.clone(),
    }
}

/// The end of so many days after an instant, which is in milliseconds since 1970.
pub(crate) fn days_after(sent_at: Option<i64>, days: i64) -> Option<String> {
    let sent_at = Timestamp::from_millisecond(sent_at?).ok()?;
    let end = sent_at
        .checked_add(SignedDuration::from_hours(24 * days))
        .ok()?;
    Some(end.to_string())
}

/// A SHA-256 in hexadecimal digits, of one in these digits, in base64, or as a list of bytes: JavaScript writes bytes as
/// `{"0": 12, …}` and as `{"type": "Buffer", "data": […]}`.
pub(crate) fn sha256(value: Option<&Value>) -> Option<String> {
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
    let bytes: Vec<u8> = match value? {
        Value::String(text) if text.len() == 2 * SHA256_BYTES => hex::decode(text).ok()?,
        Value::String(text) => STANDARD.decode(text).ok()?,
        Value::Array(bytes) => bytes.iter().map(byte).collect::<Option<_>>()?,
        Value::Object(members) => match members.get("data") {
            Some(data) => return sha256(Some(data)),
            None => (0..SHA256_BYTES)
                .map(|index| byte(members.get(&index.to_string())?))
                .collect::<Option<_>>()?,
        },
        _ => return None,
    };
    (bytes.len() == SHA256_BYTES).then(|| hex::encode(bytes))
}

/// A place, whose coordinates are numbers or their texts.
pub(crate) fn place(
    latitude: Option<&Value>,
    longitude: Option<&Value>,
) -> Option<ReceivedLocation> {
    let degrees = |value: Option<&Value>| match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    ReceivedLocation::new(degrees(latitude)?, degrees(longitude)?)
}

/// A place whose members have the names that Meta and Z-API share.
pub(crate) fn location(member: &Value) -> InboundContent {
    let name = words(member.get("name"));
    let coordinates = place(member.get("latitude"), member.get("longitude"));
    let Some(mut place) = coordinates else {
        return only_words("location", name);
    };
    place.name.clone_from(&name);
    place.address = words(member.get("address"));
    place.url = url(member.get("url"));
    holding("location", name, ReceivedContent::Location(place))
}

/// An amount that is a number of units, or its text.
pub(crate) fn amount(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        // A number that is not exact has digits that the price does not have.
        Value::Number(number) => format!("{:.6}", number.as_f64()?),
        other => words(Some(other))?,
    };
    let money: Money = text.trim().parse().ok()?;
    Some(money.to_string())
}

/// An amount in thousandths of a unit.
pub(crate) fn thousandths(value: Option<&Value>) -> Option<String> {
    let millionths = integer(value?)?.checked_mul(1000).filter(|it| *it >= 0)?;
    Some(Money::of_millionths(millionths).to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const HEX: &str = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

    #[rstest]
    #[case::hexadecimal(json!(HEX), Some(HEX))]
    #[case::base64(json!("a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="), Some(HEX))]
    #[case::bytes(json!(vec![1; 32]), Some(&*"01".repeat(32)))]
    #[case::buffer(json!({"type": "Buffer", "data": vec![1; 32]}), Some(&*"01".repeat(32)))]
    #[case::no_byte(json!(vec![256; 32]), None)]
    #[case::too_short(json!("AAAA"), None)]
    #[case::no_text(json!(7), None)]
    fn a_hash_is_shown_in_one_form(#[case] given: Value, #[case] expected: Option<&str>) {
        assert_eq!(sha256(Some(&given)).as_deref(), expected);
    }

    #[rstest]
    #[case(json!(19.9), Some("19.90"))]
    #[case(json!("19.9"), Some("19.90"))]
    #[case(json!(2), Some("2.00"))]
    #[case(json!(59.970_000_000_000_006), Some("59.97"))]
    #[case(json!(-1), None)]
    #[case(json!(1e300), None)]
    fn an_amount_is_a_number_or_its_text(#[case] given: Value, #[case] expected: Option<&str>) {
        assert_eq!(amount(Some(&given)).as_deref(), expected);
    }

    #[test]
    fn thousandths_are_written_as_units() {
        let written = |value| thousandths(Some(&value));
        assert_eq!(written(json!(19_900)).as_deref(), Some("19.90"));
        assert_eq!(written(json!("19905")).as_deref(), Some("19.905"));
        assert_eq!(written(json!(i64::MAX)), None);
        assert_eq!(written(json!(-5)), None);
    }

    #[test]
    fn an_unknown_message_is_kept_without_what_no_database_takes_and_only_if_it_is_short() {
        let raw = |value: &Value| match unknown(value).received() {
            Some(ReceivedContent::Unknown(unknown)) => unknown.raw.clone(),
            _ => panic!("unknown"),
        };
        assert_eq!(raw(&json!({"a\0": ["b\0"]})), Some(json!({"a": ["b"]})));
        assert_eq!(raw(&json!("a".repeat(MAX_RAW_BYTES))), None);
        let deep = |levels| (0..levels).fold(json!(7), |inner, _| json!([inner]));
        assert_eq!(raw(&deep(MAX_DEPTH)), Some(deep(MAX_DEPTH)));
        let cut = (0..MAX_DEPTH).fold(json!(null), |inner, _| json!([inner]));
        assert_eq!(raw(&deep(MAX_DEPTH + 1)), Some(cut));
    }

    #[test]
    fn days_are_counted_from_the_time_of_the_message() {
        let end = days_after(Some(1_790_000_009_000), 7);
        assert_eq!(end.as_deref(), Some("2026-09-28T14:13:29Z"));
        assert_eq!(days_after(None, 7), None);
        assert_eq!(days_after(Some(253_402_300_799_999), 30), None);
    }
}
