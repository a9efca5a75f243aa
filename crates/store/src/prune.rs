//! Deleting what is of no use any more.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::Store;

/// Most rows of one table that one [`Store::prune`] deletes.
const PRUNED_AT_ONCE: i64 = 2_000;

/// Deletes some of the rows that are older than `$1`, which is a week ago, one table each.
const PRUNING: [&str; 9] = [
    "delete from webhook_calls where id in (select id from webhook_calls \
     where applied_at < $1 order by applied_at limit $2 + 0)",
    // A person has 30 days to find the cause and try again, 23 more than `before` gives.
    "delete from webhook_calls where id in (select id from webhook_calls \
     where set_aside is not null and received_at < $1 - 1987200000 \
     order by received_at limit $2 + 0)",
    "delete from orphan_statuses where (organization_id, channel_id, sought, status) in (\
     select organization_id, channel_id, sought, status from orphan_statuses \
     where created_at < $1 order by created_at limit $2 + 0)",
    "delete from delivery_attempts where (organization_id, endpoint_id, seq) in (\
     select organization_id, endpoint_id, seq from deliveries \
     where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
     limit $2 + 0)",
    "delete from deliveries where (organization_id, endpoint_id, seq) in (\
     select organization_id, endpoint_id, seq from deliveries \
     where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
     limit $2 + 0)",
    "delete from sessions where id in (select id from sessions \
     where idle_ends_at < $1 order by idle_ends_at limit $2 + 0)",
    "delete from links where (organization_id, user_id) in (\
     select organization_id, user_id from links where ends_at < $1 order by ends_at limit $2 + 0)",
    // An hour after the end of its window, 6 days and 23 hours sooner than `before`: a caller with many
    // addresses makes many rows.
    "delete from sign_in_attempts where subject in (select subject from sign_in_attempts \
     where ends_at < $1 + 601200000 order by ends_at limit $2 + 0)",
    // The audit log is kept for 400 days, 393 more than `before` gives.
    "delete from audit_log where id in (select id from audit_log \
     where at < $1 - 33955200000 order by at limit $2 + 0)",
];

impl Store {
    /// Deletes what is done and older: applied calls, statuses that found no message, finished deliveries, ended
    /// sessions and links. What people look for later is kept for longer: calls that are set aside, and the audit
    /// log. Attempts to sign in are kept until an hour after their window. All of that is counted from a `before`
    /// of a week ago. Returns how many rows were deleted; it is repeated until that is zero.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut pruned = 0;
        for text in PRUNING {
            let query = sqlx::query(text)
                .bind(before.as_millisecond())
                .bind(PRUNED_AT_ONCE);
            pruned += self.write_count(query).await?;
        }
        Ok(pruned)
    }
}
