//! Limits of sends: how much of each is used, for all servers together.
//!
//! [`take`] works within a transaction, so that a message that is taken back takes nothing. Under the organization lock
//! no other server reads the same use before the commit.

mod ask;
pub(crate) mod guess;
pub(crate) mod known;
pub(crate) mod limited;
pub(crate) mod prune;
mod rules;
pub(crate) mod uses;

use std::collections::BTreeSet;

use recado_core::ChannelId;
use recado_core::capabilities::SendLimit;
use serde::Serialize;

use crate::costs::budget::Hold;
use crate::costs::spending::Budgets;
use crate::events::append::{Appended, EventLog, NewEvent};
use crate::limits::known::KnownUses;
use crate::limits::limited::Limited;
use crate::limits::rules::Rule;
use crate::limits::uses::{Uses, WRITE, instant};
use crate::prelude::*;

pub(crate) use crate::limits::ask::Ask;
pub use crate::limits::ask::SendLimits;

/// How much is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitLeft {
    /// The limit.
    pub limit: SendLimit,
    /// How many messages may be sent now.
    pub left: u32,
    /// When as many messages as ever may be sent; `None` if that is now.
    pub full_at: Option<Timestamp>,
}

/// What asks were granted.
pub(crate) struct Taken {
    /// For each ask what it has taken of a budget, or why it is not allowed.
    pub(crate) granted: Vec<Result<Option<Hold>, Limited>>,
    /// Events to append: parts of budgets are used.
    alerts: Vec<NewEvent>,
}

static READ: OverList = OverList::new(
    "select l.subject, l.full_at, l.started_at from (select {owner} as organization, \
     value ->> 'subject' as subject from {list}) n join send_limits l \
     on l.organization_id = n.organization and l.subject = n.subject",
);

#[derive(Serialize)]
struct Subject<'a> {
    subject: &'a str,
}

/// Takes what sends of an organization ask for, in their order, and stores what is used then; returns for each whether
/// its limits allow it. One that is not allowed takes nothing of any limit.
///
/// The transaction has to hold the organization lock.
pub(crate) async fn take(
    store: &Store,
    organization: &OrganizationId,
    asks: &[&Ask],
    connection: &mut Connection,
) -> Result<Taken> {
    let kind = store.kind();
    if asks.iter().all(|ask| ask.is_free()) {
        return Ok(Taken {
            granted: vec![Ok(None); asks.len()],
            alerts: Vec::new(),
        });
    }
    let rows = if asks.iter().all(|ask| ask.limits.is_empty()) {
        Vec::new()
    } else {
        let query = read(kind, organization, asks);
        query.fetch_all(&mut *connection).await?
    };
    let mut uses = Uses::of(&rows)?;
    // The latest instant counts for the whole batch.
    let now = asks.iter().map(|ask| ask.at).max().unwrap_or_default();
    let budgeted = asks.iter().filter_map(|ask| Some(&ask.budget.as_ref()?.0));
    let mut budgets = Budgets::load(
        kind,
        organization,
        budgeted.collect(),
        instant(now)?,
        connection,
    )
    .await?;
    let granted = asks
        .iter()
        .map(|ask| grant(ask, now, &mut uses, &mut budgets));
    let granted = granted.collect::<Result<_>>()?;
    let changed = uses.changed();
    if !changed.is_empty() {
        let write = over_list(kind, &WRITE).id(organization).json(&changed);
        write.run(&mut *connection).await?;
    }
    budgets.write(kind, organization, connection).await?;
    if kind == DatabaseKind::Postgres {
        // If the transaction is undone, the next guess is wrong.
        let known = store.in_memory::<KnownUses>();
        known.learn(organization, asks, &uses);
    }
    let alerts = budgets.alerts;
    Ok(Taken { granted, alerts })
}

/// Takes what one send asks for. The budget is asked first: a send that it does not allow takes nothing of a rate.
fn grant(
    ask: &Ask,
    now: i64,
    uses: &mut Uses,
    budgets: &mut Budgets,
) -> Result<Result<Option<Hold>, Limited>> {
    if let Some((channel, spending)) = &ask.budget
        && let Err(until) = budgets.check(channel, spending)
    {
        let limit = SendLimit::Budget;
        return Ok(Err(Limited { limit, until }));
    }
    let taken = uses.take(ask, now)?;
    let budget = ask.budget.as_ref();
    Ok(taken.map(|()| budget.map(|(channel, spending)| budgets.take(channel, spending))))
}

impl Taken {
    /// Appends the events, in the transaction of the sends.
    pub(crate) async fn append(
        self,
        kind: DatabaseKind,
        organization: &OrganizationId,
        at: Timestamp,
        connection: &mut Connection,
    ) -> Result<Appended> {
        if self.alerts.is_empty() {
            return Ok(Appended::default());
        }
        let mut log = EventLog::open(kind, organization.clone(), at, connection).await?;
        for alert in self.alerts {
            log.append(alert);
        }
        log.write(connection).await
    }
}

fn read(kind: DatabaseKind, organization: &OrganizationId, asks: &[&Ask]) -> Query {
    let limits = asks.iter().flat_map(|ask| &ask.limits);
    let subjects: BTreeSet<_> = limits.map(|(_, subject, _)| subject.as_str()).collect();
    let subjects: Vec<_> = subjects
        .into_iter()
        .map(|subject| Subject { subject })
        .collect();
    over_list(kind, &READ).id(organization).json(&subjects)
}

impl Store {
    /// Returns how much is left of the limits of a channel's sends. What is left to a person is not told: each person
    /// has a limit of their own.
    pub async fn limits_left(
        &self,
        organization: &OrganizationId,
        channel: &ChannelId,
        limits: &SendLimits,
        at: Timestamp,
    ) -> Result<Vec<LimitLeft>> {
        let ask = Ask::new(self, channel, limits, at);
        if ask.is_free() {
            return Ok(Vec::new());
        }
        let rows = self
            .read_rows(read(self.kind(), organization, &[&ask]))
            .await?;
        let stored = Uses::of(&rows)?;
        let mut all = Vec::new();
        for (limit, subject, rule) in ask.limits {
            let Rule::Bucket(bucket) = rule else { continue };
            let used = rule.corrected(stored.used(&subject), ask.at);
            let full_at = Some(used.full_at).filter(|full_at| *full_at > ask.at);
            all.push(LimitLeft {
                limit,
                left: u32::try_from(bucket.left(used, ask.at)).unwrap_or_default(),
                full_at: full_at.map(instant).transpose()?,
            });
        }
        Ok(all)
    }
}
