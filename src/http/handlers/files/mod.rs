//! Owns `/v1/files`: whole datasets of a release as files that never change, and the list of them.
//! Must not know SQL, nor how rows are written.

mod send;

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::exports::SHEET_ROWS;
use crate::db::connection::config::Database;
use crate::db::read::checked::Snapshot;
use crate::db::read::export::Exports;
use crate::db::read::releases;
use crate::http::cache::etag;
use crate::http::execute;
use crate::http::release_files::{self, FileKey, FileMetadata, ReleaseFiles};
use crate::http::request::path_and_query;
use crate::http::response::envelope::{JSON, instant};
use crate::http::response::header_names::{RELEASE, TOTAL_ROWS};
use crate::http::response::refusals::no_release;
use crate::http::state::State;
use crate::problem::{Kind, Problem};
use crate::query::suggest::closest;
use crate::query::{Context, Dataset, Representation, value};

/// How long a request waits for a file that is being built.
const PATIENCE: Duration = Duration::from_secs(20);

/// The representations whose files are built at the start.
const AT_START: [Representation; 2] = [Representation::Csv, Representation::Parquet];

/// The files of a release.
#[derive(Serialize, ToSchema)]
pub struct Files {
    /// The files.
    data: Vec<FileEntry>,
    /// The release.
    #[schema(example = 2)]
    release: i32,
    /// When it was published.
    #[schema(format = DateTime)]
    published_at: String,
}

/// One file.
#[derive(Serialize, ToSchema)]
pub struct FileEntry {
    /// The dataset.
    #[schema(example = "territories")]
    dataset: &'static str,
    /// The representation.
    #[schema(example = "csv")]
    format: &'static str,
    /// Its media type.
    #[schema(example = "text/csv")]
    media_type: &'static str,
    /// The address of the file of the newest release.
    #[schema(example = "/v1/files/territories.csv")]
    href: String,
    /// The address of this very file, which never changes.
    #[schema(example = "/v1/files/2/territories.csv")]
    pinned: String,
    /// Its length; null until it has been built, which its first request does.
    bytes: Option<u64>,
    /// Its rows.
    rows: Option<u64>,
    /// Its SHA-256.
    sha256: Option<String>,
}

/// Files
///
/// Lists the files of the newest release: every dataset, whole, in each representation that is kept. A file is built when it
/// is first asked for, CSV and Parquet at the start of the server; from then on it never changes. SCDL holds the flows that say all that
/// it requires.
#[utoipa::path(
    get,
    path = "/v1/files",
    operation_id = "listFiles",
    responses((status = 200, description = "The files.", body = Files))
)]
pub async fn list(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(&request)?;
    let snapshot = ground(&state, None).await?;
    let entry = |key: &FileKey| {
        let metadata = state.files.metadata(key);
        FileEntry {
            dataset: key.context.dataset.name,
            format: key.representation.name(),
            media_type: key.representation.media_type(),
            href: format!("/v1/files/{}", key.name()),
            pinned: format!("/v1/files/{}/{}", snapshot.release.number, key.name()),
            bytes: metadata.as_ref().map(|metadata| metadata.bytes),
            rows: metadata.as_ref().map(|metadata| metadata.rows),
            sha256: metadata.map(|metadata| metadata.sha256),
        }
    };
    let files = Files {
        data: all(state.registry, &snapshot).iter().map(entry).collect(),
        release: snapshot.release.number,
        published_at: instant(snapshot.release.published_at),
    };
    let body = serde_json::to_vec(&files).map_err(|error| {
        log::error!("the list of files is not JSON: {error}");
        Problem::internal()
    })?;
    // What is listed changes as files are built, so that only the list itself can tell.
    let tag = etag::tag(&[&String::from_utf8_lossy(&body)]);
    let (mut response, same) = etag::revalidate(&request, &tag);
    Ok(if same { response.finish() } else { response.content_type(JSON).body(body) })
}

/// File of the newest release
///
/// A whole dataset, named `{dataset}.{format}`. Answers `Range`, `If-Range`, `If-None-Match` and `If-Modified-Since`;
/// `Repr-Digest` is the SHA-256 of the whole, `Content-Location` the address of this very file.
#[utoipa::path(
    get,
    path = "/v1/files/{file}",
    operation_id = "getFile",
    params(("file" = String, Path, description = "Dataset and representation.", example = "conventions.csv")),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"), (String = "application/x-ndjson"), (String = "application/geo+json"),
        (String = "application/vnd.apache.parquet"), (String = "application/vnd.sdmx.data+csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )))
)]
pub async fn current(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    file(&request, &state, None, "public, max-age=0, must-revalidate").await
}

/// File of a release
///
/// The same, of a given release: it never changes.
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
    )))
)]
pub async fn pinned(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let text = request.match_info().get("release").unwrap_or_default();
    let number = value::integer(text, 1, i64::from(i32::MAX)).ok().and_then(|number| i32::try_from(number).ok());
    let Some(number) = number else {
        return Err(Problem::new(Kind::UnknownResource, "The address has no number of a release before the file."));
    };
    file(&request, &state, Some(number), "public, max-age=31536000, immutable").await
}

/// Every file of a release.
fn all(registry: &'static [&'static Dataset], snapshot: &Snapshot) -> Vec<FileKey> {
    let of = |dataset| {
        let context = Context::of(registry, dataset);
        release_files::representations(dataset).map(move |representation| FileKey {
            context,
            representation,
            snapshot: snapshot.clone(),
        })
    };
    registry.iter().copied().filter(|dataset| dataset.public).flat_map(of).collect()
}

/// Builds the files of the newest release that most are asked for and have not been built, one after another, for a
/// server that has just started; the others are built for their first request. What fails is logged: that request tries again.
pub async fn build_missing(database: Database, exports: Exports, files: ReleaseFiles, registry: &'static [&'static Dataset]) {
    let release = match database.reader(PATIENCE).await {
        Ok(connection) => releases::release(&connection, None).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let snapshot = match release {
        Ok(Some(release)) => Snapshot { release, approximate: false },
        Ok(None) => return,
        Err(why) => return log::warn!("the files of the newest release are not built: {why}"),
    };
    for key in all(registry, &snapshot).into_iter().filter(|key| AT_START.contains(&key.representation)) {
        if let Err(error) = files.build(&exports, key.clone()).await {
            log::warn!("the file {} is not built: {error}", key.name());
        }
    }
    log::info!("the first files of release {} are built", snapshot.release.number);
}

async fn ground(state: &State, number: Option<i32>) -> Result<Snapshot, Problem> {
    match (execute::release(state, number).await?, number) {
        (Some(release), _) => Ok(Snapshot { release, approximate: false }),
        (None, None) => Err(no_release(None, None)),
        (None, Some(number)) => Err(Problem::new(Kind::UnknownCode, format!("There is no release {number}."))),
    }
}

async fn file(request: &HttpRequest, state: &State, number: Option<i32>, caching: &str) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(request)?;
    let name = path_and_query::segment(request, "file")?;
    let snapshot = ground(state, number).await?;
    let files = all(state.registry, &snapshot);
    let Some(key) = files.iter().find(|key| key.name() == name) else {
        let names: Vec<String> = files.iter().map(FileKey::name).collect();
        let near = closest(&name, names.iter().map(String::as_str));
        return Err(
            Problem::new(Kind::UnknownCode, "There is no such file; `/v1/files` lists those that there are.").closest(near)
        );
    };
    let metadata = built(state, key).await?;
    let release = snapshot.release.number;
    let about = [
        (header::CONTENT_TYPE, key.representation.content_type()),
        (
            header::CONTENT_DISPOSITION,
            format!(
                "attachment; filename=\"reperes-{}-publication-{release}.{}\"",
                key.context.dataset.name,
                key.representation.extension()
            ),
        ),
        (header::CONTENT_LOCATION, format!("/v1/files/{release}/{name}")),
        (header::CACHE_CONTROL, caching.to_owned()),
        (RELEASE, release.to_string()),
        (TOTAL_ROWS, metadata.rows.to_string()),
    ];
    send::send(request, &state.files.path(key), &metadata, snapshot.release.published_at.into(), &about).await
}

/// The file, built if need be; a client that waits too long is told to come back.
async fn built(state: &State, key: &FileKey) -> Result<FileMetadata, Problem> {
    if let Some(metadata) = state.files.metadata(key) {
        return Ok(metadata);
    }
    if key.representation == Representation::Xlsx {
        // Whether the rows fit into a sheet is known from the file that any number fits into.
        let lines = Box::pin(built(state, &FileKey { representation: Representation::Csv, ..key.clone() })).await?;
        if lines.rows > SHEET_ROWS.unsigned_abs() {
            let detail = format!("There is no such file: the {} rows do not fit into one sheet.", lines.rows);
            return Err(Problem::new(Kind::UnknownCode, detail));
        }
    }
    match timeout(PATIENCE, state.files.build(&state.exports, key.clone())).await {
        Ok(Ok(metadata)) => Ok(metadata),
        Ok(Err(error)) => {
            log::error!("the file {} cannot be built: {error}", key.name());
            Err(Problem::new(Kind::Unavailable, "The file cannot be built at the moment."))
        }
        Err(_) => Err(Problem::new(Kind::Unavailable, "The file is being built; try again in a while.")),
    }
}
