//! Webhook endpoints: the URLs to which the events of an organization are sent.

use recado_core::event::EventType;
use recado_core::{WebhookEndpointId, words};
use secrecy::SecretString;

use crate::encryption::{MasterKey, SealedSecrets, sealed};
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::webhooks::secrets::{WebhookHeader, WebhookSecrets, sealed_row};

/// A URL that gets events; its secrets come from [`Store::endpoint_secrets`].
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// Where events go.
    pub url: String,
    /// The types of events that it gets; all if empty.
    pub events: Vec<EventType>,
    /// The format of its deliveries.
    pub format: WebhookFormat,
    /// Since when it gets nothing.
    pub disabled_at: Option<Timestamp>,
    /// Since when no attempt succeeded.
    pub failing_since: Option<Timestamp>,
    /// When an event arrived last, to the minute.
    pub accepted_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    pub(crate) sealed: SealedSecrets,
}

words! {
    /// The shape in which an endpoint gets events.
    pub enum WebhookFormat: UnknownWebhookFormat("format is one of …") {
        /// That of the API.
        Recado = "recado",
        /// That of ChatVolt's webhooks.
        ChatVolt = "chatvolt",
    }
}

/// An endpoint that is about to be created.
#[derive(Clone)]
pub struct NewWebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// Where events go.
    pub url: String,
    /// The types of events that it gets; all if empty.
    pub events: Vec<EventType>,
    /// The format of its deliveries.
    pub format: WebhookFormat,
    /// The secret that signs.
    pub secret: SecretString,
    /// A header that goes with every call.
    pub header: Option<WebhookHeader>,
    /// When it is created.
    pub created_at: Timestamp,
}

shows_only!(WebhookEndpoint {
    id,
    organization_id,
    disabled_at
});

impl WebhookEndpoint {
    pub(crate) fn secrets(&self, key: &MasterKey) -> Result<WebhookSecrets> {
        self.sealed
            .open(key, sealed_row(&self.organization_id, &self.id))
    }

    pub(crate) async fn replace(
        &mut self,
        secrets: &WebhookSecrets,
        key: &MasterKey,
        connection: &mut Connection,
    ) -> Result<()> {
        self.sealed = secrets.seal(key, sealed_row(&self.organization_id, &self.id))?;
        Query::new(
            "update webhook_endpoints set key_id = $3, secrets = $4 \
             where organization_id = $1 and id = $2",
        )
        .id(&self.organization_id)
        .id(&self.id)
        .bind(self.sealed.key_id.clone())
        .bind(self.sealed.bytes.clone())
        .run(connection)
        .await
    }
}

stored!(WebhookFormat as text);

row! {
    WebhookEndpoint in "webhook_endpoints":
    id, organization_id, url, events, format, sealed: sealed("key_id, secrets"), disabled_at, failing_since,
    accepted_at, created_at, updated_at
}

impl Noun for WebhookEndpoint {
    type Id = WebhookEndpointId;
}

impl Listable for WebhookEndpoint {}

impl Store {
    /// Creates an endpoint and encrypts its secrets. Fails with [`StoreError::Conflict`] if the id is taken,
    /// or with [`StoreError::TooManyWebhookEndpoints`] if the organization has `limit` of them.
    pub async fn create_webhook_endpoint(
        &self,
        new: NewWebhookEndpoint,
        limit: u32,
        author: &Author,
    ) -> Result<WebhookEndpoint> {
        let secrets = WebhookSecrets {
            current: new.secret,
            previous: Vec::new(),
            header: new.header,
        };
        let sealed = secrets.seal(self.key(), sealed_row(&new.organization_id, &new.id))?;
        let endpoint = WebhookEndpoint {
            id: new.id,
            organization_id: new.organization_id,
            url: row::text(&new.url).into_owned(),
            events: new.events,
            format: new.format,
            disabled_at: None,
            failing_since: None,
            accepted_at: None,
            created_at: new.created_at,
            updated_at: new.created_at,
            sealed,
        };
        let query = insertion(&endpoint);
        let count = Query::new(
            "select count(*) as endpoints from webhook_endpoints where organization_id = $1",
        )
        .id(&endpoint.organization_id);
        let entry = author.record(
            Some(&endpoint.organization_id),
            AuditAction::WebhookEndpointCreated,
            endpoint.id.as_str(),
            None,
        );
        let organization = endpoint.organization_id.clone();
        let keep_key = author.keep_key(Some(&organization), endpoint.id.as_str());
        // The lock: two creations at once must not both count one too few.
        self.under_lock(&organization, move |connection| {
            Box::pin(async move {
                let row = count.fetch_one(&mut *connection).await?;
                let columns = Columns::new(&row, "webhook_endpoints", "endpoints");
                if columns.get::<i64>("endpoints")? >= i64::from(limit) {
                    return Err(StoreError::TooManyWebhookEndpoints { limit });
                }
                query.execute(&mut *connection).await?;
                entry.execute(&mut *connection).await?;
                match keep_key {
                    Some(keep_key) => keep_key.run(connection).await,
                    None => Ok(()),
                }
            })
        })
        .await?;
        Ok(endpoint)
    }

    /// Decrypts the secrets of an endpoint, without asking the database. Fails with [`StoreError::WrongKey`] if another
    /// key encrypted them, or with [`StoreError::Corrupt`] if the row was tampered with.
    pub fn endpoint_secrets(&self, endpoint: &WebhookEndpoint) -> Result<WebhookSecrets> {
        endpoint.secrets(self.key())
    }
}

/// Returns the statement that inserts an endpoint.
fn insertion(endpoint: &WebhookEndpoint) -> Query {
    Query::new(
        "insert into webhook_endpoints (organization_id, id, url, events, format, key_id, \
         secrets, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
    )
    .id(&endpoint.organization_id)
    .id(&endpoint.id)
    .bind(endpoint.url.clone())
    .bind(kinds(&endpoint.events))
    .bind(endpoint.format.as_str())
    .bind(endpoint.sealed.key_id.clone())
    .bind(endpoint.sealed.bytes.clone())
    .instant(endpoint.created_at)
}

pub(crate) fn kinds(events: &[EventType]) -> String {
    let names: Vec<_> = events.iter().map(|kind| kind.as_str()).collect();
    row::json(&names)
}
