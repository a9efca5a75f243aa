//! Claims of this server that it knows nothing of: the answer of the database was lost, for instance because
//! the database restarted.

use crate::prelude::*;
use crate::webhooks::claim::named;
use crate::webhooks::deliveries::DeliveryKey;

static FREE_LOST: OverList = OverList::new(
    "update deliveries set claimed_until = 0 \
     where status = 'pending' and claimed_until > 0 and server_id = $1 and not exists (select 1 from {list} \
     where value ->> 'organization' = organization_id and value ->> 'endpoint' = endpoint_id \
     and cast(value ->> 'seq' as bigint) = seq)",
);

impl Store {
    /// Ends the claims of this server except for those that it knows of: the answer to a claim may be lost,
    /// and its deliveries would wait until the claim runs out. Returns how many.
    pub async fn free_lost_deliveries<'a>(
        &self,
        known: impl IntoIterator<Item = &'a DeliveryKey>,
    ) -> Result<u64> {
        let known: Vec<_> = known.into_iter().map(named).collect();
        let query = over_list(self.kind(), &FREE_LOST)
            .bind(self.server_id().to_owned())
            .json(&known);
        let freed = self.write_count(query).await?;
        if freed > 0 {
            self.notify_deliveries();
        }
        Ok(freed)
    }

    /// Lists the calls that are claimed for this server.
    pub async fn claimed_webhook_calls(&self) -> Result<Vec<String>> {
        let query = Query::new(
            "select id from webhook_calls where applied_at is null and server_id <> '' \
             and server_id = $1",
        )
        .bind(self.server_id().to_owned());
        let rows = self.read_rows(query).await?;
        column(&rows, "webhook_calls", "id")
    }

    /// Ends the claims of these calls, whose attempts never began; any server may claim them now.
    pub async fn free_lost_webhook_calls(&self, calls: &[String]) -> Result<()> {
        // Another server may have claimed one of them since.
        static FREE_CALLS: OverList = OverList::new(
            "update webhook_calls set attempts = 0, claimed_until = 0, server_id = '' \
             where applied_at is null and server_id = $2 and id in ({ids})",
        );
        let query = over_list(self.kind(), &FREE_CALLS);
        let query = query.json(&calls).bind(self.server_id().to_owned());
        self.write_count(query).await.map(drop)
    }
}
