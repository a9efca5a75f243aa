//! One call of a receiver, and what came of it.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use recado_providers::HttpClient;
use recado_store::{WebhookHeader, WebhookSecrets};
use secrecy::ExposeSecret as _;
use url::Url;

use super::signature::signatures;

/// From the first step to the end of the answer.
const DEADLINE: Duration = Duration::from_secs(15);

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Headers that are ours or the connection's, and that no organization sets itself.
pub(crate) const RESERVED_HEADERS: [HeaderName; 15] = [
    WEBHOOK_ID,
    WEBHOOK_TIMESTAMP,
    WEBHOOK_SIGNATURE,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
];

pub(crate) struct Transmission<'a> {
    pub(crate) url: &'a str,
    /// The same over all attempts of a delivery.
    pub(crate) id: &'a str,
    pub(crate) body: Vec<u8>,
    pub(crate) secrets: &'a WebhookSecrets,
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The HTTP status, if there was an answer.
    pub(crate) status: Option<u16>,
    /// How long it asks us to wait, in its own words.
    pub(crate) retry_after: Option<String>,
    /// Why it counts as failed.
    pub(crate) error: Option<String>,
    pub(crate) duration: Duration,
}

impl Answered {
    /// Nothing could be sent.
    pub(crate) fn unsent(error: &impl ToString) -> Self {
        Self {
            status: None,
            retry_after: None,
            error: Some(error.to_string()),
            duration: Duration::ZERO,
        }
    }
}

impl Transmission<'_> {
    pub(crate) async fn send(self, http: &HttpClient) -> Answered {
        let Ok(url) = Url::parse(self.url) else {
            return Answered::unsent(&"the URL cannot be read");
        };
        let headers = match self.headers() {
            Ok(headers) => headers,
            Err(unsent) => return unsent,
        };
        let begun = Instant::now();
        let posted = http.post(url, headers, self.body.into(), DEADLINE).await;
        let duration = begun.elapsed();
        match posted {
            Ok(posted) => Answered {
                status: Some(posted.status),
                retry_after: posted.retry_after,
                error: refusal(posted.status),
                duration,
            },
            Err(error) => Answered {
                duration,
                ..Answered::unsent(&error)
            },
        }
    }

    fn headers(&self) -> Result<HeaderMap, Answered> {
        let signatures = signatures(self.secrets, self.id, self.at, &self.body)
            .ok_or_else(|| Answered::unsent(&"the endpoint's secret cannot be used"))?;
        let value =
            |text: &str| HeaderValue::from_str(text).map_err(|error| Answered::unsent(&error));
        let mut headers = HeaderMap::from_iter([
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            ),
            (WEBHOOK_ID, value(self.id)?),
            (WEBHOOK_TIMESTAMP, self.at.as_second().into()),
            (WEBHOOK_SIGNATURE, value(&signatures)?),
        ]);
        if let Some(WebhookHeader {
            name,
            value: secret,
        }) = &self.secrets.header
        {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|error| Answered::unsent(&error))?;
            let mut value = value(secret.expose_secret())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// Says why a status is not a success.
fn refusal(status: u16) -> Option<String> {
    match status {
        200..=299 => None,
        300..=399 => Some(format!(
            "the receiver answered {status}; redirects are not followed"
        )),
        410 => Some("the receiver answered 410: it wants no more events".to_owned()),
        _ => Some(format!("the receiver answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::signature::fresh_secret;

    fn secrets(header: Option<(&str, &str)>) -> WebhookSecrets {
        WebhookSecrets {
            current: fresh_secret().expect("random"),
            previous: Vec::new(),
            header: header.map(|(name, value)| WebhookHeader {
                name: name.to_owned(),
                value: value.into(),
            }),
        }
    }

    fn transmission<'a>(url: &'a str, secrets: &'a WebhookSecrets) -> Transmission<'a> {
        Transmission {
            url,
            id: "dlv_1",
            body: b"{}".to_vec(),
            secrets,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_2xx_is_a_success() {
        for status in [200, 201, 204, 299] {
            assert_eq!(refusal(status), None);
        }
        for status in [100, 199, 300, 302, 400, 404, 410, 429, 500, 503] {
            assert!(refusal(status).is_some(), "{status}");
        }
    }

    #[test]
    fn the_organizations_header_goes_along_and_never_into_a_debug_text() {
        let secrets = secrets(Some(("Authorization", "Bearer hush")));
        let headers = transmission("https://example.com", &secrets).headers();
        let headers = headers.expect("headers");
        assert_eq!(headers[header::AUTHORIZATION], "Bearer hush");
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(headers["webhook-id"], "dlv_1");
        assert_eq!(headers["webhook-timestamp"], "0");
        assert!(!format!("{headers:?}").contains("hush"));
    }

    #[tokio::test]
    async fn a_guarded_client_reaches_neither_http_nor_the_neighbourhood() {
        let http = HttpClient::new(recado_providers::Timeouts::default(), false);
        let http = http.expect("an HTTP client");
        let secrets = secrets(None);
        for url in [
            "https://127.0.0.1:1/",
            "https://2130706433/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost:1/",
            "http://example.com/",
        ] {
            let answered = transmission(url, &secrets).send(&http).await;
            let error = answered.error.unwrap_or_default();
            assert!(
                error.contains("private networks are not allowed"),
                "{url}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn a_receiver_that_is_not_there_is_an_error_without_its_url() {
        let http = HttpClient::new(recado_providers::Timeouts::default(), true);
        let http = http.expect("an HTTP client");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let url = format!("http://{address}/hook?token=hush");
        let answered = transmission(&url, &secrets(None)).send(&http).await;
        assert_eq!(answered.status, None);
        let error = answered.error.expect("not reached");
        assert!(error.starts_with("not reached: "), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}
