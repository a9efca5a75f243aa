//! Servers: each renews a lease, and what it claimed is free when the lease has ended.
//!
//! Leases are compared by the clock of the database alone. SQLite has one server, which needs no lease:
//! at its start, every claim belongs to a process that has ended.

use std::time::Duration;

use crate::db::connect::Source;
use crate::db::{Role, in_time};
use crate::prelude::*;

/// How often a server renews its lease.
pub const LEASE_RENEWAL: Duration = Duration::from_secs(3);

/// How long a server that does not renew its lease counts as alive: three renewals may fail.
pub const LEASE: Duration = Duration::from_secs(10);

/// How long the session of a killed server may go on to hold its name.
const NAME_TIMEOUT: Duration = Duration::from_secs(4);

const NAME_PAUSE: Duration = Duration::from_millis(200);

macro_rules! now {
    () => {
        "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)"
    };
}

/// Extends every lease if this server's own lease is nearly over: the database may have been away, and the others
/// need time to renew theirs before this server treats them as dead.
const EXTEND: &str = concat!(
    "update servers set lease_until = ",
    now!(),
    " + $2 where (select m.lease_until from servers m where m.id = $1) < ",
    now!(),
    " + $2 / 2"
);

const RENEW: &str = concat!(
    "insert into servers (id, name, lease_until, started_at) values ($1, $2, ",
    now!(),
    " + $3, ",
    now!(),
    ") on conflict (id) do update set lease_until = excluded.lease_until"
);

/// The servers that claim something and have no lease.
const DEAD: &str = concat!(
    "select c.server_id from (\
     select server_id from messages where status = 'sending' union \
     select server_id from webhook_calls where applied_at is null and server_id <> '' union \
     select server_id from deliveries where status = 'pending' and claimed_until > 0) c \
     where c.server_id <> '' and c.server_id not in (select id from servers where lease_until > ",
    now!(),
    ")"
);

/// How much was freed that dead servers had claimed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freed {
    /// Messages that were being sent, and are `unknown` now.
    pub messages: u64,
    /// Calls of providers that any server may apply now.
    pub webhook_calls: u64,
    /// Deliveries that any server may make now.
    pub deliveries: u64,
}

/// This server among the servers of its database.
pub struct Membership {
    store: Store,
    name: Option<String>,
    /// Renews the lease and holds the lock of the name; `None` on SQLite, and after the connection failed.
    connection: Option<Connection>,
    predecessors: Vec<String>,
}

impl Store {
    /// Begins the lease of this server.
    /// Fails with [`StoreError::NameTaken`] if a server of that name lives.
    pub async fn join(&self, name: Option<&str>) -> Result<Membership> {
        let mut membership = Membership {
            store: self.clone(),
            name: name.map(str::to_owned),
            connection: None,
            predecessors: Vec::new(),
        };
        match self.kind() {
            DatabaseKind::Sqlite => self.join_alone(name).await?,
            DatabaseKind::Postgres => {
                membership.take_name().await?;
                membership.predecessors = self.of_name(name).await?;
                membership.renew().await?;
            }
        }
        Ok(membership)
    }

    async fn join_alone(&self, name: Option<&str>) -> Result<()> {
        let gone = Query::new("delete from servers");
        let new = Query::new(
            "insert into servers (id, name, lease_until, started_at) values ($1, $2, 0, 0)",
        )
        .bind(self.server_id().to_owned())
        .bind(name.map(str::to_owned));
        self.transaction(move |connection| {
            Box::pin(async move {
                gone.execute(&mut *connection).await?;
                new.run(connection).await
            })
        })
        .await
    }

    /// Forgets the earlier servers of a name, and returns their ids.
    async fn of_name(&self, name: Option<&str>) -> Result<Vec<String>> {
        let Some(name) = name else {
            return Ok(Vec::new());
        };
        let query =
            Query::new("delete from servers where name = $1 returning id").bind(name.to_owned());
        let rows = self.write_rows(query).await?;
        column(&rows, "servers", "id")
    }

    /// Checks that the database accepts a write.
    pub async fn prove_write(&self) -> Result<()> {
        let query = Query::new("update servers set started_at = started_at where id = $1")
            .bind(self.server_id().to_owned());
        self.write_count(query).await.map(drop)
    }

    /// Frees the claims of servers whose lease has ended.
    pub async fn free_dead_servers(&self, at: Timestamp) -> Result<Freed> {
        if self.kind() == DatabaseKind::Sqlite {
            return Ok(Freed::default());
        }
        let rows = self.read_rows(Query::new(DEAD)).await?;
        let dead: Vec<String> = column(&rows, "servers", "server_id")?;
        let freed = self.free_all(&dead, at).await;
        let gone = Query::new(concat!("delete from servers where lease_until < ", now!()));
        self.write_count(gone).await?;
        freed
    }

    /// Lets the lease of every server end at once, and frees what all of them claimed.
    #[cfg(feature = "testing")]
    pub(crate) async fn end_servers(&self, at: Timestamp) -> Result<Freed> {
        let query = Query::new("update servers set lease_until = 0");
        self.write_count(query).await?;
        self.free(None, at).await
    }

    /// Frees the claims of each of these servers; if one fails, goes on with the others and returns the last error.
    async fn free_all(&self, servers: &[String], at: Timestamp) -> Result<Freed> {
        let (mut all, mut failed) = (Freed::default(), None);
        for server in servers {
            match self.free(Some(server), at).await {
                Ok(freed) => {
                    all.messages += freed.messages;
                    all.webhook_calls += freed.webhook_calls;
                    all.deliveries += freed.deliveries;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(all), Err)
    }

    /// Frees what one server claimed, or on SQLite what all claimed.
    async fn free(&self, server: Option<&str>, at: Timestamp) -> Result<Freed> {
        let freed = Freed {
            webhook_calls: self.free_webhook_calls(server).await?,
            deliveries: self.free_deliveries(server).await?,
            messages: self.settle_abandoned(server, at).await?,
        };
        if freed.deliveries > 0 {
            self.notify_deliveries();
        }
        if freed.webhook_calls > 0 {
            self.notify_webhook_calls();
        }
        Ok(freed)
    }
}

impl Membership {
    /// Renews the lease.
    /// Fails with [`StoreError::NameTaken`] if the name was lost with the connection, and another server has it now.
    pub async fn renew(&mut self) -> Result<()> {
        if self.store.kind() == DatabaseKind::Sqlite {
            return Ok(());
        }
        let (held, store, name) = (self.connection.take(), &self.store, &self.name);
        let connection = in_time(async {
            let mut connection = match held {
                Some(connection) => connection,
                None => open(store.source(), name.as_deref())
                    .await?
                    .ok_or(StoreError::NameTaken)?,
            };
            let id = store.server_id().to_owned();
            let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
            Query::new(EXTEND)
                .bind(id.clone())
                .bind(lease)
                .execute(&mut connection)
                .await?;
            Query::new(RENEW)
                .bind(id)
                .bind(name.clone())
                .bind(lease)
                .execute(&mut connection)
                .await?;
            Ok(connection)
        })
        .await?;
        // A connection that failed is not kept.
        self.connection = Some(connection);
        Ok(())
    }

    /// Frees what earlier runs of this server claimed: on SQLite everything, on PostgreSQL what servers of
    /// this name claimed, which are gone because this one has the name.
    pub async fn take_over(&mut self, at: Timestamp) -> Result<Freed> {
        match self.store.kind() {
            DatabaseKind::Sqlite => self.store.free(None, at).await,
            DatabaseKind::Postgres => self.store.free_all(&self.predecessors, at).await,
        }
    }

    /// Ends the lease, and frees what this server leaves behind.
    pub async fn leave(self, at: Timestamp) -> Result<Freed> {
        let Self {
            store, connection, ..
        } = self;
        let id = store.server_id();
        let freed = store.free(Some(id), at).await;
        let query = Query::new("delete from servers where id = $1").bind(id.to_owned());
        store.write_count(query).await?;
        if let Some(connection) = connection {
            in_time(connection.close()).await?;
        }
        freed
    }

    /// Takes the name at the start; the session of a killed server may hold it a moment longer.
    async fn take_name(&mut self) -> Result<()> {
        let (source, name) = (self.store.source(), self.name.as_deref());
        let taken = tokio::time::timeout(NAME_TIMEOUT, async {
            loop {
                if let Some(connection) = in_time(open(source, name)).await? {
                    return Ok(connection);
                }
                tokio::time::sleep(NAME_PAUSE).await;
            }
        });
        let connection = taken.await.unwrap_or(Err(StoreError::NameTaken))?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// Opens a connection that holds the lock of the name; returns `None` if another server holds it.
async fn open(source: &Source, name: Option<&str>) -> Result<Option<Connection>> {
    let mut connection = source.connect(Role::Writer).await?;
    let Some(name) = name else {
        return Ok(Some(connection));
    };
    let row =
        Query::new("select 1 where pg_try_advisory_lock(hashtext('recado server'), hashtext($1))")
            .bind(name.to_owned())
            .fetch_optional(&mut connection)
            .await?;
    Ok(row.map(|_| connection))
}
