//! The requests of ChatVolt's clients: each shape maps its fields to a content.

mod misspelling;
mod send_buttons;

pub use send_buttons::{ButtonFields, SendButtons};

use crate::capabilities::{Capabilities, Caution, Refusal};
use crate::message::{Content, FieldPath};
use crate::recipient::Recipient;
use crate::warning::Warning;

/// A request that is valid.
#[non_exhaustive]
pub struct ChatvoltSend {
    /// The id of the agent that sends the message, as it was given.
    pub agent: String,
    /// The id of the conversation, as it was given.
    pub conversation: String,
    /// What the message says.
    pub content: Content,
    /// Fields that are ignored and were probably meant to be others.
    pub misspelled: Vec<Warning>,
    names: Names,
}

/// Returns the name that a shape has for a field of its content.
type Names = Box<dyn Fn(&FieldPath) -> String + Send + Sync>;

// Names of fields, and ids that do not exist, are the client's own text.
shows_only!(ChatvoltSend { content });

impl ChatvoltSend {
    /// Checks the content against what a channel carries; every field has its name in the request.
    ///
    /// Returns what may look wrong on the phone, the misspelled fields last, or the first limit that is broken.
    pub fn check(
        &self,
        capabilities: &Capabilities,
        to: &Recipient,
    ) -> Result<Vec<Warning>, Refusal> {
        let name = &self.names;
        let cautions = capabilities
            .check(&self.content, to)
            .map_err(|violation| violation.refuse(capabilities.title, name))?;
        let warn = |Caution { field, units, max }| {
            let message =
                format!("{units} UTF-16 units exceed {max}; the provider may refuse or cut it");
            Warning::new(name(&field), message)
        };
        let cautions = cautions.into_iter().map(warn);
        Ok(cautions.chain(self.misspelled.iter().cloned()).collect())
    }
}
