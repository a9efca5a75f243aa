//! Which queues come first, and how they share the places of attempts.
//!
//! A queue is busy if its last turn left messages that were due. The others come first, so that a message to an idle
//! channel waits for no backlog; every other time the busy ones do, so that they get at least half of the places.
//! Among equals the one comes first whose last turn was the longest ago, so that each has its turn.

use std::collections::{HashMap, HashSet};

use recado_core::OrganizationId;
use recado_store::ChannelQueue;

use super::allowances::channel_of;
use crate::send::places::{Allowance, SendPlace, SendPlaces};

/// Most places that a queue gets before the others have had theirs, so that a few queues cannot hold all places.
const MAX_PLACES_AT_ONCE: usize = 8;

/// Queues of an organization of which attempts are being begun at a time: those of one look share a transaction, and a
/// message to an idle channel waits for all that began before.
const MAX_BEGINNING: usize = 16;

/// Queues whose last turns are known, at most; what is not known counts as idle.
const MAX_KNOWN: usize = 10_000;

/// The turns that queues had.
#[derive(Default)]
pub(super) struct FairOrder {
    turns: HashMap<ChannelQueue, Turn>,
    /// The number of the last turn.
    last: usize,
    are_busy_first: bool,
    /// Whether any queue got a place since that changed.
    has_given: bool,
}

/// A queue that has something due.
pub(super) struct Wanting {
    pub(super) queue: ChannelQueue,
    /// Attempts that may begin now, at most.
    pub(super) most: usize,
    /// What its channel may have in flight.
    pub(super) allowance: Allowance,
}

/// The last turn of a queue.
struct Turn {
    number: usize,
    is_busy: bool,
}

impl FairOrder {
    /// Takes places for queues beside those whose attempts are being begun, and returns the queues that got some, in the
    /// order in which their attempts begin.
    pub(super) fn share(
        &mut self,
        places: &SendPlaces,
        beginning: &HashSet<ChannelQueue>,
        mut queues: Vec<Wanting>,
    ) -> Vec<(ChannelQueue, Vec<SendPlace>)> {
        queues.sort_by_cached_key(|wanting| {
            let turn = self.turns.get(&wanting.queue);
            let is_busy = turn.is_some_and(|turn| turn.is_busy);
            (is_busy != self.are_busy_first, turn.map(|turn| turn.number))
        });
        let taken = take(places, beginning, queues);
        self.has_given |= !taken.is_empty();
        taken
    }

    /// Notes that all queues were looked at: the others come first the next time, if any got a place.
    pub(super) fn end_pass(&mut self) {
        // With each look instead, the same queues would stay behind where two looks make a pass, or every other look
        // finds a place.
        self.are_busy_first ^= std::mem::take(&mut self.has_given);
    }

    /// Notes that a queue had its turn, and whether that left messages that were due.
    pub(super) fn note(&mut self, queue: &ChannelQueue, is_busy: bool) {
        self.last += 1;
        let number = self.last;
        self.turns.insert(queue.clone(), Turn { number, is_busy });
        if self.turns.len() > MAX_KNOWN {
            self.turns
                .retain(|_, turn| turn.number + MAX_KNOWN / 2 > number);
        }
    }
}

/// Takes places for queues, one pack after the other as long as there are places.
fn take(
    places: &SendPlaces,
    beginning: &HashSet<ChannelQueue>,
    queues: Vec<Wanting>,
) -> Vec<(ChannelQueue, Vec<SendPlace>)> {
    let mut begun: HashMap<OrganizationId, usize> = HashMap::new();
    for queue in beginning {
        *begun.entry(queue.organization_id.clone()).or_default() += 1;
    }
    let mut all: Vec<_> = queues
        .into_iter()
        .map(|wanting| (wanting, Vec::new()))
        .collect();
    let mut is_open = true;
    while is_open {
        is_open = false;
        for (wanting, taken) in &mut all {
            let organization = wanting.queue.organization_id.clone();
            let begun = begun.entry(organization).or_default();
            if taken.is_empty() && *begun >= MAX_BEGINNING {
                continue;
            }
            let wanted = MAX_PLACES_AT_ONCE.min(wanting.most - taken.len());
            let channel = channel_of(&wanting.queue);
            let free = || places.take_within(&channel, wanting.allowance).ok();
            let before = taken.len();
            taken.extend(std::iter::from_fn(free).take(wanted));
            *begun += usize::from(before == 0 && !taken.is_empty());
            if taken.len() < before + MAX_PLACES_AT_ONCE {
                wanting.most = taken.len();
            }
            is_open |= taken.len() < wanting.most;
        }
    }
    let all = all.into_iter().filter(|(_, taken)| !taken.is_empty());
    all.map(|(wanting, taken)| (wanting.queue, taken)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(channel: &str) -> ChannelQueue {
        queue_of("org_1", channel)
    }

    fn queue_of(organization: &str, channel: &str) -> ChannelQueue {
        ChannelQueue {
            organization_id: organization.parse().expect("an id"),
            channel_id: channel.parse().expect("an id"),
            api_key_id: None,
        }
    }

    /// Shares places among channels, and returns how many each got.
    fn share(
        order: &mut FairOrder,
        places: usize,
        channels: &[(&str, usize)],
    ) -> Vec<(String, usize)> {
        let channels = channels.iter().map(|(channel, most)| Wanting {
            queue: queue(channel),
            most: *most,
            allowance: Allowance::SHARE,
        });
        let taken = order.share(
            &SendPlaces::new(places),
            &HashSet::new(),
            channels.collect(),
        );
        let taken = taken.into_iter();
        taken
            .map(|(queue, places)| (queue.channel_id.to_string(), places.len()))
            .collect()
    }

    #[test]
    fn a_queue_waits_while_attempts_of_many_queues_of_its_organization_are_being_begun() {
        let numbers = 0..MAX_BEGINNING - 1;
        let beginning = numbers.map(|number| queue_of("org_1", &format!("begins-{number}")));
        let beginning: HashSet<_> = beginning.collect();
        let wanting = |organization, channel| Wanting {
            queue: queue_of(organization, channel),
            most: 20,
            allowance: Allowance::SHARE,
        };
        let queues = vec![
            wanting("org_1", "a"),
            wanting("org_1", "b"),
            wanting("org_2", "c"),
        ];
        let taken = FairOrder::default().share(&SendPlaces::new(1_000), &beginning, queues);
        let taken: Vec<_> = taken
            .iter()
            .map(|(queue, places)| (queue.channel_id.as_str(), places.len()))
            .collect();
        assert_eq!(taken, [("a", 20), ("c", 20)]);
    }

    /// The order of channels that all get a place.
    fn order_of(order: &mut FairOrder, channels: &[&str]) -> Vec<String> {
        let channels: Vec<_> = channels.iter().map(|channel| (*channel, 1)).collect();
        let shared = share(order, 1_000, &channels);
        shared.into_iter().map(|(channel, _)| channel).collect()
    }

    fn with_busy(channels: &[&str]) -> FairOrder {
        let mut order = FairOrder::default();
        for channel in channels {
            order.note(&queue(channel), true);
        }
        order
    }

    #[test]
    fn idle_queues_come_before_busy_ones_and_after_them_every_other_time() {
        let mut order = with_busy(&["busy"]);
        order.note(&queue("emptied"), false);
        let all = ["busy", "emptied", "new"];
        for _ in 0..2 {
            assert_eq!(order_of(&mut order, &all), ["new", "emptied", "busy"]);
            order.end_pass();
            assert_eq!(order_of(&mut order, &all), ["busy", "new", "emptied"]);
            order.end_pass();
        }
    }

    #[test]
    fn the_one_comes_first_whose_last_turn_was_the_longest_ago() {
        let mut order = with_busy(&["a", "b", "c", "a"]);
        assert_eq!(order_of(&mut order, &["a", "b", "c"]), ["b", "c", "a"]);
    }

    #[test]
    fn the_order_stays_until_all_were_looked_at_and_one_got_a_place() {
        let mut order = with_busy(&["busy"]);
        let all = ["busy", "idle"];
        assert_eq!(share(&mut order, 0, &[("busy", 1), ("idle", 1)]), []);
        order.end_pass();
        assert_eq!(order_of(&mut order, &all), ["idle", "busy"]);
        assert_eq!(order_of(&mut order, &all), ["idle", "busy"]);
        order.end_pass();
        assert_eq!(order_of(&mut order, &all), ["busy", "idle"]);
    }

    #[test]
    fn a_queue_gets_more_than_a_pack_only_when_each_has_had_one() {
        // One organization has half of them.
        let counts = |places: usize, channels: &[_]| -> Vec<_> {
            let shared = share(&mut FairOrder::default(), 2 * places, channels);
            shared.into_iter().map(|(_, count)| count).collect()
        };
        assert_eq!(counts(20, &[("a", 32), ("b", 32)])[1], MAX_PLACES_AT_ONCE);
        assert_eq!(counts(100, &[("a", 20), ("b", 1), ("c", 0)]), [20, 1]);
    }

    #[test]
    fn the_turns_that_are_known_are_bounded() {
        let mut order = FairOrder::default();
        for number in 0..2 * MAX_KNOWN {
            order.note(&queue(&number.to_string()), true);
        }
        assert!(order.turns.len() <= MAX_KNOWN);
        let newest = queue(&(2 * MAX_KNOWN - 1).to_string());
        assert!(order.turns.contains_key(&newest));
    }
}
