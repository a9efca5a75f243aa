//! Random identifiers in the forms the providers use.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Makes a WhatsApp message id of the Cloud API: `wamid.` and base64, sometimes with `+`, `/` and `=` (form inferred).
pub(crate) fn wamid() -> String {
    let bytes = random::<49>();
    let length = 32 + usize::from(bytes[48]) % 17;
    format!("wamid.{}", STANDARD.encode(&bytes[..length]))
}

/// Makes a WhatsApp message id of a linked device: 20 upper-case hexadecimal digits.
pub(crate) fn device_message_id() -> String {
    format!("3EB0{}", hexadecimal(&random::<8>()))
}

/// Makes the id of a message from a customer's phone: 20 upper-case hexadecimal digits.
pub(crate) fn phone_message_id() -> String {
    format!("3A{}", hexadecimal(&random::<9>()))
}

/// Makes the challenge of Meta's verification request: digits.
pub(crate) fn challenge() -> String {
    u32::from_be_bytes(random()).to_string()
}

/// Makes the id of a customer's file: digits, as Meta's have.
pub(crate) fn media() -> String {
    format!(
        "{:016}",
        u64::from_be_bytes(random()) % 10_000_000_000_000_000
    )
}

/// Returns a random number under `limit`, which is not 0.
pub(crate) fn below(limit: usize) -> usize {
    // The tiny bias of the remainder does not matter for an order.
    usize::from_be_bytes(random()) % limit
}

/// Returns digits that are always the same for a phone number and do not show it.
pub(crate) fn alias(phone: &str, digits: usize) -> String {
    let hash = Sha256::digest(phone.as_bytes()).into_iter();
    let all = hash.map(|byte| char::from(b'0' + byte % 10));
    all.take(digits).collect()
}

/// Makes Z-API's own id of a message: 32 upper-case hexadecimal digits.
pub(crate) fn zaap_id() -> String {
    hexadecimal(&random::<16>())
}

pub(crate) fn trace_id() -> String {
    format!("A{}", URL_SAFE_NO_PAD.encode(random::<16>()))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.map(|digit| char::from(DIGITS[usize::from(digit)]));
    digits.collect()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("every supported system has a source of random bytes");
    bytes
}
