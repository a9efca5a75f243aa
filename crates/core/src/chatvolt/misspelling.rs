//! Names of fields that are not ours, and the field that was meant.

use crate::fields::{MISSPELLED, TextField};
use crate::switch::plain;
use crate::warning::Warning;

/// Longest name, in bytes, that is compared with ours.
const MAX_NAME_BYTES: usize = 64;

/// Most unknown fields that are compared with ours: a body may have tens of thousands.
pub(super) const MAX_UNKNOWN: usize = 50;

/// Names that other interfaces use for the fields of every message in which the customer chooses, in small letters.
pub(super) const CHOICE_ALIASES: [(&str, &str); 6] = [
    ("agent", "agentId"),
    ("conversation", "conversationId"),
    ("header", "header_text"),
    ("body", "body_text"),
    ("text", "body_text"),
    ("footer", "footer_text"),
];

/// The fields of every message in which the customer chooses.
pub(super) const CHOICE_FIELDS: [&str; 5] = [
    "agentId",
    "conversationId",
    "header_text",
    "body_text",
    "footer_text",
];

/// Returns the unknown fields that were probably meant to be a field that is absent: ChatVolt ignores them, so a message
/// without its footer would be the only sign.
pub(super) fn warnings<'a>(
    unknown: impl Iterator<Item = (&'a String, &'a TextField)>,
    meant: impl Fn(&str) -> Option<String>,
    has: impl Fn(&str) -> bool,
) -> Vec<Warning> {
    let given = unknown.filter(|(name, field)| name.len() <= MAX_NAME_BYTES && !field.is_absent());
    let meant = given
        .take(MAX_UNKNOWN)
        .filter_map(|(name, _)| Some((name, meant(name)?)));
    let missing = meant.filter(|(_, meant)| !has(meant));
    missing
        .map(|(name, meant)| Warning::new(name, format!("{MISSPELLED}{meant}")))
        .collect()
}

/// Returns the field that a name without a number was probably meant to be: `body_text` for `bodyText`.
pub(super) fn field(
    name: &str,
    aliases: &[&[(&str, &'static str)]],
    fields: &[&[&'static str]],
) -> Option<&'static str> {
    let plain = plain(name);
    let mut names = aliases.iter().copied().flatten();
    if let Some((_, field)) = names.find(|(alias, _)| *alias == plain) {
        return Some(field);
    }
    let mut fields = fields.iter().copied().flatten().copied();
    fields.find(|field| resembles(&plain, &crate::switch::plain(field)))
}

/// Splits a name into its letters, without what stands between its words, and its numbers.
pub(super) fn parts(name: &str) -> (String, Vec<u64>) {
    let plain = plain(name);
    let letters = plain.chars().filter(|c| !c.is_ascii_digit()).collect();
    let numbers = plain.split(|c: char| !c.is_ascii_digit());
    let numbers = numbers.filter_map(|number| number.parse().ok());
    (letters, numbers.filter(|number| *number > 0).collect())
}

/// Returns the value of the name that is nearest to these letters.
pub(super) fn nearest<'a, T>(letters: &str, known: &'a [(&str, T)]) -> Option<&'a T> {
    let near = known.iter().filter(|(name, _)| resembles(letters, name));
    let nearest = near.min_by_key(|(name, _)| strsim::damerau_levenshtein(letters, name));
    nearest.map(|(_, value)| value)
}

/// Tells whether a name has few typing errors for its length.
fn resembles(name: &str, known: &str) -> bool {
    let most = if known.len() < 10 { 1 } else { 2 };
    strsim::damerau_levenshtein(name, known) <= most
}
