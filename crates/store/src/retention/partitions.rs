//! Partitions of webhook calls on PostgreSQL, by the time in their ids. They are made ahead, and dropped when all of
//! their calls may be removed: that takes a tenth of the time of removing each row, and gives the disk back at once.
//!
//! The default partition takes each call that fits into no other one, so that every call is stored. A change of the
//! partitions locks the table first: two servers never change them at once. Other statements wait behind it, for
//! [`LOCK_TIMEOUT`] and the change itself, which takes about 20 ms.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::prelude::*;

/// Partitions that share the time for which calls are kept. Each statement that has no single id opens all of
/// them, and calls stay longer by up to one such part.
const PARTS: u32 = 7;

const HOUR: Duration = Duration::from_hours(1);
/// For a caller of this crate: the server keeps calls for whole days.
const MIN_WIDTH: Duration = Duration::from_hours(3);

/// The first partition begins that much later at least: the clock of another server may be ahead.
const MARGIN: Duration = Duration::from_mins(5);

const LOCK_TIMEOUT: &str = "set local lock_timeout = '200ms'";
const LOCK: &str = "lock table only webhook_calls in access exclusive mode";

/// Most bytes of the default partition beside which another one is made: PostgreSQL reads it meanwhile, to see that none
/// of its calls belongs into the new one.
const MAX_DEFAULT_BYTES: i64 = 64 * 1024 * 1024;

/// Calls that must stay and are moved out of a partition that is dropped: the table is locked meanwhile.
const MAX_MOVED: i64 = 500;
const MAX_MOVED_BYTES: i64 = 8 * 1024 * 1024;

/// The calls whose ids have times from `start` until before `end`, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) name: String,
    start: i64,
    pub(crate) end: i64,
    /// As PostgreSQL counted them last.
    rows: u64,
}

/// Which calls must stay.
#[derive(Clone, Copy)]
pub(crate) struct Stay {
    /// Those that were applied since.
    pub(crate) applied: Timestamp,
    /// Those that are set aside and came since; all of them if it is `None`.
    pub(crate) set_aside: Option<Timestamp>,
}

/// The result of dropping a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// So many calls are gone with it, as PostgreSQL counted them last.
    Calls(u64),
    /// Too many of its calls must stay.
    Not,
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The width of new partitions, in milliseconds, if calls are kept so long.
fn width(kept: Duration) -> i64 {
    millis((kept / PARTS).max(MIN_WIDTH))
}

impl Partition {
    /// Whether all of its time was before an instant.
    pub(crate) fn is_before(&self, instant: Timestamp) -> bool {
        self.end <= instant.as_millisecond()
    }

    /// Whether it is wider than those that are made now, so that its calls would stay for too long.
    pub(crate) fn is_wide(&self, kept: Duration) -> bool {
        self.end.saturating_sub(self.start) > width(kept)
    }

    fn new(start: i64, end: i64, rows: i64) -> Self {
        Self {
            name: format!("webhook_calls_p{start:012x}_{end:012x}"),
            start,
            end,
            rows: u64::try_from(rows).unwrap_or_default(),
        }
    }

    /// Returns `None` for the default partition, and for one that Recado did not make.
    fn read(row: &RawRow) -> Option<Self> {
        let times = row.text("name")?.strip_prefix("webhook_calls_p")?;
        let (start, end) = times.split_once('_')?;
        let time = |text| i64::from_str_radix(text, 16).ok();
        Some(Self::new(time(start)?, time(end)?, row.integer("rows")?))
    }
}

fn first_id(time: i64) -> String {
    format!("whc_{time:012x}")
}

const LIST: &str = "select cast(c.relname as text) as name, cast(c.reltuples as bigint) as rows \
     from pg_inherits i join pg_class c on c.oid = i.inhrelid \
     where i.inhparent = cast('webhook_calls' as regclass)";

async fn list(connection: &mut Connection) -> Result<Vec<Partition>> {
    let rows = Query::new(LIST).fetch_all(connection).await?;
    Ok(rows.iter().filter_map(Partition::read).collect())
}

/// Returns the partition to make next, if the present time and one width more are not covered.
fn next(now: Timestamp, kept: Duration, partitions: &[Partition]) -> Option<Partition> {
    let (now, hour, width) = (now.as_millisecond(), millis(HOUR), width(kept));
    // A partition behind that is of a clock that was ahead, and the time before it is not covered.
    let soon = |part: &&Partition| part.start <= now.saturating_add(width.saturating_mul(2));
    let covered = partitions.iter().filter(soon).map(|part| part.end).max();
    let covered = covered.unwrap_or_default();
    if now < 0 || covered > now.saturating_add(width) {
        return None;
    }
    let full_hour = (now + millis(MARGIN)) / hour * hour + hour;
    let start = if covered > now { covered } else { full_hour };
    Some(Partition::new(start, start.checked_add(width)?, 0))
}

/// Locks the table, also against other servers that change its partitions.
async fn lock(connection: &mut Connection) -> Result<()> {
    for text in [LOCK_TIMEOUT, LOCK] {
        Query::new(text).run(connection).await?;
    }
    Ok(())
}

async fn change(text: String, connection: &mut Connection) -> Result<()> {
    Query::new(AssertSqlSafe(text)).run(connection).await
}

/// Makes a partition. It begins behind those calls of its time that the default partition has, of a server whose clock
/// was ahead.
async fn make(part: &Partition, connection: &mut Connection) -> Result<()> {
    let taken = Query::new(
        "select max(substr(id, 5, 12)) as taken from webhook_calls_default where id >= $1 and id < $2",
    )
    .bind(first_id(part.start))
    .bind(first_id(part.end))
    .fetch_one(connection)
    .await?;
    let start = match taken.text("taken") {
        None => part.start,
        // An id that no server has made is in the way until its call is removed.
        Some(taken) => i64::from_str_radix(taken, 16).map_or(part.end, |taken| taken + 1),
    };
    if start >= part.end {
        return Ok(());
    }
    let Partition { name, .. } = Partition::new(start, part.end, 0);
    let (from, to) = (first_id(start), first_id(part.end));
    let text = format!(
        "create table {name} partition of webhook_calls for values from ('{from}') to ('{to}')"
    );
    change(text, connection).await?;
    tracing::info!(partition = name, "made a partition for provider webhooks");
    Ok(())
}

/// Selects the calls of a table that must stay; each part finds its calls in an index.
fn select(columns: &str, table: &str) -> String {
    let of = format!("select {columns} from {table} where");
    format!(
        "{of} organization_id > '' and applied_at is null and set_aside is null \
         union all {of} set_aside is not null and received_at >= $1 and applied_at is null \
         union all {of} applied_at >= $2"
    )
}

impl Stay {
    /// Binds what [`select`] compares with.
    fn query(self, text: String) -> Query {
        Query::new(AssertSqlSafe(text))
            .bind(self.set_aside.map_or(i64::MIN, Timestamp::as_millisecond))
            .instant(self.applied)
    }

    /// Counts the calls of a table that must stay.
    fn count(self, table: &str) -> Query {
        let stay = select("body", table);
        self.query(format!(
            "select count(*) as calls, cast(coalesce(sum(octet_length(body)), 0) as bigint) as bytes \
             from ({stay} limit {}) s",
            MAX_MOVED + 1
        ))
    }
}

fn can_move(counted: &RawRow) -> bool {
    let at_most = |column, most| counted.integer(column).is_some_and(|number| number <= most);
    at_most("calls", MAX_MOVED) && at_most("bytes", MAX_MOVED_BYTES)
}

/// Drops a partition, and moves the calls that must stay into the default one.
async fn drop_locked(part: &Partition, stay: Stay, connection: &mut Connection) -> Result<Dropped> {
    lock(connection).await?;
    let name = &part.name;
    let partitions = list(connection).await?;
    if partitions.iter().all(|other| other.name != *name) {
        return Ok(Dropped::Calls(0));
    }
    if !can_move(&stay.count(name).fetch_one(connection).await?) {
        return Ok(Dropped::Not);
    }
    let detaching = format!("alter table webhook_calls detach partition {name}");
    change(detaching, connection).await?;
    let moving = format!("insert into webhook_calls {}", select("*", name));
    let moved = stay.query(moving).execute(connection).await?;
    change(format!("drop table {name}"), connection).await?;
    tracing::info!(
        partition = name,
        moved,
        "dropped a partition of provider webhooks"
    );
    Ok(Dropped::Calls(part.rows.saturating_sub(moved)))
}

impl Store {
    /// Makes the partitions that are missing, unless the default one has become too large for that.
    pub(crate) async fn make_partitions(&self, now: Timestamp, kept: Duration) -> Result<()> {
        self.transaction(move |connection| {
            Box::pin(async move {
                if next(now, kept, &list(connection).await?).is_none() {
                    return Ok(());
                }
                let size = "select pg_relation_size('webhook_calls_default') as bytes";
                let size = Query::new(size).fetch_one(&mut *connection).await?;
                if size
                    .integer("bytes")
                    .is_none_or(|bytes| bytes > MAX_DEFAULT_BYTES)
                {
                    tracing::warn!("no partition is made: webhook_calls_default is too large");
                    return Ok(());
                }
                lock(connection).await?;
                // Another server may have made them meanwhile.
                let mut partitions = list(connection).await?;
                while let Some(part) = next(now, kept, &partitions) {
                    make(&part, connection).await?;
                    partitions.push(part);
                }
                Ok(())
            })
        })
        .await
    }

    /// Returns the partitions that began before an instant, the latest first.
    pub(crate) async fn old_partitions(&self, before: Timestamp) -> Result<Vec<Partition>> {
        let rows = self.read_rows(Query::new(LIST)).await?;
        let mut partitions: Vec<_> = rows.iter().filter_map(Partition::read).collect();
        partitions.retain(|part| part.start < before.as_millisecond());
        partitions.sort_by_key(|part| std::cmp::Reverse(part.end));
        Ok(partitions)
    }

    /// Drops a partition with all calls but those that must stay.
    pub(crate) async fn drop_partition(&self, part: &Partition, stay: Stay) -> Result<Dropped> {
        // Before the lock, so that a partition that stays disturbs no other statement, and in a transaction of its own,
        // as a server that has the lock waits for its end.
        match self.read_row(stay.count(&part.name)).await {
            Ok(Some(counted)) if can_move(&counted) => {}
            Err(error) if error.is_missing_table() => return Ok(Dropped::Calls(0)),
            counted => return counted.map(|_| Dropped::Not),
        }
        let part = part.clone();
        let dropping = self.transaction(move |connection| {
            Box::pin(async move { drop_locked(&part, stay, connection).await })
        });
        dropping.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AN_HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * AN_HOUR;
    const WEEK: Duration = Duration::from_hours(7 * 24);
    /// A minute after a full hour.
    const NOW: i64 = 20_000 * DAY + 5 * AN_HOUR + 60_000;

    /// Makes what is missing at an instant; returns the bounds of all partitions, in hours after the full hour of [`NOW`].
    fn made(partitions: &mut Vec<Partition>, now: i64, kept: Duration) -> Vec<(i64, i64)> {
        let now = Timestamp::from_millisecond(now).expect("an instant");
        while let Some(part) = next(now, kept, partitions) {
            partitions.push(part);
        }
        let hours = |time| (time - NOW + 60_000) / AN_HOUR;
        let bounds = partitions
            .iter()
            .map(|part| (hours(part.start), hours(part.end)));
        bounds.collect()
    }

    #[test]
    fn the_next_partition_is_made_while_a_whole_width_is_left() {
        let mut all = Vec::new();
        assert_eq!(made(&mut all, NOW, WEEK), [(1, 25)]);
        assert_eq!(made(&mut all, NOW + AN_HOUR - 120_000, WEEK).len(), 1);
        assert_eq!(made(&mut all, NOW + AN_HOUR, WEEK), [(1, 25), (25, 49)]);
        assert_eq!(made(&mut all, NOW + DAY, WEEK).len(), 2);
        assert_eq!(made(&mut all, NOW + DAY + AN_HOUR, WEEK)[2..], [(49, 73)]);
    }

    #[test]
    fn a_longer_retention_has_wider_partitions_from_the_end_of_the_last_one() {
        let mut all = Vec::new();
        made(&mut all, NOW, WEEK);
        assert_eq!(made(&mut all, NOW, WEEK * 4), [(1, 25), (25, 121)]);
    }

    #[test]
    fn a_clock_that_was_ahead_or_behind_keeps_no_present_call_out_of_partitions() {
        let mut all = Vec::new();
        made(&mut all, NOW + 300 * DAY, WEEK);
        assert_eq!(made(&mut all, NOW, WEEK)[1..], [(1, 25)]);
        assert_eq!(made(&mut all, NOW - 300 * DAY, WEEK).len(), 3);
        assert_eq!(made(&mut all, NOW, WEEK).len(), 3);
        assert_eq!(made(&mut Vec::new(), -DAY, WEEK), []);
    }
}
