//! The address of a caller: the one at the other end of the connection, or the one that a proxy tells.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap, HeaderName};
use recado_providers::is_public;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address at the other end of the connection of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Returns the address of the caller of a request, as far as this server can know it.
pub(crate) fn of_caller(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<Peer>()?.0;
    Some(forwarded_for(peer, headers).unwrap_or(peer))
}

/// Returns the caller's address as a proxy beside this server tells it; every other caller could write what
/// it likes.
pub(crate) fn forwarded_for(peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
    if is_public(peer) {
        return None;
    }
    // The last address is the one that the nearest proxy has seen.
    let told = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let told = told.to_str().ok()?.rsplit(',').next()?;
    told.trim()
        .parse()
        .map(|address: IpAddr| address.to_canonical())
        .ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::of_the_connection("8.8.8.8", None, "8.8.8.8")]
    #[case::a_stranger_writes_what_it_likes("8.8.8.8", Some("1.1.1.1"), "8.8.8.8")]
    #[case::of_the_proxy("127.0.0.1", None, "127.0.0.1")]
    #[case::that_the_proxy_tells("127.0.0.1", Some("1.1.1.1"), "1.1.1.1")]
    #[case::that_the_nearest_proxy_tells("10.0.0.7", Some("9.9.9.9, 1.1.1.1"), "1.1.1.1")]
    #[case::in_the_other_notation("10.0.0.7", Some("::ffff:1.1.1.1"), "1.1.1.1")]
    #[case::unreadable("10.0.0.7", Some("unknown"), "10.0.0.7")]
    fn a_caller_has_the_address(
        #[case] peer: IpAddr,
        #[case] told: Option<&'static str>,
        #[case] address: IpAddr,
    ) {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer));
        let told = told.map(|told| (FORWARDED_FOR, HeaderValue::from_static(told)));
        let headers = told.into_iter().collect();
        assert_eq!(of_caller(&extensions, &headers), Some(address));
    }
}
