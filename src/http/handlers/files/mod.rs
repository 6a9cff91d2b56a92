//! Owns `/v1/files`: whole datasets of a release as immutable files, and their list.
//! Must not know SQL, nor how rows are written.

mod send;

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::exports::MAX_SHEET_ROWS;
use crate::db::connection::config::Database;
use crate::db::connection::planning::Planning;
use crate::db::read::checked::Snapshot;
use crate::db::read::export::Exports;
use crate::db::read::releases;
use crate::db::write::file_records;
use crate::http::cache::etag;
use crate::http::execute;
use crate::http::release_files::{self, FileError, FileKey, FileMetadata, ReleaseFiles};
use crate::http::request::path_and_query;
use crate::http::response::envelope::JSON;
use crate::http::response::header_names::{RELEASE_NUMBER, TOTAL_COUNT};
use crate::http::response::refusals::no_release;
use crate::http::state::State;
use crate::keyed_permits::LimitReached;
use crate::problem::{Kind, Problem};
use crate::query::model::value;
use crate::query::model::value::instant;
use crate::query::suggest::closest;
use crate::query::{Context, Dataset, ReadCost, Representation};

/// How long a request waits until a file is built.
const BUILD_TIMEOUT: Duration = Duration::from_secs(20);

/// `Cache-Control` of a file of a release: its bytes never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The representations whose files are built when the server starts.
const PREBUILT: [Representation; 2] = [Representation::Csv, Representation::Parquet];

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
    /// The address of the file at this release, which never changes.
    #[schema(example = "/v1/files/2/territories.csv")]
    pinned: String,
    /// Its length; null until a server has built it.
    bytes: Option<u64>,
    /// The number of its rows; null until a server has built it.
    rows: Option<u64>,
    /// Its SHA-256, the same for ever; null until a server has built it.
    sha256: Option<String>,
}

/// Files
///
/// Lists the files of the newest release: every dataset, complete, in several representations. The server builds CSV and
/// Parquet when it starts, and any other file at its first request. From then on the file of a release has these bytes for
/// ever, on every server: a server that would build others answers 503. A field that a dataset gains joins its files from the
/// next release on. SCDL has the flows of money that have all fields that SCDL requires.
#[utoipa::path(
    get,
    path = "/v1/files",
    operation_id = "listFiles",
    responses((status = 200, description = "The files.", body = Files))
)]
pub async fn list(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(&request)?;
    let snapshot = snapshot(&state, None).await?;
    let number = snapshot.release.number;
    let read = |connection: std::rc::Rc<_>| async move { file_records::of_release(&connection, number).await };
    let recorded = state.read(Some(&snapshot.release), ReadCost::Light, read).await?;
    let entry = |key: &FileKey| {
        let record = recorded.iter().find(|record| record.file == key.name());
        FileEntry {
            dataset: key.context.dataset.name,
            format: key.representation.name(),
            media_type: key.representation.media_type(),
            href: format!("/v1/files/{}", key.name()),
            pinned: format!("/v1/files/{}/{}", snapshot.release.number, key.name()),
            bytes: record.map(|record| record.bytes),
            rows: record.map(|record| record.rows),
            sha256: record.map(|record| record.sha256.clone()),
        }
    };
    let files = Files {
        data: all(state.registry, &snapshot).iter().map(entry).collect(),
        release: snapshot.release.number,
        published_at: instant(snapshot.release.published_at),
    };
    let body = serde_json::to_vec(&files).map_err(|error| {
        log::error!("cannot write the list of files as JSON: {error}");
        Problem::internal()
    })?;
    // The list changes as files are built, so its tag is that of its bytes.
    let tag = etag::tag(&[&String::from_utf8_lossy(&body)]);
    let (mut response, not_modified) = etag::revalidate(&request, &tag);
    response.insert_header((RELEASE_NUMBER, snapshot.release.number));
    Ok(if not_modified { response.finish() } else { response.content_type(JSON).body(body) })
}

/// File of the newest release
///
/// Returns a whole dataset, named `{dataset}.{format}`. Supports `Range`, `If-Range`, `If-None-Match` and
/// `If-Modified-Since`. `Repr-Digest` is the SHA-256 of the whole file, `Content-Location` its address at this release.
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
    for key in all(registry, &snapshot).into_iter().filter(|key| PREBUILT.contains(&key.representation)) {
        if let Err(error) = files.build(&exports, key.clone(), None).await {
            log::warn!("cannot build the file {}: {error:?}", key.name());
        }
    }
    log::info!("built the first files of release {}", snapshot.release.number);
}

async fn snapshot(state: &State, number: Option<i32>) -> Result<Snapshot, Problem> {
    match (execute::release(state, number).await?, number) {
        (Some(release), _) => Ok(Snapshot::of(release, false)),
        (None, None) => Err(no_release(None, None)),
        (None, Some(number)) => Err(Problem::new(Kind::UnknownCode, format!("Release {number} does not exist."))),
    }
}

async fn file(request: &HttpRequest, state: &State, number: Option<i32>, caching: &str) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(request)?;
    let name = path_and_query::segment(request, "file")?;
    let snapshot = snapshot(state, number).await?;
    let files = all(state.registry, &snapshot);
    let Some(key) = files.iter().find(|key| key.name() == name) else {
        let names: Vec<String> = files.iter().map(FileKey::name).collect();
        let near = closest(&name, names.iter().map(String::as_str));
        return Err(Problem::new(Kind::UnknownCode, "This file does not exist; `/v1/files` lists all files.").closest(near));
    };
    let metadata = built(state, key, state.bounds.client(request)).await?;
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
        (RELEASE_NUMBER, release.to_string()),
        (TOTAL_COUNT, metadata.rows.to_string()),
    ];
    send::send(request, &state.files.path(key), &metadata, snapshot.release.published_at.into(), &about).await
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
