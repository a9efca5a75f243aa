//! How things look on a terminal.

pub(crate) mod bubble;
pub(crate) mod chat;
pub(crate) mod event_line;
pub(crate) mod fitting;
pub(crate) mod output;
pub(crate) mod terminal;
pub(crate) mod wording;
