//! When a message is sent: `Prefer: respond-async` and `?sendAt=`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use jiff::Timestamp;
use recado_core::switch;

use super::error::ApiError;
use crate::send::timing::{Timing, wrong};

/// The name of the header (RFC 7240).
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The header that says which preference was honored (RFC 7240, 3).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

const RESPOND_ASYNC: &str = "respond-async";

/// What a request says about the time of its send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AskedTiming {
    /// Whether the caller does not want to wait.
    is_async: bool,
    /// From when on the message may be sent.
    send_at: Option<Timestamp>,
}

impl<S: Sync> FromRequestParts<S> for AskedTiming {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            is_async: prefers_async(&parts.headers),
            send_at: send_at(parts.uri.query().unwrap_or_default())?,
        })
    }
}

impl AskedTiming {
    /// Reads the time of a message of a batch, which is always queued.
    pub(crate) fn of_item(send_at: Option<&str>) -> Result<Self, ApiError> {
        Ok(Self {
            is_async: true,
            send_at: send_at.map(read).transpose()?,
        })
    }

    /// Returns when the message is sent.
    pub(crate) fn timing(self) -> Timing {
        match self.send_at {
            None if !self.is_async => Timing::Now,
            send_at => Timing::Queued(send_at),
        }
    }

    /// Returns what the request asks for besides its body.
    pub(crate) fn asked(self) -> String {
        let at = self.send_at.map(|at| format!("sendAt={at}"));
        at.unwrap_or_default()
    }

    /// Returns the header that says that the caller does not have to wait, if it asked for that.
    pub(crate) fn applied(self) -> Option<PreferenceApplied> {
        self.is_async.then_some(PreferenceApplied)
    }
}

/// Adds the header that says that the message waits.
pub(crate) struct PreferenceApplied;

impl IntoResponseParts for PreferenceApplied {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        let value = HeaderValue::from_static(RESPOND_ASYNC);
        parts.headers_mut().insert(PREFERENCE_APPLIED, value);
        Ok(parts)
    }
}

/// Whether one of the preferences is `respond-async`; others are ignored, as RFC 7240 asks.
fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut preferences = texts.flat_map(|text| text.split(','));
    preferences.any(|preference| {
        let token = preference.split([';', '=']).next().unwrap_or_default();
        token.trim().eq_ignore_ascii_case(RESPOND_ASYNC)
    })
}

/// Reads the time from a query.
///
/// Errors: it cannot be read, is there twice, or another parameter was meant to be it: the message would be sent now.
fn send_at(query: &str) -> Result<Option<Timestamp>, ApiError> {
    let mut found = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == switch::SEND_AT {
            let at = read(&value)?;
            if found.replace(at).is_some() {
                return Err(wrong(
                    "sendAt is there twice: write it once; nothing was sent",
                ));
            }
        } else if switch::resembles_send_at(&name) {
            return Err(wrong(
                "A query parameter looks like sendAt but is written differently: write sendAt; nothing was sent",
            ));
        }
    }
    Ok(found)
}

fn read(text: &str) -> Result<Timestamp, ApiError> {
    // A `+` in a query is a space.
    let text = text.replace(' ', "+");
    text.parse().map_err(|_| {
        wrong(
            "Write sendAt as a time with its offset, such as 2026-12-01T09:00:00-03:00 or 2026-12-01T12:00:00Z; nothing was sent",
        )
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::api::error::Reason;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[rstest]
    #[case::without("", None)]
    #[case::other_parameters("dryRun=true", None)]
    #[case::utc("sendAt=2026-12-01T12:00:00Z", Some("2026-12-01T12:00:00Z"))]
    #[case::brasilia("sendAt=2026-12-01T09:00:00-03:00", Some("2026-12-01T12:00:00Z"))]
    #[case::a_plus_that_is_not_encoded(
        "sendAt=2026-12-01T14:00:00+02:00",
        Some("2026-12-01T12:00:00Z")
    )]
    #[case::an_encoded_plus("sendAt=2026-12-01T14:00:00%2B02:00", Some("2026-12-01T12:00:00Z"))]
    fn a_time_is_read_with_its_offset(#[case] query: &str, #[case] expected: Option<&str>) {
        assert_eq!(send_at(query).expect("a query"), expected.map(at));
    }

    #[rstest]
    #[case::without_an_offset("sendAt=2026-12-01T09:00:00")]
    #[case::empty("sendAt=")]
    #[case::words("sendAt=tomorrow")]
    #[case::twice("sendAt=2026-12-01T12:00:00Z&sendAt=2026-12-01T12:00:00Z")]
    #[case::another_spelling("send_at=2026-12-01T12:00:00Z")]
    #[case::another_case("sendat=2026-12-01T12:00:00Z")]
    #[case::another_word("scheduledAt=2026-12-01T12:00:00Z")]
    #[case::with_a_typing_error("sentAt=2026-12-01T12:00:00Z")]
    fn what_cannot_be_read_sends_nothing(#[case] query: &str) {
        let error = send_at(query).expect_err("an error");
        assert_eq!(error.reason, Reason::InvalidQuery);
        assert!(error.message.ends_with("nothing was sent"));
    }

    #[rstest]
    #[case("respond-async", true)]
    #[case("return=minimal, Respond-Async; wait=10", true)]
    #[case("respond-async-later", false)]
    #[case("wait=10", false)]
    fn a_preference_is_found_among_others(#[case] value: &'static str, #[case] expected: bool) {
        let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(value))]);
        assert_eq!(prefers_async(&headers), expected);
    }
}
