//! Texts that ask for a place (Meta, interactive location request messages).

use super::meaning::Kind;
use super::{errors::GraphError, interactive::Parts, node::Node};
use crate::{Buttons, Content};

struct LocationRequest(Parts);

pub(super) fn read(interactive: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    let parts = Parts::read(interactive)?;
    interactive
        .object("action")?
        .word("name", "send_location")?;
    Ok(Box::new(LocationRequest(parts)))
}

impl Kind for LocationRequest {
    fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        self.0.check(strict_newlines)?;
        if self.0.has_header() || self.0.footer.is_some() {
            // The rule is Meta's, the wording is invented.
            let problem = "Header and footer are not allowed";
            return Err(GraphError::invalid_value(problem));
        }
        Ok(())
    }

    fn into_content(self: Box<Self>) -> Content {
        Content::Buttons(Buttons {
            body: Some(self.0.body),
            asks_for_location: true,
            ..Buttons::default()
        })
    }
}
