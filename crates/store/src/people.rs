//! Customers by all their names, as the store and the events write them.

use recado_core::inbound::{Person, phone_variants};
use recado_core::{Recipient, RecipientKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::columns::{self, Columns};
use crate::error::StoreError;

/// A customer as JSON, in the store's own shape.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPerson {
    phone: Option<String>,
    user_id: Option<String>,
    lid: Option<String>,
    name: Option<String>,
}

impl From<&Person> for StoredPerson {
    fn from(person: &Person) -> Self {
        let text = |address: &Option<Recipient>| address.as_ref().map(Recipient::to_string);
        Self {
            phone: text(&person.phone),
            user_id: text(&person.user_id),
            lid: text(&person.lid),
            name: person.name.clone(),
        }
    }
}

impl StoredPerson {
    /// The customer; none if an address is no address.
    pub(crate) fn into_person(self) -> Option<Person> {
        let address = |text: Option<String>| text.map(|text| text.parse()).transpose().ok();
        Some(Person {
            phone: address(self.phone)?,
            user_id: address(self.user_id)?,
            lid: address(self.lid)?,
            name: self.name,
        })
    }
}

/// The customer as events show them.
pub(crate) fn as_json(person: &Person) -> Value {
    let text = |address: &Option<Recipient>| address.as_ref().map(Recipient::to_string);
    json!({
        "phone": text(&person.phone),
        "userId": text(&person.user_id),
        "lid": text(&person.lid),
        "name": person.name,
    })
}

/// The customer out of the columns of a conversation.
pub(crate) fn read(columns: &Columns<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        phone: columns.parse_optional("phone")?,
        user_id: columns.parse_optional("user_id")?,
        lid: columns.parse_optional("lid")?,
        name: columns.get("person_name")?,
    })
}

/// What an address alone says of a customer; nothing if it is a group.
pub(crate) fn of(recipient: &Recipient) -> Person {
    let mut person = Person::default();
    let name = match recipient.kind() {
        RecipientKind::Phone => &mut person.phone,
        RecipientKind::UserId => &mut person.user_id,
        RecipientKind::Lid => &mut person.lid,
        RecipientKind::Group => return person,
    };
    *name = Some(recipient.clone());
    person
}

/// `person` with the names that only `other` has.
pub(crate) fn completed(person: &Person, other: &Person) -> Person {
    let either =
        |one: &Option<Recipient>, two: &Option<Recipient>| one.as_ref().or(two.as_ref()).cloned();
    Person {
        phone: either(&person.phone, &other.phone),
        user_id: either(&person.user_id, &other.user_id),
        lid: either(&person.lid, &other.lid),
        name: person.name.as_ref().or(other.name.as_ref()).cloned(),
    }
}

/// Whether no name that both have tells two customers apart.
pub(crate) fn may_be_same(one: &Person, other: &Person) -> bool {
    let differ = |one: &Option<Recipient>, other: &Option<Recipient>| matches!((one, other), (Some(one), Some(other)) if one != other);
    let phones_differ = match (&one.phone, &other.phone) {
        (Some(one), Some(other)) => !phone_variants(one.as_str())
            .iter()
            .any(|variant| variant == other.as_str()),
        _ => false,
    };
    !phones_differ && !differ(&one.user_id, &other.user_id) && !differ(&one.lid, &other.lid)
}

/// An address as a value to bind.
pub(crate) fn bound(address: Option<&Recipient>) -> Option<String> {
    address.map(Recipient::to_string)
}

/// A name for people as both databases keep it.
pub(crate) fn bound_name(person: &Person) -> Option<String> {
    person
        .name
        .as_deref()
        .map(|name| columns::text(name).into_owned())
}
