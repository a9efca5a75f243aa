//! Deleting rows that are no longer needed.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::Store;

/// Most rows of one table that one [`Store::prune`] deletes.
const PRUNED_AT_ONCE: i64 = 2_000;

const HOUR: Duration = Duration::from_hours(1);
const WEEK: Duration = Duration::from_hours(7 * 24);
/// A person has 30 days to find the cause and try again.
const SET_ASIDE_KEPT: Duration = Duration::from_hours(30 * 24);
const AUDIT_LOG_KEPT: Duration = Duration::from_hours(400 * 24);

/// How long rows of a table are kept, and the statement that deletes some of those from before `$1`.
const PRUNING: [(Duration, &str); 9] = [
    (
        WEEK,
        "delete from webhook_calls where id in (select id from webhook_calls \
         where applied_at < $1 order by applied_at limit $2 + 0)",
    ),
    (
        SET_ASIDE_KEPT,
        "delete from webhook_calls where id in (select id from webhook_calls \
         where set_aside is not null and received_at < $1 order by received_at limit $2 + 0)",
    ),
    (
        WEEK,
        "delete from orphan_statuses where (organization_id, channel_id, sought, status) in (\
         select organization_id, channel_id, sought, status from orphan_statuses \
         where created_at < $1 order by created_at limit $2 + 0)",
    ),
    (
        WEEK,
        "delete from delivery_attempts where (organization_id, endpoint_id, seq) in (\
         select organization_id, endpoint_id, seq from deliveries \
         where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
         limit $2 + 0)",
    ),
    (
        WEEK,
        "delete from deliveries where (organization_id, endpoint_id, seq) in (\
         select organization_id, endpoint_id, seq from deliveries \
         where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
         limit $2 + 0)",
    ),
    (
        WEEK,
        "delete from sessions where id in (select id from sessions \
         where idle_ends_at < $1 order by idle_ends_at limit $2 + 0)",
    ),
    (
        WEEK,
        "delete from links where (organization_id, user_id) in (\
         select organization_id, user_id from links where ends_at < $1 order by ends_at limit $2 + 0)",
    ),
    // Soon after the end of its window: a caller with many addresses makes many rows.
    (
        HOUR,
        "delete from sign_in_attempts where subject in (select subject from sign_in_attempts \
         where ends_at < $1 order by ends_at limit $2 + 0)",
    ),
    (
        AUDIT_LOG_KEPT,
        "delete from audit_log where id in (select id from audit_log \
         where at < $1 order by at limit $2 + 0)",
    ),
];

impl Store {
    /// Deletes what is done and older than a week: applied calls, statuses that found no message, finished
    /// deliveries, ended sessions and links. Calls that are set aside are kept for 30 days, the audit log for 400,
    /// and attempts to sign in for an hour after their window. Returns how many rows were deleted; it is repeated
    /// until that is zero.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut pruned = 0;
        for (kept, text) in PRUNING {
            let before = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
            let query = sqlx::query(text)
                .bind(before.as_millisecond())
                .bind(PRUNED_AT_ONCE);
            pruned += self.write_count(query).await?;
        }
        Ok(pruned)
    }
}
