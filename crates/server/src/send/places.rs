//! The places of sends in flight, and how organizations and channels share them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use recado_core::{ChannelId, OrganizationId};

use crate::api::error::{ApiError, Reason};
use crate::memory::lock;

/// The places of all sends.
///
/// An organization gets another place while it has fewer than are free, and a channel while it has fewer
/// than are left to its organization. So one organization alone has half of the places and one channel a
/// third, two busy organizations have a third each, and what stays free is for those that have none.
#[derive(Clone)]
pub struct SendPlaces {
    most: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    organizations: HashMap<OrganizationId, usize>,
    channels: HashMap<(OrganizationId, ChannelId), usize>,
    /// What channels took that hang, by organization.
    hanging: HashMap<OrganizationId, usize>,
}

/// What one channel may have, beside its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Most places at a time.
    pub(crate) most: usize,
    /// Whether its provider does not answer: all such channels of an organization share what one channel may have, so
    /// that they leave places to those that work, however many they are.
    pub(crate) hangs: bool,
}

impl Allowance {
    /// The share of the channel alone.
    pub(crate) const SHARE: Self = Self {
        most: usize::MAX,
        hangs: false,
    };
}

/// A place of one send, until it is dropped.
pub(crate) struct SendPlace {
    places: SendPlaces,
    channel: (OrganizationId, ChannelId),
    hangs: bool,
    number: usize,
}

/// The share that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsedUp {
    /// All places of the server.
    Server,
    /// Those of the organization, which has so many.
    Organization(usize),
    /// Those of the channel, which has so many.
    Channel(usize),
}

impl SendPlaces {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// Takes a place for a send of the organization on the channel, or says which share is used up.
    pub(crate) fn take(
        &self,
        organization: &OrganizationId,
        channel: &ChannelId,
    ) -> Result<SendPlace, UsedUp> {
        let channel = (organization.clone(), channel.clone());
        self.take_within(&channel, Allowance::SHARE)
    }

    /// Takes a place for a send on a channel of an organization, which may have no more than its allowance.
    pub(crate) fn take_within(
        &self,
        channel: &(OrganizationId, ChannelId),
        allowance: Allowance,
    ) -> Result<SendPlace, UsedUp> {
        let Allowance { most, hangs } = allowance;
        let organization = &channel.0;
        let mut taken = lock(&self.taken);
        let free = self.most.saturating_sub(taken.all);
        let of_organization = count(&taken.organizations, organization);
        let of_channel = count(&taken.channels, channel);
        if free == 0 {
            return Err(UsedUp::Server);
        }
        if of_organization >= free {
            return Err(UsedUp::Organization(of_organization));
        }
        let of_hanging = count(&taken.hanging, organization);
        let of_share = of_channel.max(if hangs { of_hanging } else { 0 });
        if of_channel >= most || of_share >= free - of_organization {
            return Err(UsedUp::Channel(of_channel));
        }
        taken.all += 1;
        *taken.organizations.entry(organization.clone()).or_default() += 1;
        *taken.channels.entry(channel.clone()).or_default() += 1;
        if hangs {
            *taken.hanging.entry(organization.clone()).or_default() += 1;
        }
        Ok(SendPlace {
            places: self.clone(),
            channel: channel.clone(),
            hangs,
            number: of_channel + 1,
        })
    }
}

impl SendPlace {
    /// Returns how many places the channel had when it got this one, with it.
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for SendPlace {
    fn drop(&mut self) {
        let mut taken = lock(&self.places.taken);
        taken.all -= 1;
        give_back(&mut taken.organizations, &self.channel.0);
        give_back(&mut taken.channels, &self.channel);
        if self.hangs {
            give_back(&mut taken.hanging, &self.channel.0);
        }
    }
}

fn count<K: Hash + Eq>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn give_back<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl From<UsedUp> for ApiError {
    fn from(used_up: UsedUp) -> Self {
        let (whose, most) = match used_up {
            UsedUp::Server => {
                let sentence = "Too many sends of this server are in flight; nothing was done";
                return Self::new(Reason::Unavailable, sentence);
            }
            UsedUp::Organization(most) => ("organization", most),
            UsedUp::Channel(most) => ("channel", most),
        };
        let sentence = format!(
            "Too many sends of this {whose} are in flight: it has {most}, its share of the server's places"
        );
        Self::new(Reason::RateLimited, sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str) -> (OrganizationId, ChannelId) {
        ("org".parse().expect("an id"), id.parse().expect("an id"))
    }

    /// Takes places until none is left, and returns them with the reason.
    fn all(places: &SendPlaces, organization: &str, channel: &str) -> (Vec<SendPlace>, UsedUp) {
        let organization = organization.parse().expect("an id");
        let channel = channel.parse().expect("an id");
        let mut taken = Vec::new();
        loop {
            match places.take(&organization, &channel) {
                Ok(place) => taken.push(place),
                Err(used_up) => return (taken, used_up),
            }
        }
    }

    #[test]
    fn a_channel_has_a_third_and_an_organization_half() {
        let places = SendPlaces::new(1024);
        let (first, used_up) = all(&places, "org", "a");
        assert_eq!((first.len(), used_up), (342, UsedUp::Channel(342)));
        let channels = ["b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let others: Vec<_> = channels.map(|id| all(&places, "org", id)).into();
        let held = first.len() + others.iter().map(|(taken, _)| taken.len()).sum::<usize>();
        assert!((500..=512).contains(&held), "{held}");
    }

    #[test]
    fn there_is_a_place_for_one_that_has_none_however_many_are_greedy() {
        let places = SendPlaces::new(1024);
        let mut held = Vec::new();
        for number in 0..8 {
            let organization = format!("greedy-{number}");
            for channel in ["a", "b", "c", "d"] {
                held.push(all(&places, &organization, channel).0);
            }
        }
        let (modest, used_up) = all(&places, "modest", "a");
        assert!(!modest.is_empty(), "{used_up:?}");
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let places = SendPlaces::new(2);
        let (held, used_up) = all(&places, "org", "a");
        assert_eq!((held.len(), used_up), (1, UsedUp::Organization(1)));
        drop(held);
        assert_eq!(all(&places, "org", "a").0.len(), 1);
        let taken = lock(&places.taken);
        assert!(taken.organizations.is_empty() && taken.channels.is_empty());
    }

    #[test]
    fn a_channel_has_no_more_than_its_allowance_and_each_place_tells_how_many_it_had() {
        let (places, channel) = (SendPlaces::new(1024), channel("a"));
        let two = Allowance {
            most: 2,
            hangs: false,
        };
        let take = || places.take_within(&channel, two);
        let (first, second) = (take().expect("a place"), take().expect("a place"));
        assert_eq!((first.number(), second.number()), (1, 2));
        assert_eq!(take().err(), Some(UsedUp::Channel(2)));
        drop(first);
        assert_eq!(take().expect("a place").number(), 2);
    }

    #[test]
    fn all_channels_that_hang_have_together_what_one_channel_may_have() {
        let places = SendPlaces::new(1024);
        let one = Allowance {
            most: 1,
            hangs: true,
        };
        let hanging = |number: usize| places.take_within(&channel(&number.to_string()), one).ok();
        let held: Vec<_> = (0..1024).filter_map(hanging).collect();
        assert_eq!(held.len(), 342);
        let (working, used_up) = all(&places, "org", "works");
        assert!(working.len() > 100, "{} {used_up:?}", working.len());
        drop(held);
        assert!(hanging(0).is_some());
        assert!(lock(&places.taken).hanging.is_empty());
    }

    #[test]
    fn the_error_names_the_share() {
        assert_eq!(all(&SendPlaces::new(0), "org", "a").1, UsedUp::Server);
        for (used_up, reason, named) in [
            (UsedUp::Server, Reason::Unavailable, "this server"),
            (
                UsedUp::Organization(512),
                Reason::RateLimited,
                "this organization",
            ),
            (UsedUp::Channel(342), Reason::RateLimited, "this channel"),
        ] {
            let error = ApiError::from(used_up);
            assert_eq!(error.reason, reason);
            assert!(error.message.contains(named), "{}", error.message);
        }
    }
}
