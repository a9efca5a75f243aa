//! Secrets of webhook endpoints: those that sign deliveries, and the header that goes with them.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};

use crate::encryption::{MasterKey, SealedRow, SealedSecrets};
use crate::ids::WebhookEndpointId;
use crate::prelude::*;

/// The secrets of an endpoint.
#[derive(Clone)]
pub struct WebhookSecrets {
    /// The secret that signs.
    pub current: SecretString,
    /// The secrets before it that sign as well for a while, the newest first.
    pub previous: Vec<PreviousSecret>,
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

/// Most secrets that sign at the same time: each makes the header of every call longer.
const MAX_SIGNING: usize = 10;

impl WebhookSecrets {
    pub(crate) fn open(
        sealed: &SealedSecrets,
        key: &MasterKey,
        organization: &OrganizationId,
        id: &WebhookEndpointId,
    ) -> Result<Self> {
        let stored: StoredSecrets = sealed.open(key, sealed_row(organization, id))?;
        let corrupt = || StoreError::Corrupt {
            table: "webhook_endpoints",
            column: "secrets",
            id: id.to_string(),
        };
        let previous = stored.previous.into_iter().map(|previous| {
            let until = Timestamp::from_millisecond(previous.until).map_err(|_| corrupt())?;
            let secret = previous.secret.into();
            Ok::<_, StoreError>(PreviousSecret { secret, until })
        });
        Ok(Self {
            current: stored.current.into(),
            previous: previous.collect::<Result<_, _>>()?,
            header: stored.header.map(|header| WebhookHeader {
                name: header.name,
                value: header.value.into(),
            }),
        })
    }

    /// Replaces the current secret, which also signs until `previous_until`. Fails with [`StoreError::TooManySecrets`]
    /// while the most secrets sign.
    pub(crate) fn rotate(
        &mut self,
        secret: SecretString,
        previous_until: Timestamp,
        at: Timestamp,
    ) -> Result<()> {
        self.previous.retain(|previous| at < previous.until);
        if let Some(oldest) = self.previous.last()
            && self.previous.len() + 2 > MAX_SIGNING
        {
            let (limit, until) = (MAX_SIGNING, oldest.until);
            return Err(StoreError::TooManySecrets { limit, until });
        }
        let replaced = PreviousSecret {
            secret: std::mem::replace(&mut self.current, secret),
            until: previous_until,
        };
        self.previous.insert(0, replaced);
        Ok(())
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecrets([REDACTED])")
    }
}

#[derive(Serialize, Deserialize)]
struct StoredSecrets {
    current: String,
    #[serde(deserialize_with = "one_or_many")]
    previous: Vec<StoredPrevious>,
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
    pub(crate) fn seal(&self, key: &MasterKey, row: SealedRow<'_>) -> Result<SealedSecrets> {
        let clear = |secret: &SecretString| secret.expose_secret().to_owned();
        let stored = StoredSecrets {
            current: clear(&self.current),
            previous: self
                .previous
                .iter()
                .map(|previous| StoredPrevious {
                    secret: clear(&previous.secret),
                    until: previous.until.as_millisecond(),
                })
                .collect(),
            header: self.header.as_ref().map(|header| StoredHeader {
                name: header.name.clone(),
                value: clear(&header.value),
            }),
        };
        SealedSecrets::seal(&stored, key, row)
    }
}

/// Reads the previous secrets of a row, which has one or null if it was written before there could be
/// many.
fn one_or_many<'de, D: Deserializer<'de>>(stored: D) -> Result<Vec<StoredPrevious>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Many(Vec<StoredPrevious>),
        One(StoredPrevious),
    }
    Ok(match Option::deserialize(stored)? {
        None => Vec::new(),
        Some(Stored::One(previous)) => vec![previous],
        Some(Stored::Many(previous)) => previous,
    })
}

/// The row that an endpoint's secrets are bound to.
pub(crate) fn sealed_row<'a>(
    organization: &'a OrganizationId,
    id: &'a WebhookEndpointId,
) -> SealedRow<'a> {
    SealedRow {
        table: "webhook_endpoints",
        organization,
        id: id.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::of_no_rotation("null", &[])]
    #[case::of_one_rotation(r#"{"secret":"b","until":7}"#, &[7])]
    #[case::of_many(r#"[{"secret":"b","until":7},{"secret":"c","until":6}]"#, &[7, 6])]
    fn secrets_that_were_written_by_an_older_server_are_read(
        #[case] previous: &str,
        #[case] until: &[i64],
    ) {
        let text = format!(r#"{{"current":"a","previous":{previous},"header":null}}"#);
        let stored: StoredSecrets = serde_json::from_str(&text).unwrap();
        let read: Vec<_> = stored.previous.iter().map(|one| one.until).collect();
        assert_eq!(read, until);
    }
}
