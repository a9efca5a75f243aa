//! What the messages of a channel cost in a month.

use std::collections::BTreeMap;

use recado_core::Money;
use recado_providers::Profile;
use recado_store::{CostCount, Month};

use super::shape::Budget;
use crate::api::routes::prelude::*;
use crate::costs;
use crate::costs::estimate::{Billed, EstimatedAmount};

/// Which month is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CostsQuery {
    /// The month, such as `2026-11`; the present one if it is left out. Counts are kept for two years.
    #[param(value_type = Option<String>, pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-11")]
    month: Option<String>,
}

/// What the messages of a channel cost in a month, by Recado's own count. Only Meta's invoice tells what is charged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelCosts {
    /// The month.
    month: String,
    /// When the month begins, in UTC. At its ends a message may count in another month than Meta's, whose time zone is not
    /// documented.
    begins_at: Timestamp,
    /// When the month ends.
    ends_at: Timestamp,
    /// Messages that were delivered in the month, by category. A message whose provider does not say how it charges is not
    /// counted.
    delivered: Vec<CategoryCount>,
    /// The messages that are free in each month; null if the provider has none.
    free_messages: Option<FreeMessages>,
    /// What the billed messages cost; null if the operator of this server keeps no prices.
    billed: Option<EstimatedAmount>,
    /// The budget of the channel, and what is used of it in the month; null if the channel has none.
    budget: Option<BudgetState>,
}

/// The budget of a channel, and what is used of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BudgetState {
    #[serde(flatten)]
    budget: Budget,
    /// How many messages count: every message from the moment it is about to be sent, until it is rejected, has failed, or
    /// is reported as free.
    used_messages: u64,
    /// What they cost, as far as their prices are known.
    #[schema(value_type = String)]
    used_amount: Money,
    /// How much of the budget is used, in percent, rounded down.
    percent: u64,
}

/// Delivered messages of one category.
#[derive(Default, Serialize, ToSchema)]
struct CategoryCount {
    /// What is charged for, such as `service`; reply buttons are `service`. Null if the provider does not say.
    category: Option<String>,
    /// How many of them are billed.
    billed: u64,
    /// How many of them are free.
    free: u64,
}

/// The service messages of a number that are free in each month.
#[derive(Serialize, ToSchema)]
struct FreeMessages {
    /// How many are free.
    included: u32,
    /// How many of them are used. Messages of other programs over the same number are not known, and not counted.
    used: u64,
    /// How many of them are left.
    left: u64,
    /// Always true: it is Recado's own count.
    estimate: bool,
}

/// Show the costs of a channel
///
/// Counts the messages that were delivered in a month, by what the provider says about their price, and estimates what they
/// cost by the prices that the operator of this server keeps.
#[utoipa::path(get, path = "/channels/{id}/costs",
    params(CostsQuery),
    responses((status = 200, description = "The costs", body = ChannelCosts)))]
pub(crate) async fn show_channel_costs(
    caller: Caller<Reads>,
    Id(id): Id<ChannelId>,
    Query(query): Query<CostsQuery>,
) -> Answer<ChannelCosts> {
    let (app, organization) = (&caller.app, &caller.organization_id);
    let month = match query.month.as_deref() {
        None => Month::of(app.clock.now()),
        Some(text) => text
            .parse()
            .map_err(|_| wrong("month", "Expected a month such as 2026-11"))?,
    };
    let channel = caller.find::<store::Channel>(&id).await?;
    let counts = app.store.costs(organization, &id, month).await?;
    let profile = Profile::of(channel.provider);
    let free_messages = profile.free_service_messages.map(|included| {
        let used = costs::free_used(&counts).min(included.into());
        FreeMessages {
            included,
            used,
            left: u64::from(included) - used,
            estimate: true,
        }
    });
    let used = app.store.budget_use(organization, &id, month).await?;
    let budget = channel.budget.map(|budget| BudgetState {
        percent: budget.limit.percent(used),
        used_messages: used.messages,
        used_amount: used.amount,
        budget: budget.into(),
    });
    let mut billed = Billed::default();
    for count in counts.iter().filter(|count| !count.is_free()) {
        billed.add(count.market, count.category.as_deref(), count.messages);
    }
    Ok(Json(ChannelCosts {
        month: month.to_string(),
        begins_at: month.begin().into(),
        ends_at: month.end().into(),
        delivered: by_category(counts),
        free_messages,
        billed: billed.amount(app.rates.as_deref()),
        budget,
    }))
}

fn by_category(counts: Vec<CostCount>) -> Vec<CategoryCount> {
    let mut categories: BTreeMap<Option<String>, CategoryCount> = BTreeMap::new();
    for count in counts {
        let is_free = count.is_free();
        let category = categories.entry(count.category.clone()).or_default();
        category.category = count.category;
        let counted = if is_free {
            &mut category.free
        } else {
            &mut category.billed
        };
        *counted += count.messages;
    }
    categories.into_values().collect()
}
