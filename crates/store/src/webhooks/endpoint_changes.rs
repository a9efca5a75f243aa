//! Changes of webhook endpoints: fields, a new secret, disabled, deleted.

use recado_core::WebhookEndpointId;
use recado_core::event::{EventData, EventType, WebhookEndpointDisabledData};
use secrecy::SecretString;

use crate::events::append::{EventLog, NewEvent};
use crate::prelude::*;
use crate::resources::audit::{self, AuditAction, Author, audited};
use crate::webhooks::endpoints::{WebhookEndpoint, WebhookFormat, kinds};
use crate::webhooks::secrets::WebhookHeader;

/// A change of an endpoint; `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct WebhookEndpointChange {
    /// The new URL.
    pub url: Option<String>,
    /// The types of events that it wants from now on.
    pub events: Option<Vec<EventType>>,
    /// The new shape.
    pub format: Option<WebhookFormat>,
    /// The change of the header.
    pub header: HeaderChange,
    /// Whether it gets events. Pending deliveries wait until it does again.
    pub enabled: Option<bool>,
}

impl WebhookEndpointChange {
    fn fields(&self) -> String {
        audit::fields([
            ("url", self.url.is_some()),
            ("events", self.events.is_some()),
            ("format", self.format.is_some()),
            ("header", !matches!(self.header, HeaderChange::Keep)),
            ("enabled", self.enabled.is_some()),
        ])
    }
}

/// A change of a header.
#[derive(Clone, Default)]
pub enum HeaderChange {
    /// Leaves it as it is.
    #[default]
    Keep,
    /// Removes it.
    Remove,
    /// Replaces it.
    Set(WebhookHeader),
}

impl Store {
    /// Changes an endpoint; returns `None` if the organization has no such endpoint.
    ///
    /// What waits for it and is of a type that it no longer wants is set aside, also if the caller goes away.
    /// Fails with [`StoreError::WrongKey`] if the header changes and the present secrets do not open.
    pub async fn update_webhook_endpoint(
        &self,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
        change: WebhookEndpointChange,
        author: &Author,
    ) -> Result<Option<WebhookEndpoint>> {
        let (store, author) = (self.clone(), author.clone());
        let (organization, id) = (organization.clone(), id.clone());
        let changed = self.gathering().spawn(async move {
            store
                .change_webhook_endpoint(&organization, &id, change, &author)
                .await
        });
        changed
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }

    async fn change_webhook_endpoint(
        &self,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
        change: WebhookEndpointChange,
        author: &Author,
    ) -> Result<Option<WebhookEndpoint>> {
        let at = author.at;
        let (action, fields) = (AuditAction::WebhookEndpointUpdated, change.fields());
        let entry = author.record(Some(organization), action, id.as_str(), Some(&fields));
        // It comes first: it holds the row until the new secrets are in it.
        let update = audited(update(organization, id, &change, at), entry);
        let (kind, owner, key) = (self.kind(), organization.clone(), self.key().clone());
        let narrowed = change.events.is_some();
        let updated = self
            .locked(organization, move |connection| {
                Box::pin(async move {
                    if change.enabled == Some(true) {
                        // The organization lock: attempts change the same rows in another order.
                        EventLog::open(kind, owner, at, connection).await?;
                    }
                    let Some(row) = update(&mut *connection).await? else {
                        return Ok(None);
                    };
                    let mut endpoint = WebhookEndpoint::of(&row)?;
                    if change.enabled == Some(true) {
                        go_on(&endpoint, at, connection).await?;
                    }
                    let header = match change.header {
                        HeaderChange::Keep => return Ok(Some(endpoint)),
                        HeaderChange::Remove => None,
                        HeaderChange::Set(header) => Some(header),
                    };
                    let mut secrets = endpoint.secrets(&key)?;
                    secrets.header = header;
                    endpoint.replace(&secrets, &key, connection).await?;
                    Ok(Some(endpoint))
                })
            })
            .await?;
        if narrowed && updated.is_some() {
            self.set_unwanted_aside(organization, id, at).await?;
        }
        // What waited may go on.
        self.notify_deliveries();
        Ok(updated)
    }

    /// Gives an endpoint a new secret; the present one signs as well until `previous_until`, and those
    /// before it as long as they would have. Fails with [`StoreError::WrongKey`] if the present secrets do not open, or
    /// with [`StoreError::TooManySecrets`] if as many sign as may.
    pub async fn rotate_webhook_secret(
        &self,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
        secret: SecretString,
        previous_until: Timestamp,
        author: &Author,
    ) -> Result<Option<WebhookEndpoint>> {
        let (at, action) = (author.at, AuditAction::WebhookEndpointRotated);
        let entry = author.record(Some(organization), action, id.as_str(), None);
        let query = update(organization, id, &WebhookEndpointChange::default(), at);
        let update = audited(query, entry);
        let key = self.key().clone();
        self.transaction(move |connection| {
            Box::pin(async move {
                let Some(row) = update(&mut *connection).await? else {
                    return Ok(None);
                };
                let mut endpoint = WebhookEndpoint::of(&row)?;
                let mut secrets = endpoint.secrets(&key)?;
                secrets.rotate(secret, previous_until, at)?;
                endpoint.replace(&secrets, &key, connection).await?;
                Ok(Some(endpoint))
            })
        })
        .await
    }

    /// Stops an endpoint that fails, keeps what waits for it, and appends the event; tells whether it
    /// was on.
    pub async fn disable_webhook_endpoint(
        &self,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
        at: Timestamp,
    ) -> Result<bool> {
        let query = WebhookEndpoint::returning(
            "update webhook_endpoints set disabled_at = $3, updated_at = $3 \
             where organization_id = $1 and id = $2 and disabled_at is null",
        )
        .id(organization)
        .id(id)
        .instant(at);
        let action = AuditAction::WebhookEndpointDisabled;
        let entry = Author::server(at).record(Some(organization), action, id.as_str(), None);
        let disable = audited(query, entry);
        let appended = self
            .with_log(organization, at, move |mut log, connection| {
                Box::pin(async move {
                    let Some(row) = disable(&mut *connection).await? else {
                        return Ok(None);
                    };
                    log.append(disabled_event(&WebhookEndpoint::of(&row)?));
                    log.write(connection).await.map(Some)
                })
            })
            .await?;
        if let Some(appended) = appended {
            self.notify(organization, appended);
        }
        Ok(appended.is_some())
    }

    /// Deletes an endpoint with its deliveries; returns whether it existed.
    pub async fn delete_webhook_endpoint(
        &self,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
        author: &Author,
    ) -> Result<bool> {
        let action = AuditAction::WebhookEndpointDeleted;
        let entry = author.record(Some(organization), action, id.as_str(), None);
        let (owner, id) = (organization.clone(), id.clone());
        // The lock: no event may add a delivery meanwhile.
        self.under_lock(organization, move |connection| {
            Box::pin(async move {
                let mut deleted = 0;
                for text in [
                    "delete from delivery_attempts where organization_id = $1 and endpoint_id = $2",
                    "delete from deliveries where organization_id = $1 and endpoint_id = $2",
                    "delete from webhook_endpoints where organization_id = $1 and id = $2",
                ] {
                    deleted = Query::new(text)
                        .id(&owner)
                        .id(&id)
                        .execute(&mut *connection)
                        .await?;
                }
                if deleted > 0 {
                    entry.execute(connection).await?;
                }
                Ok(deleted > 0)
            })
        })
        .await
    }
}

fn update(
    organization: &OrganizationId,
    id: &WebhookEndpointId,
    change: &WebhookEndpointChange,
    at: Timestamp,
) -> Query {
    // Once it is on, it has not failed yet; once it is off, it stays so since then.
    WebhookEndpoint::returning(
        "update webhook_endpoints set url = coalesce($3, url), events = coalesce($4, events), \
         format = coalesce($5, format), updated_at = $7, \
         disabled_at = case when $6 = 1 then null when $6 = 0 then coalesce(disabled_at, $7) \
         else disabled_at end, \
         failing_since = case when $6 = 1 then null else failing_since end \
         where organization_id = $1 and id = $2",
    )
    .id(organization)
    .id(id)
    .optional_text(change.url.as_deref())
    .bind(change.events.as_deref().map(kinds))
    .bind(change.format.map(WebhookFormat::as_str))
    .bind(change.enabled.map(i64::from))
    .instant(at)
}

/// Makes the heads of the endpoint's ordering keys due now.
async fn go_on(
    endpoint: &WebhookEndpoint,
    at: Timestamp,
    connection: &mut Connection,
) -> Result<()> {
    Query::new(
        "update deliveries set next_at = $3 where organization_id = $1 and endpoint_id = $2 \
         and status = 'pending' and next_at is not null",
    )
    .id(&endpoint.organization_id)
    .id(&endpoint.id)
    .instant(at)
    .run(connection)
    .await
}

fn disabled_event(endpoint: &WebhookEndpoint) -> NewEvent {
    NewEvent {
        agent: None,
        channel: None,
        conversation: None,
        data: EventData::WebhookEndpointDisabled(WebhookEndpointDisabledData {
            endpoint_id: endpoint.id.as_str().to_owned(),
            failing_since: endpoint.failing_since.map(|since| since.to_string()),
        }),
    }
}
