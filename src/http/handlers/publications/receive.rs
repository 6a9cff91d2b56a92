//! Owns receiving a publication: the parts of the multipart body are streamed to disk and hashed, never held in memory.
//! Must not know what the files contain.

use actix_multipart::{Field, Multipart};
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout_at;

use crate::http::connection::timeouts::{Timeouts, TransferRate};
use crate::problem::{FAULTS_LISTED, Fault, Kind, Problem};
use crate::publish::{NAME as MANIFEST, is_recipe};
use crate::query::suggest::closest;

/// The longest manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 1_000_000;

/// The most files of one publication.
const MAX_FILES: usize = 1000;

/// The longest name of a file, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// The extension of a recipe.
const RECIPE_EXTENSION: &str = ".toml";

/// The names of the parts.
const PARTS: [&str; 3] = ["manifest", "file", "recipe"];

/// A received publication.
pub struct Received {
    /// The directory with the manifest and the files.
    pub folder: TempDir,
    /// The names of the files and their SHA-256.
    pub files: Vec<(String, String)>,
    /// The SHA-256 over all parts, independent of their order.
    pub digest: String,
    /// The bytes of all parts.
    pub bytes: u64,
    /// The only file and its recipe, in a publication without a manifest.
    pub single_file: Option<(String, String)>,
}

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
    let mut parts = Multipart::new(request.headers(), payload);
    let mut received = Received { folder, files: Vec::new(), digest: String::new(), bytes: 0, single_file: None };
    let mut pace = Pace { timeouts, rate: TransferRate::default() };
    let (mut faults, mut manifest, mut recipe) = (Vec::new(), None, None);
    while let Some(part) = pace.next(parts.next()).await? {
        let mut part = part.map_err(|error| unreadable(&error))?;
        let (name, named) = (part.name().unwrap_or_default().to_owned(), part.content_disposition());
        let named = named.and_then(|disposition| disposition.get_filename()).map(str::to_owned);
        let left = limit - received.bytes;
        let fault = match (name.as_str(), named) {
            ("manifest", _) if manifest.is_some() => Fault::new("manifest", "The manifest is sent more than once."),
            ("recipe", _) if recipe.is_some() => Fault::new("recipe", "The recipe is sent more than once."),
            ("manifest", _) => {
                manifest = Some(write_part(&mut part, &mut received, &mut pace, MANIFEST, left.min(MAX_MANIFEST_BYTES)).await?);
                continue;
            }
            ("recipe", None) => {
                match name_of_recipe(&mut part, &mut pace).await? {
                    Ok(name) => recipe = Some(name),
                    Err(fault) => faults.push(fault),
                }
                // The part is read to its end; actix-multipart fails if it is read again.
                continue;
            }
            ("file" | "recipe", given) => match file_name(&name, given.unwrap_or_default(), &received) {
                Ok(file) => {
                    let digest = write_part(&mut part, &mut received, &mut pace, &file, left).await?;
                    recipe = recipe.or_else(|| (name == "recipe").then(|| file.clone()));
                    received.files.push((file, digest));
                    continue;
                }
                Err(fault) => fault,
            },
            (other, _) => {
                let detail = format!("`{}` is not a part of a publication.", crate::problem::echo(other));
                Fault::new(other, detail).allowed(PARTS).closest(closest(other, PARTS))
            }
        };
        faults.push(fault);
        if faults.len() == FAULTS_LISTED {
            break;
        }
        skip_part(&mut part, &mut received.bytes, &mut pace, limit).await?;
    }
    faults.extend(if faults.is_empty() { finish(&mut received, manifest.as_deref(), recipe) } else { None });
    if faults.is_empty() { Ok(received) } else { Err(Problem::invalid_parameters(faults)) }
}

/// Checks that the parts belong together, and computes their digest.
fn finish(received: &mut Received, manifest: Option<&str>, recipe: Option<String>) -> Option<Fault> {
    let mut data = received.files.iter().map(|(name, _)| name).filter(|name| recipe.as_ref() != Some(name));
    let (first, second) = (data.next().cloned(), data.next());
    let by_name = recipe.as_ref().filter(|recipe| is_recipe(recipe));
    match (manifest, &recipe, first, second) {
        (Some(_), Some(_), ..) if by_name.is_some() => {
            return Some(Fault::new("recipe", "With a manifest, a recipe must be a file that the manifest names."));
        }
        (Some(_), ..) => {}
        (None, Some(recipe), Some(file), None) => received.single_file = Some((file, recipe.clone())),
        (None, Some(_), ..) => {
            return Some(Fault::new("file", "Without a manifest a recipe reads exactly one file; send one file, or a manifest."));
        }
        (None, None, ..) => {
            return Some(
                Fault::new("manifest", "The manifest is missing; only one file with a recipe may come without it.")
                    .allowed(PARTS),
            );
        }
    }
    let mut digests: Vec<String> = received.files.iter().map(|(name, digest)| format!("{name}\0{digest}")).collect();
    digests.sort();
    let parts = format!("{}\n{}\n{}", manifest.unwrap_or_default(), recipe.unwrap_or_default(), digests.join("\n"));
    received.digest = hex::encode(Sha256::digest(parts));
    None
}

/// Reads the name of a built-in recipe.
async fn name_of_recipe(part: &mut Field, pace: &mut Pace) -> Result<Result<String, Fault>, Problem> {
    let read = pace.next(part.bytes(MAX_NAME_BYTES)).await?;
    let text = match read {
        Ok(bytes) => String::from_utf8_lossy(&bytes.map_err(|error| unreadable(&error))?).into_owned(),
        Err(_) => String::new(),
    };
    let fault = || Fault::new("recipe", "A recipe is the name of a built-in recipe, or a file.").value(&text);
    Ok(if is_recipe(&text) { Ok(text) } else { Err(fault()) })
}

/// Checks the name of a file: a plain name without directories, different from all others.
fn file_name(part: &str, given: String, received: &Received) -> Result<String, Fault> {
    let fault = |detail: String| Err(Fault::new(part, detail).value(&given));
    let plain = given.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'/' | b'\\' | 0x7f)) && !given.starts_with('.');
    if given.is_empty() || given.len() > MAX_NAME_BYTES || !plain || given == MANIFEST {
        return fault(format!(
            "The name of a file has 1 to {MAX_NAME_BYTES} bytes and no directories, does not begin with a dot, and is not {MANIFEST}."
        ));
    }
    if part == "recipe" && !given.ends_with(RECIPE_EXTENSION) {
        return fault(format!("The name of a recipe must end with `{RECIPE_EXTENSION}`."));
    }
    if received.files.iter().any(|(name, _)| *name == given) {
        return fault("Two files have the same name.".to_owned());
    }
    if received.files.len() >= MAX_FILES {
        return fault(format!("A publication has at most {MAX_FILES} files."));
    }
    Ok(given)
}

/// Writes a part to disk and returns its SHA-256.
async fn write_part(
    part: &mut Field,
    received: &mut Received,
    pace: &mut Pace,
    name: &str,
    most: u64,
) -> Result<String, Problem> {
    let mut file = File::create_new(received.folder.path().join(name)).await.map_err(|error| unavailable(&error))?;
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
