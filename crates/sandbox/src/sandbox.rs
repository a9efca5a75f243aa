//! The handle of the sandbox, for its users.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::accounts::Account;
use crate::dispatch::change_settings;
use crate::faults::{Fault, PlannedFault};
use crate::phone::PhoneMessage;
use crate::received::ReceivedRequest;
use crate::settings::Settings;
use crate::state::State;
use crate::webhooks::Webhook;

/// The simulated providers with their state, which clones share.
#[derive(Clone, Default)]
pub struct Sandbox {
    state: Arc<Mutex<State>>,
}

impl Sandbox {
    /// Makes a sandbox with the default accounts, without limits and faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns every request that the providers received, refused ones too, oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state().received.requests(None)
    }

    /// Returns what the customers' phones show, oldest first: accepted messages only.
    pub fn phone_messages(&self) -> Vec<PhoneMessage> {
        self.state().received.phone_messages(None)
    }

    /// Makes the next `times` matching requests fail; faults are used up in the order in which they were given.
    pub fn fail_next(&self, fault: Fault, times: u32) {
        self.state().faults.plan(fault, times);
    }

    /// Returns the faults that are still to come.
    pub fn faults(&self) -> Vec<PlannedFault> {
        self.state().faults.planned()
    }

    /// Forgets all faults that are still to come.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Forgets all received requests, phone messages and deliveries; accounts, webhooks, settings and faults stay.
    pub fn clear(&self) {
        let mut state = self.state();
        state.received.clear();
        state.outbox.forget();
    }

    /// Returns the registered webhooks, with their secrets.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.state().webhooks.list()
    }

    /// Removes all webhooks; what waits for one is not delivered.
    pub fn clear_webhooks(&self) {
        self.state().webhooks.clear();
    }

    /// Returns the accounts that may be used, with their secrets.
    pub fn accounts(&self) -> Vec<Account> {
        self.state().accounts.list()
    }

    /// Adds an account, or replaces the one with the same identity.
    pub fn add_account(&self, account: Account) {
        self.state().accounts.add(account);
    }

    /// Returns the switches.
    pub fn settings(&self) -> Settings {
        self.state().settings().clone()
    }

    /// Changes the switches.
    pub fn set_settings(&self, settings: Settings) {
        let parcels = change_settings(&mut self.state(), settings);
        self.dispatch(parcels);
    }

    /// Changes the switches that `change` sets; the others stay.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        self.set_settings(settings);
    }

    /// Moves the sandbox's clock forward, for rate limits and time stamps.
    pub fn advance(&self, by: Duration) {
        self.state().clock.advance(by);
    }

    /// Stops the clock that rate limits count by: it moves only by [`Sandbox::advance`] from now on.
    pub fn stop_clock(&self) {
        self.state().clock.stop();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while holding the lock cannot leave the state half changed in a way that matters here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
