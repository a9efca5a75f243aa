//! The sandbox's state: data only.

use crate::webhooks::{Outbox, Webhooks};
use crate::{
    PhoneMessage, Settings, accounts::Accounts, clock::Clock, faults::Faults, phone::Files,
    received::Received, simulators::whatsapp::Limits,
};

#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: Accounts,
    pub(crate) faults: Faults,
    pub(crate) received: Received,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    /// Messages that Z-API took while the phone was not connected.
    pub(crate) zapi_queue: Vec<PhoneMessage>,
    pub(crate) webhooks: Webhooks,
    pub(crate) outbox: Outbox,
    pub(crate) files: Files,
    pub(crate) settings: Settings,
}
