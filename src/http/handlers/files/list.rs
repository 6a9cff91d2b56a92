//! Owns `/v1/files`: which files a release has, and what is known of each.
//! Must not know how files are built or sent.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::read::checked::Snapshot;
use crate::db::write::file_records;
use crate::http::cache::compression::Coding;
use crate::http::cache::etag;
use crate::http::cache::policy::vary;
use crate::http::execute;
use crate::http::release_files::{self, FileKey};
use crate::http::request::path_and_query;
use crate::http::request::public_address::PublicAddress;
use crate::http::response::envelope::JSON;
use crate::http::response::header_names::RELEASE_NUMBER;
use crate::http::response::refusals::no_release;
use crate::http::state::State;
use crate::problem::{Kind, Problem};
use crate::query::model::value::instant;
use crate::query::{Context, Dataset, ReadCost};

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
    /// The same file in content codings; none if its format is compressed already.
    encodings: Vec<EncodedFile>,
}

/// A file in a content coding.
#[derive(Serialize, ToSchema)]
pub struct EncodedFile {
    /// The coding, as in `Content-Encoding`.
    #[schema(example = "zstd")]
    coding: Option<&'static str>,
    /// The address of the coded file of the newest release.
    #[schema(example = "/v1/files/territories.csv.zst")]
    href: String,
    /// The address of the coded file at this release.
    #[schema(example = "/v1/files/2/territories.csv.zst")]
    pinned: String,
    /// Its length; null until a server has built it.
    bytes: Option<u64>,
    /// Its SHA-256; null until a server has built it.
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
    let record = |key: &FileKey| recorded.iter().find(|record| record.file == key.name());
    let public = PublicAddress::current();
    let addresses = |key: &FileKey| {
        [format!("/v1/files/{}", key.name()), format!("/v1/files/{number}/{}", key.name())]
            .map(|address| public.absolute(&address))
    };
    let encoded = |key: FileKey| {
        let (record, [href, pinned]) = (record(&key), addresses(&key));
        let (bytes, sha256) = (record.map(|record| record.bytes), record.map(|record| record.sha256.clone()));
        EncodedFile { coding: key.coding.name(), href, pinned, bytes, sha256 }
    };
    let entry = |key: &FileKey| {
        let (record, [href, pinned]) = (record(key), addresses(key));
        FileEntry {
            dataset: key.context.dataset.name,
            format: key.representation.name(),
            media_type: key.representation.media_type(),
            href,
            pinned,
            bytes: record.map(|record| record.bytes),
            rows: record.map(|record| record.rows),
            sha256: record.map(|record| record.sha256.clone()),
            encodings: key.codings().iter().map(|coding| encoded(key.coded(*coding))).collect(),
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
    let (mut response, held) = etag::revalidate(&request, &tag);
    response.insert_header((RELEASE_NUMBER, snapshot.release.number));
    response.insert_header((header::VARY, vary("Accept-Encoding", &public)));
    Ok(if held { response.finish() } else { response.content_type(JSON).body(body) })
}

/// Every file of a release, without coding.
pub fn all(registry: &'static [&'static Dataset], snapshot: &Snapshot) -> Vec<FileKey> {
    let of = |dataset| {
        let context = Context::of(registry, dataset);
        release_files::representations(dataset).map(move |representation| FileKey {
            context,
            representation,
            snapshot: snapshot.clone(),
            coding: Coding::Identity,
        })
    };
    registry.iter().copied().filter(|dataset| dataset.public).flat_map(of).collect()
}

/// The release with this number, by default the newest.
///
/// # Errors
/// Returns 404 if there is no such release, 503 if nothing is published.
pub async fn snapshot(state: &State, number: Option<i32>) -> Result<Snapshot, Problem> {
    match (execute::release(state, number).await?, number) {
        (Some(release), _) => Ok(Snapshot::of(release, false)),
        (None, None) => Err(no_release(None, None)),
        (None, Some(number)) => Err(Problem::new(Kind::UnknownCode, format!("Release {number} does not exist."))),
    }
}
