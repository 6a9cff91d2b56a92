//! Owns the records of the files of releases: the digest, length and fields of each, written once by the first server that
//! builds it.
//! Must not know how a file is built, nor where it lies.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::DbError;
use crate::db::connection::config::GenericClient;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::release_files;

/// A file of a release, as it was first built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Its name, such as `territories.csv`.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// The number of its rows.
    pub rows: u64,
    /// The fields of the dataset that it was made from.
    pub fields: Vec<String>,
}

type FileRecordRow = (String, String, i64, i64, Vec<Option<String>>);

impl From<FileRecordRow> for FileRecord {
    fn from((file, sha256, bytes, rows, fields): FileRecordRow) -> Self {
        let fields = fields.into_iter().flatten().collect();
        Self { file, sha256, bytes: bytes.unsigned_abs(), rows: rows.unsigned_abs(), fields }
    }
}

/// The columns of a [`FileRecord`].
#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (release_files::file, release_files::sha256, release_files::bytes, release_files::rows, release_files::fields)
}

/// The recorded files of a release.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the statement.
pub async fn of_release(mut connection: &AsyncPgConnection, release: i32) -> QueryResult<Vec<FileRecord>> {
    let all = release_files::table.filter(release_files::release.eq(release)).select(columns());
    let found: Vec<FileRecordRow> = all.load(&mut connection).await?;
    Ok(found.into_iter().map(FileRecord::from).collect())
}

/// The recorded files of a dataset at a release, the first recorded first.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub async fn of_dataset<C: GenericClient + Sync>(client: &C, release: i32, dataset: &str) -> Result<Vec<FileRecord>, DbError> {
    let all = release_files::table
        .filter(release_files::release.eq(release))
        .filter(release_files::dataset.eq(dataset))
        .order((release_files::recorded_at, release_files::file))
        .select(columns());
    let found: Vec<FileRecordRow> = all.load(&mut DieselClient(client)).await?;
    Ok(found.into_iter().map(FileRecord::from).collect())
}

/// Records a file unless it is recorded, and returns the record: another server may have been first.
///
/// # Errors
/// Returns an error if the database cannot be reached or written.
pub async fn record<C: GenericClient + Sync>(
    client: &C,
    release: i32,
    dataset: &str,
    built: &FileRecord,
) -> Result<FileRecord, DbError> {
    let number = |n: u64| i64::try_from(n).map_err(|_| DbError::Failed("a file is too large to be recorded".to_owned()));
    let row = (
        release_files::release.eq(release),
        release_files::file.eq(&built.file),
        release_files::dataset.eq(dataset),
        release_files::sha256.eq(&built.sha256),
        release_files::bytes.eq(number(built.bytes)?),
        release_files::rows.eq(number(built.rows)?),
        release_files::fields.eq(&built.fields),
    );
    let insert = diesel::insert_into(release_files::table).values(row);
    insert.on_conflict((release_files::release, release_files::file)).do_nothing().execute(&mut DieselClient(client)).await?;
    let own = release_files::table.find((release, &built.file)).select(columns());
    let found: FileRecordRow = own.get_result(&mut DieselClient(client)).await?;
    Ok(found.into())
}
