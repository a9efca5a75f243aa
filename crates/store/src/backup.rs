//! Copies of a SQLite database: written while a server uses it, and checked before they are kept or restored.

use crate::db::Role;
use crate::db::alone::alone;
use crate::prelude::*;

/// The migration that numbers the events of an organization.
const EVENTS_SINCE: i64 = 2;

/// Ids of events that a restored database leaves out; no server appends so many between a backup and its loss.
const SKIPPED_EVENTS: i64 = 1 << 32;

impl Store {
    /// Writes a consistent copy of a SQLite database into a file that is empty or missing.
    pub async fn copy_into(&self, file: &str) -> Result<()> {
        // It reads in one transaction on a connection of its own, and holds up no writer. It takes as long as the
        // database is large, so that the deadline of reads does not fit.
        let query = Query::new("vacuum into $1").bind(file);
        alone(self.source(), Role::Writer, move |connection| {
            Box::pin(async move { query.run(connection).await })
        })
        .await
    }

    /// Brings everything from the write-ahead log of a SQLite database into its file, and empties the log.
    /// Fails with [`StoreError::Busy`] if another process uses the database.
    pub async fn empty_log(&self) -> Result<()> {
        let row = self.answer("pragma wal_checkpoint(truncate)", Role::Writer);
        // It tells that a reader or a writer was in the way, which SQLite does not call an error.
        if row.await?.integer("busy") == Some(0) {
            Ok(())
        } else {
            Err(StoreError::Busy)
        }
    }

    /// Checks a copy of a SQLite database: every page and index of it, that this program can use it, and its
    /// master key.
    /// Fails with [`StoreError::Damaged`], with [`StoreError::NotMigrated`] if it has no tables, or as [`Self::check`]
    /// does.
    pub async fn check_copy(&self) -> Result<()> {
        let row = self.answer("pragma integrity_check(1)", Role::Reader);
        if row.await?.text("integrity_check") != Some("ok") {
            return Err(StoreError::Damaged);
        }
        if self.applied_migrations().await?.is_empty() {
            return Err(StoreError::NotMigrated);
        }
        self.check().await
    }

    /// Moves the ids of events on in a copy that is restored. Events that were appended after the backup are lost,
    /// but their receivers know their ids: another event with such an id would be taken for a repeat.
    pub async fn skip_event_ids(&self) -> Result<()> {
        if !self.applied_migrations().await?.contains(EVENTS_SINCE) {
            return Ok(());
        }
        let query = Query::new("update organizations set last_event = last_event + $1")
            .bind(SKIPPED_EVENTS);
        self.write_count(query).await.map(drop)
    }

    /// Runs a statement on a connection of its own; returns its row.
    async fn answer(&self, text: &'static str, role: Role) -> Result<RawRow> {
        alone(self.source(), role, move |connection| {
            Box::pin(async move { Query::new(text).fetch_one(connection).await })
        })
        .await
    }
}
