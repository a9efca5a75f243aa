//! Meaning tier: counts, lengths and uniqueness; answers 131009 with details.
//!
//! Lengths count Unicode code points (measured by others against Meta).

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::errors::GraphError;
use super::request::{Content, Draft, Header};

const BODY: RangeInclusive<usize> = 1..=1024;
/// A plain text may be longer than the body of an interactive message (Meta, text messages).
const TEXT: RangeInclusive<usize> = 1..=4096;
const HEADER: RangeInclusive<usize> = 1..=60;
const FOOTER: RangeInclusive<usize> = 0..=60;
const BUTTONS: RangeInclusive<usize> = 1..=3;
const TITLE: RangeInclusive<usize> = 1..=20;
const ID: RangeInclusive<usize> = 1..=256;
const CALLBACK_DATA: RangeInclusive<usize> = 0..=512;

/// Checks what the schema tier let through.
pub(super) fn check(draft: &Draft<'_>, strict_newlines: bool) -> Result<(), GraphError> {
    let content = &draft.content;
    if content.is_interactive {
        check_header(content.header.as_ref(), strict_newlines)?;
        length("Body text", &content.body, BODY)?;
        if let Some(footer) = &content.footer {
            length("Footer text", footer, FOOTER)?;
        }
        check_buttons(content, strict_newlines)?;
    } else {
        length("Text", &content.body, TEXT)?;
    }
    // The code is stated by an SDK, the wording is inferred.
    length(
        "Callback data",
        draft.callback_data.unwrap_or_default(),
        CALLBACK_DATA,
    )
}

fn check_header(header: Option<&Header>, strict_newlines: bool) -> Result<(), GraphError> {
    match header {
        None => Ok(()),
        Some(Header::Text(None)) => Err(GraphError::header_text_missing()),
        Some(Header::Text(Some(text))) => {
            // The wording is inferred from that of the body.
            length("Header text", text, HEADER)?;
            check_newlines("Header text", text, strict_newlines)
        }
        Some(Header::Media {
            id,
            link,
            has_caption,
        }) => {
            // Rules are Meta's or an SDK's, the wording of all three is invented.
            if *has_caption {
                return Err(GraphError::invalid_value(
                    "Caption is not allowed in a header",
                ));
            }
            if id.is_some() == link.is_some() {
                return Err(GraphError::invalid_value(
                    "Media must have exactly one of id and link",
                ));
            }
            if link
                .as_ref()
                .is_some_and(|link| !link.starts_with("https://"))
            {
                return Err(GraphError::invalid_value(
                    "Media link must be a public HTTPS URL",
                ));
            }
            Ok(())
        }
    }
}

fn check_buttons(content: &Content, strict_newlines: bool) -> Result<(), GraphError> {
    let buttons = &content.buttons;
    if !BUTTONS.contains(&buttons.len()) {
        let (min, max) = (BUTTONS.start(), BUTTONS.end());
        return Err(GraphError::invalid_value(format!(
            "Invalid buttons count. Min allowed buttons: {min}, Max allowed buttons: {max}"
        )));
    }
    for button in buttons {
        length("Button title", &button.title, TITLE)?;
        check_newlines("Button title", &button.title, strict_newlines)?;
        // The wording of both is inferred.
        length("Button id", &button.id, ID)?;
        if button.id.trim() != button.id {
            return Err(GraphError::invalid_value(
                "Button id must not start or end with a space",
            ));
        }
    }
    unique(
        "Buttons titles must be unique",
        buttons.iter().map(|button| &button.title),
    )?;
    // The wording is inferred.
    unique(
        "Buttons ids must be unique",
        buttons.iter().map(|button| &button.id),
    )
}

fn length(what: &str, text: &str, allowed: RangeInclusive<usize>) -> Result<(), GraphError> {
    if allowed.contains(&text.chars().count()) {
        return Ok(());
    }
    let (min, max) = (allowed.start(), allowed.end());
    Err(GraphError::invalid_value(format!(
        "{what} length invalid. Min length: {min}, Max length: {max}"
    )))
}

/// Meta documents nothing about line breaks here; the refusal is invented.
fn check_newlines(what: &str, text: &str, strict: bool) -> Result<(), GraphError> {
    if strict && text.contains(['\n', '\r', '\t']) {
        return Err(GraphError::invalid_value(format!(
            "{what} must not contain line breaks or tabs"
        )));
    }
    Ok(())
}

fn unique<'a>(details: &str, texts: impl Iterator<Item = &'a String>) -> Result<(), GraphError> {
    let mut seen = HashSet::new();
    for text in texts {
        if !seen.insert(text) {
            return Err(GraphError::invalid_value(details));
        }
    }
    Ok(())
}
