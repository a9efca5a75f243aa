//! The customers' phones: tapping, writing, picking from a list, reading.

use serde::{Deserialize, Serialize};

use crate::Sandbox;
use crate::address;
use crate::ids;
use crate::provider::Provider;
use crate::received::{PhoneButton, PhoneMessage};
use crate::simulators::{whatsapp, wuzapi, zapi, zapperhub};
use crate::state::State;
use crate::webhooks::{Event, Step};

/// The name that every customer has in the simulation.
pub(crate) const CUSTOMER: &str = "Ana";

/// The member of every group who taps, picks and writes there.
pub(crate) const MEMBER: &str = "5521966665555";

/// A button of a message: its id, or its place from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// The place, from 0.
    Index(usize),
    /// The id that the sender gave it.
    Id(String),
}

impl From<usize> for Choice {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for Choice {
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

/// The form in which a tap comes back, where a provider has several (their names on the wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// Z-API's documented form, and the old one of linked devices.
    ButtonsResponseMessage,
    /// Z-API, `buttonReply` with `buttonId` and `message` (observed).
    ButtonReply,
    /// Z-API, `buttonReply` with `id` and `text` (observed).
    ButtonReplyId,
    /// The usual form of linked devices; inferred for Z-API.
    TemplateButtonReplyMessage,
    /// The native flow of linked devices.
    InteractiveResponseMessage,
    /// Z-API, only the button's words as a text that answers the message (inferred).
    Text,
}

/// A row that a customer picks from a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// What the choice sends back.
    pub id: String,
    /// What the row says.
    pub title: String,
    /// The small text under the title.
    #[serde(default)]
    pub description: Option<String>,
}

/// Why a phone cannot do what it was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No phone shows such a message.
    #[error("no phone shows a message with this id")]
    UnknownMessage,
    /// The message has no such button.
    #[error("the message has no such button")]
    UnknownButton,
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// The provider has no such form of a tap.
    #[error("a tap at this provider has no such shape")]
    UnknownShape,
}

/// What a customer sends.
pub(crate) enum Content<'a> {
    Text(&'a str),
    Tap {
        message_id: &'a str,
        button: &'a PhoneButton,
        index: usize,
        shape: Option<Shape>,
    },
    Pick {
        message_id: &'a str,
        row: &'a ListRow,
    },
}

/// A message from a customer, as every provider tells it.
pub(crate) struct Inbound<'a> {
    pub(crate) message_id: &'a str,
    /// The customer, as in [`PhoneMessage::to`].
    pub(crate) from: &'a str,
    pub(crate) account: &'a str,
    pub(crate) content: Content<'a>,
}

impl Sandbox {
    /// Taps a button; gives the id of the message that the tap is. Each tap is a new one.
    ///
    /// # Errors
    ///
    /// Fails when no phone shows the message, or it has no such button, or its provider no such shape.
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
    /// Fails when there is no such account.
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
            let events = message.step(&state, Step::Read);
            state.tell(message.provider, &message.from, &events)
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
            let event = inbound.event(&state, provider);
            let event = event.ok_or(PhoneError::UnknownShape)?;
            state.tell(provider, account, &[event])
        };
        self.dispatch(parcels);
        Ok(message_id)
    }
}

impl Inbound<'_> {
    /// `None` when the provider lacks the shape.
    fn event(&self, state: &State, provider: Provider) -> Option<Event> {
        match provider {
            Provider::Whatsapp => whatsapp::inbound(state, self),
            Provider::Zapi => zapi::inbound(state, self),
            Provider::Zapperhub => zapperhub::inbound(state, self),
            Provider::Wuzapi => wuzapi::inbound(state, self),
        }
    }
}

impl PhoneMessage {
    /// What the sender hears of a step of the message.
    pub(crate) fn step(&self, state: &State, step: Step) -> Vec<Event> {
        match self.provider {
            Provider::Whatsapp => whatsapp::step(state, self, step),
            Provider::Zapi => zapi::step(state, self, step),
            Provider::Zapperhub => zapperhub::step(state, self, step),
            Provider::Wuzapi => wuzapi::step(state, self, step),
        }
    }
}
