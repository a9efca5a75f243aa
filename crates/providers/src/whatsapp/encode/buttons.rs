//! A message with reply buttons (Meta, interactive reply buttons).

use recado_core::Buttons;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Interactive<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Header<'a>>,
    body: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Text<'a>>,
    action: Action<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    r#type: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    buttons: Vec<ReplyButton<'a>>,
}

#[derive(Serialize)]
struct ReplyButton<'a> {
    r#type: &'static str,
    reply: Reply<'a>,
}

#[derive(Serialize)]
struct Reply<'a> {
    id: &'a str,
    title: &'a str,
}

impl<'a> From<&'a Buttons> for Interactive<'a> {
    fn from(content: &'a Buttons) -> Self {
        let buttons = content.buttons().iter().map(|button| ReplyButton {
            r#type: "reply",
            reply: Reply {
                id: &button.id,
                title: &button.title,
            },
        });
        Self {
            r#type: "button",
            header: content.header().map(|text| Header {
                r#type: "text",
                text,
            }),
            body: Text {
                text: content.body(),
            },
            footer: content.footer().map(|text| Text { text }),
            action: Action {
                buttons: buttons.collect(),
            },
        }
    }
}
