//! A person on WhatsApp, by the addresses that a provider gives.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::recipient::{Recipient, RecipientKind};

/// A customer, by every address that is known. There may be no phone number.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Contact))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Contact {
    /// The phone number: digits with the country code.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub phone: Option<Recipient>,
    /// The business-scoped user id that Meta gives the customer.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user_id: Option<Recipient>,
    /// WhatsApp's linked id of the customer.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub lid: Option<Recipient>,
    /// The name that the customer chose.
    pub name: Option<String>,
}

impl Contact {
    /// Creates a customer with these addresses, the first one of each form; a group is left out.
    ///
    /// ```
    /// use recado_core::inbound::Contact;
    ///
    /// let ana = Contact::new(["5511900000001".parse()?, "190000000000001@lid".parse()?]);
    /// assert!(ana.phone.is_some() && ana.lid.is_some() && ana.user_id.is_none());
    /// # Ok::<(), recado_core::RecipientError>(())
    /// ```
    pub fn new(addresses: impl IntoIterator<Item = Recipient>) -> Self {
        let mut contact = Self::default();
        for address in addresses {
            let place = match address.kind() {
                RecipientKind::Phone => &mut contact.phone,
                RecipientKind::UserId => &mut contact.user_id,
                RecipientKind::Lid => &mut contact.lid,
                RecipientKind::Group => continue,
            };
            place.get_or_insert(address);
        }
        contact
    }

    /// Sets the name.
    #[must_use]
    pub fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    /// Returns the addresses, the surest first: user id, LID, phone.
    pub fn addresses(&self) -> impl Iterator<Item = &Recipient> {
        [&self.user_id, &self.lid, &self.phone]
            .into_iter()
            .flatten()
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.addresses()).finish()
    }
}
