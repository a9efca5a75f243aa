//! The address of a server, as a person writes it.

use url::Url;

const EXAMPLE: &str =
    "the address begins with http:// or https://: write it like http://127.0.0.1:8080";

pub(crate) fn parse_server(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => EXAMPLE.to_owned(),
        error => format!("{error}; write it like http://127.0.0.1:8080"),
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err(EXAMPLE.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address holds no user name or password; the key goes into RECADO_KEY".to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address ends before any ? or #".to_owned());
    }
    Ok(url)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("localhost:8080", Some("http://127.0.0.1:8080"))]
    #[case("127.0.0.1:8080", Some("http://127.0.0.1:8080"))]
    #[case("recado.example.com", Some("begins with http:// or https://"))]
    #[case("ftp://host", Some("begins with http:// or https://"))]
    #[case("http://", Some("empty host; write it like http://127.0.0.1:8080"))]
    #[case("http://user:pass@host", Some("RECADO_KEY"))]
    #[case("http://host/?a=b", Some("before any ?"))]
    #[case("http://host", None)]
    #[case("https://host/api", None)]
    fn an_address_of_a_server_is_checked(#[case] text: &str, #[case] advice: Option<&str>) {
        let refused = parse_server(text).err().unwrap_or_default();
        assert!(refused.contains(advice.unwrap_or_default()), "{refused}");
        assert_eq!(refused.is_empty(), advice.is_none());
    }
}
