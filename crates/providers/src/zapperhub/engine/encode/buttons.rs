//! A message with reply buttons (ZapperAPI, `POST /messages/buttons`; wuzapi, `POST /chat/send/buttons`).

use recado_core::Buttons;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct ReplyButtons<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<&'a str>,
    buttons: Vec<ReplyButton<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplyButton<'a> {
    r#type: &'static str,
    id: &'a str,
    display_text: &'a str,
}

impl<'a> From<&'a Buttons> for ReplyButtons<'a> {
    fn from(content: &'a Buttons) -> Self {
        let buttons = content.buttons().iter().map(|button| ReplyButton {
            r#type: "reply",
            id: &button.id,
            display_text: &button.title,
        });
        Self {
            title: content.header(),
            body: content.body(),
            footer: content.footer(),
            buttons: buttons.collect(),
        }
    }
}
