//! The simulated providers, a folder each.

pub(crate) mod whatsapp;
pub(crate) mod wuzapi;
pub(crate) mod zapi;
pub(crate) mod zapperhub;
