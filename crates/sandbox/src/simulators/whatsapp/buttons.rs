//! Messages with reply buttons, and taps on them.

use serde_json::{Value, json};

use super::meaning::{Kind, length, newlines, unique};
use super::{errors::GraphError, interactive::Parts, node::Node};
use crate::{Buttons, Content, PhoneButton, phone::Tap};

struct ButtonsMessage {
    parts: Parts,
    buttons: Vec<PhoneButton>,
}

pub(super) fn read(interactive: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    let parts = Parts::read(interactive)?;
    let action = interactive.required("action")?;
    // `action` may be an object or a text that holds one as JSON (observed).
    let parsed: Option<Value> = (action.as_str()).and_then(|text| serde_json::from_str(text).ok());
    let action = interactive.child("action", parsed.as_ref().unwrap_or(action))?;
    let buttons = action.objects("buttons")?;
    let buttons = buttons.map(|button| read_button(&button?));
    let buttons = buttons.collect::<Result<_, _>>()?;
    Ok(Box::new(ButtonsMessage { parts, buttons }))
}

fn read_button(button: &Node<'_>) -> Result<PhoneButton, GraphError> {
    button.word("type", "reply")?;
    let reply = button.object("reply")?;
    Ok(PhoneButton::reply(reply.text("id")?, reply.text("title")?))
}

impl Kind for ButtonsMessage {
    fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        self.parts.check(strict_newlines)?;
        let buttons = &self.buttons;
        if !(1..=3).contains(&buttons.len()) {
            return Err(GraphError::invalid_value(
                "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
            ));
        }
        for button in buttons {
            length("Button title", &button.title, 1..=20)?;
            newlines("Button title", &button.title, strict_newlines)?;
            // The wording of both refusals of ids is inferred.
            length("Button id", &button.id, 1..=256)?;
            if button.id.trim() != button.id {
                return Err(GraphError::invalid_value(
                    "Button id must not start or end with a space",
                ));
            }
        }
        let titles = buttons.iter().map(|button| &button.title);
        unique("Buttons titles must be unique", titles)?;
        // The wording is inferred.
        let ids = buttons.iter().map(|button| &button.id);
        unique("Buttons ids must be unique", ids)
    }

    fn into_content(mut self: Box<Self>) -> Content {
        Content::Buttons(Buttons {
            header: self.parts.take_header(),
            body: Some(self.parts.body),
            footer: self.parts.footer,
            buttons: self.buttons,
            asks_for_location: false,
        })
    }
}

/// Returns the type of an interactive answer and its content; a tap has one form here.
pub(super) fn tapped(tap: &Tap<'_>) -> Option<(&'static str, Value)> {
    let reply = json!({"id": tap.button.id, "title": tap.button.title});
    tap.shape.is_none().then_some(("button_reply", reply))
}
