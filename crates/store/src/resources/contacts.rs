//! Contacts: a contact is the set of conversations of one channel that share an address.
//!
//! Every address and window is written to each of these conversations, of every agent and with every spelling of
//! the number, so that a send reads one row.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use recado_core::inbound::{Contact, CustomerCall, phone_variants};
use recado_core::{ChannelId, Recipient, RecipientKind};

use crate::inbound::known_channels::KnownChannel;
use crate::prelude::*;
use crate::resources::conversations::Conversation;
use crate::resources::people;

mod rows;

/// How long WhatsApp carries any message after the customer wrote (Meta, customer service window).
const WINDOW_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// The index of a conversation in [`Contacts`].
pub(crate) type Slot = usize;

/// The conversations of the contacts that one transaction is about.
#[derive(Default)]
pub(crate) struct Contacts {
    known: Vec<Known>,
    /// The conversations that may have an address; a number change leaves former addresses behind.
    slots: HashMap<(ChannelId, Recipient), BTreeSet<Slot>>,
    opened: Vec<Slot>,
    learned: BTreeSet<Slot>,
}

struct Known {
    conversation: Conversation,
    /// When its last message was stored, or when it was created.
    said_at: i64,
}

/// Returns the end of the window that the customer opened at that time, if the provider has windows.
pub(crate) fn window(
    sent_at: Option<i64>,
    channel: &KnownChannel,
    now: Timestamp,
) -> Option<Timestamp> {
    if !channel.provider.has_service_window() {
        return None;
    }
    let now = now.as_millisecond();
    // A `sent_at` in the future counts as now, so that it cannot lengthen the window.
    let sent_at = sent_at.filter(|at| (1..now).contains(at));
    Timestamp::from_millisecond(sent_at.unwrap_or(now) + WINDOW_MILLISECONDS).ok()
}

impl Contacts {
    fn know(&mut self, known: Known) -> Slot {
        let slot = self.known.len();
        self.known.push(known);
        self.index(slot);
        slot
    }

    /// Indexes a conversation by all its addresses.
    fn index(&mut self, slot: Slot) {
        let conversation = &self.known[slot].conversation;
        let addresses = conversation.person.addresses();
        for address in addresses.chain([&conversation.recipient]) {
            let key = (conversation.channel_id.clone(), address.clone());
            self.slots.entry(key).or_default().insert(slot);
        }
    }

    pub(crate) fn get(&self, slot: Slot) -> &Conversation {
        &self.known[slot].conversation
    }

    fn at(&self, channel: &ChannelId, address: &Recipient) -> Vec<Slot> {
        let key = (channel.clone(), address.clone());
        self.slots
            .get(&key)
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    /// Returns the conversations of this customer, those of the surest address first, and of these the one with the
    /// latest message.
    ///
    /// A phone number with a different user id belongs to another customer, so its conversations do not match.
    pub(crate) fn of(&self, person: &Contact, channel: &ChannelId) -> Vec<Slot> {
        let mut found: Vec<(usize, Slot)> = Vec::new();
        let mut seen = HashSet::new();
        let addresses = [&person.user_id, &person.lid, &person.phone];
        for (rank, name) in addresses.into_iter().enumerate() {
            for spelling in name.iter().flat_map(spellings) {
                for slot in self.at(channel, &spelling) {
                    let known = &self.get(slot).person;
                    let theirs = [&known.user_id, &known.lid, &known.phone];
                    let passed_on = matches!((&person.user_id, &known.user_id), (Some(new), Some(old)) if new != old);
                    let matches = theirs[rank].as_ref() == Some(&spelling);
                    if matches && !passed_on && seen.insert(slot) {
                        found.push((rank, slot));
                    }
                }
            }
        }
        found.sort_by_key(|(rank, slot)| (*rank, self.latest_first(*slot)));
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Returns the conversations with this group, the one with the latest message first.
    pub(crate) fn of_group(&self, group: &Recipient, channel: &ChannelId) -> Vec<Slot> {
        let mut found = self.at(channel, group);
        found.sort_by_key(|slot| self.latest_first(*slot));
        found
    }

    fn latest_first(&self, slot: Slot) -> Reverse<(i64, &str)> {
        let known = &self.known[slot];
        Reverse((known.said_at, known.conversation.id.as_str()))
    }

    /// Adds new addresses and a later window to all conversations of a customer.
    pub(crate) fn learn(&mut self, theirs: &[Slot], person: &Contact, window: Option<Timestamp>) {
        let ends = theirs.iter().map(|slot| self.get(*slot).window_expires_at);
        let window = ends.fold(window, Option::max);
        for &slot in theirs {
            let conversation = &mut self.known[slot].conversation;
            let mut changed = false;
            if people::may_be_same(&conversation.person, person) {
                let completed = people::completed(&conversation.person, person);
                changed |= completed != conversation.person;
                conversation.person = completed;
            }
            if window > conversation.window_expires_at {
                conversation.window_expires_at = window;
                changed = true;
            }
            if changed {
                self.index(slot);
                self.learned.insert(slot);
            }
        }
    }

    /// Opens the window of a customer who called.
    pub(crate) fn called(&mut self, call: &CustomerCall, channel: &KnownChannel, now: Timestamp) {
        let theirs = self.of(&call.from, &channel.id);
        self.learn(&theirs, &call.from, window(call.at, channel, now));
    }

    /// Adds a conversation; returns `None` if its agent has one with the same recipient.
    pub(crate) fn open(&mut self, conversation: Conversation) -> Option<Slot> {
        let taken = self
            .at(&conversation.channel_id, &conversation.recipient)
            .into_iter()
            .map(|slot| self.get(slot))
            .any(|known| {
                known.agent_id == conversation.agent_id && known.recipient == conversation.recipient
            });
        if taken {
            return None;
        }
        let said_at = conversation.created_at.as_millisecond();
        let slot = self.know(Known {
            conversation,
            said_at,
        });
        self.opened.push(slot);
        Some(slot)
    }

    pub(crate) fn said(&mut self, slot: Slot, at: Timestamp) {
        let said_at = &mut self.known[slot].said_at;
        *said_at = at.as_millisecond().max(*said_at);
    }

    /// Gives a stored conversation another recipient and other addresses.
    pub(crate) fn readdress(&mut self, slot: Slot, recipient: &Recipient, to: &Contact) {
        let conversation = &mut self.known[slot].conversation;
        conversation.recipient = recipient.clone();
        conversation.person = to.clone().named(conversation.person.name.take());
        self.index(slot);
    }
}

/// Returns the spellings under which a conversation may have an address.
pub(crate) fn spellings(address: &Recipient) -> Vec<Recipient> {
    if address.kind() != RecipientKind::Phone {
        return vec![address.clone()];
    }
    let variants = phone_variants(address.as_str()).into_iter();
    variants
        .filter_map(|variant| variant.parse().ok())
        .collect()
}
