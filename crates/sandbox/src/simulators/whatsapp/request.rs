//! Schema tier: presence and JSON types; an empty text counts as absent.
//!
//! Answers code 100 with the path of the first parameter that is wrong.

use super::meaning::{Kind, length};
use super::{
    buttons, cta_url, errors::GraphError, list, location, location_request, node::Node, text,
};
use crate::call::is_one_of;

/// What Meta's reference names at the top level; that others are refused is observed for some keys only.
const KEYS: &str = "messaging_product recipient_type to recipient type interactive text location context \
    biz_opaque_callback_data recipient_identity_key_hash category direct_send_config template preview_url";
const READ_KEYS: &str = "messaging_product status message_id typing_indicator";
/// The types of message that are not simulated (Meta, messages reference).
const OTHER_TYPES: &str = "audio contacts document image reaction sticker template video";
/// The types of interactive message that are not simulated (Meta, messages reference).
const OTHER_INTERACTIVE: &str = "flow address_message voice_call \
    carousel contact_request product product_list catalog_message call_permission_request";

pub(super) struct Draft<'a> {
    pub(super) to: To<'a>,
    pub(super) callback_data: Option<&'a str>,
    pub(super) content: Box<dyn Kind>,
}

#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    Phone(&'a str),
    User(&'a str),
    Group(&'a str),
}

/// Checks a read receipt, which the endpoint of messages takes too.
pub(super) fn check_read_receipt(body: &Node<'_>) -> Result<(), GraphError> {
    body.check_keys(READ_KEYS)?;
    body.word("status", "read")?;
    body.text("message_id")?;
    if let Some(indicator) = body.optional_object("typing_indicator")? {
        indicator.word("type", "text")?;
    }
    Ok(())
}

impl<'a> Draft<'a> {
    pub(super) fn read(body: &Node<'a>) -> Result<Self, GraphError> {
        let to = To::read(body)?;
        // Without a type Meta takes a text.
        let content = match body.optional_text("type")?.unwrap_or("text") {
            "text" => text::read(body)?,
            "location" => location::read(body)?,
            "interactive" => read_interactive(&body.object("interactive")?)?,
            other if is_one_of(other, OTHER_TYPES) => return Err(GraphError::not_simulated(other)),
            unknown => {
                return Err(GraphError::not_one_of(
                    "type",
                    "text location interactive",
                    unknown,
                ));
            }
        };
        // The message that is answered; any id will do (inferred).
        if let Some(context) = body.optional_object("context")? {
            context.text("message_id")?;
        }
        body.check_keys(KEYS)?;
        Ok(Self {
            to,
            callback_data: body.optional_text("biz_opaque_callback_data")?,
            content,
        })
    }

    /// Checks the meaning of what the schema tier let through.
    pub(super) fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        self.content.check(strict_newlines)?;
        // The code is stated by an SDK, the wording is inferred.
        let callback_data = self.callback_data.unwrap_or_default();
        length("Callback data", callback_data, 0..=512)
    }
}

fn read_interactive(interactive: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    match interactive.text("type")? {
        "button" => buttons::read(interactive),
        "list" => list::read(interactive),
        "cta_url" => cta_url::read(interactive),
        "location_request_message" => location_request::read(interactive),
        other if is_one_of(other, OTHER_INTERACTIVE) => Err(GraphError::not_simulated(other)),
        unknown => Err(GraphError::not_one_of(
            &interactive.path("type"),
            "button list cta_url location_request_message",
            unknown,
        )),
    }
}

impl<'a> To<'a> {
    /// `to` wins over `recipient` (Meta, business-scoped user ids).
    fn read(body: &Node<'a>) -> Result<Self, GraphError> {
        let kind = body.optional_text("recipient_type")?;
        let kind = kind.unwrap_or("individual");
        body.check_word("recipient_type", kind, "individual group")?;
        match body.optional_text("to")? {
            Some(group) if kind == "group" => Ok(Self::Group(group)),
            Some(phone) => Ok(Self::Phone(phone)),
            None => match body.optional_text("recipient")? {
                Some(user) => Ok(Self::User(user)),
                None => Err(GraphError::required("to")),
            },
        }
    }
}
