//! The customers' phones: tapping, writing, picking from a list, reading.

mod buttons;
mod file;
mod inbound;
mod list;
mod location;
mod message;

pub use self::buttons::{Buttons, Choice, PhoneButton, Shape};
pub use self::file::{FileKind, PhoneFile};
pub use self::inbound::ListRow;
pub use self::list::{List, Menu, Section};
pub use self::location::Location;
pub use self::message::{Content, PhoneMessage};

pub(crate) use self::buttons::Tap;
pub(crate) use self::file::{Files, KeptFile};
pub(crate) use self::inbound::{CUSTOMER, Inbound, InboundContent, MEMBER};

use crate::{Provider, Sandbox, Step, address, simulators, webhooks::arrival};

/// Why a phone cannot do what it was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No phone shows such a message.
    #[error("no phone shows a message with this id")]
    UnknownMessage,
    /// The message does not have the button.
    #[error("the message does not have this button")]
    UnknownButton,
    /// The button opens a link, and answers nothing.
    #[error("the button opens a link, and answers nothing")]
    OpensLink,
    /// The message does not have the row.
    #[error("the message does not have this row")]
    UnknownRow,
    /// The provider does not have the account.
    #[error("the provider does not have this account")]
    UnknownAccount,
    /// The provider does not use this form of a tap.
    #[error("the provider does not use this shape of a tap")]
    UnknownShape,
}

impl Sandbox {
    /// Taps a button, and returns the id of the message that the tap sends; each tap sends a new one.
    pub fn tap(
        &self,
        message_id: &str,
        button: impl Into<Choice>,
        shape: impl Into<Option<Shape>>,
    ) -> Result<String, PhoneError> {
        let message = self.shown(message_id)?;
        let mut buttons = message.buttons().iter().enumerate();
        let (index, button) = match button.into() {
            Choice::Index(index) => buttons.nth(index),
            Choice::Id(id) => buttons.find(|(_, button)| button.id == id),
        }
        .ok_or(PhoneError::UnknownButton)?;
        if button.url.is_some() {
            return Err(PhoneError::OpensLink);
        }
        let shape = shape.into();
        let tap = Tap {
            button,
            index,
            shape,
        };
        self.answer(&message, InboundContent::Tap(tap))
    }

    /// Picks a row of the list that a message shows by its id, and returns the id of the message that the choice sends.
    pub fn pick_shown(&self, message_id: &str, row_id: &str) -> Result<String, PhoneError> {
        let message = self.shown(message_id)?;
        let row = message.rows().find(|row| row.id == row_id);
        let row = row.ok_or(PhoneError::UnknownRow)?;
        self.answer(&message, InboundContent::Pick(row))
    }

    /// Picks a row in answer to a message, and returns the id of the message that the choice sends.
    ///
    /// The message need not have the row: a customer may choose from a list of another sender.
    pub fn pick(&self, message_id: &str, row: &ListRow) -> Result<String, PhoneError> {
        let message = self.shown(message_id)?;
        self.answer(&message, InboundContent::Pick(row))
    }

    /// Writes a text to an account, and returns the id of its message.
    ///
    /// The account is a phone number id, a WhatsApp number, an instance id or a wuzapi user id; an empty text is the
    /// provider's first account.
    pub fn say(
        &self,
        provider: Provider,
        account: &str,
        from: &str,
        text: &str,
    ) -> Result<String, PhoneError> {
        self.begin(provider, account, from, InboundContent::Text(text))
    }

    /// Sends a file to an account, as [`Sandbox::say`] does a text, and returns the id of its message.
    pub fn send_file(
        &self,
        provider: Provider,
        account: &str,
        from: &str,
        file: &PhoneFile,
    ) -> Result<String, PhoneError> {
        let account = self.account(provider, account)?;
        let kept = self.state().files.keep(&account, file);
        self.begin(provider, &account, from, InboundContent::File(&kept))
    }

    /// Sends a place to an account, as [`Sandbox::say`] does a text, and returns the id of its message.
    pub fn send_location(
        &self,
        provider: Provider,
        account: &str,
        from: &str,
        place: &Location,
    ) -> Result<String, PhoneError> {
        self.begin(provider, account, from, InboundContent::Location(place))
    }

    /// Reacts to a message, and returns the id of the reaction; an empty emoji takes an earlier one back.
    pub fn react(&self, message_id: &str, emoji: &str) -> Result<String, PhoneError> {
        let message = self.shown(message_id)?;
        self.answer(&message, InboundContent::Reaction(emoji))
    }

    /// Opens a message, so that the sender learns that it was read.
    pub fn read(&self, message_id: &str) -> Result<(), PhoneError> {
        let message = self.shown(message_id)?;
        let mut state = self.state();
        let events = simulators::step(&state, &message, Step::Read);
        let parcels = arrival::report(&mut state, message.provider, &message.from, &events);
        drop(state);
        self.dispatch(parcels);
        Ok(())
    }

    fn account(&self, provider: Provider, account: &str) -> Result<String, PhoneError> {
        let account = self.state().accounts.find(provider, account);
        account.ok_or(PhoneError::UnknownAccount)
    }

    /// Sends what answers no message.
    fn begin(
        &self,
        provider: Provider,
        account: &str,
        from: &str,
        content: InboundContent<'_>,
    ) -> Result<String, PhoneError> {
        let inbound = Inbound {
            message_id: &simulators::inbound_id(provider),
            from: &address::bare(from),
            account: &self.account(provider, account)?,
            in_reply_to: None,
            content,
        };
        self.send(provider, &inbound)
    }

    fn shown(&self, message_id: &str) -> Result<PhoneMessage, PhoneError> {
        let shown = self.state().received.shown(message_id);
        shown.ok_or(PhoneError::UnknownMessage)
    }

    fn answer(
        &self,
        message: &PhoneMessage,
        content: InboundContent<'_>,
    ) -> Result<String, PhoneError> {
        let inbound = Inbound {
            message_id: &simulators::inbound_id(message.provider),
            from: &message.to,
            account: &message.from,
            in_reply_to: Some(&message.message_id),
            content,
        };
        self.send(message.provider, &inbound)
    }

    fn send(&self, provider: Provider, inbound: &Inbound<'_>) -> Result<String, PhoneError> {
        let mut state = self.state();
        let event = simulators::inbound(&state, provider, inbound);
        let event = event.ok_or(PhoneError::UnknownShape)?;
        let parcels = arrival::report(&mut state, provider, inbound.account, &[event]);
        drop(state);
        self.dispatch(parcels);
        Ok(inbound.message_id.to_owned())
    }
}
