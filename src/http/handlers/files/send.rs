//! Owns the sending of a file that never changes: validators, ranges (RFC 9110, sections 13 and 14), pieces.
//! Must not know which files there are.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, Header, HeaderMap, HeaderName, HttpDate, IfModifiedSince};
use actix_web::{HttpRequest, HttpResponse};
use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::http::cache::etag;
use crate::http::release_files::FileMetadata;
use crate::problem::{Kind, Problem};

/// The digest of the whole file (RFC 9530).
const DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// What is asked of a file.
enum Part {
    /// The client has it.
    Nothing,
    /// All of it.
    Whole,
    /// These bytes: the first, and how many.
    Range(u64, u64),
    /// Bytes beyond its end.
    Beyond,
}

/// Sends a file, or the part that is asked for.
///
/// # Errors
/// 416 for a range beyond the end; 503 when the file cannot be read.
pub async fn send(
    request: &HttpRequest,
    path: &Path,
    metadata: &FileMetadata,
    modified: SystemTime,
    about: &[(HeaderName, String)],
) -> Result<HttpResponse, Problem> {
    let (part, modified) = (part(request, metadata, modified), HttpDate::from(modified));
    let mut response = match part {
        Part::Nothing => HttpResponse::NotModified(),
        Part::Range(..) => HttpResponse::PartialContent(),
        Part::Whole => HttpResponse::Ok(),
        Part::Beyond => {
            let detail = format!("The file has {} bytes; the range begins beyond them.", metadata.bytes);
            return Err(Problem::new(Kind::RangeNotSatisfiable, detail));
        }
    };
    about.iter().for_each(|(name, value)| {
        response.insert_header((name.clone(), value.clone()));
    });
    response.insert_header((header::ETAG, metadata.etag()));
    response.insert_header((header::LAST_MODIFIED, modified.to_string()));
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    response.insert_header((DIGEST, metadata.digest()));
    let (first, length) = match part {
        Part::Nothing => return Ok(response.finish()),
        Part::Range(first, length) => {
            response.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{}/{}", first + length - 1, metadata.bytes)));
            (first, length)
        }
        _ => (0, metadata.bytes),
    };
    let unreadable = |error: io::Error| {
        log::error!("{} cannot be read: {error}", path.display());
        Problem::new(Kind::Unavailable, "The file cannot be read at the moment.")
    };
    let mut file = File::open(path).await.map_err(unreadable)?;
    file.seek(SeekFrom::Start(first)).await.map_err(unreadable)?;
    Ok(response.body(SizedStream::new(length, Box::pin(pieces(file, length)))))
}

fn pieces(file: File, length: u64) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    futures_util::stream::unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return None;
        }
        let mut piece = BytesMut::zeroed(BUFFER_BYTES.min(usize::try_from(left).unwrap_or(BUFFER_BYTES)));
        match file.read(&mut piece).await {
            Ok(0) => Some((Err(io::ErrorKind::UnexpectedEof.into()), (file, 0))),
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(piece.freeze()), (file, left - read as u64)))
            }
            Err(error) => Some((Err(error), (file, 0))),
        }
    })
}

/// What the headers ask for. Several ranges at once are answered with the whole, as any server may.
fn part(request: &HttpRequest, metadata: &FileMetadata, modified: SystemTime) -> Part {
    let headers = request.headers();
    if is_current(request, metadata, modified) {
        return Part::Nothing;
    }
    let Some(range) =
        headers.get(header::RANGE).and_then(|range| range.to_str().ok()).filter(|_| range_holds(headers, metadata, modified))
    else {
        return Part::Whole;
    };
    let Ok(parsed) = http_range_header::parse_range_header(range) else { return Part::Whole };
    if parsed.len() != 1 || metadata.bytes == 0 {
        return Part::Whole;
    }
    match parsed.validate(metadata.bytes).as_deref() {
        Ok([range]) => Part::Range(*range.start(), range.end() - range.start() + 1),
        Ok(_) => Part::Whole,
        Err(_) => Part::Beyond,
    }
}

/// Whether the client has this very file.
fn is_current(request: &HttpRequest, metadata: &FileMetadata, modified: SystemTime) -> bool {
    if let Some(holds) = etag::matches(request, &metadata.etag()) {
        return holds;
    }
    let since = IfModifiedSince::parse(request).ok().map(|since| SystemTime::from(since.0));
    // Dates of HTTP have no fractions of seconds.
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    since.is_some_and(|since| seconds(modified) <= seconds(since))
}

/// Whether a range may be given: without `If-Range` always, else only of the file that the client began with.
fn range_holds(headers: &HeaderMap, metadata: &FileMetadata, modified: SystemTime) -> bool {
    let Some(known) = headers.get(header::IF_RANGE) else { return true };
    let Ok(known) = known.to_str() else { return false };
    known == metadata.etag() || known == HttpDate::from(modified).to_string()
}
