//! Webhook endpoints: who is told of an organization's events, and how it is signed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use recado_core::OrganizationId;
use recado_core::event::EventType;
use secrecy::SecretString;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::{self, Columns};
use crate::encryption::{MasterKey, SealedSecrets};
use crate::error::StoreError;
use crate::ids::WebhookEndpointId;
use crate::resources::audit::{AuditAction, Author};
use crate::store::Store;
use crate::webhooks::secrets::{WebhookHeader, WebhookSecrets, place};

/// Who is told of events; its secrets come from [`Store::endpoint_secrets`].
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Where events go.
    pub url: String,
    /// Which events go there; all if empty.
    pub events: Vec<EventType>,
    /// In which shape.
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

/// The shape in which an endpoint gets events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// Our own.
    Recado,
    /// ChatVolt's.
    ChatVolt,
}

/// A text that names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("format is one of recado, chatvolt")]
pub struct UnknownWebhookFormat;

/// An endpoint that is about to be created.
#[derive(Clone)]
pub struct NewWebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Where events go.
    pub url: String,
    /// Which events go there; all if empty.
    pub events: Vec<EventType>,
    /// In which shape.
    pub format: WebhookFormat,
    /// The secret that signs.
    pub secret: SecretString,
    /// A header that goes with every call.
    pub header: Option<WebhookHeader>,
    /// When it is created.
    pub created_at: Timestamp,
}

impl fmt::Debug for WebhookEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEndpoint")
            .field("id", &self.id)
            .field("organization_id", &self.organization_id)
            .field("disabled_at", &self.disabled_at)
            .finish_non_exhaustive()
    }
}

impl WebhookFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Recado, Self::ChatVolt];

    /// The name in requests, answers and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recado => "recado",
            Self::ChatVolt => "chatvolt",
        }
    }
}

impl FromStr for WebhookFormat {
    type Err = UnknownWebhookFormat;

    fn from_str(text: &str) -> Result<Self, UnknownWebhookFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(UnknownWebhookFormat)
    }
}

/// The columns that [`endpoint`] reads.
macro_rules! endpoint_columns {
    () => {
        "organization_id, id, url, events, format, key_id, secrets, disabled_at, failing_since, \
         accepted_at, created_at, updated_at"
    };
}
pub(crate) use endpoint_columns;

impl WebhookEndpoint {
    /// Decrypts its secrets.
    pub(crate) fn secrets(&self, key: &MasterKey) -> Result<WebhookSecrets, StoreError> {
        WebhookSecrets::open(&self.sealed, key, &self.organization_id, &self.id)
    }

    /// Writes other secrets.
    pub(crate) async fn replace(
        &mut self,
        secrets: &WebhookSecrets,
        key: &MasterKey,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        self.sealed = secrets.seal(key, place(&self.organization_id, &self.id))?;
        sqlx::query(
            "update webhook_endpoints set key_id = $3, secrets = $4 \
             where organization_id = $1 and id = $2",
        )
        .bind(self.organization_id.as_str().to_owned())
        .bind(self.id.as_str().to_owned())
        .bind(self.sealed.key_id.clone())
        .bind(self.sealed.bytes.clone())
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Creates an endpoint and encrypts its secrets.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the id is taken, [`StoreError::UnknownOrganization`],
    /// [`StoreError::TooManyWebhookEndpoints`] if the organization has `limit` of them.
    pub async fn create_webhook_endpoint(
        &self,
        new: NewWebhookEndpoint,
        limit: u32,
        author: &Author,
    ) -> Result<WebhookEndpoint, StoreError> {
        let secrets = WebhookSecrets {
            current: new.secret,
            previous: Vec::new(),
            header: new.header,
        };
        let sealed = secrets.seal(self.key(), place(&new.organization_id, &new.id))?;
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
        let query = sqlx::query(
            "insert into webhook_endpoints (organization_id, id, url, events, format, key_id, \
             secrets, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        )
        .bind(endpoint.organization_id.as_str().to_owned())
        .bind(endpoint.id.as_str().to_owned())
        .bind(endpoint.url.clone())
        .bind(kinds(&endpoint.events))
        .bind(endpoint.format.as_str())
        .bind(endpoint.sealed.key_id.clone())
        .bind(endpoint.sealed.bytes.clone())
        .bind(endpoint.created_at.as_millisecond());
        let count = sqlx::query(
            "select count(*) as endpoints from webhook_endpoints where organization_id = $1",
        )
        .bind(endpoint.organization_id.as_str().to_owned());
        let entry = author.record(
            Some(&endpoint.organization_id),
            AuditAction::WebhookEndpointCreated,
            endpoint.id.as_str(),
            None,
        );
        let organization = endpoint.organization_id.clone();
        // The lock: two creations at once must not both count one too few.
        self.under_lock(&organization, move |connection| {
            Box::pin(async move {
                let row = count.fetch_one(&mut *connection).await?;
                let columns = Columns::new(&row, "webhook_endpoints", "endpoints");
                if columns.get::<i64>("endpoints")? >= i64::from(limit) {
                    return Err(StoreError::TooManyWebhookEndpoints { limit });
                }
                query.execute(&mut *connection).await?;
                entry.execute(connection).await?;
                Ok(())
            })
        })
        .await?;
        Ok(endpoint)
    }

    /// Looks an endpoint up.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_webhook_endpoint(
        &self,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            endpoint_columns!(),
            " from webhook_endpoints where organization_id = $1 and id = $2"
        ))
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query)
            .await?
            .as_ref()
            .map(endpoint)
            .transpose()
    }

    /// Lists the endpoints of an organization.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_webhook_endpoints(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<WebhookEndpoint>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(concat!(
            "select ",
            endpoint_columns!(),
            " from webhook_endpoints where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4 + 0"
        ))
        .bind(organization.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_page(query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, endpoint, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }

    /// Decrypts the secrets of an endpoint, without asking the database.
    ///
    /// # Errors
    ///
    /// [`StoreError::WrongKey`], or [`StoreError::Corrupt`] if the row was tampered with.
    pub fn endpoint_secrets(
        &self,
        endpoint: &WebhookEndpoint,
    ) -> Result<WebhookSecrets, StoreError> {
        endpoint.secrets(self.key())
    }
}

/// The names of kinds of events, as a JSON list.
pub(crate) fn kinds(events: &[EventType]) -> String {
    let names: Vec<_> = events.iter().map(|kind| kind.as_str()).collect();
    row::json(&names)
}

/// The endpoint out of its columns.
pub(crate) fn endpoint(row: &AnyRow) -> Result<WebhookEndpoint, StoreError> {
    read(&Columns::new(row, "webhook_endpoints", "id"))
}

/// The endpoint out of columns that carry their own names, except for the id.
pub(crate) fn read(columns: &Columns<'_>) -> Result<WebhookEndpoint, StoreError> {
    let events: Vec<String> = columns.json("events")?;
    let events = events.iter().map(|name| name.parse());
    Ok(WebhookEndpoint {
        id: columns.parse(columns.id_column())?,
        organization_id: columns.parse("organization_id")?,
        url: columns.get("url")?,
        events: events
            .collect::<Result<_, _>>()
            .map_err(|_| columns.corrupt("events"))?,
        format: columns.parse("format")?,
        disabled_at: columns.optional_instant("disabled_at")?,
        failing_since: columns.optional_instant("failing_since")?,
        accepted_at: columns.optional_instant("accepted_at")?,
        created_at: columns.instant("created_at")?,
        updated_at: columns.instant("updated_at")?,
        sealed: SealedSecrets {
            key_id: columns.get("key_id")?,
            bytes: columns.get("secrets")?,
        },
    })
}
