//! The JSON of `send-button-list` and `send-button-actions` (Z-API docs, pages of these names).

use std::borrow::Cow;

use recado_core::{Buttons, Content, Provider, Recipient, RecipientKind, capabilities};
use serde::Serialize;

use crate::channel::{OutboundMessage, Receipt};
use crate::connection::{json, text};
use crate::error::ChannelError;
use crate::http::client::Answer;

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Request<'a> {
    List(ListRequest<'a>),
    Actions(ActionsRequest<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListRequest<'a> {
    phone: Cow<'a, str>,
    message: Cow<'a, str>,
    button_list: ButtonList<'a>,
}

#[derive(Serialize)]
struct ButtonList<'a> {
    buttons: Vec<ListButton<'a>>,
}

#[derive(Serialize)]
struct ListButton<'a> {
    id: &'a str,
    label: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionsRequest<'a> {
    phone: Cow<'a, str>,
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
pub(crate) fn list(message: &OutboundMessage) -> Result<Request<'_>, ChannelError> {
    let Content::Buttons(content) = &message.content;
    let buttons = content.buttons().iter();
    Ok(Request::List(ListRequest {
        phone: phone(&message.to),
        message: folded(content)?,
        button_list: ButtonList {
            buttons: buttons
                .map(|button| ListButton {
                    id: &button.id,
                    label: &button.title,
                })
                .collect(),
        },
    }))
}

pub(crate) fn actions(message: &OutboundMessage) -> Request<'_> {
    let Content::Buttons(content) = &message.content;
    Request::Actions(ActionsRequest {
        phone: phone(&message.to),
        title: content.header(),
        message: content.body(),
        footer: content.footer(),
        button_actions: content
            .buttons()
            .iter()
            .map(|button| ReplyAction {
                id: &button.id,
                r#type: "REPLY",
                label: &button.title,
            })
            .collect(),
    })
}

fn folded(content: &Buttons) -> Result<Cow<'_, str>, ChannelError> {
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
        let message = format!(
            "(#131009) Parameter value is not valid: header_text, body_text and footer_text have {length} characters \
             together, with their marks; Z-API allows {max}"
        );
        return Err(ChannelError::content_refused(
            Provider::Zapi.as_str(),
            message,
        ));
    }
    Ok(text.into())
}

/// Z-API writes a new group `1203…-group` and an old one `5521…-1600…` (Z-API docs, introduction to groups).
fn phone(to: &Recipient) -> Cow<'_, str> {
    match to.kind() {
        RecipientKind::Group if !to.id().contains('-') => format!("{}-group", to.id()).into(),
        RecipientKind::Group | RecipientKind::Phone | RecipientKind::UserId => to.id().into(),
        RecipientKind::Lid => to.as_str().into(),
    }
}

/// The ids of a message that was queued: 2xx, no error, and at least one id.
pub(crate) fn accepted(answer: &Answer) -> Option<Receipt> {
    let body = json(answer).filter(|_| (200..300).contains(&answer.status))?;
    if super::super::errors::is_error(&body) {
        return None;
    }
    let provider_id = text(&body, "/zaapId");
    let external_id = text(&body, "/messageId").or(provider_id)?;
    Some(Receipt {
        external_id: Some(external_id.to_owned()),
        provider_id: provider_id.map(str::to_owned),
    })
}
