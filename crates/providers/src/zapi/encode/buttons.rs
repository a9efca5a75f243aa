//! A message with reply buttons, in `send-button-list` and in `send-button-actions` (Z-API docs, pages of these names).

use std::borrow::Cow;

use recado_core::{Buttons, capabilities};
use serde::Serialize;

use crate::refusal::Refusal;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct SendButtonList<'a> {
    message: Cow<'a, str>,
    button_list: List<'a>,
}

#[derive(Serialize)]
struct List<'a> {
    buttons: Vec<ListButton<'a>>,
}

#[derive(Serialize)]
struct ListButton<'a> {
    id: &'a str,
    label: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct SendButtonActions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<&'a str>,
    button_actions: Vec<ReplyAction<'a>>,
}

#[derive(Serialize)]
struct ReplyAction<'a> {
    id: &'a str,
    r#type: &'static str,
    label: &'a str,
}

/// `send-button-list` has no header and no footer: they become part of the text (our choice).
pub(in super::super) fn list(content: &Buttons) -> Result<SendButtonList<'_>, Refusal> {
    let buttons = content.buttons().iter().map(|button| ListButton {
        id: &button.id,
        label: &button.title,
    });
    Ok(SendButtonList {
        message: folded(content)?,
        button_list: List {
            buttons: buttons.collect(),
        },
    })
}

pub(in super::super) fn actions(content: &Buttons) -> SendButtonActions<'_> {
    let buttons = content.buttons().iter().map(|button| ReplyAction {
        id: &button.id,
        r#type: "REPLY",
        label: &button.title,
    });
    SendButtonActions {
        title: content.header(),
        message: content.body(),
        footer: content.footer(),
        button_actions: buttons.collect(),
    }
}

fn folded(content: &Buttons) -> Result<Cow<'_, str>, Refusal> {
    if content.header().is_none() && content.footer().is_none() {
        return Ok(content.body().into());
    }
    let header = content.header().map(|text| format!("*{text}*\n\n"));
    let footer = content.footer().map(|text| format!("\n\n_{text}_"));
    let text = [header.as_deref(), Some(content.body()), footer.as_deref()];
    let text: String = text.into_iter().flatten().collect();
    let limits = capabilities::ZAPI.buttons.as_ref();
    let max = limits.map_or(0, |limits| limits.body.max);
    let length = text.chars().count();
    if length > max {
        return Err(Refusal::of_content(format!(
            "(#131009) Parameter value is not valid: header_text, body_text and footer_text have {length} characters \
             together, with their marks; Z-API allows {max}"
        )));
    }
    Ok(text.into())
}
