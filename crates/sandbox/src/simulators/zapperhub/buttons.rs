//! `POST /messages/buttons` (the vendor's `OpenAPI` file), taps on the buttons, and the account's own messages.

use serde_json::{Value, json};

use super::request::{Node, error};
use crate::{Answer, Buttons, Content, PhoneButton, Shape, phone::Tap, simulators::device::Member};

const MESSAGE_KEYS: &str = "jid title body footer buttons media mediaType expiration";
const BUTTON_KEYS: &str = "type displayText id url copyCode phoneNumber";

pub(super) fn read(body: &Value, strip: bool) -> Result<(&str, Content), Answer> {
    let body = Node::read(body, "body".to_owned(), MESSAGE_KEYS, strip)?;
    let jid = body.jid()?;
    let media = body.optional("media")?;
    body.check_word("mediaType", "image video")?;
    body.check_word("expiration", "none 24h 7d 90d")?;
    let mut has_reply = false;
    let mut buttons = Vec::new();
    for (path, button) in body.items("buttons")? {
        let button = Node::read(button, path, BUTTON_KEYS, strip)?;
        let kind = check_type(&button)?;
        has_reply |= kind == "reply";
        buttons.push(PhoneButton {
            title: button.required("displayText")?.to_owned(),
            id: button.required("id")?.to_owned(),
            url: button.optional("url")?.filter(|_| kind == "url"),
        });
    }
    let content = Buttons {
        header: body.optional("title")?.or(media),
        body: body.optional("body")?,
        footer: body.optional("footer")?,
        buttons,
        asks_for_location: false,
    };
    // "Reply buttons cannot be sent to groups", the operation's description says.
    if jid.ends_with("@g.us") && has_reply {
        return Err(error(400, "reply buttons cannot be sent to groups"));
    }
    Ok((jid, Content::Buttons(content)))
}

/// Returns the type of a button that has the member of its type.
fn check_type<'a>(button: &Node<'a>) -> Result<&'a str, Answer> {
    let kind = button.required("type")?;
    let member = match kind {
        "reply" => return Ok(kind),
        "url" => "url",
        "copy" => "copyCode",
        "call" => "phoneNumber",
        _ => return Err(button.refuse("type", "must be equal to one of the allowed values")),
    };
    button.required(member)?;
    Ok(kind)
}

/// Returns the member of a message and its content; `None` if linked devices do not use the shape.
pub(super) fn tapped(tap: &Tap<'_>) -> Option<Member> {
    let (id, title) = (&tap.button.id, &tap.button.title);
    let shape = tap.shape.unwrap_or(Shape::TemplateButtonReplyMessage);
    Some(match shape {
        Shape::TemplateButtonReplyMessage => (
            "templateButtonReplyMessage",
            json!({"selectedId": id, "selectedDisplayText": title, "selectedIndex": tap.index}),
        ),
        Shape::InteractiveResponseMessage => {
            let parameters = json!({"id": id}).to_string();
            let flow = json!({"name": "quick_reply", "paramsJson": parameters, "version": 1});
            let reply = json!({"body": {"text": title}, "nativeFlowResponseMessage": flow});
            ("interactiveResponseMessage", reply)
        }
        Shape::ButtonsResponseMessage => (
            "buttonsResponseMessage",
            json!({"selectedButtonId": id, "selectedDisplayText": title}),
        ),
        Shape::ButtonReply | Shape::ButtonReplyId | Shape::Text => return None,
    })
}

/// Returns the account's own message with buttons, as the device reports it.
pub(super) fn own_message(content: &Buttons) -> Value {
    let buttons = content.buttons.iter().map(|button| {
        let (name, parameters) = match &button.url {
            None => (
                "quick_reply",
                json!({"display_text": button.title, "id": button.id}),
            ),
            Some(url) => ("cta_url", json!({"display_text": button.title, "url": url})),
        };
        json!({"name": name, "buttonParamsJson": parameters.to_string()})
    });
    json!({"interactiveMessage": {
        "header": {"title": content.header}, "body": {"text": content.body},
        "footer": {"text": content.footer},
        "nativeFlowMessage": {"buttons": buttons.collect::<Vec<_>>()},
    }})
}
