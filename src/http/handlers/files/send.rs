//! Owns sending an immutable file: conditional requests and ranges (RFC 9110, sections 13 and 14).
//! Must not know which files exist.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderMap, HeaderName, HttpDate};
use actix_web::{HttpRequest, HttpResponse};
use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::http::cache::etag::{self, Held};
use crate::http::release_files::{self, FileMetadata};
use crate::http::response::header_names::RELEASE_NUMBER;
use crate::problem::{Kind, Problem};

/// The digest of the whole file (RFC 9530).
const DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The bytes of one read.
const BUFFER_BYTES: usize = 64 * 1024;

/// The headers of a file that a 304 has too (RFC 9110, section 15.4.5): the client has the others with the file.
const OF_UNCHANGED: [HeaderName; 4] = [header::CACHE_CONTROL, header::CONTENT_LOCATION, header::VARY, RELEASE_NUMBER];

/// What the headers of a request select.
enum Selected {
    /// Nothing: the client has the file.
    NotModified,
    /// The whole file.
    Whole,
    /// A range: its first byte and its length.
    Range(u64, u64),
    /// A range beyond the end of the file.
    Unsatisfiable,
}

/// Sends a file or a range of it.
///
/// # Errors
/// Returns 416 for a range beyond the end; 503 if the file cannot be read.
pub async fn send(
    request: &HttpRequest,
    path: &Path,
    metadata: &FileMetadata,
    modified: SystemTime,
    headers: &[(HeaderName, String)],
) -> Result<HttpResponse, Problem> {
    let (selected, modified) = (select(request, metadata, modified), HttpDate::from(modified));
    let mut response = match selected {
        Selected::NotModified => HttpResponse::NotModified(),
        Selected::Range(..) => HttpResponse::PartialContent(),
        Selected::Whole => HttpResponse::Ok(),
        Selected::Unsatisfiable => {
            let detail = format!("The file has {} bytes; the range begins beyond them.", metadata.bytes);
            return Err(Problem::new(Kind::RangeNotSatisfiable, detail));
        }
    };
    let unchanged = matches!(selected, Selected::NotModified);
    headers.iter().filter(|(name, _)| !unchanged || OF_UNCHANGED.contains(name)).for_each(|(name, value)| {
        response.insert_header((name.clone(), value.clone()));
    });
    response.insert_header((header::ETAG, metadata.etag()));
    response.insert_header((header::LAST_MODIFIED, modified.to_string()));
    if unchanged {
        return Ok(response.finish());
    }
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    response.insert_header((DIGEST, metadata.digest()));
    let (first, length) = match selected {
        Selected::Range(first, length) => {
            response.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{}/{}", first + length - 1, metadata.bytes)));
            (first, length)
        }
        _ => (0, metadata.bytes),
    };
    let unreadable = |error: io::Error| {
        log::error!("cannot read {}: {error}", path.display());
        Problem::new(Kind::Unavailable, "The file cannot be read at the moment.")
    };
    let mut file = File::from_std(release_files::open(path).map_err(unreadable)?);
    file.seek(SeekFrom::Start(first)).await.map_err(unreadable)?;
    Ok(response.body(SizedStream::new(length, Box::pin(chunks(file, length)))))
}

fn chunks(file: File, length: u64) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    futures_util::stream::unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return None;
        }
        let mut chunk = BytesMut::zeroed(BUFFER_BYTES.min(usize::try_from(left).unwrap_or(BUFFER_BYTES)));
        match file.read(&mut chunk).await {
            Ok(0) => Some((Err(io::ErrorKind::UnexpectedEof.into()), (file, 0))),
            Ok(read) => {
                chunk.truncate(read);
                Some((Ok(chunk.freeze()), (file, left - read as u64)))
            }
            Err(error) => Some((Err(error), (file, 0))),
        }
    })
}

/// Reads the headers. Several ranges get the whole file, as RFC 9110 allows.
fn select(request: &HttpRequest, metadata: &FileMetadata, modified: SystemTime) -> Selected {
    let headers = request.headers();
    if etag::held(request, &metadata.etag(), Some(modified)) != Held::Other {
        return Selected::NotModified;
    }
    let Some(range) =
        headers.get(header::RANGE).and_then(|range| range.to_str().ok()).filter(|_| range_applies(headers, metadata, modified))
    else {
        return Selected::Whole;
    };
    let Ok(parsed) = http_range_header::parse_range_header(range) else { return Selected::Whole };
    if parsed.len() != 1 || metadata.bytes == 0 {
        return Selected::Whole;
    }
    match parsed.validate(metadata.bytes).as_deref() {
        Ok([range]) => Selected::Range(*range.start(), range.end() - range.start() + 1),
        Ok(_) => Selected::Whole,
        Err(_) => Selected::Unsatisfiable,
    }
}

/// Whether the range applies: without `If-Range` always, else only if the validator matches.
fn range_applies(headers: &HeaderMap, metadata: &FileMetadata, modified: SystemTime) -> bool {
    let Some(validator) = headers.get(header::IF_RANGE) else { return true };
    let Ok(validator) = validator.to_str() else { return false };
    validator == metadata.etag() || validator == HttpDate::from(modified).to_string()
}
