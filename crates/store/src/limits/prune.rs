//! Removing the rows of limits of which nothing is used any more.
//!
//! All rows are walked: an index by time would be written with every send, and the rows are about as many as the
//! messages of the last minute.

use std::collections::BTreeSet;

use crate::limits::rules::MAX_CLOCK_DIFFERENCE;
use crate::prelude::*;
use crate::retention::MAX_STEP_ROWS;

/// A pass through the rows of all organizations.
pub(crate) struct LimitWalk {
    store: Store,
    /// In microseconds.
    before: i64,
    /// The organization and the subject of the last row that was looked at.
    after: (String, String),
    is_done: bool,
}

impl LimitWalk {
    pub(crate) fn new(store: &Store, now: Timestamp) -> Self {
        Self {
            store: store.clone(),
            before: now.as_microsecond().saturating_sub(MAX_CLOCK_DIFFERENCE),
            after: <_>::default(),
            is_done: false,
        }
    }

    /// Looks at some more rows, and removes those that tell nothing; returns how many, or `None` behind the last row.
    pub(crate) async fn step(&mut self) -> Result<Option<u64>> {
        if self.is_done {
            return Ok(None);
        }
        let query = Query::new(
            "select organization_id, subject, full_at from send_limits \
             where (organization_id, subject) > ($1, $2) order by organization_id, subject limit $3",
        )
        .bind(self.after.0.clone())
        .bind(self.after.1.clone())
        .bind(MAX_STEP_ROWS);
        let rows = self.store.read_rows(query).await?;
        if rows.is_empty() {
            self.is_done = true;
            return Ok(None);
        }
        let mut old = BTreeSet::new();
        let begin = self.after.clone();
        for row in &rows {
            let columns = Columns::new(row, "send_limits", "subject");
            let organization: String = columns.get("organization_id")?;
            if columns.get::<i64>("full_at")? < self.before {
                old.insert(organization.clone());
            }
            self.after = (organization, columns.get("subject")?);
        }
        self.is_done = i64::try_from(rows.len()).unwrap_or(i64::MAX) < MAX_STEP_ROWS;
        let mut removed = 0;
        for organization in old {
            match self.remove(organization.clone(), &begin).await {
                Ok(rows) => removed += rows,
                // Its lock may be held; its rows are looked at again at the next pass.
                Err(error) => {
                    tracing::warn!(organization_id = organization, %error, "rows of limits could not be removed");
                }
            }
        }
        Ok(Some(removed))
    }

    /// Removes what tells nothing of an organization among the rows that were looked at.
    ///
    /// Under the organization lock, like every change of these rows: one order of locks excludes deadlocks.
    async fn remove(&self, organization: String, begin: &(String, String)) -> Result<u64> {
        let bound =
            |(of, subject): &(String, String)| (*of == organization).then(|| subject.clone());
        let query = Query::new(
            "delete from send_limits where organization_id = $1 and subject > $2 \
             and subject <= coalesce($3, subject) and full_at < $4",
        )
        .bind(organization.clone())
        .bind(bound(begin).unwrap_or_default())
        .bind(bound(&self.after))
        .bind(self.before);
        let Ok(organization) = organization.parse() else {
            return Ok(0);
        };
        let removed = self.store.under_lock(&organization, move |connection| {
            Box::pin(async move { query.execute(connection).await })
        });
        match removed.await {
            // Its rows are removed with the organization.
            Err(StoreError::UnknownOrganization) => Ok(0),
            removed => removed,
        }
    }
}
