//! What the hosted API and wuzapi have in common, as both stand in front of the same engine.

pub(super) mod content;
pub(super) mod encode;
pub(super) mod errors;
pub(super) mod kinds;
pub(super) mod members;
pub(super) mod own_message;
