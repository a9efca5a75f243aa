//! Contact cards that a customer sent.

use serde::{Deserialize, Serialize};

/// Contact cards that a customer sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceivedContacts {
    /// The cards, in their order.
    pub contacts: Vec<ContactCard>,
    /// True if the customer shared their own contact after a request (WhatsApp Cloud API).
    pub shared: bool,
}

/// A contact card. What it says is the sender's word.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactCard {
    /// The name.
    pub name: ContactName,
    /// The phone numbers.
    pub phones: Vec<ContactPhone>,
    /// The e-mail addresses.
    pub emails: Vec<String>,
    /// The company.
    pub org: Option<String>,
    /// The whole card as a vCard, if the provider gives one.
    pub vcard: Option<String>,
}

/// The name on a contact card.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactName {
    /// The whole name.
    pub formatted: Option<String>,
    /// The first name.
    pub first: Option<String>,
    /// The last name.
    pub last: Option<String>,
}

/// A phone number on a contact card.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContactPhone {
    /// The number as it is written on the card.
    pub phone: Option<String>,
    /// The number at WhatsApp: digits with the country code.
    pub wa_id: Option<String>,
    /// What the number is for, such as `CELL` or `WORK`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

shows_only!(ReceivedContacts {});
shows_only!(ContactCard {});
shows_only!(ContactName {});
shows_only!(ContactPhone {});
