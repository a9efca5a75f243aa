//! Customers by all their names, as the store and the events write them.

use recado_core::Recipient;
use recado_core::inbound::{Contact, phone_variants};
use serde::{Deserialize, Serialize};

use crate::prelude::*;

/// A customer as the column `sender` holds it.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredContact {
    phone: Option<String>,
    user_id: Option<String>,
    lid: Option<String>,
    name: Option<String>,
}

stored!(StoredContact as json);

impl From<&Contact> for StoredContact {
    fn from(person: &Contact) -> Self {
        let text = |address: &Option<Recipient>| address.as_ref().map(Recipient::to_string);
        Self {
            phone: text(&person.phone),
            user_id: text(&person.user_id),
            lid: text(&person.lid),
            name: person.name.clone(),
        }
    }
}

impl StoredContact {
    /// Returns `None` if an address cannot be parsed.
    pub(crate) fn into_contact(self) -> Option<Contact> {
        let address = |text: Option<String>| text.map(|text| text.parse()).transpose().ok();
        let addresses = [
            address(self.phone)?,
            address(self.user_id)?,
            address(self.lid)?,
        ];
        Some(Contact::new(addresses.into_iter().flatten()).named(self.name))
    }
}

/// Reads the customer of a conversation.
pub(crate) fn read(columns: &Columns<'_>) -> Result<Contact> {
    let addresses: [Option<Recipient>; 3] = [
        columns.get("phone")?,
        columns.get("user_id")?,
        columns.get("lid")?,
    ];
    let name = columns.get("person_name")?;
    Ok(Contact::new(addresses.into_iter().flatten()).named(name))
}

/// Returns the customer of an address; without addresses if it is a group.
pub(crate) fn of(recipient: &Recipient) -> Contact {
    Contact::new([recipient.clone()])
}

/// Reads who sent a message, if a customer did.
pub(crate) fn read_sender(columns: &Columns<'_>) -> Result<Option<Contact>> {
    let sender = columns.get::<Option<StoredContact>>("sender")?;
    let sender = sender.map(|sender| {
        let contact = sender.into_contact();
        contact.ok_or_else(|| columns.corrupt("sender"))
    });
    sender.transpose()
}

/// Returns `person` with the addresses and the name that only `other` has.
pub(crate) fn completed(person: &Contact, other: &Contact) -> Contact {
    let addresses = person.addresses().chain(other.addresses());
    let name = person.name.as_ref().or(other.name.as_ref());
    Contact::new(addresses.cloned()).named(name.cloned())
}

/// Returns whether every address that both have is the same.
pub(crate) fn may_be_same(one: &Contact, other: &Contact) -> bool {
    let differ = |one: &Option<Recipient>, other: &Option<Recipient>| matches!((one, other), (Some(one), Some(other)) if one != other);
    let phones_differ = match (&one.phone, &other.phone) {
        (Some(one), Some(other)) => !phone_variants(one.as_str())
            .iter()
            .any(|variant| variant == other.as_str()),
        _ => false,
    };
    !phones_differ && !differ(&one.user_id, &other.user_id) && !differ(&one.lid, &other.lid)
}

pub(crate) fn bound_name(person: &Contact) -> Option<String> {
    person
        .name
        .as_deref()
        .map(|name| row::text(name).into_owned())
}
