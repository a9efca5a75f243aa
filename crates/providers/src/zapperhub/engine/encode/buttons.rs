//! The JSON of the two button routes, which differ in the recipient's key and the id (ZapperAPI, `POST
//! /messages/buttons`; wuzapi, `POST /chat/send/buttons`).

use std::borrow::Cow;

use recado_core::{Content, Recipient, RecipientKind};
use serde::Serialize;

use super::super::super::account::{Dialect, RecipientForm};
use super::super::super::wuzapi;
use crate::channel::OutboundMessage;

#[derive(Serialize)]
pub(crate) struct Request<'a> {
    #[serde(flatten)]
    to: Address<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<&'a str>,
    buttons: Vec<ReplyButton<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Address<'a> {
    /// The schema is closed: there is no place for an id of ours.
    V2 { jid: Cow<'a, str> },
    #[serde(rename_all = "PascalCase")]
    Wuzapi { phone: Cow<'a, str>, id: String },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplyButton<'a> {
    r#type: &'static str,
    id: &'a str,
    display_text: &'a str,
}

impl<'a> Request<'a> {
    pub(crate) fn new(
        dialect: &Dialect,
        form: RecipientForm,
        message: &'a OutboundMessage,
    ) -> Self {
        let recipient = recipient(form, &message.to);
        let Content::Buttons(content) = &message.content;
        let buttons = content.buttons().iter().map(|button| ReplyButton {
            r#type: "reply",
            id: &button.id,
            display_text: &button.title,
        });
        Self {
            to: match dialect {
                Dialect::ZapperApiV2 { .. } => Address::V2 { jid: recipient },
                Dialect::Wuzapi => Address::Wuzapi {
                    phone: recipient,
                    id: wuzapi::message_id(&message.id),
                },
            },
            title: content.header(),
            body: content.body(),
            footer: content.footer(),
            buttons: buttons.collect(),
        }
    }
}

fn recipient(form: RecipientForm, to: &Recipient) -> Cow<'_, str> {
    match (to.kind(), form) {
        (RecipientKind::Phone, RecipientForm::Plus) => format!("+{}", to.id()).into(),
        (RecipientKind::Phone, RecipientForm::Jid) => format!("{}@s.whatsapp.net", to.id()).into(),
        (RecipientKind::Phone, RecipientForm::Digits) => to.id().into(),
        // The suffix is part of a LID and of a group.
        (RecipientKind::Lid | RecipientKind::Group | RecipientKind::UserId, _) => {
            to.as_str().into()
        }
    }
}
