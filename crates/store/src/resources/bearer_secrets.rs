//! Secrets that a caller presents: 256 random bits each, of which only a hash is stored.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::prelude::*;
use crate::resources::idempotency_keys::IdempotencyKey;

pub(crate) type SecretHash = [u8; 32];

/// Hashes a secret; 256 random bits need no salt and no slow hash.
pub(crate) fn hash(secret: &str) -> SecretHash {
    Sha256::digest(secret).into()
}

macro_rules! bearer_secrets {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Generates a secret.
            pub fn generate() -> Result<Self> {
                let mut bytes = Zeroizing::new([0; 32]);
                getrandom::fill(bytes.as_mut_slice()).map_err(StoreError::Random)?;
                let random = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()));
                Ok(Self(format!("{}{}", $prefix, *random).into()))
            }

            /// Returns the secret of what a request makes: with an idempotency key always the same one, so that the
            /// repeat of a request can be answered with it, and without one a fresh one.
            pub fn of_request(
                store: &Store,
                key: Option<&IdempotencyKey>,
                target: &str,
                at: Timestamp,
            ) -> Result<Self> {
                let Some(key) = key else {
                    return Self::generate();
                };
                let bytes = store.key().derived(&key.seed, target, at);
                let text = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()));
                Ok(Self(format!("{}{}", $prefix, *text).into()))
            }

            /// The text that its owner presents.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            pub(crate) fn hash(&self) -> Vec<u8> {
                hash(self.expose()).to_vec()
            }
        }
    )*};
}

bearer_secrets! {
    /// The secret of an API key: `recado_` and 32 random bytes in 43 characters.
    ApiKeySecret = "recado_";
    /// The secret of a session, which a browser keeps in a cookie: 32 random bytes in 43 characters.
    SessionSecret = "";
    /// The secret of a one-time link, which is a part of its URL: 32 random bytes in 43 characters.
    LinkSecret = "";
}

/// Characters of the secret of an API key that stay visible.
const PREFIX_LENGTH: usize = "recado_".len() + 6;

impl ApiKeySecret {
    /// Returns the beginning of the secret, by which people recognize the key: `recado_` and 6 characters.
    pub fn prefix(&self) -> String {
        self.expose().chars().take(PREFIX_LENGTH).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_random_and_hidden() {
        let (one, other) = (
            ApiKeySecret::generate().unwrap(),
            ApiKeySecret::generate().unwrap(),
        );
        assert_eq!(one.expose().len(), "recado_".len() + 43);
        assert!(one.expose().starts_with(&one.prefix()));
        assert_eq!(one.prefix().len(), 13);
        assert_ne!(one.expose(), other.expose());
        assert!(!format!("{one:?}").contains(&one.expose()[7..]));
        let session = SessionSecret::generate().unwrap();
        assert_eq!(session.expose().len(), 43);
        assert!(!format!("{session:?}").contains(session.expose()));
    }
}
