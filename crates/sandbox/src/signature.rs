//! HMAC-SHA256 over the bytes of a webhook.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Returns the signature as lower-case hexadecimal digits.
pub(crate) fn sign(key: &str, body: &[u8]) -> String {
    let mut hmac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    hmac.update(body);
    let mut hex = String::with_capacity(64);
    for byte in hmac.finalize().into_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
