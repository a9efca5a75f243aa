//! The master key, and what it encrypts: XChaCha20-Poly1305, bound to the row it stands in.

pub(crate) mod loss;
pub(crate) mod master_key;
pub(crate) mod rotation;

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use jiff::Timestamp;
use recado_core::{ChannelId, MessageId, OrganizationId, Recipient};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::db::row::Columns;
use crate::error::{Result, StoreError};

const NONCE_LENGTH: usize = 24;

/// Accepts keys with and without padding: people copy both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 32 bytes that encrypt the secrets of all channels and webhook endpoints, and providers' raw calls.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// A text that is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes in base64")]
pub struct MasterKeyError;

impl MasterKey {
    /// Generates a key.
    pub fn generate() -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(StoreError::Random)?;
        Ok(Self(key))
    }

    /// Reads a key; white space around it does not matter.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).map_err(|_| MasterKeyError)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| MasterKeyError)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// The key as text.
    pub fn to_base64(&self) -> SecretString {
        BASE64.encode(self.0.as_slice()).into()
    }

    /// A short name of the key that does not give it away: the start of its SHA-256 in hex.
    pub fn id(&self) -> String {
        let hash = Sha256::digest(self.0.as_slice());
        format!(
            "{:02x}{:02x}{:02x}{:02x}",
            hash[0], hash[1], hash[2], hash[3]
        )
    }

    /// Returns a hash that differs for every key and reveals nothing of it.
    pub(crate) fn fingerprint(&self) -> String {
        let hash = Sha256::new()
            .chain_update(b"recado master key fingerprint 1\0")
            .chain_update(self.0.as_slice())
            .finalize();
        BASE64.encode(hash)
    }

    /// Returns a hash that differs for every number, and reveals nothing of it without this key.
    pub(crate) fn number_hash(&self, number: &SecretString) -> String {
        let hash = Sha256::new()
            .chain_update(b"recado number 1\0")
            .chain_update(self.0.as_slice())
            .chain_update(number.expose_secret())
            .finalize();
        BASE64.encode(hash)
    }

    /// Returns a hash that proves who was given the link of a customer's file until an instant, in seconds since 1970.
    pub(crate) fn media_proof(
        &self,
        organization: &OrganizationId,
        message: &MessageId,
        until: i64,
    ) -> String {
        let hash = Sha256::new()
            .chain_update(b"recado media 1\0")
            .chain_update(self.0.as_slice())
            // An id has no line break.
            .chain_update(format!("{organization}\n{message}\n{until}"))
            .finalize();
        hex::encode(&hash[..16])
    }

    /// Returns a short hash of a person on a channel, who cannot be guessed from it without this key.
    pub(crate) fn recipient_hash(&self, channel: &ChannelId, recipient: &Recipient) -> String {
        let hash = Sha256::new()
            .chain_update(b"recado recipient 1\0")
            .chain_update(self.0.as_slice())
            // An id has no line break.
            .chain_update(format!("{channel}\n{recipient}"))
            .finalize();
        BASE64.encode(&hash[..12])
    }

    /// Returns a secret that only this key, the seed, the target and the instant together make.
    pub(crate) fn derived(
        &self,
        seed: &[u8; 32],
        target: &str,
        at: Timestamp,
    ) -> Zeroizing<[u8; 32]> {
        let hash = Sha256::new()
            .chain_update(b"recado secret 1\0")
            .chain_update(self.0.as_slice())
            .chain_update(seed)
            .chain_update(at.as_millisecond().to_be_bytes())
            .chain_update(target)
            .finalize();
        Zeroizing::new(hash.into())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

/// The secrets of one channel.
#[derive(Clone, Deserialize)]
pub struct ChannelSecrets {
    /// The credentials for the provider.
    pub credentials: Map<String, Value>,
    /// The secret with which the provider calls.
    #[serde(deserialize_with = "secret")]
    pub webhook_secret: SecretString,
}

recado_core::shows_only!(ChannelSecrets {});

/// Encrypted secrets as they are stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SealedSecrets {
    pub(crate) key_id: String,
    /// The nonce, then the ciphertext.
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn sealed(columns: &Columns<'_>) -> Result<SealedSecrets> {
    SealedSecrets::read(columns, "secrets")
}

/// The row that encrypted secrets are bound to: they cannot be decrypted in another row.
#[derive(Clone, Copy)]
pub(crate) struct SealedRow<'a> {
    pub(crate) table: &'static str,
    pub(crate) organization: &'a OrganizationId,
    pub(crate) id: &'a str,
}

/// The secrets as they are encrypted, without a copy that stays in memory.
#[derive(Serialize)]
struct ClearSecrets<'a> {
    credentials: &'a Map<String, Value>,
    webhook_secret: &'a str,
}

impl ChannelSecrets {
    pub(crate) fn seal(&self, key: &MasterKey, row: SealedRow<'_>) -> Result<SealedSecrets> {
        let payload = ClearSecrets {
            credentials: &self.credentials,
            webhook_secret: self.webhook_secret.expose_secret(),
        };
        SealedSecrets::seal(&payload, key, row)
    }
}

/// Reads a secret out of the clear text of a row.
pub(crate) fn secret<'de, D: Deserializer<'de>>(text: D) -> Result<SecretString, D::Error> {
    String::deserialize(text).map(SecretString::from)
}

impl SealedSecrets {
    pub(crate) fn read(columns: &Columns<'_>, column: &'static str) -> Result<Self> {
        Ok(Self {
            key_id: columns.get("key_id")?,
            bytes: columns.get(column)?,
        })
    }

    pub(crate) fn seal(
        payload: &impl Serialize,
        key: &MasterKey,
        row: SealedRow<'_>,
    ) -> Result<Self> {
        let clear = Zeroizing::new(crate::db::row::json(payload));
        Self::seal_bytes(clear.as_bytes(), key, row)
    }

    pub(crate) fn seal_bytes(clear: &[u8], key: &MasterKey, row: SealedRow<'_>) -> Result<Self> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(StoreError::Random)?;
        let key_id = key.id();
        let ciphertext = key
            .cipher()
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: clear,
                    aad: &row.bound_to(&key_id),
                },
            )
            // Fails only for a text of more than 256 GB.
            .map_err(|_| row.corrupt())?;
        let bytes = [nonce.as_slice(), &ciphertext].concat();
        Ok(Self { key_id, bytes })
    }

    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        key: &MasterKey,
        row: SealedRow<'_>,
    ) -> Result<T> {
        let clear = self.open_bytes(key, row)?;
        serde_json::from_slice(&clear).map_err(|_| row.corrupt())
    }

    pub(crate) fn open_bytes(
        &self,
        key: &MasterKey,
        row: SealedRow<'_>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let given = key.id();
        if self.key_id != given {
            return Err(StoreError::WrongKey {
                sealed_with: self.key_id.clone(),
                given,
            });
        }
        let (nonce, ciphertext) = self
            .bytes
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or_else(|| row.corrupt())?;
        key.cipher()
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: ciphertext,
                    aad: &row.bound_to(&self.key_id),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| row.corrupt())
    }
}

impl SealedRow<'_> {
    /// Returns the additional data of the cipher. Ids have no NUL, so that two rows never have the same.
    fn bound_to(self, key_id: &str) -> Vec<u8> {
        [self.table, self.organization.as_str(), self.id, key_id]
            .join("\0")
            .into_bytes()
    }

    fn corrupt(self) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column: "secrets",
            id: self.id.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_text_with_and_without_padding() {
        let key = MasterKey::generate().unwrap();
        let text = key.to_base64();
        let padded = format!(" {}\n", text.expose_secret());
        let bare = text.expose_secret().trim_end_matches('=');
        for text in [padded.as_str(), bare] {
            assert_eq!(MasterKey::from_base64(text).unwrap().id(), key.id());
        }
    }

    #[test]
    fn a_short_a_long_or_a_strange_text_is_no_key() {
        for text in ["", "AAAA", &"A".repeat(44), &"A".repeat(80), "ü"] {
            assert_eq!(
                MasterKey::from_base64(text).err(),
                Some(MasterKeyError),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_only_the_id_of_a_key() {
        let key = MasterKey::from_base64(&"A".repeat(43)).unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey(66687aad)");
    }

    #[test]
    fn a_seal_is_never_the_same_twice_and_opens_in_its_place_alone() {
        let key = MasterKey::generate().unwrap();
        let secrets = ChannelSecrets {
            credentials: Map::from_iter([("apiKey".to_owned(), Value::from("s3cret"))]),
            webhook_secret: "hook".into(),
        };
        let organization = "org_1".parse().unwrap();
        let row = SealedRow {
            table: "channels",
            organization: &organization,
            id: "chn_1",
        };
        let sealed = secrets.seal(&key, row).unwrap();
        assert!(sealed != secrets.seal(&key, row).unwrap());
        let opened: ChannelSecrets = sealed.open(&key, row).unwrap();
        assert_eq!(opened.credentials["apiKey"], "s3cret");
        assert_eq!(opened.webhook_secret.expose_secret(), "hook");
        for elsewhere in [
            SealedRow { id: "chn_2", ..row },
            SealedRow {
                table: "webhook_endpoints",
                ..row
            },
        ] {
            assert!(matches!(
                sealed.open::<ChannelSecrets>(&key, elsewhere),
                Err(StoreError::Corrupt { .. })
            ));
        }
    }
}
