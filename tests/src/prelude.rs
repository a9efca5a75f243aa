//! The words of the end-to-end tests.

pub use std::time::Duration;

pub use jiff::Timestamp;
pub use recado_store::testing::TestDatabase;
pub use reqwest::Method;
pub use serde_json::{Value, json};

pub use crate::binaries::{Deployment, Server, ran, recado_server, run, signal};
pub use crate::callbacks::{
    Callbacks, NUMBER, Text, change, whatsapp, whatsapp_texts, zapi, zapperhub,
};
pub use crate::client::{Answer, Client, SEND, answer};
pub use crate::events::{EventStream, ends_within, stored};
pub use crate::held::HeldProvider;
pub use crate::json::{AssertHas as _, assert_contains, entries, id, text};
pub use crate::people;
pub use crate::soon::{soon, until};
pub use crate::world::{
    self, CONVERSATIONS, CUSTOMER, Options, World, credentials, message_of, open_conversations,
    organization, smallest_body,
};
