//! A text with a button that opens a link (Meta, interactive call-to-action URL button messages).

use super::meaning::{Kind, length, newlines};
use super::{errors::GraphError, interactive::Parts, node::Node};
use crate::{Buttons, Content, PhoneButton};

struct LinkMessage {
    parts: Parts,
    title: String,
    url: String,
}

pub(super) fn read(interactive: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    let parts = Parts::read(interactive)?;
    let action = interactive.object("action")?;
    action.word("name", "cta_url")?;
    let parameters = action.object("parameters")?;
    Ok(Box::new(LinkMessage {
        parts,
        title: parameters.text("display_text")?.to_owned(),
        url: parameters.text("url")?.to_owned(),
    }))
}

impl Kind for LinkMessage {
    /// The numbers are Meta's, the wording is inferred from that of buttons.
    fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        self.parts.check(strict_newlines)?;
        length("Button display text", &self.title, 1..=20)?;
        newlines("Button display text", &self.title, strict_newlines)?;
        let url = self.url.to_ascii_lowercase();
        if url.starts_with("https://") || url.starts_with("http://") {
            return Ok(());
        }
        Err(GraphError::invalid_value("Button url must be a valid URL"))
    }

    fn into_content(mut self: Box<Self>) -> Content {
        Content::Buttons(Buttons {
            header: self.parts.take_header(),
            body: Some(self.parts.body),
            footer: self.parts.footer,
            buttons: vec![PhoneButton::link(self.title, self.url)],
            asks_for_location: false,
        })
    }
}
