//! Webhook calls that are set aside: kept raw, not tried again by themselves, listed, and retried by hand.

use recado_core::{ChannelId, words};

use crate::prelude::*;

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
    pub enum SetAsideReason: UnknownSetAsideReason("expected one of …") {
        /// Its body is not in a form that the provider is known to use, or its row is damaged.
        Unreadable = "unreadable",
        /// The process ended during each of three attempts to apply it.
        Crashed = "crashed",
        /// It has more items than one call may have; those within the bound were applied.
        TooManyItems = "too_many_items",
    }
}

stored!(SetAsideReason as text);

row! {
    SetAsideCall in "webhook_calls" by "received_at":
    id, channel_id, reason: "set_aside", content_type, received_at
}

impl Store {
    /// Sets a call aside that is not applied.
    pub async fn set_webhook_call_aside(
        &self,
        organization: &OrganizationId,
        id: &str,
        reason: SetAsideReason,
    ) -> Result<()> {
        let query = Query::new(
            "update webhook_calls set set_aside = $3, server_id = '' \
             where organization_id = $1 and id = $2 and applied_at is null",
        )
        .id(organization)
        .bind(id.to_owned())
        .bind(reason.as_str());
        self.write_count(query).await.map(drop)
    }

    pub(crate) async fn set_corrupt_webhook_calls_aside(&self, calls: &[String]) -> Result<()> {
        static SET_ASIDE: OverList = OverList::new(
            "update webhook_calls set set_aside = $2, server_id = '' \
             where applied_at is null and id in ({ids})",
        );
        let query = over_list(self.kind(), &SET_ASIDE);
        let query = query.json(&calls).bind(SetAsideReason::Unreadable.as_str());
        self.write_count(query).await.map(drop)
    }

    /// Lists the calls of an organization that are set aside, oldest first.
    pub async fn list_webhook_calls_set_aside(
        &self,
        organization: &OrganizationId,
        reason: Option<SetAsideReason>,
        page: &Page,
    ) -> Result<Listed<SetAsideCall>> {
        // A filter that is not always there would be planned without it.
        let filter = match reason {
            None => " and set_aside is not null",
            Some(_) => " and set_aside is not null and set_aside = $5",
        };
        let mut query = SetAsideCall::page_of(organization, page, filter);
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
        let found = SetAsideCall::select(
            "where organization_id = $1 and id = $2 and set_aside is not null",
        );
        let Some(call) = self.find(found.id(organization).text(id)).await? else {
            return Ok(None);
        };
        let query = Query::new(
            "update webhook_calls set set_aside = null, attempts = 0, claimed_until = 0 \
             where organization_id = $1 and id = $2 and set_aside is not null",
        )
        .id(organization)
        .text(id);
        self.write_count(query).await?;
        Ok(Some(call))
    }
}
