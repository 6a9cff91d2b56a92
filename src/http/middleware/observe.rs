//! Owns what goes around every request: its identifier, its line in the log, its time; and that whatever goes wrong,
//! in this service or in the framework, leaves as a problem document.
//! Must not know what is asked.

use std::hash::{BuildHasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use futures_util::FutureExt;

use super::rate_limit::Decision;
use crate::db::DbError;
use crate::http::cache::request_index::{self, Meaning, Short};
use crate::http::connection::chunked_body;
use crate::http::connection::timeouts::RequestTracker;
use crate::http::handlers::publications;
use crate::http::request::path_and_query;
use crate::http::response::security_headers;
use crate::http::state::State;
use crate::metrics::{Cached, REFUSED, UNMATCHED};
use crate::problem::{Kind, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What an answer keeps of its headers when its body becomes a problem document.
const KEPT: [HeaderName; 3] = [header::ALLOW, header::LOCATION, publications::PUBLICATION_ID];

/// How the service says what it asks for.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");

/// The longest identifier that is taken over from a client.
const IDENTIFIER: usize = 64;

/// The longest body that is read and thrown away, in bytes: the service takes none.
const BODY: u64 = 64 * 1024;

/// What may be asked as often as one likes.
const FREE: [&str; 2] = ["/health/live", "/health/ready"];

/// Whose lines the log gives for each request.
const ACCESS: &str = "reperes::access";

/// What the addresses of data begin with, and those that are given from the disk.
const DATA: &str = "/v1/";
const FILES: &str = "/v1/files";

/// Seconds after which a client may try again when the service cannot answer.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The identifier of a request, for those who handle it.
#[derive(Clone)]
pub struct RequestId(pub String);

static PROCESS: LazyLock<u32> =
    LazyLock::new(|| u32::try_from(RandomState::new().hash_one(std::process::id()) >> 32).unwrap_or(0));
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Surrounds a request.
///
/// # Errors
/// Carries an answer already: a panic leaves no request to answer to, so the framework sends it.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let identifier = identifier(&request);
    let tracker = request.conn_data::<RequestTracker>().cloned();
    tracker.iter().for_each(RequestTracker::start);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let state = request.app_data::<web::Data<State>>().cloned();
    let counted =
        state.as_ref().filter(|_| !FREE.contains(&request.path())).and_then(|state| state.rate_limiters.check(&request));
    let _in_flight = state.as_ref().map(|state| state.requests.begin());
    let mut met = None;
    let wait = counted.as_ref().and_then(|(_, decision)| decision.retry_after);
    let outcome = match beforehand(&request, state.as_deref().map(|state| &**state), wait) {
        Err(problem) => {
            met = Some(Met::Refused);
            Ok(request.into_response(problem.into_response()))
        }
        Ok(Some(Short { response, meaning, cached })) => {
            met = Some(Met::Known(meaning, cached));
            Ok(request.into_response(response))
        }
        Ok(None) => {
            request.extensions_mut().insert(RequestId(identifier.clone()));
            AssertUnwindSafe(next.call(request))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| {
                    log::error!("request {identifier} panicked");
                    Err(Problem::internal().into())
                })
                .map(ServiceResponse::map_into_boxed_body)
        }
    };
    let write = |route: &str, response: &mut HttpResponse, more: Option<Decision>| {
        if !matches!(met, Some(Met::Known(..))) {
            complete(response, &path, &identifier);
        }
        if let Ok(value) = HeaderValue::from_str(&identifier) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        if state.as_ref().is_some_and(|state| state.is_stopping()) {
            // The next request had better come over a connection to whoever follows.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        match (&state, &counted) {
            (Some(state), Some((client, _))) if response.status() == StatusCode::NOT_MODIFIED => {
                state.rate_limiters.refund(client)
            }
            (_, Some((_, decision))) => decision.write_headers(response.headers_mut()),
            _ => {}
        }
        more.iter().for_each(|decision| decision.write_headers(response.headers_mut()));
        let (status, spent) = (response.status().as_u16(), started.elapsed());
        let cached = match &met {
            Some(Met::Known(_, cached)) => Some(*cached),
            _ => response.extensions().get::<Cached>().copied(),
        };
        if let Some(state) = &state {
            state.requests.answered(route, method.as_str(), status, spent, cached);
            let decisions = counted.iter().map(|(_, decision)| decision).chain(&more);
            let limited = decisions.filter(|decision| decision.retry_after.is_some());
            limited.for_each(|decision| state.requests.limited(decision.policy()));
        }
        log::info!(target: ACCESS, request_id = identifier.as_str(), method = method.as_str(), path = path.as_str(), route,
            status, duration_seconds = spent.as_secs_f64(), cache = cached.map(Cached::name); "answered");
    };
    let until_sent = |response: HttpResponse| match tracker {
        Some(tracker) => response.map_body(|_, body| tracker.until_sent(chunked_body::chunked(body))),
        None => response,
    };
    match outcome {
        Ok(answered) => {
            let (http, mut response) = answered.into_parts();
            let more = http.extensions().get::<Decision>().copied();
            match &met {
                Some(met) => write(met.route(), &mut response, more),
                None => write(&http.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned()), &mut response, more),
            }
            Ok(ServiceResponse::new(http, until_sent(response)))
        }
        Err(error) => {
            let mut response = error.as_response_error().error_response();
            write(UNMATCHED, &mut response, None);
            Err(InternalError::from_response(error, until_sent(response)).into())
        }
    }
}

/// How a request was met that went no further.
enum Met {
    /// It was refused before its address was looked at, which costs more than to refuse it.
    Refused,
    /// It was answered before.
    Known(Arc<Meaning>, Cached),
}

impl Met {
    /// The pattern of its address, or what stands for that.
    fn route(&self) -> &str {
        match self {
            Self::Refused => REFUSED,
            Self::Known(meaning, _) => &meaning.route,
        }
    }
}

/// The answer that needs no handler, if there is one.
fn beforehand(request: &ServiceRequest, state: Option<&State>, wait: Option<Duration>) -> Result<Option<Short>, Problem> {
    refuse(request, wait)?;
    let Some(state) = state else { return Ok(None) };
    let short = request_index::answer(request.request(), state);
    if short.is_none() {
        turn_away(request, state)?;
    }
    Ok(short)
}

/// What the framework would only find out later, or not at all.
fn refuse(request: &ServiceRequest, wait: Option<Duration>) -> Result<(), Problem> {
    if wait.is_some() {
        return Err(Problem::new(Kind::TooManyRequests, "Too many requests came from this address."));
    }
    path_and_query::check_path(request.request())?;
    let headers = request.headers();
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Problem::new(Kind::UnsupportedEncoding, "Compressed request bodies are not read."));
    }
    if request.method() == Method::POST && request.path() == publications::ADDRESS {
        // Counted as it is received.
        return Ok(());
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Problem::new(Kind::PayloadTooLarge, "Bodies of unknown length are not read."));
    }
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY) {
        return Err(Problem::new(Kind::PayloadTooLarge, format!("The body has more than {BODY} bytes.")));
    }
    Ok(())
}

/// Refuses a read of data while the database has as many as it may, before it costs more than that: what is refused must
/// leave the processors to what is not. What may do without the database is not refused, but for a new spelling of what is
/// in memory.
fn turn_away(request: &ServiceRequest, state: &State) -> Result<(), Problem> {
    let path = request.path();
    let read = matches!(*request.method(), Method::GET | Method::HEAD) && path.starts_with(DATA) && !path.starts_with(FILES);
    if read && state.pool.rejects_read() { Err(DbError::TooManyReads.into()) } else { Ok(()) }
}

/// Writes the body of a problem, of ours or the framework's, and the headers that every answer has but for its identifier.
fn complete(response: &mut HttpResponse, path: &str, identifier: &str) {
    let given = response.extensions_mut().remove::<Problem>();
    if let Some(mut problem) = given.or_else(|| foreign(response.status(), path)) {
        problem.request_id = Some(identifier.into());
        let kind = problem.kind();
        let body = BoxBody::new(problem.body());
        let mut replaced = HttpResponse::new(problem.status_code()).set_body(body);
        for name in KEPT {
            if let Some(value) = response.headers_mut().remove(&name).next() {
                replaced.headers_mut().insert(name, value);
            }
        }
        *response = replaced;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(kind, Kind::Unavailable | Kind::Overloaded) {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if kind == Kind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
    }
    security_headers::dress(response.headers_mut(), path);
}

/// The problem for a failure that the framework has answered by itself.
fn foreign(status: StatusCode, path: &str) -> Option<Problem> {
    if status.is_success() || status.is_redirection() || status.is_informational() {
        return None;
    }
    let kind = Kind::ALL.iter().copied().find(|kind| kind.status() == status.as_u16());
    Some(match kind {
        Some(kind) if status.is_client_error() => {
            Problem::new(kind, format!("The request for {} cannot be served.", crate::problem::echo(path)))
        }
        None if status.is_client_error() => Problem::new(Kind::MalformedRequest, "The request cannot be read."),
        _ => Problem::internal(),
    })
}

/// The client's identifier if it is a harmless one, else a new one.
fn identifier(request: &ServiceRequest) -> String {
    let harmless = |text: &&str| {
        !text.is_empty()
            && text.len() <= IDENTIFIER
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(harmless) {
        Some(given) => given.to_owned(),
        None => {
            let mut made = [b'-'; 17];
            for (number, place) in [(*PROCESS, 0..8), (COUNTER.fetch_add(1, Ordering::Relaxed), 9..17)] {
                hex::encode_to_slice(number.to_be_bytes(), &mut made[place]).expect("four bytes are eight digits");
            }
            String::from_utf8_lossy(&made).into_owned()
        }
    }
}
