//! Attempts after which the message waits again.

use std::collections::BTreeSet;

use recado_core::event::MessageError;
use recado_core::{ConversationId, MessageId};

use crate::outbox::lanes;
use crate::prelude::*;

/// An attempt that surely sent nothing, and the time of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponed {
    /// When the next attempt may be made.
    pub ready_at: Timestamp,
    /// Why nothing was sent.
    pub error: Option<MessageError>,
}

const WAIT: &str = "update messages set status = 'queued', error = $4, updated_at = $5 \
     where organization_id = $1 and id = $2 and status = 'sending' and server_id = $3";

const POSTPONE: &str = "update outbox set calling = 0, next_at = null, ready_at = $3, attempts = attempts + 1 \
     where organization_id = $1 and message_id = $2 and calling = 1 returning conversation_id";

impl Store {
    /// Lets a message wait again whose attempt surely sent nothing. Returns `false` if it is not `sending` for this
    /// server any more.
    pub async fn postpone(
        &self,
        organization: &OrganizationId,
        message: &MessageId,
        postponed: &Postponed,
        at: Timestamp,
    ) -> Result<bool> {
        let wait = Query::new(WAIT)
            .id(organization)
            .id(message)
            .bind(self.server_id().to_owned())
            .bind(postponed.error.as_ref().map(row::json))
            .instant(at);
        let postpone = Query::new(POSTPONE)
            .id(organization)
            .id(message)
            .instant(postponed.ready_at);
        self.with_log(organization, at, move |log, connection| {
            Box::pin(async move {
                if wait.execute(&mut *connection).await? == 0 {
                    return Ok(false);
                }
                let rows = postpone.fetch_all(&mut *connection).await?;
                let lanes: BTreeSet<ConversationId> = column(&rows, "outbox", "conversation_id")?;
                lanes::order(&lanes, &log, connection).await?;
                Ok(true)
            })
        })
        .await
    }
}
