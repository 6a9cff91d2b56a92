//! Owns the receiving of a publication: the parts of the body go to disk as they come, digested on the way, and never
//! into memory.
//! Must not know what is in the files.

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

/// The most bytes of the manifest.
const MANIFEST_BYTES: u64 = 1_000_000;

/// The most files of one publication.
const FILES: usize = 1000;

/// The longest name of a file, in bytes.
const NAME_LENGTH: usize = 200;

/// What the name of a recipe's file ends with.
const RECIPE_ENDING: &str = ".toml";

/// The names of the parts.
const PARTS: [&str; 3] = ["manifest", "file", "recipe"];

/// What was received.
pub struct Received {
    /// The folder with the manifest and the files.
    pub folder: TempDir,
    /// The files: name and SHA-256.
    pub files: Vec<(String, String)>,
    /// The SHA-256 of all parts, whatever their order.
    pub digest: String,
    /// Bytes of all parts.
    pub bytes: u64,
    /// The file that comes without a manifest, and its recipe.
    pub alone: Option<(String, String)>,
}

/// Checks what the head says of the body, before any of it is read.
///
/// # Errors
/// 415 for another form than `multipart/form-data`, 413 for a body that is too large.
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
/// 400 with every part that is not as it should be, 408 for a client that sends nothing for long, 413 for too much.
pub async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    folder: TempDir,
    limit: u64,
    timeouts: Timeouts,
) -> Result<Received, Problem> {
    let mut parts = Multipart::new(request.headers(), payload);
    let mut received = Received { folder, files: Vec::new(), digest: String::new(), bytes: 0, alone: None };
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
                manifest = Some(store(&mut part, &mut received, &mut pace, MANIFEST, left.min(MANIFEST_BYTES)).await?);
                continue;
            }
            ("recipe", None) => {
                match name_of_recipe(&mut part, &mut pace).await? {
                    Ok(name) => recipe = Some(name),
                    Err(fault) => faults.push(fault),
                }
                // A part that has been read to its end must not be asked for more.
                continue;
            }
            ("file" | "recipe", given) => match file_name(&name, given.unwrap_or_default(), &received) {
                Ok(file) => {
                    let digest = store(&mut part, &mut received, &mut pace, &file, left).await?;
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
        drain(&mut part, &mut received.bytes, &mut pace, limit).await?;
    }
    faults.extend(if faults.is_empty() { settle(&mut received, manifest.as_deref(), recipe) } else { None });
    if faults.is_empty() { Ok(received) } else { Err(Problem::invalid_parameters(faults)) }
}

/// Says what the parts come to, and digests them.
fn settle(received: &mut Received, manifest: Option<&str>, recipe: Option<String>) -> Option<Fault> {
    let mut data = received.files.iter().map(|(name, _)| name).filter(|name| recipe.as_ref() != Some(name));
    let (first, second) = (data.next().cloned(), data.next());
    let by_name = recipe.as_ref().filter(|recipe| is_recipe(recipe));
    match (manifest, &recipe, first, second) {
        (Some(_), Some(_), ..) if by_name.is_some() => {
            return Some(Fault::new("recipe", "The manifest names the recipe; one that is sent beside it is a file."));
        }
        (Some(_), ..) => {}
        (None, Some(recipe), Some(file), None) => received.alone = Some((file, recipe.clone())),
        (None, Some(_), ..) => {
            return Some(Fault::new("file", "Without a manifest a recipe reads one file; send one, or a manifest."));
        }
        (None, None, ..) => {
            return Some(Fault::new("manifest", "The manifest is missing, or a recipe in its place.").allowed(PARTS));
        }
    }
    let mut digests: Vec<String> = received.files.iter().map(|(name, digest)| format!("{name}\0{digest}")).collect();
    digests.sort();
    let parts = format!("{}\n{}\n{}", manifest.unwrap_or_default(), recipe.unwrap_or_default(), digests.join("\n"));
    received.digest = hex::encode(Sha256::digest(parts));
    None
}

/// Reads the name of a recipe of the service's own.
async fn name_of_recipe(part: &mut Field, pace: &mut Pace) -> Result<Result<String, Fault>, Problem> {
    let read = pace.next(part.bytes(NAME_LENGTH)).await?;
    let text = match read {
        Ok(bytes) => String::from_utf8_lossy(&bytes.map_err(|error| unreadable(&error))?).into_owned(),
        Err(_) => String::new(),
    };
    let fault = || Fault::new("recipe", "A recipe is the name of one of the service's own, or a file.").value(&text);
    Ok(if is_recipe(&text) { Ok(text) } else { Err(fault()) })
}

/// The name of a file: one that leads nowhere else, and that no other file has.
fn file_name(part: &str, given: String, received: &Received) -> Result<String, Fault> {
    let fault = |detail: String| Err(Fault::new(part, detail).value(&given));
    let plain = given.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'/' | b'\\' | 0x7f)) && !given.starts_with('.');
    if given.is_empty() || given.len() > NAME_LENGTH || !plain || given == MANIFEST {
        return fault(format!(
            "A file has a name, at most {NAME_LENGTH} bytes long, without directories, that neither begins with a dot nor is {MANIFEST}."
        ));
    }
    if part == "recipe" && !given.ends_with(RECIPE_ENDING) {
        return fault(format!("The name of a recipe's file ends with `{RECIPE_ENDING}`."));
    }
    if received.files.iter().any(|(name, _)| *name == given) {
        return fault("Two files have the same name.".to_owned());
    }
    if received.files.len() >= FILES {
        return fault(format!("A publication has at most {FILES} files."));
    }
    Ok(given)
}

/// Writes a part to disk and gives its SHA-256.
async fn store(part: &mut Field, received: &mut Received, pace: &mut Pace, name: &str, most: u64) -> Result<String, Problem> {
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

/// Reads a part that is not wanted, so that the faults of those after it are told too.
async fn drain(part: &mut Field, bytes: &mut u64, pace: &mut Pace, limit: u64) -> Result<(), Problem> {
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

/// How the body comes on.
struct Pace {
    timeouts: Timeouts,
    rate: TransferRate,
}

impl Pace {
    /// Waits for what comes next, as long as the client has come on well enough.
    async fn next<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let late = |_| Problem::new(Kind::RequestTimeout, "The body comes too slowly, or not at all.");
        let next = timeout_at(self.rate.deadline(&self.timeouts), next).await.map_err(late)?;
        self.rate.record(0);
        Ok(next)
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::new(
        Kind::PayloadTooLarge,
        format!("The part or the whole is larger than the {limit} bytes that are still admitted."),
    )
}

fn unreadable(error: &actix_multipart::MultipartError) -> Problem {
    Problem::new(Kind::MalformedRequest, format!("The body cannot be read as `multipart/form-data`: {error}."))
}

/// The problem of files that cannot be written to disk; the cause goes to the log.
pub fn unavailable(error: &std::io::Error) -> Problem {
    log::error!("cannot receive files: {error}");
    Problem::new(Kind::Unavailable, "Files cannot be received at the moment.")
}
