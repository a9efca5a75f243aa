//! Pauses of channels: while one lasts, the queued messages of the channel wait.
//!
//! A request pauses a channel until a request resumes it. A channel that does not work is paused until it works again,
//! about which its provider is asked from time to time. If it may work, one of the queued messages tries it: a provider
//! may say that the number is connected and refuse its messages, or refuse the question and take messages.

use std::time::Duration;

use recado_core::ChannelId;
use recado_core::event::{ChannelPauseData, EventData};
use recado_core::message::MessageError;

use crate::events::append::{EventLog, NewEvent};
use crate::outbox::ChannelQueue;
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::resources::channels::Channel;

/// Time from the pause of a channel that does not work to the first question whether it works.
pub const FIRST_CHECK: Duration = Duration::from_secs(30);

/// Longest time from one question to the next: each waits twice as long as the one before.
pub const MAX_CHECK: Duration = Duration::from_mins(15);

/// A channel that stops working so soon after it was resumed goes on with the wait that it had: its provider says that
/// it works, and refuses its messages.
const SOON: Duration = Duration::from_mins(30);

/// A message that is due so soon tries a channel that works again; for a later one, the channel does not wait.
const DUE_SOON: Duration = Duration::from_mins(1);

/// Most channels that are asked about at once.
const MAX_CHECKED: i64 = 16;

const PAUSE: &str = "update channels set paused_at = $3, pause_error = null, check_at = null, check_wait = null, \
     trial = 0 where organization_id = $1 and id = $2 and (paused_at is null or pause_error is not null)";

/// A channel that stops working soon after it was resumed, which is after `$6`, goes on with its wait.
const FAIL: &str = "update channels set paused_at = $3, pause_error = $4, trial = 0, \
     check_wait = case when resumed_at > $6 then coalesce(check_wait, $5) else $5 end, \
     check_at = $3 + case when resumed_at > $6 then coalesce(check_wait, $5) else $5 end \
     where organization_id = $1 and id = $2 and paused_at is null";

const RESUME: &str = "update channels set paused_at = null, check_at = null, check_wait = null, trial = 0 \
     where organization_id = $1 and id = $2 and paused_at is not null";

const RECOVER: &str = "update channels set paused_at = null, check_at = null, trial = 0, resumed_at = $3 \
     where organization_id = $1 and id = $2 and paused_at is not null and pause_error is not null";

/// `$3` is the queue of messages whose keys have no rate, with which the names of the channel's other queues begin, and `$4`
/// until when a message has to be due that is waited for. The keys may be deleted, so the queues are not found by them.
const TRY: &str = "update channels set trial = 1 where organization_id = $1 and id = $2 and paused_at is not null \
     and pause_error is not null and exists (with recursive busy (queue) as (select (select min(o.queue) from outbox o \
     where o.next_at is not null and o.calling = 0 and o.queue >= $3) as queue union all select (select min(o.queue) \
     from outbox o where o.next_at is not null and o.calling = 0 and o.queue > busy.queue) from busy \
     where busy.queue is not null) \
     select 1 from busy b where substr(b.queue || ' ', 1, length(cast($3 as text)) + 1) = cast($3 as text) || ' ' \
     and (select f.next_at from outbox f where f.queue = b.queue and f.next_at is not null and f.calling = 0 \
     order by f.next_at limit 1) <= $4) returning id";

const DUE: &str = "select 1 as one from channels c join organizations o on o.id = c.organization_id \
     where c.check_at <= $1 and o.suspended_at is null and o.deleted_at is null limit 1";

macro_rules! check {
    ($lock:literal) => {
        concat!(
            "update channels set check_wait = case when check_wait * 2 > $2 then $2 else check_wait * 2 end, \
             check_at = $1 + case when check_wait * 2 > $2 then $2 else check_wait * 2 end \
             where check_at <= $1 and id in (select c.id from channels c join organizations o \
             on o.id = c.organization_id where c.check_at <= $1 and o.suspended_at is null \
             and o.deleted_at is null order by c.check_at limit $3",
            $lock,
            ")"
        )
    };
}

const CHECK_SQLITE: &str = check!("");
/// A channel that is being changed is left for the next time: no lock of several channels is waited for.
const CHECK_POSTGRES: &str = check!(" for update of c skip locked");

impl Store {
    /// Pauses a channel until it is resumed; one that a request has paused stays as it is. Returns `None` if the
    /// organization has no such channel.
    pub async fn pause_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        author: &Author,
    ) -> Result<Option<Channel>> {
        let query = Channel::returning(PAUSE);
        let query = query.id(organization).id(id).instant(author.at);
        let action = AuditAction::ChannelPaused;
        let entry = author.record(Some(organization), action, id.as_str(), None);
        let change = Change {
            query,
            entry: Some(entry),
            event: EventData::ChannelPaused,
        };
        self.change_pause(organization, author.at, change).await?;
        self.get(organization, id).await
    }

    /// Pauses a channel that does not work; tells whether it was not paused before.
    pub async fn pause_failing_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        error: &MessageError,
        at: Timestamp,
    ) -> Result<bool> {
        let change = failing(organization, id, error, at);
        self.change_pause(organization, at, change).await
    }

    /// Resumes a channel, whatever paused it; returns `None` if the organization has no such channel.
    pub async fn resume_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        author: &Author,
    ) -> Result<Option<Channel>> {
        let query = Channel::returning(RESUME).id(organization).id(id);
        let action = AuditAction::ChannelResumed;
        let entry = author.record(Some(organization), action, id.as_str(), None);
        let change = Change {
            query,
            entry: Some(entry),
            event: EventData::ChannelResumed,
        };
        if self.change_pause(organization, author.at, change).await? {
            self.notify_outbox();
        }
        self.get(organization, id).await
    }

    /// Resumes a channel that works again; one that a request has paused stays paused. Tells whether it was paused.
    pub async fn resume_working_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        at: Timestamp,
    ) -> Result<bool> {
        let query = Channel::returning(RECOVER);
        let change = Change {
            query: query.id(organization).id(id).instant(at),
            entry: None,
            event: EventData::ChannelResumed,
        };
        let was_paused = self.change_pause(organization, at, change).await?;
        if was_paused {
            self.notify_outbox();
        }
        Ok(was_paused)
    }

    /// Lets a queued message try a channel that may work again. If none is due soon and `works` is true, the channel is
    /// resumed.
    pub async fn try_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        works: bool,
        at: Timestamp,
    ) -> Result<()> {
        let queue = ChannelQueue {
            organization_id: organization.clone(),
            channel_id: id.clone(),
            api_key_id: None,
        };
        let soon = at.checked_add(DUE_SOON).unwrap_or(Timestamp::MAX);
        let query = Query::new(TRY).id(organization).id(id);
        let query = query.id(queue).instant(soon);
        if self.write_row(query).await?.is_some() {
            self.notify_outbox();
        } else if works {
            self.resume_working_channel(organization, id, at).await?;
        }
        Ok(())
    }

    /// Returns channels that do not work, and about which their providers are to be asked now; no other server asks
    /// about them before the next time.
    pub async fn channels_to_check(&self, now: Timestamp) -> Result<Vec<Channel>> {
        // Most often none: then nothing is written.
        let due = self.read_row(Query::new(DUE).instant(now)).await?;
        if due.is_none() {
            return Ok(Vec::new());
        }
        let text = match self.kind() {
            DatabaseKind::Sqlite => CHECK_SQLITE,
            DatabaseKind::Postgres => CHECK_POSTGRES,
        };
        let query = Channel::returning(text)
            .instant(now)
            .bind(milliseconds(MAX_CHECK))
            .bind(MAX_CHECKED);
        let rows = self.write_rows(query).await?;
        rows.iter().map(Channel::of).collect()
    }

    /// Changes the pause of a channel, and appends the event; tells whether anything changed.
    async fn change_pause(
        &self,
        organization: &OrganizationId,
        at: Timestamp,
        change: Change,
    ) -> Result<bool> {
        let appended = self
            .with_log(organization, at, move |mut log, connection| {
                Box::pin(async move {
                    if !change.make(&mut log, connection).await? {
                        return Ok(None);
                    }
                    log.write(connection).await.map(Some)
                })
            })
            .await?;
        let is_changed = appended.is_some();
        self.notify(organization, appended.unwrap_or_default());
        Ok(is_changed)
    }
}

/// Returns the statement that has the provider of a channel asked now, if the channel does not work.
pub(crate) fn check_now(organization: &OrganizationId, id: &ChannelId, now: Timestamp) -> Query {
    let text = "update channels set check_at = $3, check_wait = $4 \
         where organization_id = $1 and id = $2 and check_at is not null";
    let query = Query::new(text).id(organization).id(id).instant(now);
    query.bind(milliseconds(FIRST_CHECK))
}

/// A change of a pause.
pub(crate) struct Change {
    /// Returns the channel if it changes.
    query: Query,
    entry: Option<Query>,
    event: fn(ChannelPauseData) -> EventData,
}

/// Returns the pause of a channel that does not work.
pub(crate) fn failing(
    organization: &OrganizationId,
    id: &ChannelId,
    error: &MessageError,
    at: Timestamp,
) -> Change {
    let soon = at.checked_sub(SOON).unwrap_or(Timestamp::MIN);
    let query = Channel::returning(FAIL)
        .id(organization)
        .id(id)
        .instant(at)
        .json(error)
        .bind(milliseconds(FIRST_CHECK))
        .instant(soon);
    Change {
        query,
        entry: None,
        event: EventData::ChannelPaused,
    }
}

impl Change {
    /// Makes the change under the organization lock, and appends its event; tells whether anything changed.
    pub(crate) async fn make(
        self,
        log: &mut EventLog,
        connection: &mut Connection,
    ) -> Result<bool> {
        let Some(row) = self.query.fetch_optional(&mut *connection).await? else {
            return Ok(false);
        };
        if let Some(entry) = self.entry {
            entry.execute(connection).await?;
        }
        let columns = Channel::columns(&row);
        let data = ChannelPauseData {
            error: columns.get("pause_error")?,
        };
        log.append(NewEvent {
            agent: None,
            channel: Some(columns.get("id")?),
            conversation: None,
            data: (self.event)(data),
        });
        Ok(true)
    }
}

pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
