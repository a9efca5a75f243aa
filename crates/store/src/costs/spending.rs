//! What messages take of the budgets of their channels, exactly over all servers: under the organization lock no other
//! server reads the same use before the commit.

use std::collections::{BTreeMap, BTreeSet};

use recado_core::event::{ChannelBudgetData, EventData};
use recado_core::{ChannelId, MessageId, Money};
use serde::Serialize;
use serde_json::json;

use crate::costs::budget::{Budget, BudgetLimit, BudgetUse, Hold, Spending};
use crate::costs::month::Month;
use crate::events::append::NewEvent;
use crate::prelude::*;

/// The parts of a budget, in percent, at which an event tells how much of it is used.
const ALERTS: [u64; 2] = [80, 100];

/// The budgets that a transaction takes from.
pub(crate) struct Budgets {
    month: Month,
    channels: BTreeMap<ChannelId, Spent>,
    changed: BTreeSet<ChannelId>,
    /// What to append.
    pub(crate) alerts: Vec<NewEvent>,
}

#[derive(Clone, Default)]
struct Spent {
    used: BudgetUse,
    /// The part of which an event told last.
    alerted: u64,
    /// Of which budget it told: of another one an event tells again.
    alerted_limit: String,
}

static READ: OverList = OverList::new(
    "select b.channel_id, b.messages, b.amount, b.alerted, b.alerted_limit from (select {owner} as organization, \
     value ->> 'channel' as channel from {list}) n cross join channel_budgets b \
     where b.organization_id = n.organization and b.channel_id = n.channel and b.month = $3",
);

static WRITE: OverList = OverList::new(
    "insert into channel_budgets (organization_id, channel_id, month, messages, amount, alerted, alerted_limit) \
     select $1, value ->> 'channel', cast(value ->> 'month' as bigint), cast(value ->> 'messages' as bigint), \
     cast(value ->> 'amount' as bigint), cast(value ->> 'alerted' as bigint), value ->> 'alerted_limit' \
     from {list} where true on conflict (organization_id, channel_id, month) do update \
     set messages = excluded.messages, amount = excluded.amount, alerted = excluded.alerted, \
     alerted_limit = excluded.alerted_limit",
);

/// Adds to what is used of budgets, or takes from it.
static ADD: OverList = OverList::new(
    "update channel_budgets set messages = channel_budgets.messages + n.messages, \
     amount = channel_budgets.amount + n.amount from (select {owner} as organization, \
     value ->> 'channel' as channel, cast(value ->> 'month' as bigint) as month, \
     cast(value ->> 'messages' as bigint) as messages, cast(value ->> 'amount' as bigint) as amount from {list}) n \
     where channel_budgets.organization_id = n.organization and channel_budgets.channel_id = n.channel \
     and channel_budgets.month = n.month",
);

static HOLD: OverList = OverList::new(
    "update messages set budget_month = n.month, budget_price = n.price from (select {owner} as organization, \
     value ->> 'message' as message, cast(value ->> 'month' as bigint) as month, \
     cast(value ->> 'price' as bigint) as price from {list}) n \
     where organization_id = n.organization and id = n.message",
);

#[derive(Serialize)]
struct Written<'a> {
    channel: &'a ChannelId,
    month: i64,
    messages: u64,
    amount: i64,
    alerted: u64,
    alerted_limit: &'a str,
}

impl Budgets {
    /// Reads what is used of the budgets of these channels in the month of an instant.
    pub(crate) async fn load(
        kind: DatabaseKind,
        organization: &OrganizationId,
        channels: BTreeSet<&ChannelId>,
        at: Timestamp,
        connection: &mut Connection,
    ) -> Result<Self> {
        let mut budgets = Self {
            month: Month::of(at),
            channels: BTreeMap::new(),
            changed: BTreeSet::new(),
            alerts: Vec::new(),
        };
        if channels.is_empty() {
            return Ok(budgets);
        }
        let list: Vec<_> = channels
            .into_iter()
            .map(|id| json!({ "channel": id }))
            .collect();
        let query = over_list(kind, &READ).id(organization).json(&list);
        let query = query.instant(budgets.month.begin());
        for row in &query.fetch_all(connection).await? {
            let columns = Columns::new(row, "channel_budgets", "channel_id");
            let spent = Spent {
                used: used(&columns)?,
                alerted: columns.get("alerted")?,
                alerted_limit: columns.get("alerted_limit")?,
            };
            budgets.channels.insert(columns.get("channel_id")?, spent);
        }
        Ok(budgets)
    }

    /// Returns the instant from which on a message is allowed again, if its budget does not allow it now.
    pub(crate) fn check(
        &mut self,
        channel: &ChannelId,
        spending: &Spending,
    ) -> Result<(), Timestamp> {
        let used = self.spent(channel).used;
        if spending.is_allowed(used) {
            return Ok(());
        }
        // A message that has no price at all says nothing of how much is used.
        if spending.may_fit() {
            self.alert(channel, &spending.budget, 100);
        }
        Err(self.month.end())
    }

    /// Takes what a message needs, which was checked.
    pub(crate) fn take(&mut self, channel: &ChannelId, spending: &Spending) -> Hold {
        let spent = self.spent(channel);
        spent.used.messages += 1;
        spent.used.amount = [spent.used.amount, spending.price.unwrap_or_default()]
            .into_iter()
            .sum();
        let percent = spending.budget.limit.percent(spent.used);
        self.changed.insert(channel.clone());
        self.alert(channel, &spending.budget, percent);
        Hold::new(self.month.begin(), spending.price)
    }

    fn spent(&mut self, channel: &ChannelId) -> &mut Spent {
        self.channels.entry(channel.clone()).or_default()
    }

    /// Appends an event if a part of the budget is used for the first time.
    fn alert(&mut self, channel: &ChannelId, budget: &Budget, percent: u64) {
        let month = self.month;
        let spent = self.spent(channel);
        let limit = budget.limit.to_string();
        let told = if spent.alerted_limit == limit {
            spent.alerted
        } else {
            0
        };
        let reached = ALERTS.into_iter().filter(|alert| *alert <= percent);
        let Some(newest) = reached.max().filter(|alert| *alert > told) else {
            return;
        };
        (spent.alerted, spent.alerted_limit) = (newest, limit);
        let data = data(newest, month, budget, spent.used);
        self.changed.insert(channel.clone());
        self.alerts.push(NewEvent {
            agent: None,
            channel: Some(channel.clone()),
            conversation: None,
            data: EventData::ChannelBudget(data),
        });
    }

    /// Writes what is used now.
    pub(crate) async fn write(
        &self,
        kind: DatabaseKind,
        organization: &OrganizationId,
        connection: &mut Connection,
    ) -> Result<()> {
        let changed = self.channels.iter();
        let changed = changed.filter(|(channel, _)| self.changed.contains(*channel));
        let written: Vec<_> = changed
            .map(|(channel, spent)| Written {
                channel,
                month: self.month.begin().as_millisecond(),
                messages: spent.used.messages,
                amount: spent.used.amount.millionths(),
                alerted: spent.alerted,
                alerted_limit: &spent.alerted_limit,
            })
            .collect();
        if written.is_empty() {
            return Ok(());
        }
        let query = over_list(kind, &WRITE).id(organization).json(&written);
        query.run(connection).await
    }
}

fn data(percent: u64, month: Month, budget: &Budget, used: BudgetUse) -> ChannelBudgetData {
    let (amount, messages) = match budget.limit {
        BudgetLimit::Amount(amount) => (Some(amount), None),
        BudgetLimit::Messages(messages) => (None, Some(messages)),
    };
    ChannelBudgetData {
        percent,
        month: month.to_string(),
        amount: amount.map(|amount| amount.to_string()),
        currency: budget.currency.clone(),
        messages,
        used_amount: used.amount.to_string(),
        used_messages: used.messages,
        stop: budget.stop,
    }
}

/// Notes with messages what they have taken.
pub(crate) async fn hold(
    kind: DatabaseKind,
    organization: &OrganizationId,
    holds: &[(&MessageId, Hold)],
    connection: &mut Connection,
) -> Result<()> {
    if holds.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = holds
        .iter()
        .map(|(message, hold)| {
            json!({"message": message, "month": hold.month, "price": hold.price.millionths()})
        })
        .collect();
    let query = over_list(kind, &HOLD).id(organization).json(&list);
    query.run(connection).await
}

/// A message that begins to count against the budget of its channel (`1`), or ends to (`-1`).
pub(crate) struct Change {
    pub(crate) channel: ChannelId,
    pub(crate) hold: Hold,
    pub(crate) messages: i64,
}

impl Change {
    /// Creates the change of a message that has taken a part and is not stored.
    pub(crate) fn given_back(channel: &ChannelId, hold: Hold) -> Self {
        Self {
            channel: channel.clone(),
            hold,
            messages: -1,
        }
    }
}

/// Changes what is used of budgets.
pub(crate) async fn change(
    kind: DatabaseKind,
    organization: &OrganizationId,
    changes: impl Iterator<Item = Change>,
    connection: &mut Connection,
) -> Result<()> {
    let mut sums: BTreeMap<(ChannelId, i64), (i64, i64)> = BTreeMap::new();
    for change in changes {
        let sum = sums.entry((change.channel, change.hold.month)).or_default();
        sum.0 += change.messages;
        sum.1 += change.messages * change.hold.price.millionths();
    }
    if sums.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = sums
        .into_iter()
        .map(|((channel, month), (messages, amount))| {
            json!({"channel": channel, "month": month, "messages": messages, "amount": amount})
        })
        .collect();
    let query = over_list(kind, &ADD).id(organization).json(&list);
    query.run(connection).await
}

/// Makes the statement that begins to count the messages of a month with those that were counted otherwise.
pub(crate) fn seed(
    organization: &OrganizationId,
    channel: &ChannelId,
    month: Month,
    used: BudgetUse,
) -> Query {
    Query::new(
        "insert into channel_budgets (organization_id, channel_id, month, messages, amount, alerted, alerted_limit) \
         values ($1, $2, $3, $4, $5, 0, '') on conflict (organization_id, channel_id, month) do update set \
         messages = case when excluded.messages > channel_budgets.messages then excluded.messages \
         else channel_budgets.messages end, \
         amount = case when excluded.amount > channel_budgets.amount then excluded.amount \
         else channel_budgets.amount end",
    )
    .id(organization)
    .id(channel)
    .instant(month.begin())
    .bind(i64::try_from(used.messages).unwrap_or(i64::MAX))
    .bind(used.amount.millionths())
}

impl Store {
    /// Returns how much of the budget of a channel is used in a month.
    pub async fn budget_use(
        &self,
        organization: &OrganizationId,
        channel: &ChannelId,
        month: Month,
    ) -> Result<BudgetUse> {
        let query = Query::new(
            "select channel_id, messages, amount from channel_budgets \
             where organization_id = $1 and channel_id = $2 and month = $3",
        )
        .id(organization)
        .id(channel)
        .instant(month.begin());
        let row = self.read_row(query).await?;
        let row = row.as_ref();
        let read = row.map(|row| used(&Columns::new(row, "channel_budgets", "channel_id")));
        read.transpose().map(Option::unwrap_or_default)
    }
}

fn used(columns: &Columns<'_>) -> Result<BudgetUse> {
    Ok(BudgetUse {
        messages: columns.get("messages")?,
        amount: Money::of_millionths(columns.get("amount")?),
    })
}
