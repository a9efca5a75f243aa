//! The messages of a queue that are due, and the limits that each keeps.

use std::collections::HashMap;
use std::sync::Arc;

use recado_core::capabilities::{PairRate, SendLimit};
use recado_core::{MessageId, Money, Recipient};
use serde::Serialize;

use crate::costs::budget::{Budget, Spending};
use crate::limits::SendLimits;
use crate::limits::limited::Limited;
use crate::messages::Message;
use crate::outbox::{Attempt, ChannelQueue};
use crate::prelude::*;
use crate::resources::conversations;

/// The first messages that are due; while the channel is paused, those that may still begin are chosen among them. The
/// index `outbox_heads` allows one row of a conversation with `next_at`, so that no other one is under way.
const DUE: &str = "select d.message_id, d.attempts, d.fence, d.expires_at, v.recipient, v.window_expires_at from (\
     select o.organization_id, o.conversation_id, o.message_id, o.attempts, o.fence, o.expires_at, o.next_at \
     from outbox o where o.queue = $1 and o.next_at is not null and o.calling = 0 and o.next_at <= $2 \
     order by o.next_at, o.message_id limit $3) d \
     join conversations v on v.organization_id = d.organization_id and v.id = d.conversation_id \
     order by d.next_at, d.message_id";

/// The limits of the messages of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueLimits {
    /// Those of all of them.
    pub all: SendLimits,
    /// The rate to each person.
    pub pair: Option<PairRate>,
    /// The budget of the channel, and the price of a message to each market.
    pub budget: Option<(Budget, Arc<HashMap<u16, Money>>)>,
}

impl QueueLimits {
    /// Returns the limits of a message; one whose time is over is not sent, and takes nothing.
    pub(crate) fn of(&self, due: &Due, now: Timestamp) -> SendLimits {
        if due.expires_at <= now {
            return SendLimits::default();
        }
        let market = due.recipient.calling_code();
        let spending = self.budget.as_ref().map(|(budget, prices)| Spending {
            budget: budget.clone(),
            price: market.and_then(|market| prices.get(&market).copied()),
        });
        SendLimits {
            recipient: self.pair.map(|rate| (due.recipient.clone(), rate)),
            // It never fits at present prices: its attempt postpones it, so that it holds up no other.
            budget: spending.filter(Spending::may_fit),
            ..self.all.clone()
        }
    }
}

/// The row of a message that is due.
#[derive(Serialize)]
pub(crate) struct Due {
    pub(crate) message: MessageId,
    #[serde(skip)]
    recipient: Recipient,
    #[serde(skip)]
    window_expires_at: Option<Timestamp>,
    #[serde(skip)]
    attempts: u32,
    #[serde(skip)]
    fence: i64,
    #[serde(skip)]
    pub(crate) expires_at: Timestamp,
}

impl Due {
    fn of(row: &RawRow) -> Result<Self> {
        let columns = Columns::new(row, "outbox", "message_id");
        Ok(Self {
            message: columns.get("message_id")?,
            recipient: columns.get("recipient")?,
            window_expires_at: conversations::window(&columns)?,
            attempts: columns.get("attempts")?,
            fence: columns.get("fence")?,
            expires_at: columns.get("expires_at")?,
        })
    }

    /// Lets the message wait by itself if the limit is that of its person; others wait together.
    pub(crate) fn waits_for(self, limited: Limited) -> Option<Waiting> {
        (limited.limit == SendLimit::Recipient).then(|| Waiting {
            message: self.message,
            until: limited.until.as_millisecond(),
        })
    }

    pub(crate) fn attempt(self, message: Message) -> Attempt {
        Attempt {
            message,
            recipient: self.recipient,
            window_expires_at: self.window_expires_at,
            attempts: self.attempts,
            fence: self.fence + 1,
            expires_at: self.expires_at,
        }
    }
}

pub(crate) async fn due(
    queue: &ChannelQueue,
    now: Timestamp,
    most: u32,
    connection: &mut Connection,
) -> Result<Vec<Due>> {
    let query = Query::new(DUE).id(queue).instant(now).bind(i64::from(most));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(Due::of).collect()
}

/// A message that waits by itself.
#[derive(Serialize)]
pub(crate) struct Waiting {
    message: MessageId,
    until: i64,
}
