//! The order of one call: a number change stands between what the customer wrote before and after it.

use std::collections::HashMap;

use recado_core::Recipient;
use recado_core::inbound::{Inbound, InboundContent, InboundMessage};

use crate::webhook::Received;

/// A number, and an address of a customer there.
type Address<'a> = (Option<&'a str>, &'a Recipient);

/// Puts every number change before the first message from the new addresses, which Meta may send earlier in the
/// same call: as a stranger's, that message would open a second conversation.
pub(super) fn in_order(received: Vec<Received>) -> Vec<Received> {
    if !received.iter().any(|item| new_addresses(item).is_some()) {
        return received;
    }
    let mut first: HashMap<Address<'_>, usize> = HashMap::new();
    for (place, item) in received.iter().enumerate() {
        if let (Inbound::Message(message), None) = (&item.what, new_addresses(item)) {
            for address in message.from.addresses() {
                first
                    .entry((item.number.as_deref(), address))
                    .or_insert(place);
            }
        }
    }
    let place_of = |(place, item): (usize, &Received)| {
        let addresses = new_addresses(item).into_iter().flatten();
        let firsts = addresses.filter_map(|new| first.get(&(item.number.as_deref(), new)));
        match firsts.min() {
            Some(first) if *first < place => (*first, false),
            _ => (place, true),
        }
    };
    let places: Vec<_> = received.iter().enumerate().map(place_of).collect();
    let mut sorted: Vec<_> = places.into_iter().zip(received).collect();
    sorted.sort_by_key(|(place, _)| *place);
    sorted.into_iter().map(|(_, item)| item).collect()
}

/// Returns the addresses that a customer has from now on, if the item is a number change.
fn new_addresses(item: &Received) -> Option<impl Iterator<Item = &Recipient>> {
    match &item.what {
        Inbound::Message(InboundMessage {
            content: InboundContent::NumberChange { to, .. },
            ..
        }) => Some(to.addresses()),
        _ => None,
    }
}
