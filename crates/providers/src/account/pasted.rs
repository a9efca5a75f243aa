//! Recognizes what was pasted with more than the value, or in the place of another one.
//!
//! The sentences say what to change, and repeat nothing of what was given: it may be a secret.

use recado_core::phone;

use super::fields::AccountField;

/// The marks that shells, code and texts put around a value.
const QUOTATION_MARKS: [(char, char); 6] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
];

/// Returns what to change about a credential, if it is not the value alone.
pub(crate) fn in_credential(field: &AccountField, text: &str) -> Option<String> {
    if let Some(problem) = in_setting(text) {
        return Some(problem.to_owned());
    }
    let value = after(text, "authorization:").unwrap_or(text).trim_start();
    if after(value, "bearer ").is_some() {
        return Some("Begins with the word Bearer; write only what follows it".to_owned());
    }
    let is_url = text.contains("://") || text.contains("/instances/");
    if is_url && !field.is_own_choice {
        return Some(format!("Is a URL; write only {}", field.in_url));
    }
    (field.mistaken)(text).map(str::to_owned)
}

/// Returns what to change about a setting, if it is not the value alone.
pub(crate) fn in_setting(text: &str) -> Option<&'static str> {
    let inner = |(open, close): &(char, char)| {
        let rest = text.strip_prefix(*open)?;
        rest.strip_suffix(*close)
    };
    let is_quoted = QUOTATION_MARKS.iter().find_map(inner).is_some();
    is_quoted.then_some("Has quotation marks around it; leave them out")
}

/// Tells whether an id is a phone number in the form in which people write it.
pub(crate) fn is_spelled_phone_number(text: &str) -> bool {
    text.starts_with('+') && phone::read(text).is_ok()
}

/// What follows `prefix`, whose case does not matter.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
