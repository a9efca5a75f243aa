//! What a provider webhook is, how it is proved, and how its values are read.

pub(crate) mod call;
pub(crate) mod proof;
pub(crate) mod reading;
