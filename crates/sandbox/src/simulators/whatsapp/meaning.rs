//! Meaning tier: counts, lengths and uniqueness; answers 131009 with details.
//!
//! Lengths count Unicode code points (measured by others against Meta).

use std::{collections::HashSet, ops::RangeInclusive};

use super::errors::GraphError;
use crate::Content;

/// The content of a message that passed the schema tier.
pub(super) trait Kind {
    fn check(&self, strict_newlines: bool) -> Result<(), GraphError>;

    fn into_content(self: Box<Self>) -> Content;
}

pub(super) fn length(
    what: &str,
    text: &str,
    allowed: RangeInclusive<usize>,
) -> Result<(), GraphError> {
    if allowed.contains(&text.chars().count()) {
        return Ok(());
    }
    let (min, max) = (allowed.start(), allowed.end());
    Err(GraphError::invalid_value(format!(
        "{what} length invalid. Min length: {min}, Max length: {max}"
    )))
}

/// Meta documents nothing about line breaks here; the refusal is invented.
pub(super) fn newlines(what: &str, text: &str, strict: bool) -> Result<(), GraphError> {
    if strict && text.contains(['\n', '\r', '\t']) {
        return Err(GraphError::invalid_value(format!(
            "{what} must not contain line breaks or tabs"
        )));
    }
    Ok(())
}

pub(super) fn unique<'a>(
    details: &'static str,
    mut texts: impl Iterator<Item = &'a String>,
) -> Result<(), GraphError> {
    let mut seen = HashSet::new();
    if texts.all(|text| seen.insert(text)) {
        return Ok(());
    }
    Err(GraphError::invalid_value(details))
}
