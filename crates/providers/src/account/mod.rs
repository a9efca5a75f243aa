//! What all providers share of credentials and settings.

pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod pasted;
