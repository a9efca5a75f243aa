//! Which addresses a channel may reach: the public internet, not the server's own neighbourhood.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The special-purpose IPv4 blocks (IANA registry), by first address and prefix length.
const RESERVED_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The one IPv6 block that is routed worldwide.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Its special-purpose parts: protocol assignments with Teredo, documentation (two), 6to4.
const RESERVED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether the host of `url` is a name, or an IP address of the public internet.
///
/// The URL parser has turned every notation (`0x7f.1`, `2130706433`) into an address by now.
pub(crate) fn literal_is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_public(IpAddr::V6(address)),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

/// Names that never lead to the public internet (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
const LOCAL_NAMES: [&str; 4] = ["localhost", "local", "home.arpa", "internal"];

/// Tells whether the host of `url` is on the public internet, as far as its name tells.
pub(crate) fn may_be_reached(url: &Url) -> bool {
    let Some(Host::Domain(name)) = url.host() else {
        return literal_is_public(url);
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_below = |local| format!(".{name}").ends_with(&format!(".{local}"));
    name.contains('.') && !LOCAL_NAMES.into_iter().any(is_below)
}

/// Whether `address` belongs to the public internet: not private, loopback, link-local or reserved.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !RESERVED_V4
        .iter()
        .any(|(first, length)| (bits ^ first.to_bits()) >> (32 - length) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |(first, length): &(Ipv6Addr, u32)| {
        (address.to_bits() ^ first.to_bits()) >> (128 - length) == 0
    };
    within(&GLOBAL_V6) && !RESERVED_V6.iter().any(within)
}

/// The IPv4 address that a mapped (`::ffff:0:0/96`) or NAT64 (`64:ff9b::/96`) address leads to.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::this_network("http://0/")]
    #[case::unspecified("http://0.0.0.0/")]
    #[case::loopback("http://127.0.0.1:8080/")]
    #[case::loopback_as_one_number("http://2130706433/")]
    #[case::loopback_in_hexadecimal("http://0x7f.1/")]
    #[case::loopback_in_octal("http://0177.0.0.1/")]
    #[case::loopback_in_full_width_digits("http://１２７.0.0.1/")]
    #[case::private_10("http://10.255.255.255/")]
    #[case::private_172("http://172.31.0.1/")]
    #[case::private_192("http://192.168.1.1/")]
    #[case::carrier_grade_nat("http://100.64.0.1/")]
    #[case::link_local_metadata("http://169.254.169.254/latest")]
    #[case::protocol_assignments("http://192.0.0.1/")]
    #[case::benchmarks("http://198.19.255.255/")]
    #[case::documentation("http://203.0.113.9/")]
    #[case::multicast("http://224.0.0.1/")]
    #[case::broadcast("http://255.255.255.255/")]
    #[case::v6_unspecified("http://[::]/")]
    #[case::v6_loopback("http://[::1]/")]
    #[case::v6_mapped_loopback("http://[::ffff:127.0.0.1]/")]
    #[case::v6_mapped_private("http://[::ffff:a00:1]/")]
    #[case::v6_compatible("http://[::127.0.0.1]/")]
    #[case::v6_nat64_of_private("http://[64:ff9b::10.0.0.1]/")]
    #[case::v6_local_nat64("http://[64:ff9b:1::1]/")]
    #[case::v6_unique_local("http://[fd00::1]/")]
    #[case::v6_link_local("http://[fe80::1]/")]
    #[case::v6_multicast("http://[ff02::1]/")]
    #[case::v6_documentation("http://[2001:db8::1]/")]
    #[case::v6_teredo("http://[2001::1]/")]
    #[case::v6_6to4("http://[2002:7f00:1::]/")]
    fn an_address_of_the_neighbourhood_is_not_public(#[case] url: &str) {
        assert!(!literal_is_public(&Url::parse(url).expect(url)));
    }

    #[rstest]
    #[case::a_name("https://recado.example.com/", true)]
    #[case::a_name_that_ends_alike("https://mylocal.example/", true)]
    #[case::address("https://8.8.8.8/", true)]
    #[case::loopback("http://127.0.0.1:8080/", false)]
    #[case::private("https://10.0.0.7/", false)]
    #[case::v6_loopback("https://[::1]/", false)]
    #[case::localhost("http://localhost:8080/", false)]
    #[case::below_localhost("https://app.localhost./", false)]
    #[case::mdns("https://printer.local/", false)]
    #[case::container("http://recado:8080/", false)]
    fn only_some_hosts_may_be_reached_from_the_internet(#[case] url: &str, #[case] may: bool) {
        assert_eq!(may_be_reached(&Url::parse(url).expect(url)), may);
    }

    #[rstest]
    #[case::a_name("https://graph.facebook.com/")]
    #[case::v4("http://8.8.8.8/")]
    #[case::beside_10("http://11.0.0.1/")]
    #[case::below_100_64("http://100.63.255.255/")]
    #[case::above_172_16("http://172.32.0.1/")]
    #[case::v6("http://[2a03:2880:f10c::1]/")]
    #[case::v6_mapped("http://[::ffff:8.8.8.8]/")]
    #[case::v6_nat64("http://[64:ff9b::8.8.8.8]/")]
    fn an_address_of_the_internet_is_public(#[case] url: &str) {
        assert!(literal_is_public(&Url::parse(url).expect(url)));
    }
}
