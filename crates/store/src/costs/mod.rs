//! What messages cost: how many were delivered, by what the provider charges for them.
//!
//! A message counts once, in the transaction that makes it both delivered and known how it is charged. Channels whose
//! provider does not say how it charges write nothing here.

pub(crate) mod budget;
pub(crate) mod count;
pub(crate) mod month;
pub(crate) mod spending;

use recado_core::ChannelId;

use crate::costs::month::Month;
use crate::prelude::*;

/// Delivered messages that are charged alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostCount {
    /// What is charged for, such as `service`; `None` if the provider does not say.
    pub category: Option<String>,
    /// `regular` if they are billed, or the provider's word for why they are free.
    pub charge: String,
    /// The calling code of the recipients; `None` if it is not known.
    pub market: Option<u16>,
    /// How many they are.
    pub messages: u64,
}

/// What `charge` is for a message that is billed.
pub(crate) const REGULAR: &str = "regular";

impl CostCount {
    /// Returns whether the messages are free.
    pub fn is_free(&self) -> bool {
        self.charge != REGULAR
    }
}

impl Store {
    /// Returns the delivered messages of a channel in a month, by category, charge and market.
    pub async fn costs(
        &self,
        organization: &OrganizationId,
        channel: &ChannelId,
        month: Month,
    ) -> Result<Vec<CostCount>> {
        let query = Query::new(
            "select category, charge, market, messages from message_costs \
             where organization_id = $1 and channel_id = $2 and month = $3 order by category, charge, market",
        )
        .id(organization)
        .id(channel)
        .instant(month.begin());
        let rows = self.read_rows(query).await?;
        rows.iter().map(counted).collect()
    }
}

fn counted(row: &RawRow) -> Result<CostCount> {
    let columns = Columns::new(row, "message_costs", "market");
    let category: String = columns.get("category")?;
    Ok(CostCount {
        category: Some(category).filter(|category| !category.is_empty()),
        charge: columns.get("charge")?,
        market: columns.get::<&str>("market")?.parse().ok(),
        messages: columns.get("messages")?,
    })
}
