//! The handle of the sandbox, for its users.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{convert::Infallible, time::Duration};

use crate::dispatch::change_settings;
use crate::{
    Account, Fault, PhoneMessage, PlannedFault, ReceivedRequest, Settings, State, Webhook,
};

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
        if times > 0 {
            self.state().faults.push(PlannedFault { times, fault });
        }
    }

    /// Returns the faults that are still to come.
    pub fn faults(&self) -> Vec<PlannedFault> {
        self.state().faults.clone()
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
        self.state().settings.clone()
    }

    /// Replaces the switches.
    pub fn set_settings(&self, settings: Settings) {
        self.change_settings(|known| *known = settings);
    }

    /// Changes the switches that `change` sets; the others stay. `change` must not use the sandbox, which is locked.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let Ok(_) = self.try_change_settings(|mut settings| {
            change(&mut settings);
            Ok::<_, Infallible>(settings)
        });
    }

    /// Replaces the switches with what `change` makes of them, and returns the new ones.
    pub(crate) fn try_change_settings<E>(
        &self,
        change: impl FnOnce(Settings) -> Result<Settings, E>,
    ) -> Result<Settings, E> {
        // One lock for reading and writing, so that changes at the same time are all kept.
        let mut state = self.state();
        let settings = change(state.settings.clone())?;
        let parcels = change_settings(&mut state, settings.clone());
        drop(state);
        self.dispatch(parcels);
        Ok(settings)
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
