//! Owns the records of the files of releases: the digest, length and fields of each, written once by the first server that
//! builds it.
//! Must not know how a file is built, nor where it lies.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Untyped};
use diesel_async::RunQueryDsl;

use crate::db::DbError;
use crate::db::ReadingConnection;
use crate::db::connection::config::GenericClient;
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::release_files;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::Row;

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
pub async fn of_release(mut connection: &ReadingConnection, release: i32) -> QueryResult<Vec<FileRecord>> {
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

/// The query of [`of_dataset`] for a connection of exports, whose rows are text.
#[derive(Clone, Copy)]
pub struct OfDataset {
    release: i32,
    dataset: &'static str,
}

impl OfDataset {
    /// The query for a dataset at a release.
    pub fn new(release: i32, dataset: &'static str) -> Self {
        Self { release, dataset }
    }

    /// The records in its rows.
    pub fn records(rows: &[Row]) -> Vec<FileRecord> {
        let record = |row: &Row| {
            Some(FileRecord {
                file: row.cell(0)?.to_owned(),
                sha256: row.cell(1)?.to_owned(),
                bytes: row.cell(2)?.parse().ok()?,
                rows: row.cell(3)?.parse().ok()?,
                fields: row.cell(4)?.split(',').map(str::to_owned).collect(),
            })
        };
        rows.iter().filter_map(record).collect()
    }

    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        // The names of fields have no commas.
        out.push(
            "SELECT file, sha256, bytes::text, rows::text, array_to_string(fields, ',') FROM release_files WHERE release = ",
        );
        out.bind::<Integer, _>(&self.release)?;
        out.push(" AND dataset = ");
        out.bind::<Text, _>(self.dataset)?;
        out.push(" ORDER BY recorded_at, file");
        Ok(())
    }
}

statement!(OfDataset, Untyped);

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
