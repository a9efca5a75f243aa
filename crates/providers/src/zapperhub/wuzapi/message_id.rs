//! The id that a message has at WhatsApp, which we choose.

use std::fmt::Write;

use recado_core::MessageId;
use sha2::{Digest, Sha256};

/// Returns an id like the one an app would choose, and always the same for our id.
///
/// So its receipts can be matched even if the answer was lost.
pub(super) fn message_id(id: &MessageId) -> String {
    let digest = Sha256::digest(id.as_str());
    digest[..9].iter().fold("3EB0".to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02X}"); // Writing to a String cannot fail.
        id
    })
}
