//! wuzapi's `multipart/form-data`: how it delivers a message whose media it has on disk (`helpers.go`).

use std::collections::BTreeMap;

use crate::webhook::WebhookUnreadable;

const KIND: &str = "multipart/form-data";

pub(crate) fn is_multipart(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(KIND)
}

/// The text fields by their names; files are left out.
///
/// A part that is not as Go's `mime/multipart` writes it makes the whole body unreadable: a signature is
/// made over the fields, so that none may be overlooked.
pub(crate) fn fields(
    content_type: &str,
    body: &[u8],
) -> Result<BTreeMap<String, Vec<u8>>, WebhookUnreadable> {
    let delimiter = format!("\r\n--{}", boundary(content_type)?);
    let opening = delimiter.trim_start();
    let mut rest = body
        .strip_prefix(opening.as_bytes())
        .ok_or(WebhookUnreadable)?;
    let mut fields = BTreeMap::new();
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n").ok_or(WebhookUnreadable)?;
        let (part, after) = split(part, delimiter.as_bytes())?;
        if let Some((name, content)) = field(part)? {
            fields.insert(name, content.to_vec());
        }
        rest = after;
    }
    Ok(fields)
}

/// What wuzapi signs in place of the body: the text fields as Go's `json.Marshal` writes a map.
pub(crate) fn signed_text(fields: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let fields = fields
        .iter()
        .map(|(name, content)| format!("{}:{}", go_string(name.as_bytes()), go_string(content)));
    let fields: Vec<_> = fields.collect();
    format!("{{{}}}", fields.join(",")).into_bytes()
}

/// A text as Go writes it in JSON.
fn go_string(text: &[u8]) -> String {
    let mut json = "\"".to_owned();
    for chunk in text.utf8_chunks() {
        let valid = serde_json::to_string(chunk.valid()).unwrap_or_default();
        json.push_str(
            valid
                .trim_start_matches('"')
                .strip_suffix('"')
                .unwrap_or_default(),
        );
        // Go writes this for each byte that belongs to no character.
        json.push_str(&"\\ufffd".repeat(chunk.invalid().len()));
    }
    json.push('"');
    // Go escapes these as well, which stand in texts only.
    let signs = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    signs
        .into_iter()
        .fold(json, |json, (sign, escape)| json.replace(sign, escape))
}

fn boundary(content_type: &str) -> Result<&str, WebhookUnreadable> {
    let parameters = content_type.split(';').skip(1);
    let mut pairs = parameters.filter_map(|it| it.trim().split_once('='));
    let (_, value) = pairs
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
        .ok_or(WebhookUnreadable)?;
    let value = value.trim_matches('"');
    // At most 70 characters (RFC 2046, 5.1.1).
    let usable = (1..=70).contains(&value.len());
    usable.then_some(value).ok_or(WebhookUnreadable)
}

/// Returns name and content of a part; `None` if it is a file.
fn field(part: &[u8]) -> Result<Option<(String, &[u8])>, WebhookUnreadable> {
    let (head, content) = split(part, b"\r\n\r\n")?;
    // The name of a file may be in any encoding.
    let head = String::from_utf8_lossy(head);
    let disposition = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value)
        .ok_or(WebhookUnreadable)?;
    if disposition.contains("; filename") {
        return Ok(None);
    }
    let name = disposition
        .split_once("name=\"")
        .and_then(|(_, rest)| rest.strip_suffix('"'))
        .ok_or(WebhookUnreadable)?;
    Ok(Some((name.to_owned(), content)))
}

/// What stands before and behind the first `separator`.
fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Result<(&'a [u8], &'a [u8]), WebhookUnreadable> {
    let place = bytes
        .windows(separator.len())
        .position(|window| window == separator)
        .ok_or(WebhookUnreadable)?;
    Ok((&bytes[..place], &bytes[place + separator.len()..]))
}
