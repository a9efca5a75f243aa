//! How things look on a terminal, and all printing.

pub(crate) mod bubble;
pub(crate) mod chat;
pub(crate) mod dry_run;
pub(crate) mod event_line;
pub(crate) mod fitting;
pub(crate) mod instant;
pub(crate) mod output;
pub(crate) mod printer;
pub(crate) mod progress;
pub(crate) mod terminal;
pub(crate) mod wording;
