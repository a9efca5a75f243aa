//! Schema tier: presence and JSON types; an empty text counts as absent.
//!
//! Answers code 100 with the path of the first parameter that is wrong.

use std::borrow::Cow;

use serde_json::Value;

use super::errors::GraphError;
use super::value::{Object, check_keys, object, one_of, optional_text, present, text};
use crate::phone::PhoneButton;

/// What Meta's reference names at the top level; that others are refused is observed for some keys only.
const KEYS: [&str; 14] = [
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "interactive",
    "text",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
    "category",
    "direct_send_config",
    "template",
    "preview_url",
];
const READ_KEYS: [&str; 4] = [
    "messaging_product",
    "status",
    "message_id",
    "typing_indicator",
];
/// The other types of message (Meta, messages reference).
const OTHER_TYPES: [&str; 9] = [
    "audio", "contacts", "document", "image", "location", "reaction", "sticker", "template",
    "video",
];
/// The other types of interactive message (Meta, messages reference).
const OTHER_INTERACTIVE: [&str; 12] = [
    "list",
    "cta_url",
    "flow",
    "location_request_message",
    "address_message",
    "voice_call",
    "carousel",
    "contact_request",
    "product",
    "product_list",
    "catalog_message",
    "call_permission_request",
];

/// A message that passed the schema tier.
pub(super) struct Draft<'a> {
    pub(super) to: To<'a>,
    pub(super) callback_data: Option<&'a str>,
    pub(super) content: Content,
}

/// The recipient as the request names it.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    Phone(&'a str),
    User(&'a str),
    Group(&'a str),
}

/// What the customer is to see.
pub(super) struct Content {
    pub(super) header: Option<Header>,
    pub(super) body: String,
    pub(super) footer: Option<String>,
    pub(super) buttons: Vec<PhoneButton>,
    /// Whether it is a message with buttons, of which there must then be some.
    pub(super) is_interactive: bool,
}

/// The header of an interactive message.
pub(super) enum Header {
    Text(Option<String>),
    Media {
        id: Option<String>,
        link: Option<String>,
        has_caption: bool,
    },
}

impl Header {
    /// What the phone shows.
    pub(super) fn into_shown(self) -> Option<String> {
        match self {
            Self::Text(text) => text,
            Self::Media { id, link, .. } => link.or(id),
        }
    }
}

/// The parameter that every body has.
pub(super) fn check_envelope(body: &Object) -> Result<(), GraphError> {
    let product = text(
        body.get("messaging_product"),
        format_args!("messaging_product"),
    )?;
    one_of(product, &["whatsapp"], format_args!("messaging_product"))
}

/// The same endpoint marks messages as read.
pub(super) fn check_read_receipt(body: &Object) -> Result<(), GraphError> {
    check_keys(body, &READ_KEYS)?;
    one_of(
        text(body.get("status"), format_args!("status"))?,
        &["read"],
        format_args!("status"),
    )?;
    text(body.get("message_id"), format_args!("message_id"))?;
    if let Some(indicator) = present(body.get("typing_indicator")) {
        let indicator = object(indicator, format_args!("typing_indicator"))?;
        let path = format_args!("typing_indicator['type']");
        one_of(text(indicator.get("type"), path)?, &["text"], path)?;
    }
    Ok(())
}

impl<'a> Draft<'a> {
    pub(super) fn read(body: &'a Object) -> Result<Self, GraphError> {
        let to = To::read(body)?;
        // Without a type Meta takes a text.
        let kind = optional_text(body.get("type"), format_args!("type"))?.unwrap_or("text");
        let content = match kind {
            "text" => read_text(body)?,
            "interactive" => read_interactive(body)?,
            kind if OTHER_TYPES.contains(&kind) => return Err(GraphError::not_simulated(kind)),
            kind => {
                return Err(GraphError::not_one_of(
                    format_args!("type"),
                    &["text", "interactive"],
                    kind,
                ));
            }
        };
        check_context(body.get("context"))?;
        check_keys(body, &KEYS)?;
        let path = format_args!("biz_opaque_callback_data");
        Ok(Self {
            to,
            callback_data: optional_text(body.get("biz_opaque_callback_data"), path)?,
            content,
        })
    }
}

impl<'a> To<'a> {
    /// `to` wins over `recipient` (Meta, business-scoped user ids).
    fn read(body: &'a Object) -> Result<Self, GraphError> {
        let path = format_args!("recipient_type");
        let kind = optional_text(body.get("recipient_type"), path)?.unwrap_or("individual");
        one_of(kind, &["individual", "group"], path)?;
        match optional_text(body.get("to"), format_args!("to"))? {
            Some(group) if kind == "group" => return Ok(Self::Group(group)),
            Some(phone) => return Ok(Self::Phone(phone)),
            None => {}
        }
        let user = optional_text(body.get("recipient"), format_args!("recipient"))?;
        user.map(Self::User)
            .ok_or_else(|| GraphError::required(format_args!("to")))
    }
}

/// The message that is answered; any id will do (inferred).
fn check_context(context: Option<&Value>) -> Result<(), GraphError> {
    if let Some(context) = present(context) {
        let context = object(context, format_args!("context"))?;
        let path = format_args!("context['message_id']");
        text(context.get("message_id"), path)?;
    }
    Ok(())
}

fn read_text(body: &Object) -> Result<Content, GraphError> {
    let path = format_args!("text");
    let content = present(body.get("text")).ok_or_else(|| GraphError::required(path))?;
    let content = object(content, path)?;
    Ok(Content {
        header: None,
        body: text(content.get("body"), format_args!("text['body']"))?.to_owned(),
        footer: None,
        buttons: Vec::new(),
        is_interactive: false,
    })
}

fn read_interactive(body: &Object) -> Result<Content, GraphError> {
    let path = format_args!("interactive");
    let interactive = present(body.get("interactive")).ok_or_else(|| GraphError::required(path))?;
    let interactive = object(interactive, path)?;
    let path = format_args!("interactive['type']");
    let kind = text(interactive.get("type"), path)?;
    if OTHER_INTERACTIVE.contains(&kind) {
        return Err(GraphError::not_simulated(kind));
    }
    one_of(kind, &["button"], path)?;
    Ok(Content {
        header: present(interactive.get("header"))
            .map(read_header)
            .transpose()?,
        body: read_body(interactive.get("body"))?,
        footer: read_footer(interactive.get("footer"))?,
        buttons: read_action(interactive.get("action"))?,
        is_interactive: true,
    })
}

fn read_header(header: &Value) -> Result<Header, GraphError> {
    let header = object(header, format_args!("interactive['header']"))?;
    let path = format_args!("interactive['header']['type']");
    let kind = text(header.get("type"), path)?;
    one_of(kind, &["text", "image", "video", "document"], path)?;
    if kind == "text" {
        let path = format_args!("interactive['header']['text']");
        return Ok(Header::Text(
            optional_text(header.get("text"), path)?.map(str::to_owned),
        ));
    }
    let path = format_args!("interactive['header']['{kind}']");
    let media = present(header.get(kind)).ok_or_else(|| GraphError::required(path))?;
    let media = object(media, path)?;
    let member = |name: &str| {
        let path = format_args!("interactive['header']['{kind}']['{name}']");
        optional_text(media.get(name), path).map(|text| text.map(str::to_owned))
    };
    Ok(Header::Media {
        id: member("id")?,
        link: member("link")?,
        has_caption: media.contains_key("caption"),
    })
}

fn read_body(body: Option<&Value>) -> Result<String, GraphError> {
    let path = format_args!("interactive['body']['text']");
    let body = present(body).ok_or_else(|| GraphError::required(path))?;
    let body = object(body, format_args!("interactive['body']"))?;
    Ok(text(body.get("text"), path)?.to_owned())
}

fn read_footer(footer: Option<&Value>) -> Result<Option<String>, GraphError> {
    let Some(footer) = present(footer) else {
        return Ok(None);
    };
    let footer = object(footer, format_args!("interactive['footer']"))?;
    let path = format_args!("interactive['footer']['text']");
    Ok(optional_text(footer.get("text"), path)?.map(str::to_owned))
}

/// `action` may be an object or a text that holds one as JSON (observed).
fn read_action(action: Option<&Value>) -> Result<Vec<PhoneButton>, GraphError> {
    let path = format_args!("interactive['action']");
    let action = present(action).ok_or_else(|| GraphError::required(path))?;
    let action = match action {
        Value::String(json) => serde_json::from_str(json).map_or(Cow::Borrowed(action), Cow::Owned),
        action => Cow::Borrowed(action),
    };
    let action = object(&action, path)?;
    let path = format_args!("interactive['action']['buttons']");
    let buttons = present(action.get("buttons")).ok_or_else(|| GraphError::required(path))?;
    let buttons = buttons
        .as_array()
        .ok_or_else(|| GraphError::must_be(path, "an array"))?;
    buttons
        .iter()
        .enumerate()
        .map(|(index, button)| read_button(index, button))
        .collect()
}

fn read_button(index: usize, button: &Value) -> Result<PhoneButton, GraphError> {
    let button = object(
        button,
        format_args!("interactive['action']['buttons'][{index}]"),
    )?;
    let path = format_args!("interactive['action']['buttons'][{index}]['type']");
    one_of(text(button.get("type"), path)?, &["reply"], path)?;
    let path = format_args!("interactive['action']['buttons'][{index}]['reply']");
    let reply = present(button.get("reply")).ok_or_else(|| GraphError::required(path))?;
    let reply = object(reply, path)?;
    let member = |name: &str| {
        let path = format_args!("interactive['action']['buttons'][{index}]['reply']['{name}']");
        text(reply.get(name), path).map(str::to_owned)
    };
    Ok(PhoneButton {
        id: member("id")?,
        title: member("title")?,
    })
}
