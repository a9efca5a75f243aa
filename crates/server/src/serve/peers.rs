//! How many connections each peer has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use recado_providers::is_public;

use crate::memory::lock;

/// One customer of an IPv6 provider has at least a network of this prefix length.
const V6_PREFIX: u32 = 64;

/// Counts the open connections of every public address.
///
/// Loopback and private addresses are not counted: behind a proxy all callers share its address, and
/// the bound of the listener still holds for them.
#[derive(Clone)]
pub(super) struct Peers {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One open connection of a peer, until it is dropped.
pub(super) struct PeerSlot {
    counted: Option<(Peers, IpAddr)>,
}

impl Peers {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            open: Arc::default(),
        }
    }

    /// Takes a place, or returns `None` if the address has all of its own already.
    pub(super) fn admit(&self, address: IpAddr) -> Option<PeerSlot> {
        let address = address.to_canonical();
        if !is_public(address) {
            return Some(PeerSlot { counted: None });
        }
        let key = network(address);
        let mut open = lock(&self.open);
        let count = open.entry(key).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(PeerSlot {
            counted: Some((self.clone(), key)),
        })
    }
}

impl Drop for PeerSlot {
    fn drop(&mut self) {
        let Some((peers, key)) = &self.counted else {
            return;
        };
        let mut open = lock(&peers.open);
        if let Entry::Occupied(mut count) = open.entry(*key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// The address that is counted: of IPv6 the network, for one machine has many addresses there.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - V6_PREFIX);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::of_one_address("8.8.8.8", "8.8.8.8", "1.1.1.1")]
    #[case::of_one_network("2606:4700::1", "2606:4700::2:1", "2606:4700:0:1::1")]
    #[case::in_both_notations("8.8.8.8", "::ffff:8.8.8.8", "::ffff:1.1.1.1")]
    fn a_peer_has_its_own_places_and_gets_them_back(
        #[case] one: IpAddr,
        #[case] same: IpAddr,
        #[case] other: IpAddr,
    ) {
        let peers = Peers::new(2);
        let first = peers.admit(one).expect("a place");
        let _second = peers.admit(same).expect("a place");
        assert!(peers.admit(one).is_none() && peers.admit(same).is_none());
        let _others = peers.admit(other).expect("a place of its own");
        drop(first);
        assert!(peers.admit(one).is_some());
    }

    #[rstest]
    #[case("127.0.0.1")]
    #[case("10.0.0.7")]
    #[case("::1")]
    #[case("fd00::7")]
    #[case("::ffff:172.17.0.1")]
    fn a_proxy_beside_the_server_has_every_place(#[case] proxy: IpAddr) {
        let peers = Peers::new(0);
        assert!(peers.admit(proxy).is_some());
        assert!(peers.open.lock().expect("no panic").is_empty());
    }

    #[test]
    fn peers_that_are_gone_are_forgotten() {
        let peers = Peers::new(1);
        drop(peers.admit("8.8.8.8".parse().expect("an address")));
        assert!(peers.open.lock().expect("no panic").is_empty());
    }
}
