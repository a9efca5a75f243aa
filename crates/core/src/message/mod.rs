//! What a message is: its content, and how far it has come.

pub mod buttons;
mod status;

pub use buttons::{Button, ButtonsError, ButtonsMessage};
pub use status::{Outcome, Status, UnknownStatus};
