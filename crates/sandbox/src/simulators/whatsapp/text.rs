//! Plain texts.

use super::meaning::{Kind, length};
use super::{errors::GraphError, node::Node};
use crate::{Buttons, Content};

struct Text(String);

pub(super) fn read(body: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    let object = body.object("text")?;
    let text = object.text("body")?;
    object.check_switch("preview_url")?;
    Ok(Box::new(Text(text.to_owned())))
}

impl Kind for Text {
    fn check(&self, _: bool) -> Result<(), GraphError> {
        // Longer than the body of an interactive message (Meta, text messages).
        length("Text", &self.0, 1..=4096)
    }

    fn into_content(self: Box<Self>) -> Content {
        Content::Buttons(Buttons {
            body: Some(self.0),
            ..Buttons::default()
        })
    }
}
