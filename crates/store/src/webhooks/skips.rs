//! Deliveries that are set aside without an attempt: skipped by hand, or no longer wanted.
//!
//! They end as `failed`, so that they can be looked at and replayed.

use recado_core::WebhookEndpointId;

use crate::events::EventId;
use crate::prelude::*;
use crate::webhooks::deliveries::DeliveryKey;
use crate::webhooks::ordering_keys::{Ended, pass_turns};

/// For `status || ''`, see [`crate::webhooks::attempts`].
macro_rules! set_aside {
    ($which:literal) => {
        concat!(
            "update deliveries set status = 'failed', next_at = null, claimed_until = 0, \
             finished_at = $3, last_error = $4 where organization_id = $1 and endpoint_id = $2 \
             and status || '' = 'pending' and seq ",
            $which,
            " returning seq"
        )
    };
}

const SET_ONE_ASIDE: &str = set_aside!("= $5");

/// Sets few aside at once, so that a send does not wait for a long queue.
const SET_UNWANTED_ASIDE: &str = set_aside!(
    "in (select d.seq from deliveries d \
     join events e on e.organization_id = d.organization_id and e.seq = d.seq \
     join webhook_endpoints w on w.organization_id = d.organization_id and w.id = d.endpoint_id \
     where d.organization_id = $1 and d.endpoint_id = $2 and d.status = 'pending' and d.seq > $5 \
     and not (w.events = '[]' or w.events like '%\"' || e.type || '\"%') order by d.seq limit 500)"
);

impl Store {
    /// Gives a delivery up that is pending, and lets the next of its conversation go; returns whether
    /// it was pending.
    ///
    /// An attempt that is under way ends without effect.
    pub async fn skip_delivery(&self, key: &DeliveryKey, at: Timestamp) -> Result<bool> {
        let (organization, endpoint) = (&key.organization_id, &key.endpoint_id);
        let bound = (at, "skipped by hand", key.event_id);
        let skipped = self
            .set_aside(SET_ONE_ASIDE, organization, endpoint, bound)
            .await?;
        self.notify_deliveries();
        Ok(skipped.is_some())
    }

    /// Gives up what waits for an endpoint that no longer wants events of its type.
    pub(crate) async fn set_unwanted_aside(
        &self,
        organization: &OrganizationId,
        endpoint: &WebhookEndpointId,
        at: Timestamp,
    ) -> Result<()> {
        let mut after = EventId::new(0);
        loop {
            let bound = (
                at,
                "not wanted: the endpoint's event types were changed",
                after,
            );
            match self
                .set_aside(SET_UNWANTED_ASIDE, organization, endpoint, bound)
                .await?
            {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// Sets deliveries aside; returns the last one.
    async fn set_aside(
        &self,
        text: &'static str,
        organization: &OrganizationId,
        endpoint: &WebhookEndpointId,
        (at, reason, event): (Timestamp, &'static str, EventId),
    ) -> Result<Option<EventId>> {
        let endpoint = endpoint.clone();
        let query = Query::new(text)
            .id(organization)
            .id(&endpoint)
            .instant(at)
            .bind(reason)
            .bind(event.seq());
        let set_aside = self.with_log(organization, at, move |log, connection| {
            Box::pin(async move {
                let rows = query.fetch_all(&mut *connection).await?;
                let events: Vec<i64> = column(&rows, "deliveries", "seq")?;
                let ended = events.iter().map(|event| Ended {
                    endpoint: endpoint.clone(),
                    event: *event,
                    at: at.as_millisecond(),
                });
                let ended: Vec<_> = ended.collect();
                pass_turns(&ended, &log, connection).await?;
                Ok(events.into_iter().max().map(EventId::new))
            })
        });
        match set_aside.await {
            Err(StoreError::UnknownOrganization) => Ok(None),
            last => last,
        }
    }
}
