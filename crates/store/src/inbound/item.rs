//! What a provider webhook says, ready to be applied, and what comes of it.

use jiff::Timestamp;
use recado_core::inbound::{Inbound, InboundContent, Person};
use recado_core::{ChannelId, ConversationId, MessageId, OrganizationId, Recipient};

/// What one webhook call says, or a part of that, ready to be applied.
#[derive(Debug, Clone)]
pub struct Application {
    /// The call, which counts as applied after its last part.
    pub call_id: String,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What it says, in its own order.
    pub items: Vec<Routed>,
    /// Now.
    pub at: Timestamp,
    /// Whether this is all, or the last part; a call whose other parts follow is not applied yet.
    pub completes: bool,
}

/// One thing that a webhook says, and which channel it is about.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The channel; the item has no effect if the organization has no such channel.
    pub channel_id: ChannelId,
    /// What is said.
    pub item: Inbound,
    /// Ids for what may have to be created.
    pub ids: FreshIds,
}

impl Routed {
    /// Returns all addresses of customers and groups that the item names.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&ChannelId, &Recipient)> {
        let (from, to, group) = match &self.item {
            Inbound::Message(message) => {
                let to = match &message.content {
                    InboundContent::Moved { to, .. } => Some(to),
                    _ => None,
                };
                (Some(&message.from), to, message.group.as_ref())
            }
            Inbound::Call(call) => (Some(&call.from), None, None),
            _ => (None, None, None),
        };
        let people = from.into_iter().chain(to);
        let addresses = people.flat_map(Person::addresses).chain(group);
        addresses.map(|address| (&self.channel_id, address))
    }
}

/// Ids that nothing has yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshIds {
    /// For the message.
    pub message: MessageId,
    /// For the conversation that it may open.
    pub conversation: ConversationId,
}

/// What came of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Events that were appended.
    pub events: usize,
    /// Items that told nothing new.
    pub duplicates: usize,
    /// Statuses that wait for their message.
    pub orphans: usize,
    /// Items about nothing that is kept, and those of a channel that is gone.
    pub ignored: usize,
    /// Somebody new wrote and the organization has no agent: the call stays unapplied.
    pub no_agent: bool,
}

impl Applied {
    /// Adds what came of another part of the same call.
    pub(crate) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.orphans += other.orphans;
        self.ignored += other.ignored;
        self.no_agent |= other.no_agent;
    }

    /// Counts what came of one item.
    pub(crate) fn count(&mut self, effect: Effect) {
        match effect {
            Effect::Told => {}
            Effect::Duplicate => self.duplicates += 1,
            Effect::Orphaned => self.orphans += 1,
            Effect::Ignored => self.ignored += 1,
            Effect::NoAgent => self.no_agent = true,
        }
    }
}

/// What came of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Told,
    Duplicate,
    Orphaned,
    Ignored,
    NoAgent,
}
