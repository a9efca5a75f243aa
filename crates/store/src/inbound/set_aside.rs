//! Webhook calls that are set aside: kept raw, not tried again by themselves, listed, and retried by hand.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use recado_core::{ChannelId, OrganizationId};
use sqlx::any::AnyRow;

use crate::db::DatabaseKind;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::{self, Columns};
use crate::error::StoreError;
use crate::store::Store;

/// A webhook call that is set aside, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsideCall {
    /// Its id.
    pub id: String,
    /// The channel that was called.
    pub channel_id: ChannelId,
    /// Why it is set aside.
    pub reason: SetAsideReason,
    /// The media type of the body, if the provider named one.
    pub content_type: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
}

/// Why a webhook call is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetAsideReason {
    /// Its body is not in a form that the provider is known to use, or its row is damaged.
    Unreadable,
    /// The process ended during each of three attempts to apply it.
    Crashed,
    /// It has more items than one call may have; those within the bound were applied.
    TooManyItems,
}

/// A text that is no reason to set a call aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of unreadable, crashed, too_many_items")]
pub struct UnknownSetAsideReason;

impl SetAsideReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Unreadable, Self::Crashed, Self::TooManyItems];

    /// The name in answers and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Crashed => "crashed",
            Self::TooManyItems => "too_many_items",
        }
    }
}

impl fmt::Display for SetAsideReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SetAsideReason {
    type Err = UnknownSetAsideReason;

    fn from_str(text: &str) -> Result<Self, UnknownSetAsideReason> {
        let mut reasons = Self::ALL.into_iter();
        reasons
            .find(|reason| reason.as_str() == text)
            .ok_or(UnknownSetAsideReason)
    }
}

macro_rules! listed {
    () => {
        "select id, channel_id, set_aside, content_type, received_at from webhook_calls \
         where organization_id = $1 and set_aside is not null and (received_at, id) > ($2, $3)"
    };
}

impl Store {
    /// Sets a call aside that is not applied.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn set_webhook_call_aside(
        &self,
        organization: &OrganizationId,
        id: &str,
        reason: SetAsideReason,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "update webhook_calls set set_aside = $3, server_id = '' \
             where organization_id = $1 and id = $2 and applied_at is null",
        )
        .bind(organization.as_str().to_owned())
        .bind(id.to_owned())
        .bind(reason.as_str());
        self.write_count(query).await.map(drop)
    }

    /// Sets calls aside whose rows cannot be read.
    pub(crate) async fn set_corrupt_webhook_calls_aside(
        &self,
        calls: &[String],
    ) -> Result<(), StoreError> {
        let text = match self.kind() {
            DatabaseKind::Sqlite => {
                "update webhook_calls set set_aside = $2, server_id = '' \
                 where applied_at is null and id in (select value from json_each($1))"
            }
            DatabaseKind::Postgres => {
                "update webhook_calls set set_aside = $2, server_id = '' \
                 where applied_at is null and id in (select jsonb_array_elements_text($1::jsonb))"
            }
        };
        let query = sqlx::query(text)
            .bind(row::json(&calls))
            .bind(SetAsideReason::Unreadable.as_str());
        self.write_count(query).await.map(drop)
    }

    /// Lists the calls of an organization that are set aside, oldest first.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_webhook_calls_set_aside(
        &self,
        organization: &OrganizationId,
        reason: Option<SetAsideReason>,
        page: &Page,
    ) -> Result<Listed<SetAsideCall>, StoreError> {
        let (received_at, id) = page.start();
        // One text for each combination: a filter that is not always there would be planned without it.
        let text = match reason {
            None => concat!(listed!(), " order by received_at, id limit $4 + 0"),
            Some(_) => concat!(
                listed!(),
                " and set_aside = $5 order by received_at, id limit $4 + 0"
            ),
        };
        let mut query = sqlx::query(text)
            .bind(organization.as_str().to_owned())
            .bind(received_at)
            .bind(id.to_owned())
            .bind(page.rows());
        if let Some(reason) = reason {
            query = query.bind(reason.as_str());
        }
        let rows = self.read_list(organization, query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, call, |call| {
            Cursor::new(call.received_at, &call.id)
        })
    }

    /// Makes a call that is set aside pending again; returns `None` if the organization has no such call.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn retry_webhook_call(
        &self,
        organization: &OrganizationId,
        id: &str,
    ) -> Result<Option<SetAsideCall>, StoreError> {
        let id = row::text(id).into_owned();
        let found = sqlx::query(
            "select id, channel_id, set_aside, content_type, received_at from webhook_calls \
             where organization_id = $1 and id = $2 and set_aside is not null",
        )
        .bind(organization.as_str().to_owned())
        .bind(id.clone());
        let Some(row) = self.read_row(found).await? else {
            return Ok(None);
        };
        let query = sqlx::query(
            "update webhook_calls set set_aside = null, attempts = 0, claimed_until = 0 \
             where organization_id = $1 and id = $2 and set_aside is not null",
        )
        .bind(organization.as_str().to_owned())
        .bind(id);
        self.write_count(query).await?;
        call(&row).map(Some)
    }
}

fn call(row: &AnyRow) -> Result<SetAsideCall, StoreError> {
    let columns = Columns::new(row, "webhook_calls", "id");
    Ok(SetAsideCall {
        id: columns.get("id")?,
        channel_id: columns.parse("channel_id")?,
        reason: columns.parse("set_aside")?,
        content_type: columns.get("content_type")?,
        received_at: columns.instant("received_at")?,
    })
}
