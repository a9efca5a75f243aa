//! The cookie of a session.

use axum::http::{HeaderMap, HeaderValue, header};
use recado_store::SessionSecret;
use url::{Host, Url};

use crate::api::error::ApiError;

/// The cookie over plain http, which is allowed on the person's own machine alone.
const PLAIN_NAME: &str = "recado-session";

/// How the session's cookie is written for a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionCookie {
    is_secure: bool,
}

impl SessionCookie {
    /// The name of the cookie over https: a browser takes it only with `Secure`, `Path=/` and no `Domain`, so that
    /// no other host can set it.
    pub(crate) const SECURE_NAME: &'static str = "__Host-recado-session";

    /// Returns the cookie of the server that is reached at that URL.
    pub(crate) fn of(public_url: &Url) -> Self {
        Self {
            is_secure: !(public_url.scheme() == "http" && is_loopback(public_url)),
        }
    }

    /// Returns whether a browser that names this host in its request may have the cookie: without `Secure`, only on
    /// the machine of the server.
    pub(crate) fn may_be_set(self, headers: &HeaderMap) -> bool {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let url = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
        self.is_secure || url.is_none_or(|url| is_loopback(&url))
    }

    pub(crate) const fn name(self) -> &'static str {
        if self.is_secure {
            Self::SECURE_NAME
        } else {
            PLAIN_NAME
        }
    }

    pub(crate) fn find(self, headers: &HeaderMap) -> Option<&str> {
        let headers = headers.get_all(header::COOKIE).iter();
        let cookies = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'));
        cookies
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name()).then_some(value))
    }

    /// Returns the header that gives a browser the session until it ends.
    pub(crate) fn set(self, secret: &SessionSecret, seconds: u64) -> Result<HeaderValue, ApiError> {
        self.header(secret.expose(), seconds)
    }

    /// Returns the header that takes the session from a browser.
    pub(crate) fn clear(self) -> Result<HeaderValue, ApiError> {
        self.header("", 0)
    }

    fn header(self, value: &str, max_age: u64) -> Result<HeaderValue, ApiError> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}",
            self.name()
        );
        let mut header = HeaderValue::try_from(text).map_err(ApiError::internal)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://recado.example.com", SessionCookie::SECURE_NAME)]
    #[case("https://127.0.0.1", SessionCookie::SECURE_NAME)]
    #[case("http://recado.example.com", SessionCookie::SECURE_NAME)]
    #[case("http://10.0.0.7:8080", SessionCookie::SECURE_NAME)]
    #[case("http://localhost.example.com", SessionCookie::SECURE_NAME)]
    #[case("http://localhost:8080", PLAIN_NAME)]
    #[case("http://recado.localhost", PLAIN_NAME)]
    #[case("http://127.0.0.1:8080", PLAIN_NAME)]
    #[case("http://[::1]:8080", PLAIN_NAME)]
    fn only_plain_http_to_the_own_machine_goes_without_secure(
        #[case] url: &str,
        #[case] name: &str,
    ) {
        let cookie = SessionCookie::of(&url.parse().expect("a URL"));
        assert_eq!(cookie.name(), name);
        let secret = SessionSecret::generate().expect("random bytes");
        let header = cookie.set(&secret, 60).expect("a header");
        let text = header.to_str().expect("a text");
        assert!(text.starts_with(&format!("{name}={}; ", secret.expose())));
        assert!(text.contains("Path=/; Max-Age=60; HttpOnly; SameSite=Lax"));
        assert_eq!(
            text.ends_with("; Secure"),
            name == SessionCookie::SECURE_NAME
        );
        assert!(!format!("{header:?}").contains(secret.expose()));
    }

    #[rstest]
    #[case("http://127.0.0.1:8080", "127.0.0.1:8080", true)]
    #[case("http://127.0.0.1:8080", "localhost:9000", true)]
    #[case("http://127.0.0.1:8080", "[::1]:8080", true)]
    #[case("http://127.0.0.1:8080", "recado.example.com", false)]
    #[case("http://127.0.0.1:8080", "10.0.0.7:8080", false)]
    #[case("https://recado.example.com", "recado.example.com", true)]
    #[case("https://recado.example.com", "internal:8080", true)]
    fn a_cookie_without_secure_is_set_on_the_own_machine_alone(
        #[case] public_url: &str,
        #[case] host: &'static str,
        #[case] may: bool,
    ) {
        let cookie = SessionCookie::of(&public_url.parse().expect("a URL"));
        let headers = [(header::HOST, HeaderValue::from_static(host))];
        assert_eq!(cookie.may_be_set(&headers.into_iter().collect()), may);
    }

    #[test]
    fn the_secret_is_found_among_other_cookies() {
        let cookie = SessionCookie { is_secure: true };
        let mut headers = HeaderMap::new();
        assert_eq!(cookie.find(&headers), None);
        let others = HeaderValue::from_static("recado-session=a; theme=dark;x");
        headers.append(header::COOKIE, others);
        assert_eq!(cookie.find(&headers), None);
        let own = HeaderValue::from_static("a=b; __Host-recado-session=the=secret; c=d");
        headers.append(header::COOKIE, own);
        assert_eq!(cookie.find(&headers), Some("the=secret"));
    }
}
