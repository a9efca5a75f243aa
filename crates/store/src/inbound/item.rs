//! The items of a provider webhook that are to be applied, and the result.

use jiff::Timestamp;
use recado_core::inbound::{Contact, Inbound, InboundContent};
use recado_core::{ChannelId, ConversationId, MessageId, OrganizationId, Recipient};

/// The items of one provider webhook, or a part of them.
#[derive(Debug, Clone)]
pub struct Application {
    /// The call, which counts as applied after its last part.
    pub call_id: String,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The items, in the order of the call.
    pub items: Vec<Routed>,
    /// Now.
    pub at: Timestamp,
    /// Whether this is all, or the last part: only then the call counts as applied.
    pub completes: bool,
}

/// One item, and its channel.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The channel; the item has no effect if the organization has no such channel.
    pub channel_id: ChannelId,
    /// The item.
    pub item: Inbound,
    /// Ids for what may have to be created.
    pub ids: FreshIds,
}

impl Routed {
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&ChannelId, &Recipient)> {
        let (from, to, group) = match &self.item {
            Inbound::Message(message) => {
                let to = match &message.content {
                    InboundContent::NumberChange { to, .. } => Some(to),
                    _ => None,
                };
                (Some(&message.from), to, message.group.as_ref())
            }
            Inbound::Call(call) => (Some(&call.from), None, None),
            _ => (None, None, None),
        };
        let people = from.into_iter().chain(to);
        let addresses = people.flat_map(Contact::addresses).chain(group);
        addresses.map(|address| (&self.channel_id, address))
    }
}

/// New ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshIds {
    /// For the message.
    pub message: MessageId,
    /// For the conversation that it may open.
    pub conversation: ConversationId,
}

/// The result of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Events that were appended.
    pub events: usize,
    /// Items that changed nothing.
    pub duplicates: usize,
    /// Statuses that are pending: their message is not stored yet.
    pub pending: usize,
    /// Items that Recado does not store, and those of a deleted channel.
    pub ignored: usize,
    /// A new customer wrote and the organization has no agent: the call stays pending.
    pub no_agent: bool,
}

impl Applied {
    pub(crate) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.pending += other.pending;
        self.ignored += other.ignored;
        self.no_agent |= other.no_agent;
    }

    pub(crate) fn count(&mut self, effect: Effect) {
        match effect {
            Effect::Told => {}
            Effect::Duplicate => self.duplicates += 1,
            Effect::Pending => self.pending += 1,
            Effect::Ignored => self.ignored += 1,
            Effect::NoAgent => self.no_agent = true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Told,
    Duplicate,
    Pending,
    Ignored,
    NoAgent,
}
