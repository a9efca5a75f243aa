//! Listen addresses: `127.0.0.1:8080`, `localhost:8080`, `:8080`, `8080` or another name of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::{fmt, io, str::FromStr, time::Duration};

const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A listen address as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// Empty for every IPv4 address of the machine.
    host: String,
    port: u16,
}

/// A text that is not a listen address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as 127.0.0.1:8080, localhost:8080, :8080 or 8080")]
pub struct ListenAddressError;

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        // A port alone stays on this machine, as the default address does; `:8080` is open to others.
        let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        // A port alone must be digits: `parse` would take `+80`.
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !host.bytes().all(in_name) {
            return Err(ListenAddressError);
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| ListenAddressError)?,
        })
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        // With the zone of a link-local address, which the address alone does not have.
        let text = address.to_string();
        let (host, _) = text.rsplit_once(':').unwrap_or((&text, ""));
        Self {
            host: host.to_owned(),
            port: address.port(),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl ListenAddress {
    /// Returns the address to bind; `localhost` is 127.0.0.1, which every client tries.
    pub async fn resolve(&self) -> io::Result<SocketAddr> {
        match self.host.as_str() {
            "" => return Ok((Ipv4Addr::UNSPECIFIED, self.port).into()),
            "localhost" => return Ok((Ipv4Addr::LOCALHOST, self.port).into()),
            _ => {}
        }
        let text = self.to_string();
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        let unknown = |cause: &dyn fmt::Display| {
            io::Error::other(format!(
                "the listen address {text} is not known to this machine: {cause}"
            ))
        };
        let found = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host(&text)).await;
        let found = found.map_err(|late| unknown(&late))?;
        let found: Vec<_> = found.map_err(|error| unknown(&error))?.collect();
        let first = found.iter().find(|address| address.is_ipv4());
        let first = first.or(found.first()).copied();
        first.ok_or_else(|| unknown(&"it has no address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_may_have_a_name_or_a_port_alone() {
        for (text, shown, address) in [
            ("127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"),
            ("localhost:8080", "localhost:8080", "127.0.0.1:8080"),
            (":8080", ":8080", "0.0.0.0:8080"),
            ("8080", "localhost:8080", "127.0.0.1:8080"),
            ("0.0.0.0:0", "0.0.0.0:0", "0.0.0.0:0"),
            ("[::1]:8080", "[::1]:8080", "[::1]:8080"),
            ("[fe80::1%2]:8080", "[fe80::1%2]:8080", "[fe80::1%2]:8080"),
        ] {
            let parsed: ListenAddress = text.parse().expect(text);
            assert_eq!(parsed.to_string(), shown);
            let resolved = parsed.resolve().await.expect(text);
            assert_eq!(resolved, address.parse().expect(address));
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        let words = "99999 +80 localhost localhost: : :99999 :+80 http://localhost:8080 localhost:8080/ ::1:8080 *:8080";
        for text in words.split(' ').chain(["", "a b:80"]) {
            let parsed = text.parse::<ListenAddress>();
            assert_eq!(parsed, Err(ListenAddressError), "{text}");
        }
    }
}
