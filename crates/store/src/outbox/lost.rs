//! Attempts that were begun without the server learning it.

use std::collections::HashSet;

use recado_core::MessageId;

use crate::outbox::ChannelQueue;
use crate::outbox::queues::queue;
use crate::prelude::*;

/// The attempts that this server has begun, by the database.
const LOST: &str = "select m.organization_id, m.id, o.queue from messages m join outbox o \
     on o.organization_id = m.organization_id and o.message_id = m.id \
     where m.status = 'sending' and m.server_id = $1 and o.calling = 1";

impl Store {
    /// Lets messages wait again whose attempts this server has begun without learning it, because the answer of the
    /// database was lost; `known` are the attempts that are under way, and `beginning` the queues of which attempts are
    /// being begun. Returns how many.
    ///
    /// No other attempt may be begun meanwhile.
    pub async fn free_lost_attempts(
        &self,
        known: &HashSet<(OrganizationId, MessageId)>,
        beginning: &HashSet<ChannelQueue>,
        at: Timestamp,
    ) -> Result<usize> {
        let query = Query::new(LOST).bind(self.server_id().to_owned());
        let (mut freed, mut failed) = (0, None);
        for row in &self.read_rows(query).await? {
            let columns = Columns::new(row, "messages", "id");
            let lost = (columns.get("organization_id")?, columns.get("id")?);
            if known.contains(&lost) || beginning.contains(&queue(row)?) {
                continue;
            }
            match self.wait_again(&lost.0, &lost.1, at).await {
                Ok(waits) => freed += usize::from(waits),
                // The lock of its organization may be held; the others are freed all the same.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(freed), Err)
    }
}
