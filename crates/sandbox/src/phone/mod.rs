//! The customers' phones: tapping, writing, picking from a list, reading.

mod inbound;
pub(crate) mod message;

pub(crate) use self::inbound::{CUSTOMER, Content, Inbound, MEMBER};
pub use self::inbound::{Choice, ListRow, PhoneError, Shape};
pub use self::message::{PhoneButton, PhoneMessage};

use crate::address;
use crate::ids;
use crate::provider::Provider;
use crate::sandbox::Sandbox;
use crate::simulators;
use crate::webhooks::{Step, arrival};

impl Sandbox {
    /// Taps a button; gives the id of the message that the tap is. Each tap is a new one.
    ///
    /// # Errors
    ///
    /// Fails if no phone shows the message, if the message does not have the button, or if its provider does not use the
    /// shape.
    pub fn tap(
        &self,
        message_id: &str,
        button: impl Into<Choice>,
        shape: impl Into<Option<Shape>>,
    ) -> Result<String, PhoneError> {
        let message = self.shown(message_id)?;
        let mut buttons = message.buttons.iter().enumerate();
        let (index, button) = match button.into() {
            Choice::Index(index) => buttons.nth(index),
            Choice::Id(id) => buttons.find(|(_, button)| button.id == id),
        }
        .ok_or(PhoneError::UnknownButton)?;
        let shape = shape.into();
        let content = Content::Tap {
            message_id,
            button,
            index,
            shape,
        };
        self.send(message.provider, &message.to, &message.from, content)
    }

    /// Picks a row in answer to a message; gives the id of the message that the choice is.
    ///
    /// The sandbox does not keep lists, so any row will do.
    ///
    /// # Errors
    ///
    /// Fails when no phone shows the message.
    pub fn pick(&self, message_id: &str, row: &ListRow) -> Result<String, PhoneError> {
        let message = self.shown(message_id)?;
        let content = Content::Pick { message_id, row };
        self.send(message.provider, &message.to, &message.from, content)
    }

    /// Writes a text to an account; gives the id of the text's message.
    ///
    /// The account is a phone number id, a WhatsApp number, an instance id or a wuzapi user id; empty is the first.
    ///
    /// # Errors
    ///
    /// Fails if the account does not exist.
    pub fn say(
        &self,
        provider: Provider,
        account: &str,
        from: &str,
        text: &str,
    ) -> Result<String, PhoneError> {
        let account = self.state().accounts.find(provider, account);
        let account = account.ok_or(PhoneError::UnknownAccount)?;
        let from = address::bare(from);
        self.send(provider, &from, &account, Content::Text(text))
    }

    /// Opens a message, so that the sender hears that it was read.
    ///
    /// # Errors
    ///
    /// Fails when no phone shows the message.
    pub fn read(&self, message_id: &str) -> Result<(), PhoneError> {
        let message = self.shown(message_id)?;
        let parcels = {
            let mut state = self.state();
            let events = simulators::step(&state, &message, Step::Read);
            arrival::tell(&mut state, message.provider, &message.from, &events)
        };
        self.dispatch(parcels);
        Ok(())
    }

    fn shown(&self, message_id: &str) -> Result<PhoneMessage, PhoneError> {
        let shown = self.state().received.shown(message_id);
        shown.ok_or(PhoneError::UnknownMessage)
    }

    fn send(
        &self,
        provider: Provider,
        from: &str,
        account: &str,
        content: Content<'_>,
    ) -> Result<String, PhoneError> {
        let message_id = match provider {
            Provider::Whatsapp => ids::wamid(),
            _ => ids::phone_message_id(),
        };
        let inbound = Inbound {
            message_id: &message_id,
            from,
            account,
            content,
        };
        let parcels = {
            let mut state = self.state();
            let event = simulators::inbound(&state, provider, &inbound);
            let event = event.ok_or(PhoneError::UnknownShape)?;
            arrival::tell(&mut state, provider, account, &[event])
        };
        self.dispatch(parcels);
        Ok(message_id)
    }
}
