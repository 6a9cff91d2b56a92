//! Owns who a client is, as far as its address tells: the peer, or whom a proxy of ours says that it speaks for.
//! Must not know what that is needed for.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{self, HeaderMap};
use ipnet::IpNet;

/// The client of a request. Of IPv6 the network of 64 bits stands for all addresses in it, which are one subscriber's.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed as far as proxies of ours have written them: from the
/// right, up to the first address that is none of theirs. A proxy writes one of them and may pass the other on as the
/// client sent it: where both are there and do not agree, neither is believed.
pub fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
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
    let found = (behind(header::FORWARDED.as_str(), element), behind(header::X_FORWARDED_FOR.as_str(), node));
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

/// The address in an element of `Forwarded`.
fn element(text: &str) -> Option<IpAddr> {
    let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    node(value)
}

/// An address, maybe with a port, maybe in quotes.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}
