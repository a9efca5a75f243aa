//! Secrets of webhook endpoints: those that sign deliveries, and the header that goes with them.

use recado_core::WebhookEndpointId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::encryption::{MasterKey, SealedRow, SealedSecrets, secret};
use crate::prelude::*;

/// The secrets of an endpoint.
#[derive(Clone, Deserialize)]
pub struct WebhookSecrets {
    /// The secret that signs.
    #[serde(deserialize_with = "secret")]
    pub current: SecretString,
    /// The secrets before it that sign as well for a while, the newest first.
    #[serde(deserialize_with = "one_or_many")]
    pub previous: Vec<PreviousSecret>,
    /// A header of the organization's own.
    pub header: Option<WebhookHeader>,
}

/// A secret that was replaced.
#[derive(Clone, Deserialize)]
pub struct PreviousSecret {
    /// The secret.
    #[serde(deserialize_with = "secret")]
    pub secret: SecretString,
    /// Until when it signs.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub until: Timestamp,
}

/// A header that goes with every call.
#[derive(Clone, Deserialize)]
pub struct WebhookHeader {
    /// Its name.
    pub name: String,
    /// Its value, which may be a secret.
    #[serde(deserialize_with = "secret")]
    pub value: SecretString,
}

/// Most secrets that sign at the same time: each makes the header of every call longer.
const MAX_SIGNING: usize = 10;

impl WebhookSecrets {
    pub(crate) fn seal(&self, key: &MasterKey, row: SealedRow<'_>) -> Result<SealedSecrets> {
        let previous = self.previous.iter().map(|previous| {
            json!({
                "secret": previous.secret.expose_secret(),
                "until": previous.until.as_millisecond(),
            })
        });
        let header = self
            .header
            .as_ref()
            .map(|header| json!({ "name": header.name, "value": header.value.expose_secret() }));
        let payload = json!({
            "current": self.current.expose_secret(),
            "previous": previous.collect::<Vec<_>>(),
            "header": header,
        });
        SealedSecrets::seal(&payload, key, row)
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

shows_only!(WebhookSecrets {});

/// Reads the previous secrets of a row, which has one or null if it was written before there could be
/// many.
fn one_or_many<'de, D: Deserializer<'de>>(stored: D) -> Result<Vec<PreviousSecret>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Many(Vec<PreviousSecret>),
        One(PreviousSecret),
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
        let stored: WebhookSecrets = serde_json::from_str(&text).unwrap();
        let read: Vec<_> = stored
            .previous
            .iter()
            .map(|one| one.until.as_millisecond())
            .collect();
        assert_eq!(read, until);
    }
}
