//! Owns `/v1/files/{file}`: whole datasets of a release as immutable files.
//! Must not know SQL, nor how rows are written.

pub mod list;
mod send;

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::time::timeout;

use self::list::{all, snapshot};
use super::exports::MAX_SHEET_ROWS;
use crate::db::connection::config::Database;
use crate::db::connection::planning::Planning;
use crate::db::read::checked::Snapshot;
use crate::db::read::export::Exports;
use crate::db::read::releases;
use crate::http::cache::compression::Coding;
use crate::http::cache::etag;
use crate::http::release_files::{FileError, FileKey, FileMetadata, ReleaseFiles};
use crate::http::request::path_and_query;
use crate::http::response::header_names::{RELEASE_NUMBER, TOTAL_COUNT};
use crate::http::state::State;
use crate::keyed_permits::LimitReached;
use crate::problem::{Kind, Problem};
use crate::query::model::value;
use crate::query::suggest::closest;
use crate::query::{Dataset, Representation};

/// How long a request waits until a file is built.
const BUILD_TIMEOUT: Duration = Duration::from_secs(20);

/// `Cache-Control` of a file of a release: its bytes never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The representations whose files are built when the server starts.
const PREBUILT: [Representation; 2] = [Representation::Csv, Representation::Parquet];

/// File of the newest release
///
/// Returns a whole dataset, named `{dataset}.{format}`. Supports `Range`, `If-Range`, `If-None-Match` and
/// `If-Modified-Since`. `Repr-Digest` is the SHA-256 of the whole file, `Content-Location` its address at this release.
///
/// Text files are also kept compressed: `Accept-Encoding` with `zstd` or `gzip` gets them with `Content-Encoding`, and an `ETag`,
/// a `Repr-Digest` and ranges of their own; `{dataset}.{format}.zst` and `{dataset}.{format}.gz` are the compressed files
/// themselves.
#[utoipa::path(
    get,
    path = "/v1/files/{file}",
    operation_id = "getFile",
    params(("file" = String, Path, description = "Dataset and representation.", example = "conventions.csv")),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"), (String = "application/x-ndjson"), (String = "application/geo+json"),
        (String = "application/vnd.apache.parquet"), (String = "application/vnd.sdmx.data+csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "application/zstd"), (String = "application/gzip"),
    )))
)]
pub async fn current(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    file(&request, &state, None, etag::REVALIDATE).await
}

/// File of a release
///
/// Returns a whole dataset at a release. The file never changes.
#[utoipa::path(
    get,
    path = "/v1/files/{release}/{file}",
    operation_id = "getPinnedFile",
    params(
        ("release" = i32, Path, description = "The release.", example = 2, minimum = 1),
        ("file" = String, Path, description = "Dataset and representation.", example = "conventions.csv"),
    ),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"), (String = "application/x-ndjson"), (String = "application/geo+json"),
        (String = "application/vnd.apache.parquet"), (String = "application/vnd.sdmx.data+csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "application/zstd"), (String = "application/gzip"),
    )))
)]
pub async fn pinned(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let text = request.match_info().get("release").unwrap_or_default();
    let number = value::integer(text, 1, i64::from(i32::MAX)).ok().and_then(|number| i32::try_from(number).ok());
    let Some(number) = number else {
        return Err(Problem::new(Kind::UnknownResource, "The path has no release number before the file."));
    };
    file(&request, &state, Some(number), IMMUTABLE).await
}

/// Builds the CSV and Parquet files of the newest release, one after another. A failure is logged, and the first request
/// for the file builds it again.
pub async fn build_missing(database: Database, exports: Exports, files: ReleaseFiles, registry: &'static [&'static Dataset]) {
    let release = match database.reader(BUILD_TIMEOUT, Planning::EachTime).await {
        Ok(connection) => releases::release(&connection, None).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let snapshot = match release {
        Ok(Some(release)) => Snapshot::of(release, false),
        Ok(None) => return,
        Err(why) => return log::warn!("cannot build the files of the newest release: {why}"),
    };
    let plain: Vec<FileKey> = all(registry, &snapshot).into_iter().filter(|key| PREBUILT.contains(&key.representation)).collect();
    let coded: Vec<FileKey> =
        plain.iter().flat_map(|key| key.codings().iter().map(|coding| key.coded(*coding)).collect::<Vec<_>>()).collect();
    for key in plain.into_iter().chain(coded) {
        if let Err(error) = files.build(&exports, key.clone(), None).await {
            log::warn!("cannot build the file {}: {error:?}", key.name());
        }
    }
    log::info!("built the first files of release {}", snapshot.release.number);
}

async fn file(request: &HttpRequest, state: &State, number: Option<i32>, caching: &str) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(request)?;
    let name = path_and_query::segment(request, "file")?;
    let snapshot = snapshot(state, number).await?;
    let files = all(state.registry, &snapshot);
    let coded = |key: &FileKey| key.codings().iter().map(|coding| key.coded(*coding)).find(|key| key.name() == name);
    let Some(key) = files.iter().find(|key| key.name() == name).cloned().or_else(|| files.iter().find_map(coded)) else {
        let names: Vec<String> = files.iter().map(FileKey::name).collect();
        let near = closest(&name, names.iter().map(String::as_str));
        return Err(Problem::new(Kind::UnknownCode, "This file does not exist; `/v1/files` lists all files.").closest(near));
    };
    let client = state.bounds.client(request);
    let (sent, metadata) = negotiated(request, state, &key, client).await?;
    let release = snapshot.release.number;
    let (media_type, extension) = match key.coding.extension() {
        // A file that somebody asks for in a coding is sent as it is, and not decoded on the way.
        Some(extension) => (
            format!("application/{}", key.coding.name().unwrap_or_default()),
            format!("{}.{extension}", key.representation.extension()),
        ),
        None => (key.representation.content_type(), key.representation.extension().to_owned()),
    };
    let mut about = vec![
        (header::CONTENT_TYPE, media_type),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"reperes-{}-publication-{release}.{extension}\"", key.context.dataset.name),
        ),
        (header::CONTENT_LOCATION, format!("/v1/files/{release}/{name}")),
        (header::CACHE_CONTROL, caching.to_owned()),
        (RELEASE_NUMBER, release.to_string()),
        (TOTAL_COUNT, metadata.rows.to_string()),
    ];
    if is_negotiated(&key) {
        about.push((header::VARY, "Accept-Encoding".to_owned()));
    }
    if let Some(coding) = sent.coding.name().filter(|_| sent.coding != key.coding) {
        about.push((header::CONTENT_ENCODING, coding.to_owned()));
    }
    send::send(request, &state.files.path(&sent), &metadata, snapshot.release.published_at.into(), &about).await
}

/// Whether `Accept-Encoding` decides which bytes are sent.
fn is_negotiated(key: &FileKey) -> bool {
    key.coding == Coding::Identity && !key.codings().is_empty()
}

/// The file in the coding that the request prefers, with its metadata. A coded file that cannot be had does not keep the file
/// itself away.
async fn negotiated(
    request: &HttpRequest,
    state: &State,
    key: &FileKey,
    client: Option<IpAddr>,
) -> Result<(FileKey, FileMetadata), Problem> {
    if is_negotiated(key) {
        let offered = [key.codings(), &[Coding::Identity]].concat();
        let coded = key.coded(Coding::preferred_among(request, &offered));
        if coded.coding != Coding::Identity {
            match built(state, &coded, client).await {
                Ok(metadata) => return Ok((coded, metadata)),
                Err(problem) => log::debug!("{} is sent without coding: {problem:?}", key.name()),
            }
        }
    }
    Ok((key.clone(), built(state, key, client).await?))
}

/// The metadata of a file, which is built for a client if necessary.
async fn built(state: &State, key: &FileKey, client: Option<IpAddr>) -> Result<FileMetadata, Problem> {
    if let Some(metadata) = state.files.metadata(key) {
        return Ok(metadata);
    }
    if key.representation == Representation::Xlsx {
        // The number of rows is known from the CSV file, which has no limit.
        let csv = Box::pin(built(state, &FileKey { representation: Representation::Csv, ..key.clone() }, client)).await?;
        if csv.rows > MAX_SHEET_ROWS.unsigned_abs() {
            let detail = format!("This file does not exist: the {} rows do not fit into one sheet.", csv.rows);
            return Err(Problem::new(Kind::UnknownCode, detail));
        }
    }
    match timeout(BUILD_TIMEOUT, state.files.build(&state.exports, key.clone(), client)).await {
        Ok(Ok(metadata)) => Ok(metadata),
        Ok(Err(FileError::Database(error))) => Err(error.into()),
        Ok(Err(FileError::Busy(limit))) => Err(Problem::new(
            Kind::Overloaded,
            match limit {
                LimitReached::Share => "As many files are being built for this address as may be for one client.",
                LimitReached::Total => "The service builds as many files as it may.",
            },
        )),
        Ok(Err(FileError::Differs)) => Err(Problem::new(
            Kind::Unavailable,
            "This server does not build the file with the bytes that it was published with, and serves no others.",
        )),
        Ok(Err(FileError::Failed(error))) => {
            log::error!("cannot build the file {}: {error}", key.name());
            Err(Problem::new(Kind::Unavailable, "The file cannot be built at the moment."))
        }
        Err(_) => Err(Problem::new(Kind::Unavailable, "The file is being built; try again later.")),
    }
}
