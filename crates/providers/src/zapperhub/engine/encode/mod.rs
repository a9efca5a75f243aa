//! The JSON of messages, a file for each kind.

pub(in super::super) mod buttons;
