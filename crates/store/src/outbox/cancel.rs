//! Messages that are not to be sent any more.

use recado_core::MessageId;
use recado_core::event::MessageError;

use crate::messages::Message;
use crate::messages::transition::{self, MessageState};
use crate::outbox::order;
use crate::prelude::*;

impl Store {
    /// Makes a message `rejected` that is still queued, appends the event, and returns the message; `None` if it is
    /// not queued.
    pub async fn cancel_queued(
        &self,
        organization: &OrganizationId,
        message: &MessageId,
        error: &MessageError,
        at: Timestamp,
    ) -> Result<Option<Message>> {
        let query = Message::returning(
            "update messages set status = 'rejected', error = $3, updated_at = $4 \
             where organization_id = $1 and id = $2 and status = 'queued'",
        )
        .id(organization)
        .id(message)
        .json(error)
        .instant(at);
        let canceled = self.cancel(query, organization, at, true).await?;
        self.notify_outbox();
        Ok(canceled)
    }

    /// Makes a message `failed` that its provider has taken out of its own queue, appends the event, and returns the
    /// message; `None` if it is not `accepted`, because a later status came first.
    pub async fn cancel_accepted(
        &self,
        organization: &OrganizationId,
        message: &MessageId,
        error: &MessageError,
        at: Timestamp,
    ) -> Result<Option<Message>> {
        let query = Message::returning(
            "update messages set status = 'failed', error = $3, updated_at = $4 \
             where organization_id = $1 and id = $2 and status = 'accepted'",
        )
        .id(organization)
        .id(message)
        .json(error)
        .instant(at);
        self.cancel(query, organization, at, false).await
    }

    /// Runs the statement that cancels a message, and what follows from it.
    async fn cancel(
        &self,
        query: Query,
        organization: &OrganizationId,
        at: Timestamp,
        is_queued: bool,
    ) -> Result<Option<Message>> {
        let (canceled, appended) = self
            .with_log(organization, at, move |mut log, connection| {
                Box::pin(async move {
                    let row = query.fetch_optional(&mut *connection).await?;
                    let message = row.as_ref().map(Message::of).transpose()?;
                    if let Some(message) = &message {
                        let mut state = MessageState::from(message);
                        log.append(state.event());
                        if is_queued {
                            // It has taken nothing of a budget.
                            order::leave([&message.id].into_iter(), &log, &mut *connection).await?;
                        } else {
                            transition::follow_up([&mut state], &mut log, &mut *connection).await?;
                        }
                    }
                    Ok((message, log.write(connection).await?))
                })
            })
            .await?;
        self.notify(organization, appended);
        Ok(canceled)
    }
}
