//! Owns receiving a publication: the parts of the multipart body are streamed to disk and hashed, never held in memory.
//! Must not know what the files contain.

use actix_multipart::{Field, Multipart};
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout_at;

use super::parts::{self, DRY_RUN, MAX_NAME_BYTES, Received};
use crate::http::connection::timeouts::{Timeouts, TransferRate};
use crate::problem::{FAULTS_LISTED, Fault, Kind, Problem, Reason};
use crate::publish::NAME as MANIFEST;

/// The longest manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 1_000_000;

/// Checks the head of the request before its body is read.
///
/// # Errors
/// Returns 415 unless the body is `multipart/form-data`, 413 if it is too large.
pub fn check(request: &HttpRequest, limit: u64) -> Result<(), Problem> {
    let form = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = form.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("multipart/form-data") {
        return Err(Problem::new(Kind::UnsupportedMediaType, "The body must be `multipart/form-data`."));
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit => Err(too_large(limit)),
        _ => Ok(()),
    }
}

/// Receives the parts.
///
/// # Errors
/// Returns 400 with every invalid part, 408 if the client sends too slowly, 413 if the body is too large.
pub async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    folder: TempDir,
    limit: u64,
    timeouts: Timeouts,
) -> Result<Received, Problem> {
    let mut form = Multipart::new(request.headers(), payload);
    let mut received = Received { folder, files: Vec::new(), digest: String::new(), bytes: 0, single_file: None, dry_run: false };
    let mut pace = Pace { timeouts, rate: TransferRate::default() };
    let (mut faults, mut manifest, mut recipe, mut dry_run) = (Vec::new(), None, None, None);
    while let Some(part) = pace.next(form.next()).await? {
        let mut part = part.map_err(|error| unreadable(&error))?;
        let (name, named) = (part.name().unwrap_or_default().to_owned(), part.content_disposition());
        let named = named.and_then(|disposition| disposition.get_filename()).map(str::to_owned);
        let left = limit - received.bytes;
        let fault = match (name.as_str(), named) {
            ("manifest", _) if manifest.is_some() => {
                Fault::of_part(Reason::Repeated, "manifest", "The manifest is sent more than once.")
            }
            ("recipe", _) if recipe.is_some() => Fault::of_part(Reason::Repeated, "recipe", "The recipe is sent more than once."),
            ("manifest", _) => {
                manifest = Some(write_part(&mut part, &mut received, &mut pace, MANIFEST, left.min(MAX_MANIFEST_BYTES)).await?);
                continue;
            }
            (DRY_RUN, _) if dry_run.is_some() => Fault::of_part(Reason::Repeated, DRY_RUN, "`dry_run` is sent more than once."),
            ("recipe", None) => {
                let text = short_text(&mut part, &mut pace).await?;
                parts::recipe(text).map_or_else(|fault| faults.push(fault), |name| recipe = Some(name));
                continue;
            }
            (DRY_RUN, _) => {
                let text = short_text(&mut part, &mut pace).await?;
                dry_run = Some(parts::dry_run(&text).map_err(|fault| faults.push(fault)).unwrap_or_default());
                continue;
            }
            ("file" | "recipe", given) => match parts::file_name(&name, given.unwrap_or_default(), &received) {
                Ok(file) => {
                    let digest = write_part(&mut part, &mut received, &mut pace, &file, left).await?;
                    recipe = recipe.or_else(|| (name == "recipe").then(|| file.clone()));
                    received.files.push((file, digest));
                    continue;
                }
                Err(fault) => fault,
            },
            (other, _) => parts::unknown(other),
        };
        faults.push(fault);
        if faults.len() == FAULTS_LISTED {
            break;
        }
        skip_part(&mut part, &mut received.bytes, &mut pace, limit).await?;
    }
    received.dry_run = dry_run.unwrap_or_default();
    faults.extend(if faults.is_empty() { parts::finish(&mut received, manifest.as_deref(), recipe) } else { None });
    if faults.is_empty() { Ok(received) } else { Err(Problem::invalid_parameters(faults)) }
}

/// Reads a part of a few bytes as text; a longer one is empty text. It is read to its end: actix-multipart fails if it is
/// read again.
async fn short_text(part: &mut Field, pace: &mut Pace) -> Result<String, Problem> {
    Ok(match pace.next(part.bytes(MAX_NAME_BYTES)).await? {
        Ok(bytes) => String::from_utf8_lossy(&bytes.map_err(|error| unreadable(&error))?).into_owned(),
        Err(_) => String::new(),
    })
}

/// Writes a part to disk and returns its SHA-256.
async fn write_part(
    part: &mut Field,
    received: &mut Received,
    pace: &mut Pace,
    name: &str,
    most: u64,
) -> Result<String, Problem> {
    // Only the server may read what waits for its publication.
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(received.folder.path().join(name));
    let mut file = opened.await.map_err(|error| unavailable(&error))?;
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    while let Some(chunk) = pace.next(part.next()).await? {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        pace.rate.record(chunk.len() as u64);
        bytes += chunk.len() as u64;
        if bytes > most {
            return Err(too_large(most));
        }
        hasher.update(&chunk);
        file.write_all(&chunk).await.map_err(|error| unavailable(&error))?;
    }
    file.flush().await.map_err(|error| unavailable(&error))?;
    received.bytes += bytes;
    Ok(hex::encode(hasher.finalize()))
}

/// Reads and discards an invalid part, so that the parts after it are checked too.
async fn skip_part(part: &mut Field, bytes: &mut u64, pace: &mut Pace, limit: u64) -> Result<(), Problem> {
    while let Some(chunk) = pace.next(part.next()).await? {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        pace.rate.record(chunk.len() as u64);
        *bytes += chunk.len() as u64;
        if *bytes > limit {
            return Err(too_large(limit));
        }
    }
    Ok(())
}

/// The speed of the body.
struct Pace {
    timeouts: Timeouts,
    rate: TransferRate,
}

impl Pace {
    /// Waits for `next`, as long as the client sends fast enough.
    async fn next<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let late = |_| Problem::new(Kind::RequestTimeout, "The body did not arrive in time.");
        let next = timeout_at(self.rate.deadline(&self.timeouts), next).await.map_err(late)?;
        self.rate.record(0);
        Ok(next)
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::new(Kind::PayloadTooLarge, format!("The part or the whole body exceeds the {limit} bytes that are left."))
}

fn unreadable(error: &actix_multipart::MultipartError) -> Problem {
    Problem::new(Kind::MalformedRequest, format!("The body is not valid `multipart/form-data`: {error}."))
}

/// The problem of files that cannot be written to disk; the cause goes to the log.
pub fn unavailable(error: &std::io::Error) -> Problem {
    log::error!("cannot receive files: {error}");
    Problem::new(Kind::Unavailable, "Files cannot be received at the moment.")
}
