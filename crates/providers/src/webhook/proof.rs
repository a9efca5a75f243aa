//! Proofs of origin, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Tells whether a caller knows the secret; an empty secret never matches.
pub(crate) fn knows(given: &[u8], secret: &SecretString) -> bool {
    let secret = secret.expose_secret().as_bytes();
    !secret.is_empty() && bool::from(given.ct_eq(secret))
}

/// Whether `hex`, in either case, is the HMAC-SHA256 of `body` under the secret.
pub(crate) fn signs(hex: &[u8], body: &[u8], secret: &SecretString) -> bool {
    let secret = secret.expose_secret().as_bytes();
    let (Some(given), Ok(mut mac)) = (bytes(hex), Hmac::<Sha256>::new_from_slice(secret)) else {
        return false;
    };
    mac.update(body);
    !secret.is_empty() && mac.verify_slice(&given).is_ok()
}

/// Whether it has the form of a signature.
pub(crate) fn may_sign(hex: &[u8]) -> bool {
    bytes(hex).is_some()
}

/// The 32 bytes that 64 hexadecimal digits stand for.
fn bytes(hex: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).ok()?;
    Some(bytes)
}
