//! Removing old messages and events, in one organization after the other: both have an order of time within their
//! organization, and an index by age would cost every send.

use crate::prelude::*;
use crate::retention::{EVENTS, MAX_STEP_ROWS, MESSAGES, Pruned};

/// A pass through all organizations that removes rows of one table.
pub(crate) struct Walk {
    store: Store,
    before: Timestamp,
    begin: After,
    position: Option<Position>,
    /// The organizations up to this id are done.
    done: String,
    has_failed: bool,
}

struct Position {
    organization: OrganizationId,
    after: After,
}

/// The last row that was looked at, in the table that the walk is about.
#[derive(Clone)]
enum After {
    Event(i64),
    Message(String),
}

struct OldRows {
    last: Option<After>,
    more: bool,
}

impl Walk {
    pub(crate) fn events(store: &Store, before: Timestamp) -> Self {
        Self::new(store, before, After::Event(0))
    }

    pub(crate) fn messages(store: &Store, before: Timestamp) -> Self {
        Self::new(store, before, After::Message(String::new()))
    }

    fn new(store: &Store, before: Timestamp, begin: After) -> Self {
        Self {
            store: store.clone(),
            before,
            begin,
            position: None,
            done: String::new(),
            has_failed: false,
        }
    }

    /// Removes more old rows; returns `None` behind the last organization. An error in one organization is logged, and
    /// the pass goes on with the next one. Fails if two organizations in a row fail for a reason that may be the
    /// database's.
    pub(crate) async fn step(&mut self) -> Result<Option<Pruned>> {
        let Some(position) = self.position().await? else {
            return Ok(None);
        };
        let what = match self.begin {
            After::Event(_) => EVENTS,
            After::Message(_) => MESSAGES,
        };
        let (next, rows) = match self.walk(&position).await {
            Ok(walked) => {
                self.has_failed = false;
                walked
            }
            Err(error) if self.has_failed && !error.is_final() => return Err(error),
            Err(error) => {
                // A row that cannot be read concerns its organization alone.
                self.has_failed = !error.is_final();
                tracing::warn!(organization.id = %position.organization, %error, what, "cannot remove the old rows of an organization");
                (None, 0)
            }
        };
        match next {
            Some(after) => self.position = Some(Position { after, ..position }),
            None => self.done = position.organization.into(),
        }
        Ok(Some(Pruned { what, rows }))
    }

    /// Removes some rows of an organization; returns behind which row there may be more, and how many were removed.
    async fn walk(&self, position: &Position) -> Result<(Option<After>, u64)> {
        let rows = self.look(position).await?;
        let removed = match &rows.last {
            Some(last) => self.remove(position, last.clone()).await?,
            None => 0,
        };
        Ok((rows.last.filter(|_| rows.more), removed))
    }

    async fn position(&mut self) -> Result<Option<Position>> {
        if let Some(position) = self.position.take() {
            return Ok(Some(position));
        }
        let query = Query::new("select id from organizations where id > $1 order by id limit 1")
            .bind(self.done.clone());
        let Some(row) = self.store.read_row(query).await? else {
            return Ok(None);
        };
        Ok(Some(Position {
            organization: Columns::new(&row, "organizations", "id").get("id")?,
            after: self.begin.clone(),
        }))
    }

    /// Finds the next rows that are old. Ids of events and messages follow the time, except for what several servers
    /// write at the same instant.
    async fn look(&self, position: &Position) -> Result<OldRows> {
        let organization = position.organization.as_str().to_owned();
        let query = match &position.after {
            After::Event(seq) => Query::new(
                "select organization_id, seq, created_at from events \
                 where organization_id = $1 and seq > $2 order by seq limit $3",
            )
            .bind(organization)
            .bind(*seq),
            After::Message(id) => Query::new(
                "select id, created_at from messages \
                 where organization_id = $1 and id > $2 order by id limit $3",
            )
            .bind(organization)
            .bind(id.clone()),
        };
        let rows = self.store.read_rows(query.bind(MAX_STEP_ROWS)).await?;
        let (mut last, mut old) = (None, 0);
        for row in &rows {
            let (columns, after) = match &position.after {
                After::Event(_) => {
                    let columns = Columns::new(row, "events", "organization_id");
                    let seq = columns.get("seq")?;
                    (columns, After::Event(seq))
                }
                After::Message(_) => {
                    let columns = Columns::new(row, "messages", "id");
                    let id = columns.get("id")?;
                    (columns, After::Message(id))
                }
            };
            if columns.get::<Timestamp>("created_at")? >= self.before {
                break;
            }
            (last, old) = (Some(after), old + 1);
        }
        Ok(OldRows {
            last,
            more: old == MAX_STEP_ROWS,
        })
    }

    /// Removes the rows up to the last one that may go. Under the organization lock: a delivery of an event may be
    /// made again at this moment.
    async fn remove(&self, position: &Position, last: After) -> Result<u64> {
        let organization = position.organization.as_str().to_owned();
        let removal: Query = match (&position.after, last) {
            (After::Message(after), After::Message(last)) => {
                // A message that waits or is being sent needs its row for the outcome.
                let query = Query::new(
                    "delete from messages where organization_id = $1 and id > $2 and id <= $3 \
                     and status not in ('queued', 'sending') returning id",
                );
                query.bind(organization).bind(after.clone()).bind(last)
            }
            (After::Event(after), After::Event(last)) => {
                let query = Query::new(
                    "delete from events where organization_id = $1 and seq > $2 and seq <= $3 \
                     and not exists (select 1 from webhook_endpoints w join deliveries d \
                     on d.organization_id = w.organization_id and d.endpoint_id = w.id \
                     where w.organization_id = events.organization_id and d.seq = events.seq) \
                     returning organization_id, seq",
                );
                query.bind(organization).bind(*after).bind(last)
            }
            _ => return Ok(0),
        };
        let owner = position.organization.clone();
        let are_events = matches!(position.after, After::Event(_));
        let removed = self
            .store
            .under_lock(&position.organization, move |connection| {
                Box::pin(async move {
                    let rows = removal.fetch_all(&mut *connection).await?;
                    if are_events {
                        note_removed(&owner, &rows, connection).await?;
                    }
                    Ok(rows.len() as u64)
                })
            });
        match removed.await {
            // Its data are removed already.
            Err(StoreError::UnknownOrganization) => Ok(0),
            removed => removed,
        }
    }
}

/// Notes up to which event some are missing, for readers that come from before it.
async fn note_removed(
    organization: &OrganizationId,
    rows: &[RawRow],
    connection: &mut Connection,
) -> Result<()> {
    let removed: Vec<i64> = column(rows, "events", "seq")?;
    Query::new(
        "update organizations set events_removed_to = $2 where id = $1 and events_removed_to < $2",
    )
    .id(organization)
    .bind(removed.into_iter().max().unwrap_or_default())
    .run(connection)
    .await
}
