//! The use of limits as this process wrote it last, so that PostgreSQL is asked and told in one round trip.
//!
//! It is only a guess: what is written was compared with what is stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use recado_core::OrganizationId;

use crate::limits::ask::Ask;
use crate::limits::rules::Use;
use crate::limits::uses::Uses;

/// Most limits that are known; when there are more, all are forgotten.
const MAX_KNOWN_LIMITS: usize = 10_000;

/// How long no guess is made after a wrong one: another server takes from the same limits.
const GUESS_PAUSE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct KnownUses(Mutex<Known>);

#[derive(Default)]
struct Known {
    organizations: HashMap<OrganizationId, Organization>,
    /// How many limits all of them have.
    count: usize,
}

#[derive(Default)]
struct Organization {
    uses: HashMap<String, Use>,
    wrong_at: Option<Instant>,
}

impl KnownUses {
    /// Returns what is used of these limits, as far as it is known; `None` after a wrong guess.
    pub(super) fn guess(&self, organization: &OrganizationId, asks: &[&Ask]) -> Option<Uses> {
        let known = self.known();
        let known = known.organizations.get(organization)?;
        if known.wrong_at.is_some_and(|at| at.elapsed() < GUESS_PAUSE) {
            return None;
        }
        let subjects = asks.iter().flat_map(|ask| &ask.limits);
        let before: BTreeMap<_, _> = subjects
            .filter_map(|(_, subject, _)| Some((subject.clone(), *known.uses.get(subject)?)))
            .collect();
        let now = before.clone();
        Some(Uses { before, now })
    }

    /// Learns what is used of these limits now.
    pub(super) fn learn(&self, organization: &OrganizationId, asks: &[&Ask], uses: &Uses) {
        if asks.iter().all(|ask| ask.limits.is_empty()) {
            return;
        }
        let mut known = self.known();
        if known.count + known.organizations.len() > MAX_KNOWN_LIMITS {
            *known = Known::default();
        }
        let Known {
            organizations,
            count,
        } = &mut *known;
        let known = organizations.entry(organization.clone()).or_default();
        for (_, subject, _) in asks.iter().flat_map(|ask| &ask.limits) {
            let before = match uses.now.get(subject) {
                Some(now) => known.uses.insert(subject.clone(), *now),
                None => known.uses.remove(subject),
            };
            match (before, uses.now.contains_key(subject)) {
                (None, true) => *count += 1,
                (Some(_), false) => *count -= 1,
                _ => {}
            }
        }
    }

    pub(crate) fn was_wrong(&self, organization: &OrganizationId) {
        if let Some(known) = self.known().organizations.get_mut(organization) {
            known.wrong_at = Some(Instant::now());
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that panics is done under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use recado_core::capabilities::{Rate, SendLimit};

    use super::*;
    use crate::limits::guess::Guess;
    use crate::limits::rules::Rule;

    fn ask(subject: &str) -> Ask {
        let rate = Rate::per_second(NonZeroU32::new(2).unwrap());
        Ask {
            at: 1_000_000,
            limits: vec![(
                SendLimit::Channel,
                subject.to_owned(),
                Rule::Bucket(rate.into()),
            )],
            budget: None,
        }
    }

    fn organization() -> OrganizationId {
        "org_1".parse().unwrap()
    }

    #[test]
    fn a_guess_is_made_of_what_was_learned_until_one_is_wrong() {
        let (known, organization) = (KnownUses::default(), organization());
        let asks = [&ask("c:chn_1")];
        assert!(Guess::take(&known, &organization, &asks).is_none());
        known.learn(&organization, &asks, &Uses::default());
        let mut granted = 0;
        while let Some(guess) = Guess::take(&known, &organization, &asks) {
            guess.learn(&known, &organization, &asks);
            granted += 1;
        }
        assert_eq!(
            granted, 2,
            "the database decides what a limit does not seem to allow"
        );
        known.learn(&organization, &asks, &Uses::default());
        known.was_wrong(&organization);
        assert!(Guess::take(&known, &organization, &asks).is_none());
    }

    #[test]
    fn what_is_known_is_bounded() {
        let known = KnownUses::default();
        for number in 0..=2 * MAX_KNOWN_LIMITS {
            let organization = format!("org_{}", number / 3).parse().unwrap();
            let asks = [&ask(&number.to_string())];
            known.learn(&organization, &asks, &Uses::default());
            if let Some(guess) = Guess::take(&known, &organization, &asks) {
                guess.learn(&known, &organization, &asks);
            }
        }
        let known = known.known();
        let uses: usize = known.organizations.values().map(|it| it.uses.len()).sum();
        assert_eq!(uses, known.count);
        assert!((1..=MAX_KNOWN_LIMITS + 1).contains(&uses));
    }
}
