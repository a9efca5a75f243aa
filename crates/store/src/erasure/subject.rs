//! The person who is erased, by all addresses that are known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use recado_core::inbound::Contact;
use recado_core::{ConversationId, Recipient, RecipientKind};
use serde_json::Value;

use crate::resources::contacts::spellings;
use crate::resources::conversations::Conversation;
use crate::resources::people;

pub(super) struct NumberChange {
    pub(super) from: Contact,
    pub(super) to: Contact,
    pub(super) at: Timestamp,
}

pub(super) struct DataSubject {
    given: Vec<Recipient>,
    /// The person as the conversations know it.
    known: Vec<Contact>,
    /// The changes by which the person got the addresses of today.
    changes: Vec<NumberChange>,
    /// The changes that are not known to be the person's.
    other_changes: Vec<NumberChange>,
    /// The conversations with the person alone, in the order in which they were found.
    pub(super) own: Vec<ConversationId>,
    pub(super) groups: BTreeSet<ConversationId>,
}

impl DataSubject {
    pub(super) fn new(given: Vec<Recipient>) -> Self {
        Self {
            given,
            known: Vec::new(),
            changes: Vec::new(),
            other_changes: Vec::new(),
            own: Vec::new(),
            groups: BTreeSet::new(),
        }
    }

    /// Returns whether `person`, as seen at that time, is the one who is erased: by the address that was given, by
    /// another address of a conversation that was found, or by one from before a number change. A number may have passed
    /// on to another person, whom no such address finds.
    pub(super) fn is(&self, person: &Contact, at: Timestamp) -> bool {
        let theirs: Vec<Recipient> = person.addresses().flat_map(spellings).collect();
        let has = |address: &Recipient| theirs.contains(address);
        let shares =
            |known: &Contact| known.addresses().any(has) && people::may_be_same(known, person);
        self.given.iter().any(has)
            || self.known.iter().any(shares)
            || (self.changes.iter()).any(|change| at <= change.at && shares(&change.from))
    }

    /// Adds a conversation with the person, or of a group; returns whether an address of the person was new.
    pub(super) fn add(&mut self, conversation: Conversation) -> bool {
        if conversation.recipient.kind() == RecipientKind::Group {
            self.groups.insert(conversation.id);
            return false;
        }
        let person = people::completed(&conversation.person, &people::of(&conversation.recipient));
        if self.own.contains(&conversation.id) || !self.is(&person, conversation.created_at) {
            return false;
        }
        self.own.push(conversation.id);
        // By an address that the person has no more, the next owner of the number would be known.
        if self.is_today(&person) {
            self.known.push(person);
        }
        true
    }

    pub(super) fn add_change(&mut self, change: NumberChange) {
        self.other_changes.push(change);
    }

    pub(super) fn forget_changes(&mut self) {
        self.changes.clear();
        self.other_changes.clear();
    }

    /// Finds all number changes of the person, also earlier ones.
    pub(super) fn learn_former_addresses(&mut self) {
        while let Some(index) =
            (self.other_changes.iter()).position(|change| self.is(&change.to, change.at))
        {
            let change = self.other_changes.swap_remove(index);
            self.changes.push(change);
        }
    }

    /// Returns every address of the person, with the time until which it was the person's if that is over.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&Recipient, Option<Timestamp>)> {
        let known = self.known.iter().flat_map(Contact::addresses);
        let today = self
            .given
            .iter()
            .chain(known)
            .map(|address| (address, None));
        let former = self.changes.iter().flat_map(|change| {
            let addresses = change.from.addresses();
            addresses.map(|address| (address, Some(change.at)))
        });
        today.chain(former)
    }

    fn is_today(&self, person: &Contact) -> bool {
        self.is(person, Timestamp::MAX)
    }
}

pub(super) fn person(data: &Value) -> Contact {
    let addresses = ["phone", "userId", "lid"].into_iter();
    Contact::new(addresses.filter_map(|name| data[name].as_str()?.parse::<Recipient>().ok()))
}
