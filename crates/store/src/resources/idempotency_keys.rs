//! Idempotency keys: which request was made under a key, and what it made, for 24 hours.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::prelude::*;

/// The key of a request, and what the request asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// A hash of the route and the key.
    pub(crate) id: String,
    /// A hash of the route, the key and the body.
    pub(crate) fingerprint: String,
    /// Another hash of the route and the key, which is not stored: what the request makes has secrets that are made of it.
    pub(crate) seed: [u8; 32],
}

shows_only!(IdempotencyKey { id, fingerprint });

/// The request that was made first under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstRequest {
    id: String,
    fingerprint: String,
    /// The id of what it made.
    pub target: String,
    /// When it was made.
    pub created_at: Timestamp,
}

row! { FirstRequest in "idempotency_keys": id, fingerprint, target, created_at }

impl IdempotencyKey {
    /// Returns the key that a caller chose for a request with this body to this route: its method and its path, with
    /// the ids in it.
    pub fn new(route: &str, key: &str, body: &str) -> Self {
        // Neither has a line break, so that no two pairs look alike.
        let both = format!("{route}\n{key}");
        Self {
            id: hashed(&both),
            // With the key, which is not stored: short bodies, such as one with a phone number, could be guessed.
            fingerprint: hashed(&format!("{both}\n{body}")),
            seed: Sha256::new()
                .chain_update("recado seed 1\0")
                .chain_update(both)
                .finalize()
                .into(),
        }
    }

    /// Returns the statement that keeps the key; it is run in the transaction that makes the target, which fails
    /// with [`StoreError::Conflict`] if the key is kept already.
    pub(crate) fn keep(
        &self,
        organization: Option<&OrganizationId>,
        target: &str,
        at: Timestamp,
    ) -> Query {
        Query::new(
            "insert into idempotency_keys (organization_id, id, fingerprint, target, created_at) \
             values ($1, $2, $3, $4, $5)",
        )
        .bind(scope(organization))
        .bind(self.id.clone())
        .bind(self.fingerprint.clone())
        .bind(target.to_owned())
        .instant(at)
    }
}

impl FirstRequest {
    /// Returns whether a later request asks for the same.
    pub fn is_repeated_by(&self, key: &IdempotencyKey) -> bool {
        self.fingerprint == key.fingerprint
    }
}

impl Store {
    /// Finds the first request that an organization, or with `None` an operator, made under a key.
    pub async fn first_request(
        &self,
        organization: Option<&OrganizationId>,
        key: &IdempotencyKey,
    ) -> Result<Option<FirstRequest>> {
        let query = FirstRequest::select("where organization_id = $1 and id = $2");
        let query = query.bind(scope(organization)).bind(key.id.clone());
        let row = self.read_row_first(query).await?;
        row.as_ref().map(FirstRequest::of).transpose()
    }
}

/// Returns the organization of a row; operators have none.
fn scope(organization: Option<&OrganizationId>) -> String {
    organization.map_or_else(String::new, ToString::to_string)
}

fn hashed(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
