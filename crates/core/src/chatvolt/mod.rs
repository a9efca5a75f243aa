//! The requests of ChatVolt's clients.

mod misspelling;
mod send_buttons;

pub use send_buttons::{ButtonFields, SendButtons};
