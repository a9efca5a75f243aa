//! A message from a customer: a text, a tap, a row of a list, a file, a place or a reaction.

use serde::{Deserialize, Serialize};

use super::buttons::Tap;
use super::file::KeptFile;
use super::location::Location;

/// The name of every simulated customer.
pub(crate) const CUSTOMER: &str = "Ana";

/// The member of every group who taps, picks and writes in it.
pub(crate) const MEMBER: &str = "5521966665555";

/// A row that a customer picks from a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// The id that the choice sends back.
    pub id: String,
    /// The text of the row.
    pub title: String,
    /// The small text under the title.
    #[serde(default)]
    pub description: Option<String>,
}

/// A message from a customer, as every provider reports it.
pub(crate) struct Inbound<'a> {
    pub(crate) message_id: &'a str,
    /// The customer or the group, as in [`crate::PhoneMessage::to`].
    pub(crate) from: &'a str,
    pub(crate) account: &'a str,
    /// The id of the message that it answers.
    pub(crate) in_reply_to: Option<&'a str>,
    pub(crate) content: InboundContent<'a>,
}

pub(crate) enum InboundContent<'a> {
    Text(&'a str),
    Tap(Tap<'a>),
    Pick(&'a ListRow),
    File(&'a KeptFile),
    Location(&'a Location),
    /// A reaction to the message that is answered; an empty one takes it back.
    Reaction(&'a str),
}
