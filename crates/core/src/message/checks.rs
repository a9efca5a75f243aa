//! What the checks of several kinds have in common.

use std::borrow::Cow;
use std::collections::HashMap;

use super::field_path::FieldPath;
use crate::capabilities::limit::Limit;
use crate::capabilities::violation::{Format, Violation};
use crate::text::is_blank;

/// Returns header, body and footer as one text, for an API that has a place for the body only: the header is bold and
/// the footer is italic.
pub(super) fn folded<'a>(
    header: Option<&str>,
    body: &'a str,
    footer: Option<&str>,
) -> Cow<'a, str> {
    if header.is_none() && footer.is_none() {
        return body.into();
    }
    let header = header.map(|text| format!("*{text}*\n\n"));
    let footer = footer.map(|text| format!("\n\n_{text}_"));
    let texts = [header.as_deref(), Some(body), footer.as_deref()];
    texts.into_iter().flatten().collect()
}

/// Returns an optional text, of which a blank one is left out.
pub(super) fn shown(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !is_blank(text))
}

/// Checks how many items there are in a list.
pub(super) fn check_count(
    field: FieldPath,
    item: &'static str,
    count: usize,
    limit: Limit,
) -> Result<(), Violation> {
    if (limit.min..=limit.max).contains(&count) {
        return Ok(());
    }
    Err(Violation::Count {
        field,
        item,
        count,
        limit,
    })
}

/// Checks header, body and footer as [one text](folded).
pub(super) fn check_folded(folded: &str, limit: Limit) -> Result<(), Violation> {
    match folded.chars().count() {
        length if length > limit.max => Err(Violation::Together { length, limit }),
        _ => Ok(()),
    }
}

/// Checks that texts have no line break and no tab.
pub(super) fn check_lines<'a>(
    mut texts: impl Iterator<Item = (FieldPath, &'a str)>,
) -> Result<(), Violation> {
    match texts.find(|(_, text)| text.contains(['\n', '\r', '\t'])) {
        Some((field, _)) => Err(Format::OneLine.broken_by(field)),
        None => Ok(()),
    }
}

/// Checks that no two values are the same.
pub(super) fn check_distinct(
    values: impl Iterator<Item = (FieldPath, String)>,
) -> Result<(), Violation> {
    let mut first = HashMap::new();
    for (field, value) in values {
        if let Some(earlier) = first.insert(value, field.clone()) {
            return Err(Format::DiffersFrom(earlier).broken_by(field));
        }
    }
    Ok(())
}
