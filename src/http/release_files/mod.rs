//! Owns the files of releases: which exist, and that each has the same bytes on every server, for ever.
//!
//! The database records the digest of a file and the fields that it was made from, once, when the first server builds it. Every
//! later build makes the file of those fields and is served only if it has that digest. The path of a file has the number of
//! the release and the microsecond of its publication, so that two databases may share a directory.
//! Must not know how a file is sent.

mod background;
mod budget;
mod disk;
mod key;
mod metadata;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use self::background::Urgency;
pub use self::budget::open;
use self::budget::{DEFAULT_BYTES, DiskBudget};
pub use self::key::FileKey;
pub use self::metadata::FileMetadata;
use super::cache::compression::Coding;
use super::response::file;
use crate::db::DbError;
use crate::db::connection::config::Database;
use crate::db::read::export::Exports;
use crate::db::read::licences;
use crate::db::write::file_records::{self, FileRecord, OfDataset};
use crate::keyed_permits::{KeyedPermits, LimitReached};
use crate::query::{Column, Dataset, Kind, Plan, Representation, parse};

/// The representations of files. JSON is paged, and a JSON-stat cube has a limit that a whole dataset may exceed.
const REPRESENTATIONS: [Representation; 7] = [
    Representation::Csv,
    Representation::Ndjson,
    Representation::Parquet,
    Representation::Xlsx,
    Representation::GeoJson,
    Representation::SdmxCsv,
    Representation::Scdl,
];

/// How many files a process knows to be right.
const KNOWN_FILES: usize = 50_000;

/// How long a file is not built again after it came out with another digest than the recorded one.
const REFUSAL: Duration = Duration::from_secs(60);

/// How many files clients wait for at once.
const BUILDS: u64 = 64;

/// How many of them one client.
const BUILDS_PER_CLIENT: u64 = 8;

/// The representations of the files of a dataset. Only the territories have a GeoJSON file: with a contour in every row,
/// that of another dataset would be a hundred times as large.
pub fn representations(dataset: &'static Dataset) -> impl Iterator<Item = Representation> {
    let is_territories = dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code));
    REPRESENTATIONS.into_iter().filter(move |one| one.suits(dataset) && (is_territories || *one != Representation::GeoJson))
}

/// Why a file cannot be served.
#[derive(Debug)]
pub enum FileError {
    /// The database cannot be reached, or the file is not recorded and the database cannot be written.
    Database(DbError),
    /// The disk failed, or the representation cannot hold the rows.
    Failed(io::Error),
    /// The file that this program builds is not the one that was recorded.
    Differs,
    /// As many files are being built as may be, for this client or for all.
    Busy(LimitReached),
}

/// What a process knows of a file on its disk.
#[derive(Clone)]
enum Verdict {
    /// The file with this SHA-256 is the recorded one.
    Recorded(String),
    /// This program has built another one, at this time.
    Differs(Instant),
}

/// The directory of files, shared by all workers.
#[derive(Clone)]
pub struct ReleaseFiles {
    folder: Arc<PathBuf>,
    database: Database,
    verdicts: Arc<Cache<PathBuf, Verdict>>,
    build_lock: Arc<tokio::sync::Mutex<()>>,
    builds: KeyedPermits<IpAddr>,
    budget: DiskBudget,
}

impl ReleaseFiles {
    /// The files in a directory, which the first file creates, of the releases of a database.
    pub fn new(folder: PathBuf, database: Database) -> Self {
        Self {
            budget: DiskBudget::new(folder.clone(), DEFAULT_BYTES),
            folder: Arc::new(folder),
            database,
            verdicts: Arc::new(Cache::new(KNOWN_FILES)),
            build_lock: Arc::default(),
            builds: KeyedPermits::new(BUILDS, BUILDS_PER_CLIENT),
        }
    }

    /// The same files, of which those on disk may take so many bytes.
    #[must_use]
    pub fn within(self, bytes: u64) -> Self {
        Self { budget: DiskBudget::new(self.folder.to_path_buf(), bytes), ..self }
    }

    /// The path of a file, whether or not it exists.
    pub fn path(&self, key: &FileKey) -> PathBuf {
        let release = &key.snapshot.release;
        self.folder.join(format!("{}-{}", release.number, release.published_at.timestamp_micros())).join(key.name())
    }

    /// The metadata of a file that is on disk and known to be the recorded one.
    pub fn metadata(&self, key: &FileKey) -> Option<FileMetadata> {
        let path = self.path(key);
        let metadata = match self.verdicts.get(&path)? {
            Verdict::Recorded(sha256) => metadata::metadata(&path).filter(|metadata| metadata.sha256 == sha256)?,
            Verdict::Differs(_) => return None,
        };
        budget::record_use(&path);
        Some(metadata)
    }

    /// Finds a file on disk or builds it, and compares it with its record. The process builds one file at a time; another
    /// process may build the same file, and either result is complete. The build takes a place of the client's share, and goes on
    /// if the client leaves.
    ///
    /// # Errors
    /// Returns an error if the disk or the database fails, if the representation cannot hold the rows, if the file is not the
    /// recorded one, or if the client has no place left.
    pub async fn build(&self, exports: &Exports, key: FileKey, client: Option<IpAddr>) -> Result<FileMetadata, FileError> {
        let place = client.map(|client| self.builds.try_acquire(&client, 1)).transpose().map_err(FileError::Busy)?;
        let (files, exports) = (self.clone(), exports.clone());
        let runtime = exports.handle();
        let urgency = if client.is_some() { Urgency::AwaitedByClient } else { Urgency::Ahead };
        let build = runtime.spawn(async move {
            let built = files.recorded(&exports, key, urgency).await;
            drop(place);
            built
        });
        build.await.map_err(|error| FileError::Failed(io::Error::other(error)))?
    }

    async fn recorded(&self, exports: &Exports, key: FileKey, urgency: Urgency) -> Result<FileMetadata, FileError> {
        let _lock = self.build_lock.lock().await;
        self.checked(exports, key, urgency).await
    }

    /// Finds a file or builds it while no other is built. One in a coding is made of that without.
    async fn checked(&self, exports: &Exports, key: FileKey, urgency: Urgency) -> Result<FileMetadata, FileError> {
        if let Some(metadata) = self.metadata(&key) {
            return Ok(metadata);
        }
        let (path, name, release) = (self.path(&key), key.name(), key.snapshot.release.number);
        if matches!(self.verdicts.get(&path), Some(Verdict::Differs(at)) if at.elapsed() < REFUSAL) {
            return Err(FileError::Differs);
        }
        let dataset = key.context.dataset.name;
        let records = self.records(exports, &key).await.map_err(FileError::Database)?;
        let own = records.iter().find(|record| record.file == name);
        let left = metadata::metadata(&path).filter(|left| own.is_none_or(|own| left.is(own)));
        let metadata = match left {
            Some(metadata) => metadata,
            None if key.coding == Coding::Identity => {
                let fields_of = own.or(records.first());
                build(exports, (&path, &self.budget), key, fields_of, urgency).await.map_err(FileError::Failed)?
            }
            None => {
                let plain = key.coded(Coding::Identity);
                let metadata = Box::pin(self.checked(exports, plain.clone(), urgency)).await?;
                let (to, from, budget) = (path.clone(), self.path(&plain), self.budget.clone());
                let write = move || disk::write_coded(&to, (&from, &metadata), key.coding, &budget);
                background::run(urgency, write).await.map_err(FileError::Failed)?
            }
        };
        let record = match own {
            Some(own) => own.clone(),
            None => {
                let record = metadata.record(&name);
                let client = self.database.writer().await.map_err(FileError::Database)?;
                file_records::record(&client, release, dataset, &record).await.map_err(FileError::Database)?
            }
        };
        if !metadata.is(&record) {
            log::error!(
                "{name} of release {release} is not served: this program builds it with the SHA-256 {}, and it was recorded with {}",
                metadata.sha256,
                record.sha256
            );
            self.verdicts.insert(path, Verdict::Differs(Instant::now()));
            return Err(FileError::Differs);
        }
        self.verdicts.insert(path, Verdict::Recorded(metadata.sha256.clone()));
        Ok(metadata)
    }

    /// The records of the files of the same dataset and release. A record never changes, so that a replica which has that of the
    /// file is enough; only the primary knows that there is none.
    async fn records(&self, exports: &Exports, key: &FileKey) -> Result<Vec<FileRecord>, DbError> {
        let (release, dataset, name) = (&key.snapshot.release, key.context.dataset.name, key.name());
        if let Some(Ok(rows)) = exports.fetch_from_replica(release, || OfDataset::new(release.number, dataset)).await {
            let records = OfDataset::records(&rows);
            if records.iter().any(|record| record.file == name) {
                return Ok(records);
            }
        }
        let client = self.database.writer().await?;
        file_records::of_dataset(&client, release.number, dataset).await
    }
}

/// Builds a file from the fields of a record, or from all fields of the dataset if there is none.
async fn build(
    exports: &Exports,
    (path, budget): (&Path, &DiskBudget),
    key: FileKey,
    record: Option<&FileRecord>,
    urgency: Urgency,
) -> io::Result<FileMetadata> {
    let plan = parse::every_row(key.context, key.representation).map_err(|_| io::ErrorKind::InvalidInput)?;
    let (plan, fields) = with_fields(plan, record)?;
    let (context, release) = (key.context, &key.snapshot.release);
    let mut licences = Vec::new();
    for query in licences::queries(context.registry, context.dataset, release.number) {
        licences.extend(exports.fetch(release, || query).await.map_err(io::Error::other)?);
    }
    let mut plan = plan.at(release.clone());
    plan.licences = licences::licences(&licences);
    let about = file::about(&plan, None, &key.snapshot);
    let rows = exports.rows(Arc::new(plan.plan.clone()), key.snapshot);
    let (path, budget) = (path.to_owned(), budget.clone());
    let write = move || disk::write(&path, (&plan, &about, fields, rows), &budget);
    background::run(urgency, write).await
}

/// Restricts a plan to the fields of a record, in their order. Returns the plan with the names of its fields.
fn with_fields(mut plan: Plan, record: Option<&FileRecord>) -> io::Result<(Plan, Vec<String>)> {
    let dataset = plan.selection.context.dataset;
    let Some(FileRecord { fields, .. }) = record else {
        let fields = dataset.fields.iter().map(|field| field.name.to_owned()).collect();
        return Ok((plan, fields));
    };
    if let Some(lost) = fields.iter().find(|name| dataset.field(name).is_none()) {
        return Err(io::Error::other(format!("the file was made from the field `{lost}`, which this program does not have")));
    }
    let place = |column: &Column| fields.iter().position(|name| *name == column.name);
    plan.reading.columns.retain(|column| column.field().is_none() || place(column).is_some());
    plan.reading.columns.sort_by_key(|column| place(column).unwrap_or(usize::MAX));
    Ok((plan, fields.clone()))
}
