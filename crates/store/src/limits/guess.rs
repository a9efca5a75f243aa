//! Guesses of what is used of limits, which PostgreSQL compares with what is stored.

use serde::Serialize;

use crate::limits::ask::Ask;
use crate::limits::known::KnownUses;
use crate::limits::rules::{MAX_CLOCK_DIFFERENCE, Use};
use crate::limits::uses::{Uses, Written};
use crate::prelude::*;

/// Finds a limit that is not used as the guess behind the changes `$4` says. A row whose time has passed may have been
/// removed.
pub(crate) const IS_WRONG_GUESS: &str = "\
    select from (select case when value is not null then $1 end as organization, value ->> 'subject' as subject, \
    value -> 'before' as before, value ->> 'is_past' as is_past from jsonb_array_elements($4::jsonb)) n \
    left join send_limits l on l.organization_id = n.organization and l.subject = n.subject \
    where (l.subject is not null or n.is_past = 'false') \
    and (l.full_at is distinct from cast(n.before ->> 'full_at' as bigint) \
    or l.started_at is distinct from cast(n.before ->> 'started_at' as bigint))";

#[derive(Serialize)]
struct Replaced<'a> {
    before: Option<Use>,
    is_past: bool,
    #[serde(flatten)]
    written: Written<'a>,
}

/// What sends take of the rates that they ask, as far as this process knows.
pub(crate) struct Guess {
    uses: Uses,
    now: i64,
}

impl Guess {
    /// Takes what the sends ask for of what is known; `None` if the database has to be asked: a limit would not allow
    /// one of them, or it would have to count a budget.
    pub(crate) fn take(
        known: &KnownUses,
        organization: &OrganizationId,
        asks: &[&Ask],
    ) -> Option<Self> {
        if asks.iter().any(|ask| ask.budget.is_some()) {
            return None;
        }
        let mut uses = known.guess(organization, asks)?;
        let now = asks.iter().map(|ask| ask.at).max().unwrap_or_default();
        for ask in asks {
            uses.take(ask, now).ok()?.ok()?;
        }
        Some(Self { uses, now })
    }

    /// Returns what has to be stored, and what it takes the place of, as a list in JSON.
    pub(crate) fn changes(&self) -> String {
        let changes = self.uses.changed().into_iter().map(|written| {
            let before = self.uses.before.get(written.subject).copied();
            let is_past = |used: Use| used.full_at < self.now - MAX_CLOCK_DIFFERENCE;
            Replaced {
                before,
                is_past: before.is_some_and(is_past),
                written,
            }
        });
        row::json(&changes.collect::<Vec<_>>())
    }

    /// Keeps what is used then: the guess was right.
    pub(crate) fn learn(&self, known: &KnownUses, organization: &OrganizationId, asks: &[&Ask]) {
        known.learn(organization, asks, &self.uses);
    }
}
