//! What webhook endpoints sign with, and what else they are told in confidence.

use std::fmt;

use jiff::Timestamp;
use recado_core::OrganizationId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::ids::WebhookEndpointId;
use crate::secrets::{MasterKey, Place, SealedSecrets};
use crate::webhook_endpoints::WebhookEndpoint;

/// What an endpoint's calls are signed and adorned with.
#[derive(Clone)]
pub struct WebhookSecrets {
    /// The secret that signs.
    pub current: SecretString,
    /// The secret before it, which signs as well for a while.
    pub previous: Option<PreviousSecret>,
    /// A header of the organization's own.
    pub header: Option<WebhookHeader>,
}

/// A secret that was replaced.
#[derive(Clone)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: SecretString,
    /// Until when it signs.
    pub until: Timestamp,
}

/// A header that goes with every call.
#[derive(Clone)]
pub struct WebhookHeader {
    /// Its name.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: SecretString,
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecrets([REDACTED])")
    }
}

impl WebhookEndpoint {
    /// Decrypts its secrets.
    pub(crate) fn secrets(&self, key: &MasterKey) -> Result<WebhookSecrets, StoreError> {
        let place = place(&self.organization_id, &self.id);
        let stored: StoredSecrets = self.sealed.open(key, place)?;
        let corrupt = || StoreError::Corrupt {
            table: "webhook_endpoints",
            column: "secrets",
            id: self.id.to_string(),
        };
        let previous = stored.previous.map(|previous| {
            let until = Timestamp::from_millisecond(previous.until).map_err(|_| corrupt())?;
            let secret = previous.secret.into();
            Ok::<_, StoreError>(PreviousSecret { secret, until })
        });
        Ok(WebhookSecrets {
            current: stored.current.into(),
            previous: previous.transpose()?,
            header: stored.header.map(|header| WebhookHeader {
                name: header.name,
                value: header.value.into(),
            }),
        })
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

/// The secrets as JSON, in the store's own shape.
#[derive(Serialize, Deserialize)]
struct StoredSecrets {
    current: String,
    previous: Option<StoredPrevious>,
    header: Option<StoredHeader>,
}

#[derive(Serialize, Deserialize)]
struct StoredPrevious {
    secret: String,
    until: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredHeader {
    name: String,
    value: String,
}

impl WebhookSecrets {
    pub(crate) fn seal(
        &self,
        key: &MasterKey,
        place: Place<'_>,
    ) -> Result<SealedSecrets, StoreError> {
        let clear = |secret: &SecretString| secret.expose_secret().to_owned();
        let stored = StoredSecrets {
            current: clear(&self.current),
            previous: self.previous.as_ref().map(|previous| StoredPrevious {
                secret: clear(&previous.secret),
                until: previous.until.as_millisecond(),
            }),
            header: self.header.as_ref().map(|header| StoredHeader {
                name: header.name.clone(),
                value: clear(&header.value),
            }),
        };
        SealedSecrets::seal(&stored, key, place)
    }
}

/// The row that an endpoint's secrets are bound to.
pub(crate) fn place<'a>(organization: &'a OrganizationId, id: &'a WebhookEndpointId) -> Place<'a> {
    Place {
        table: "webhook_endpoints",
        organization,
        id: id.as_str(),
    }
}
