//! Counting the messages that a transaction makes both delivered and known how they are charged.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use recado_core::inbound::Pricing;
use recado_core::{ChannelId, ConversationId, Recipient};
use serde::Serialize;
use serde_json::json;

use crate::costs::REGULAR;
use crate::costs::month::Month;
use crate::events::append::EventLog;
use crate::prelude::*;

/// A message that is delivered and whose class is known since this transaction.
pub(crate) struct Charged {
    pub(crate) channel: ChannelId,
    pub(crate) conversation: ConversationId,
    pub(crate) pricing: Pricing,
    pub(crate) delivered_at: Timestamp,
}

static RECIPIENTS: OverList = OverList::new(
    "select v.id, v.recipient from (select {owner} as organization, value ->> 'conversation' as conversation \
     from {list}) n cross join conversations v where v.organization_id = n.organization and v.id = n.conversation",
);

static ADD: OverList = OverList::new(
    "insert into message_costs (organization_id, channel_id, month, category, charge, market, messages) \
     select $1, value ->> 'channel', cast(value ->> 'month' as bigint), value ->> 'category', value ->> 'charge', \
     value ->> 'market', cast(value ->> 'messages' as bigint) from {list} where true \
     on conflict (organization_id, channel_id, month, category, charge, market) do update \
     set messages = message_costs.messages + excluded.messages",
);

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Class {
    channel: ChannelId,
    month: i64,
    category: String,
    charge: String,
    market: String,
}

#[derive(Serialize)]
struct Added {
    #[serde(flatten)]
    class: Class,
    messages: i64,
}

/// Counts messages. The transaction has to hold the organization lock.
pub(crate) async fn count(
    charged: Vec<Charged>,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<()> {
    if charged.is_empty() {
        return Ok(());
    }
    let conversations: BTreeSet<_> = charged.iter().map(|it| &it.conversation).collect();
    let conversations: Vec<_> = conversations
        .into_iter()
        .map(|id| json!({ "conversation": id }))
        .collect();
    let rows = log
        .over(&RECIPIENTS, &conversations)
        .fetch_all(&mut *connection)
        .await?;
    let mut markets: HashMap<ConversationId, _> = HashMap::new();
    for row in &rows {
        let columns = Columns::new(row, "conversations", "id");
        let recipient: Recipient = columns.get("recipient")?;
        let code = recipient.calling_code();
        markets.insert(columns.get("id")?, code.map(|code| code.to_string()));
    }
    let mut classes: BTreeMap<Class, i64> = BTreeMap::new();
    for message in charged {
        let market = markets.get(&message.conversation).cloned().flatten();
        *classes.entry(message.class(market)).or_default() += 1;
    }
    let added: Vec<_> = classes
        .into_iter()
        .map(|(class, messages)| Added { class, messages })
        .collect();
    log.over(&ADD, &added).run(connection).await
}

impl Charged {
    fn class(self, market: Option<String>) -> Class {
        let is_free = self.pricing.is_free();
        let kind = self.pricing.kind.filter(|_| is_free);
        let word = |word: Option<String>| row::text(&word.unwrap_or_default()).into_owned();
        Class {
            channel: self.channel,
            month: Month::of(self.delivered_at).begin().as_millisecond(),
            category: word(self.pricing.category),
            charge: match (is_free, kind) {
                (false, _) => REGULAR.to_owned(),
                (true, kind) => word(kind.or_else(|| Some("free".to_owned()))),
            },
            market: market.unwrap_or_default(),
        }
    }
}
