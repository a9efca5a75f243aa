//! Signatures by the Standard Webhooks scheme: HMAC-SHA256 over the id, the time and the body.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use recado_store::WebhookSecrets;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// What every secret begins with (Standard Webhooks, "Signature scheme").
const PREFIX: &str = "whsec_";

/// A new secret: 32 random bytes.
pub(crate) fn fresh_secret() -> Result<SecretString, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes)).into())
}

/// Returns the value of `webhook-signature`: one signature of each secret that signs at this time, or
/// `None` if a secret is not in the form in which it was given out.
pub(crate) fn signatures(
    secrets: &WebhookSecrets,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> Option<String> {
    let previous = secrets
        .previous
        .iter()
        .filter(|previous| at < previous.until)
        .map(|previous| &previous.secret);
    let signatures: Option<Vec<_>> = std::iter::once(&secrets.current)
        .chain(previous)
        .map(|secret| sign(secret.expose_secret(), id, at, body))
        .collect();
    Some(signatures?.join(" "))
}

fn sign(secret: &str, id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let encoded = secret.strip_prefix(PREFIX)?;
    let key = BASE64_STANDARD.decode(encoded).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
    mac.update(body);
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    Some(format!("v1,{signature}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::HeaderMap;
    use recado_store::PreviousSecret;
    use standardwebhooks::Webhook;

    use super::*;

    const BODY: &[u8] = "{\"text\":\"Olá, 👋\"}".as_bytes();

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("an instant")
    }

    fn secrets(current: SecretString, previous: Vec<PreviousSecret>) -> WebhookSecrets {
        WebhookSecrets {
            current,
            previous,
            header: None,
        }
    }

    /// Whether the scheme's own library accepts the call.
    fn is_accepted(secret: &SecretString, signature: &str, now: Timestamp, body: &[u8]) -> bool {
        let headers: HeaderMap = [
            ("webhook-id", "dlv_1"),
            ("webhook-timestamp", &now.as_second().to_string()),
            ("webhook-signature", signature),
        ]
        .into_iter()
        .map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, value.parse().expect("a header value"))
        })
        .collect();
        let webhook = Webhook::new(secret.expose_secret()).expect("a secret");
        webhook.verify(body, &headers).is_ok()
    }

    #[test]
    fn the_schemes_published_example_has_the_published_signature() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secrets = secrets(secret.into(), Vec::new());
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = signatures(&secrets, id, at(1_614_265_330), b"{\"test\": 2432232314}");
        let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature.as_deref(), Some(published));
    }

    #[test]
    fn the_schemes_own_library_accepts_our_calls_and_no_others() {
        let (secret, other) = (
            fresh_secret().expect("random"),
            fresh_secret().expect("random"),
        );
        let now = Timestamp::now();
        let signature = signatures(&secrets(secret.clone(), Vec::new()), "dlv_1", now, BODY)
            .expect("a signature");
        assert!(is_accepted(&secret, &signature, now, BODY));
        assert!(!is_accepted(&other, &signature, now, BODY));
        assert!(!is_accepted(&secret, &signature, now, b"{}"));
        let later = now + Duration::from_secs(1);
        assert!(!is_accepted(&secret, &signature, later, BODY));
    }

    #[test]
    fn while_the_secret_changes_the_old_one_and_the_new_one_are_accepted() {
        let (new, old) = (
            fresh_secret().expect("random"),
            fresh_secret().expect("random"),
        );
        let now = Timestamp::now();
        for (until, old_is_accepted) in [(now + Duration::from_secs(1), true), (now, false)] {
            let previous = PreviousSecret {
                secret: old.clone(),
                until,
            };
            let secrets = secrets(new.clone(), vec![previous]);
            let signature = signatures(&secrets, "dlv_1", now, BODY).expect("a signature");
            assert!(is_accepted(&new, &signature, now, BODY));
            assert_eq!(is_accepted(&old, &signature, now, BODY), old_is_accepted);
        }
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, two) = (
            fresh_secret().expect("random"),
            fresh_secret().expect("random"),
        );
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), "whsec_".len() + 44);
    }

    #[test]
    fn a_secret_in_another_form_signs_nothing() {
        for secret in ["", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let secrets = secrets(secret.into(), Vec::new());
            let signature = signatures(&secrets, "dlv_1", at(0), BODY);
            assert_eq!(signature, None, "{secret}");
        }
    }
}
