//! Names of fields that are not ours, and the field that was meant.

use crate::switch::plain;

/// What stands for the field `buttons` of other interfaces.
pub(super) const BUTTONS: &str = "button_1_id and button_1_title";

/// Names that other interfaces use for what is a field of ours, in small letters.
const ALIASES: [(&str, &str); 8] = [
    ("agent", "agentId"),
    ("conversation", "conversationId"),
    ("header", "header_text"),
    ("body", "body_text"),
    ("text", "body_text"),
    ("footer", "footer_text"),
    ("button", BUTTONS),
    ("buttons", BUTTONS),
];

const FIELDS: [&str; 5] = [
    "agentId",
    "conversationId",
    "header_text",
    "body_text",
    "footer_text",
];

/// Names of the halves of a button without its number, in small letters.
const HALVES: [(&str, &str); 6] = [
    ("buttonid", "id"),
    ("buttonpayload", "id"),
    ("buttontitle", "title"),
    ("buttontext", "title"),
    ("buttonlabel", "title"),
    ("buttonname", "title"),
];

/// Returns the field that a name was probably meant to be: `body_text` for `bodyText`.
pub(super) fn meant(name: &str) -> Option<String> {
    let plain = plain(name);
    if let Some((_, field)) = ALIASES.iter().find(|(alias, _)| *alias == plain) {
        return Some((*field).to_owned());
    }
    let number: String = plain.chars().filter(char::is_ascii_digit).collect();
    if number.is_empty() {
        let mut fields = FIELDS.into_iter();
        let field = fields.find(|field| resembles(&plain, &crate::switch::plain(field)))?;
        return Some(field.to_owned());
    }
    let letters: String = plain.chars().filter(|c| !c.is_ascii_digit()).collect();
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    // The nearest half: `buttontitel` has fewer errors as a title than as a text.
    let half = HALVES
        .iter()
        .filter(|(known, _)| resembles(&letters, known));
    let (_, half) = half.min_by_key(|(known, _)| strsim::damerau_levenshtein(&letters, known))?;
    Some(format!("button_{number}_{half}"))
}

/// Tells whether a name has few typing errors for its length.
fn resembles(name: &str, known: &str) -> bool {
    let most = if known.len() < 10 { 1 } else { 2 };
    strsim::damerau_levenshtein(name, known) <= most
}
