//! The order of one call: a number change stands between what the customer wrote before and after it.

use std::collections::HashMap;

use recado_core::Recipient;
use recado_core::inbound::{Inbound, InboundContent, InboundMessage};

use crate::webhook::call::Received;

/// A number, and an address of a customer there.
type Address<'a> = (Option<&'a str>, &'a Recipient);

/// Puts every number change before the first message from the new names, which Meta may send earlier in the
/// same call: as a stranger's, that message would open a second conversation.
pub(super) fn in_order(received: Vec<Received>) -> Vec<Received> {
    if !received.iter().any(|item| new_names(item).is_some()) {
        return received;
    }
    let mut first: HashMap<Address<'_>, usize> = HashMap::new();
    for (place, item) in received.iter().enumerate() {
        if let (Inbound::Message(message), None) = (&item.what, new_names(item)) {
            for address in message.from.addresses() {
                first
                    .entry((item.number.as_deref(), address))
                    .or_insert(place);
            }
        }
    }
    let place_of = |(place, item): (usize, &Received)| {
        let names = new_names(item).into_iter().flatten();
        let firsts = names.filter_map(|name| first.get(&(item.number.as_deref(), name)));
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

/// The names that a customer has from now on, if the item is a change of them.
fn new_names(item: &Received) -> Option<impl Iterator<Item = &Recipient>> {
    match &item.what {
        Inbound::Message(InboundMessage {
            content: InboundContent::NumberChange { to, .. },
            ..
        }) => Some(to.addresses()),
        _ => None,
    }
}
