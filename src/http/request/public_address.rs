//! Owns the public address of the service, which stands before the addresses in an answer: the configured one, or the one that
//! a trusted proxy forwards. Without either the addresses are relative.
//!
//! It never comes from `Host`: anybody could put an address of theirs into a shared cache. It belongs to the request that a worker
//! handles, as its client does; handlers need not pass it to each link. Must not know which addresses are written.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::uri::Authority;
use ipnet::IpNet;
use tokio::task_local;

use super::header_lists::elements;
use crate::http::middleware::client_ip::{is_trusted, node};

/// The longest host that is taken from a proxy, in bytes: that of a name (RFC 1035) and a port.
const MAX_HOST_LENGTH: usize = 255 + 6;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The headers that decide an address that a proxy forwards, for `Vary`.
pub const FORWARDING: &str = "Forwarded, X-Forwarded-Host, X-Forwarded-Proto";

task_local! {
    /// The public address for the request that is handled.
    static ADDRESS: PublicAddress;
}

/// The public address of the service for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicAddress {
    base: Option<Arc<str>>,
    /// Whether the headers of a proxy decide it.
    pub forwarded: bool,
}

impl PublicAddress {
    /// The address for a request: the configured one, else what the trusted proxy that sent the request says.
    pub fn of(request: &HttpRequest, configured: Option<&Arc<str>>, proxies: &[IpNet]) -> Self {
        if let Some(configured) = configured {
            return Self { base: Some(Arc::clone(configured)), forwarded: false };
        }
        let forwarded = !proxies.is_empty() && request.peer_addr().is_some_and(|peer| is_trusted(peer.ip(), proxies));
        let trusts = |text: &str| node(text).is_some_and(|address| is_trusted(address, proxies));
        let base = if forwarded { forwarded_base(request.headers(), trusts) } else { None };
        Self { base: base.map(Arc::from), forwarded }
    }

    /// The address for the request that is handled; unknown outside of a request.
    pub fn current() -> Self {
        ADDRESS.try_with(Clone::clone).unwrap_or_default()
    }

    /// Handles the request that it is the address for.
    pub async fn handle<T>(self, handling: impl Future<Output = T>) -> T {
        ADDRESS.scope(self, handling).await
    }

    /// What stands before an address on this server: empty if nothing is known.
    pub fn base(&self) -> &str {
        self.base.as_deref().unwrap_or_default()
    }

    /// What stands before an address that must be absolute: the public address, else another one.
    pub fn base_or<'a>(&'a self, other: &'a str) -> &'a str {
        self.base.as_deref().unwrap_or(other)
    }

    /// An address on this server as answers have it.
    pub fn absolute(&self, address: &str) -> String {
        format!("{}{address}", self.base())
    }
}

/// The scheme and the host that a proxy forwards, as `Forwarded` (RFC 7239) or as `X-Forwarded-Host` and `X-Forwarded-Proto`. A
/// proxy writes one of them and may pass the other on as the client sent it: if both name a host, it must be the same.
fn forwarded_base(headers: &HeaderMap, trusts: impl Fn(&str) -> bool) -> Option<String> {
    match (in_forwarded(headers, trusts), in_x_headers(headers)) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    }
}

/// That of the proxy which names the client: proxies append, so the last element is that of the last proxy.
fn in_forwarded(headers: &HeaderMap, trusts: impl Fn(&str) -> bool) -> Option<String> {
    let text = joined(headers, &header::FORWARDED)?;
    let mut found = None;
    for element in elements(&text, ',')?.into_iter().rev() {
        let pairs = elements(element, ';')?;
        let value = |wanted: &str| {
            let named =
                pairs.iter().filter_map(|pair| pair.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            named.map(|(_, value)| value.trim().trim_matches('"'))
        };
        found = value("host").zip(value("proto")).and_then(|(host, scheme)| base(scheme, host));
        if !value("for").is_some_and(&trusts) {
            break;
        }
    }
    found
}

fn in_x_headers(headers: &HeaderMap) -> Option<String> {
    let last =
        |name: &HeaderName| joined(headers, name).and_then(|text| text.rsplit(',').next().map(|one| one.trim().to_owned()));
    base(&last(&FORWARDED_PROTO)?, &last(&FORWARDED_HOST)?)
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).map(|value| value.to_str().unwrap_or_default()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The base of addresses, if these are a scheme of the Web and a host.
fn base(scheme: &str, host: &str) -> Option<String> {
    let scheme = ["http", "https"].into_iter().find(|one| scheme.eq_ignore_ascii_case(one))?;
    let host: Authority = host.parse().ok().filter(|_| host.len() <= MAX_HOST_LENGTH && !host.contains('@'))?;
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
        forwarded_base(&map, |address| address.starts_with("10."))
    }

    #[test]
    fn the_proxy_that_names_the_client_says_the_address() {
        let known = Some("https://a.example:8443".to_owned());
        let (host, proto) = (("x-forwarded-host", "a.example:8443"), ("x-forwarded-proto", "https"));
        for headers in [
            &[host, proto][..],
            &[("x-forwarded-host", "evil.example, a.example:8443"), proto],
            &[("x-forwarded-host", "evil.example"), host, proto],
            &[("forwarded", "for=192.0.2.1;host=\"a.example:8443\";proto=https")],
            &[("forwarded", "for=192.0.2.9;host=evil.example;proto=http, for=192.0.2.1;host=\"a.example:8443\";proto=HTTPS")],
            &[("forwarded", "for=192.0.2.1;Host=\"a.example:8443\";Proto=https, for=10.0.0.1;host=inner;proto=http")],
            &[("forwarded", "for=192.0.2.1;host=\"a.example:8443\";proto=https"), host, proto],
        ] {
            assert_eq!(read(headers), known, "{headers:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_contradicts_says_nothing() {
        let (host, proto) = (("x-forwarded-host", "a.example"), ("x-forwarded-proto", "https"));
        for headers in [
            &[][..],
            &[host],
            &[proto],
            &[host, ("x-forwarded-proto", "javascript")],
            &[("x-forwarded-host", "a.example/path"), proto],
            &[("x-forwarded-host", "user@a.example"), proto],
            &[("x-forwarded-host", "a b"), proto],
            &[("x-forwarded-host", ""), proto],
            &[("forwarded", "for=192.0.2.1;host=\"a.example;proto=https")],
            &[("forwarded", "for=192.0.2.1;host=b.example;proto=https"), host, proto],
        ] {
            assert_eq!(read(headers), None, "{headers:?}");
        }
        let long = "a".repeat(MAX_HOST_LENGTH + 1);
        assert_eq!(read(&[("x-forwarded-host", long.as_str()), proto]), None);
    }
}
