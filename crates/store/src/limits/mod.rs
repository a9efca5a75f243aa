//! Limits of sends: how much of each is used, for all servers together.
//!
//! [`take`] works within a transaction, so that a message that is taken back takes nothing. Under the organization lock
//! no other server reads the same use before the commit.

pub(crate) mod known;
pub(crate) mod limited;
pub(crate) mod prune;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use recado_core::capabilities::{PairRate, Rate, SendLimit};
use recado_core::{ApiKeyId, ChannelId, Recipient};
use serde::Serialize;

use crate::costs::budget::{Hold, Spending};
use crate::costs::spending::Budgets;
use crate::events::append::{Appended, EventLog, NewEvent};
use crate::limits::known::KnownUses;
use crate::limits::limited::Limited;
use crate::limits::rules::{Bucket, MAX_CLOCK_DIFFERENCE, Rule, Use};
use crate::prelude::*;

/// The limits that apply to a send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SendLimits {
    /// The rate of the channel.
    pub channel: Option<Rate>,
    /// The person, and the rate of the channel to each person.
    pub recipient: Option<(Recipient, PairRate)>,
    /// The rate of the organization.
    pub organization: Option<Rate>,
    /// The API key of the caller, and its rate.
    pub api_key: Option<(ApiKeyId, Rate)>,
    /// What the message takes of the budget of the channel.
    pub budget: Option<Spending>,
}

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

/// What a send asks of its limits.
#[derive(Clone)]
pub(crate) struct Ask {
    at: i64,
    limits: Vec<(SendLimit, String, Rule)>,
    budget: Option<(ChannelId, Spending)>,
}

/// What asks were granted.
pub(crate) struct Taken {
    /// For each ask what it has taken of a budget, or why it is not allowed.
    pub(crate) granted: Vec<Result<Option<Hold>, Limited>>,
    /// Events to append: parts of budgets are used.
    alerts: Vec<NewEvent>,
}

/// What sends take of the rates that they ask, as far as this process knows.
pub(crate) struct Guess {
    uses: Uses,
    now: i64,
}

impl Ask {
    pub(crate) fn new(
        store: &Store,
        channel: &ChannelId,
        limits: &SendLimits,
        at: Timestamp,
    ) -> Self {
        let bucket = |rate| Rule::Bucket(Bucket::from(rate));
        let person = limits.recipient.as_ref().map(|(recipient, rate)| {
            let hash = store.key().recipient_hash(channel, recipient);
            let rule = Rule::Debt((*rate).into());
            (SendLimit::Recipient, format!("p:{hash}"), rule)
        });
        let of_channel = |rate| (SendLimit::Channel, format!("c:{channel}"), bucket(rate));
        let of_organization = |rate| (SendLimit::Organization, "o".to_owned(), bucket(rate));
        let key = limits.api_key.as_ref();
        let of_key =
            |(id, rate): &(ApiKeyId, Rate)| (SendLimit::ApiKey, format!("k:{id}"), bucket(*rate));
        let all = [
            limits.channel.map(of_channel),
            person,
            limits.organization.map(of_organization),
            key.map(of_key),
        ];
        Self {
            at: at.as_microsecond(),
            limits: all.into_iter().flatten().collect(),
            budget: limits
                .budget
                .clone()
                .map(|budget| (channel.clone(), budget)),
        }
    }

    /// Returns whether no limit applies.
    pub(crate) fn is_free(&self) -> bool {
        self.limits.is_empty() && self.budget.is_none()
    }
}

static READ: OverList = OverList::new(
    "select l.subject, l.full_at, l.started_at from (select {owner} as organization, \
     value ->> 'subject' as subject from {list}) n join send_limits l \
     on l.organization_id = n.organization and l.subject = n.subject",
);

macro_rules! write {
    ($list:literal) => {
        concat!(
            "insert into send_limits (organization_id, subject, full_at, started_at) \
             select $1, value ->> 'subject', cast(value ->> 'full_at' as bigint), \
             cast(value ->> 'started_at' as bigint) from ",
            $list,
            " where true on conflict (organization_id, subject) do update \
             set full_at = excluded.full_at, started_at = excluded.started_at"
        )
    };
}

static WRITE: OverList = OverList::new(write!("{list}"));

/// The same for the changes of a guess, which are `$4`.
pub(crate) const WRITE_GUESS: &str = write!("jsonb_array_elements($4::jsonb)");

/// Finds a limit that is not used as the guess behind the changes `$4` says. A row that tells nothing any more may be
/// removed.
pub(crate) const IS_WRONG_GUESS: &str = "\
    select from (select case when value is not null then $1 end as organization, value ->> 'subject' as subject, \
    value -> 'before' as before, value ->> 'is_past' as is_past from jsonb_array_elements($4::jsonb)) n \
    left join send_limits l on l.organization_id = n.organization and l.subject = n.subject \
    where (l.subject is not null or n.is_past = 'false') \
    and (l.full_at is distinct from cast(n.before ->> 'full_at' as bigint) \
    or l.started_at is distinct from cast(n.before ->> 'started_at' as bigint))";

#[derive(Serialize)]
struct Subject<'a> {
    subject: &'a str,
}

#[derive(Serialize)]
struct Written<'a> {
    subject: &'a str,
    full_at: i64,
    started_at: Option<i64>,
}

#[derive(Serialize)]
struct Replaced<'a> {
    before: Option<Use>,
    is_past: bool,
    #[serde(flatten)]
    written: Written<'a>,
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

/// What is used of the limits of a batch, and what of that changed, in the order in which rows are locked.
#[derive(Default)]
struct Uses {
    before: BTreeMap<String, Use>,
    now: BTreeMap<String, Use>,
}

impl Uses {
    fn of(rows: &[RawRow]) -> Result<Self> {
        let mut before = BTreeMap::new();
        for row in rows {
            let columns = Columns::new(row, "send_limits", "subject");
            let used = Use {
                full_at: columns.get("full_at")?,
                started_at: columns.get("started_at")?,
            };
            before.insert(columns.get("subject")?, used);
        }
        let now = before.clone();
        Ok(Self { before, now })
    }

    fn used(&self, subject: &str) -> Use {
        self.now.get(subject).copied().unwrap_or(Use::NONE)
    }

    fn take(&mut self, ask: &Ask, now: i64) -> Result<Result<(), Limited>> {
        let mut taken = Vec::with_capacity(ask.limits.len());
        let mut limited: Option<(i64, SendLimit)> = None;
        for (limit, subject, rule) in &ask.limits {
            let used = rule.corrected(self.used(subject), now);
            if used != self.used(subject) {
                self.now.insert(subject.clone(), used);
            }
            match rule.take(used, now) {
                Ok(used) => taken.push((subject, used)),
                Err(until) if limited.is_some_and(|(longest, _)| longest >= until) => {}
                Err(until) => limited = Some((until, *limit)),
            }
        }
        if let Some((until, limit)) = limited {
            let until = instant(until)?;
            return Ok(Err(Limited { limit, until }));
        }
        for (subject, used) in taken {
            self.now.insert(subject.clone(), used);
        }
        Ok(Ok(()))
    }

    fn changed(&self) -> Vec<Written<'_>> {
        let changed = self.now.iter();
        let changed = changed.filter(|(subject, used)| self.before.get(*subject) != Some(used));
        changed
            .map(|(subject, used)| Written {
                subject,
                full_at: used.full_at,
                started_at: used.started_at,
            })
            .collect()
    }
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Corrupt {
        table: "send_limits",
        column: "full_at",
        id: String::new(),
    })
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
