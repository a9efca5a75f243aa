//! The address of a caller: the one at the other end of the connection, or the one that a proxy tells.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName};
use recado_providers::is_public;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address at the other end of the connection of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

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
    #[case::a_stranger_writes_what_it_likes("8.8.8.8", "1.1.1.1", None)]
    #[case::of_a_proxy("127.0.0.1", "1.1.1.1", Some("1.1.1.1"))]
    #[case::of_the_nearest_proxy("10.0.0.7", "9.9.9.9, 1.1.1.1", Some("1.1.1.1"))]
    #[case::in_the_other_notation("10.0.0.7", "::ffff:1.1.1.1", Some("1.1.1.1"))]
    #[case::unreadable("10.0.0.7", "unknown", None)]
    fn only_a_proxy_is_believed(
        #[case] peer: IpAddr,
        #[case] told: &'static str,
        #[case] believed: Option<&str>,
    ) {
        let told = [(FORWARDED_FOR, HeaderValue::from_static(told))];
        let found = forwarded_for(peer, &HeaderMap::from_iter(told));
        assert_eq!(
            found,
            believed.map(|text| text.parse().expect("an address"))
        );
    }
}
