//! Owns the address of a client: that of the peer, or the one that a trusted proxy forwards.
//! Must not know the uses of the address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{self, HeaderMap};
use ipnet::IpNet;

use crate::http::request::header_lists::elements;

/// The address of the client behind a request. An IPv6 address is cut to its /64 network, which is one subscriber.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are read from the right, up to the first address that is not a trusted
/// proxy. A proxy writes one of the two headers and may pass the other on as the client sent it: if both are present, both must
/// name the same client. Behind a trusted proxy, all whose headers are missing, unreadable or contradict each other count as one
/// client, with the address of the last proxy that is known: no header makes a request cheaper.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, proxies) {
        return subscriber(peer);
    }
    let behind = |name: &str, read: fn(&str) -> Option<IpAddr>| {
        let values: Vec<&str> = headers.get_all(name).map(|value| value.to_str().unwrap_or_default()).collect();
        if values.is_empty() {
            return None;
        }
        let (value, mut client) = (values.join(","), peer);
        for address in elements(&value, ',').iter().flatten().rev().map_while(|element| read(element)) {
            client = address;
            if !is_trusted(address, proxies) {
                break;
            }
        }
        Some(client)
    };
    let found = (behind(header::FORWARDED.as_str(), forwarded_element), behind(header::X_FORWARDED_FOR.as_str(), node));
    subscriber(match found {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    })
}

/// Whether an address is that of a trusted proxy.
pub fn is_trusted(address: IpAddr, proxies: &[IpNet]) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|network| network.contains(&address))
}

/// The address that stands for a subscriber: an IPv6 address is cut to its /64 network.
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

/// Parses an element of `Forwarded`, such as `for=192.0.2.1;proto=https`; `None` unless it has one `for`.
fn forwarded_element(text: &str) -> Option<IpAddr> {
    let pairs = elements(text, ';')?;
    let mut nodes =
        pairs.iter().filter_map(|pair| pair.split_once('=')).filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, value) = nodes.next()?;
    if nodes.next().is_some() { None } else { node(value) }
}

/// Parses an address with an optional port and optional quotes.
pub fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn client(headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        let proxies = [PROXY, "10.0.0.0/8"]
            .map(|network| network.parse().unwrap_or_else(|_| IpNet::from(network.parse::<IpAddr>().expect("an address"))));
        client_ip(PROXY.parse().expect("an address"), &map, &proxies).to_string()
    }

    #[test]
    fn what_cannot_be_read_or_contradicts_is_the_proxy() {
        let (forwarded, x) = ("forwarded", "x-forwarded-for");
        for headers in [
            &[][..],
            &[(x, "")],
            &[(x, "unknown")],
            &[(x, "192.0.2.1, unknown")],
            &[(x, "\"192.0.2.1")],
            &[(x, "é")],
            &[(forwarded, "for=unknown")],
            &[(forwarded, "for=_hidden, for=_other")],
            &[(forwarded, "for=192.0.2.1;for=192.0.2.2")],
            &[(forwarded, "for=192.0.2.1;host=\"x")],
            &[(forwarded, "proto=https")],
            // One header from the proxy, and the other from the client.
            &[(forwarded, "for=192.0.2.1"), (x, "192.0.2.2")],
            &[(forwarded, "for=unknown"), (x, "192.0.2.2")],
            &[(forwarded, "for=192.0.2.1"), (x, "unknown")],
            &[(forwarded, "for=192.0.2.1"), (x, "")],
        ] {
            assert_eq!(client(headers), PROXY, "{headers:?}");
        }
        assert_eq!(client(&[(x, "unknown, 10.0.0.7")]), "10.0.0.7", "the last proxy that is known");
    }

    #[test]
    fn a_separator_in_a_quoted_string_separates_nothing() {
        for value in [
            "for=192.0.2.1;host=\"x, for=198.51.100.7\"",
            "for=192.0.2.1;host=\"x;for=198.51.100.7\"",
            "for=192.0.2.1;host=\"x\\\", for=198.51.100.7\"",
            "host=\"for=198.51.100.7\";for=\"192.0.2.1:80\"",
        ] {
            assert_eq!(client(&[("forwarded", value)]), "192.0.2.1", "{value}");
        }
    }
}
