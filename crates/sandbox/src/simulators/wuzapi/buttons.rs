//! `POST /chat/send/buttons` (the fork's source code), and taps on the buttons.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::request::{Sent, check_phone, error, member, parse_phone, text, undecodable};
use crate::{Answer, Buttons, Content, PhoneButton, Shape, phone::Tap, simulators::device::Member};

/// Reads a body as Go does: keys in any case, unknown keys ignored, absent text is empty.
pub(super) fn read(body: &Map<String, Value>) -> Result<Sent, Answer> {
    let buttons = match member(body, "buttons") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(buttons)) => buttons.iter().map(button).collect::<Result<_, _>>()?,
        Some(_) => return Err(undecodable()),
    };
    let (phone, id, title) = (
        text(body, "phone")?,
        text(body, "id")?,
        text(body, "title")?,
    );
    let (image, video) = (text(body, "image")?, text(body, "video")?);
    let (message, footer) = (text(body, "body")?, text(body, "footer")?);
    check_phone(phone)?;
    if buttons.is_empty() {
        return Err(error(400, "missing Buttons in Payload"));
    }
    if buttons.len() > 3 {
        return Err(error(400, "buttons cannot be more than 3"));
    }
    let to = parse_phone(phone)?;
    check_media("image", image)?;
    check_media("video", video)?;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let content = Content::Buttons(Buttons {
        header: [title, image, video].into_iter().find_map(filled),
        body: filled(message),
        footer: filled(footer),
        buttons,
        asks_for_location: false,
    });
    let id = filled(id);
    Ok(Sent { to, id, content })
}

fn button(button: &Value) -> Result<PhoneButton, Answer> {
    let button = button.as_object().ok_or_else(undecodable)?;
    let url = match text(button, "type")? {
        "url" => Some(text(button, "url")?.to_owned()),
        _ => None,
    };
    Ok(PhoneButton {
        id: text(button, "id")?.to_owned(),
        title: text(button, "displayText")?.to_owned(),
        url,
    })
}

/// Checks the data of a picture or a video; a link is not fetched, so any will do.
fn check_media(kind: &str, media: &str) -> Result<(), Answer> {
    if media.is_empty() || media.starts_with("http://") || media.starts_with("https://") {
        return Ok(());
    }
    let problem = if !media.starts_with(&format!("data:{kind}/")) {
        format!("{kind} must be data:{kind}/... or http(s) URL")
    } else if let Some((_, encoded)) = media.split_once(";base64,")
        && STANDARD.decode(encoded).is_ok()
    {
        return Ok(());
    } else {
        format!("could not decode base64 {kind} from payload")
    };
    Err(error(400, &problem))
}

/// Returns the member of a message and its content; `None` if linked devices do not use the shape.
pub(super) fn tapped(tap: &Tap<'_>) -> Option<Member> {
    let (id, title) = (&tap.button.id, &tap.button.title);
    let shape = tap.shape.unwrap_or(Shape::TemplateButtonReplyMessage);
    Some(match shape {
        Shape::TemplateButtonReplyMessage => (
            "templateButtonReplyMessage",
            json!({"selectedID": id, "selectedDisplayText": title, "selectedIndex": tap.index}),
        ),
        Shape::ButtonsResponseMessage => (
            "buttonsResponseMessage",
            json!({"selectedButtonID": id, "Response": {"SelectedDisplayText": title}, "type": 1}),
        ),
        Shape::InteractiveResponseMessage => {
            let parameters = json!({"id": id}).to_string();
            let flow = json!({"name": "quick_reply", "paramsJSON": parameters, "version": 1});
            let reply = json!({"InteractiveResponseMessage": {"NativeFlowResponseMessage": flow},
                "body": {"text": title}});
            ("interactiveResponseMessage", reply)
        }
        Shape::ButtonReply | Shape::ButtonReplyId | Shape::Text => return None,
    })
}
