//! The sandbox's state: data only.

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::phone::PhoneMessage;
use crate::received::Received;
use crate::settings::Settings;
use crate::simulators::whatsapp::Limits;
use crate::webhooks::{Outbox, Webhooks};

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
    settings: Settings,
}

impl State {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Replaces the switches, and returns the previous ones.
    pub(crate) fn replace_settings(&mut self, settings: Settings) -> Settings {
        std::mem::replace(&mut self.settings, settings)
    }
}
