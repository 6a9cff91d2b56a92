//! Owns the address of a client: that of the peer, or the one that a trusted proxy forwards.
//! Must not know the uses of the address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{self, HeaderMap};
use ipnet::IpNet;

/// The address of the client behind a request. An IPv6 address is cut to its /64 network, which is one subscriber.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are read from the right, up to the first address that is not a trusted
/// proxy. A proxy writes one of the two headers and may pass the other on as the client sent it: if both are present and
/// differ, both are ignored.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return subscriber(peer);
    }
    let behind = |name: &str, read: fn(&str) -> Option<IpAddr>| {
        let values = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
        let nodes: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        let mut client = None;
        for address in nodes.into_iter().rev().map_while(read) {
            client = Some(address);
            if !trusted(&address) {
                break;
            }
        }
        client
    };
    let found = (behind(header::FORWARDED.as_str(), forwarded_element), behind(header::X_FORWARDED_FOR.as_str(), node));
    subscriber(match found {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    })
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        IpAddr::V4(_) => address,
    }
}

/// Parses an element of `Forwarded`, such as `for=192.0.2.1;proto=https`.
fn forwarded_element(text: &str) -> Option<IpAddr> {
    let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    node(value)
}

/// Parses an address with an optional port and optional quotes.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}
