//! Webhook calls that are set aside: kept raw, not tried again by themselves, listed, and retried by hand.

use jiff::Timestamp;
use recado_core::{ChannelId, OrganizationId, words};

use crate::db::DatabaseKind;
use crate::db::bind::Bind as _;
use crate::db::noun::Row;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::row::{self, Columns};
use crate::error::Result;
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

words! {
    /// Why a webhook call is set aside.
    pub enum SetAsideReason: UnknownSetAsideReason("expected one of unreadable, crashed, too_many_items") {
        /// Its body is not in a form that the provider is known to use, or its row is damaged.
        Unreadable = "unreadable",
        /// The process ended during each of three attempts to apply it.
        Crashed = "crashed",
        /// It has more items than one call may have; those within the bound were applied.
        TooManyItems = "too_many_items",
    }
}

macro_rules! listed {
    () => {
        "select id, channel_id, set_aside, content_type, received_at from webhook_calls \
         where organization_id = $1 and set_aside is not null and (received_at, id) > ($2, $3)"
    };
}

impl Row for SetAsideCall {
    const TABLE: &'static str = "webhook_calls";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        Ok(SetAsideCall {
            id: columns.get("id")?,
            channel_id: columns.parse("channel_id")?,
            reason: columns.parse("set_aside")?,
            content_type: columns.get("content_type")?,
            received_at: columns.instant("received_at")?,
        })
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(self.received_at, &self.id)
    }
}

impl Store {
    /// Sets a call aside that is not applied.
    pub async fn set_webhook_call_aside(
        &self,
        organization: &OrganizationId,
        id: &str,
        reason: SetAsideReason,
    ) -> Result<()> {
        let query = sqlx::query(
            "update webhook_calls set set_aside = $3, server_id = '' \
             where organization_id = $1 and id = $2 and applied_at is null",
        )
        .id(organization)
        .bind(id.to_owned())
        .bind(reason.as_str());
        self.write_count(query).await.map(drop)
    }

    pub(crate) async fn set_corrupt_webhook_calls_aside(&self, calls: &[String]) -> Result<()> {
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
            .json(&calls)
            .bind(SetAsideReason::Unreadable.as_str());
        self.write_count(query).await.map(drop)
    }

    /// Lists the calls of an organization that are set aside, oldest first.
    pub async fn list_webhook_calls_set_aside(
        &self,
        organization: &OrganizationId,
        reason: Option<SetAsideReason>,
        page: &Page,
    ) -> Result<Listed<SetAsideCall>> {
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
            .id(organization)
            .bind(received_at)
            .bind(id.to_owned())
            .bind(page.rows());
        if let Some(reason) = reason {
            query = query.bind(reason.as_str());
        }
        self.page_of_many(organization, page, query).await
    }

    /// Makes a call that is set aside pending again; returns `None` if the organization has no such call.
    pub async fn retry_webhook_call(
        &self,
        organization: &OrganizationId,
        id: &str,
    ) -> Result<Option<SetAsideCall>> {
        let id = row::text(id).into_owned();
        let found = sqlx::query(
            "select id, channel_id, set_aside, content_type, received_at from webhook_calls \
             where organization_id = $1 and id = $2 and set_aside is not null",
        )
        .id(organization)
        .bind(id.clone());
        let Some(row) = self.read_row(found).await? else {
            return Ok(None);
        };
        let query = sqlx::query(
            "update webhook_calls set set_aside = null, attempts = 0, claimed_until = 0 \
             where organization_id = $1 and id = $2 and set_aside is not null",
        )
        .id(organization)
        .bind(id);
        self.write_count(query).await?;
        SetAsideCall::of(&row).map(Some)
    }
}
