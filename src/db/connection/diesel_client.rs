//! Owns Diesel's statements on a client of tokio-postgres, for connections that use `COPY` or `LISTEN`: Diesel's own
//! connection hides its client. Statements are unnamed, because a connection pooler may send the next statement to another
//! server process.
//! Must not know any table.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use bytes::BytesMut;
use diesel::QueryResult;
use diesel::pg::{FailedToLookupTypeError, Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata, PgValue};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AsQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error as QueryError;
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Runs Diesel's statements on a client or a transaction of tokio-postgres, with the methods of
/// [`diesel_async::RunQueryDsl`].
pub struct DieselClient<'c, C>(pub &'c C);

impl<C: GenericClient + Sync> SimpleAsyncConnection for DieselClient<'_, C> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.0.batch_execute(query).await.map_err(wrapped)
    }
}

impl<'c, C: GenericClient + Sync> AsyncConnectionCore for DieselClient<'c, C> {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'c, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'c, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let (client, statement) = (self.0, TypedStatement::of(&source.as_query()));
        async move {
            let statement = statement?;
            let read = client.query_typed(&statement.sql, &statement.binds()).await.map_err(wrapped)?;
            Ok(rows(stream::iter(read.into_iter().map(Ok)), wrapped))
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let (client, statement) = (self.0, TypedStatement::of(&source));
        async move { execute(client, &statement?, wrapped).await }.boxed()
    }
}

/// Wraps an error without loss: Diesel's own error kinds drop most of the codes that [`crate::db::DbError`] needs.
fn wrapped(error: tokio_postgres::Error) -> QueryError {
    QueryError::QueryBuilderError(Box::new(error))
}

/// Runs a statement, and returns how many rows it changed. `wrapped` wraps the errors of the client.
pub(super) async fn execute(
    client: &(impl GenericClient + Sync),
    statement: &TypedStatement,
    wrapped: fn(tokio_postgres::Error) -> QueryError,
) -> QueryResult<usize> {
    let changed = client.execute_typed(&statement.sql, &statement.binds()).await.map_err(wrapped)?;
    usize::try_from(changed).map_err(|error| QueryError::DeserializationError(error.into()))
}

/// The text and the parameters of a Diesel statement.
pub(super) struct TypedStatement {
    /// The text.
    pub sql: String,
    /// The parameters, each with its type.
    pub parameters: Vec<(EncodedParameter, Type)>,
    /// Whether the same text may come again, so that preparing it pays.
    pub recurs: bool,
}

impl TypedStatement {
    /// The statement of a query.
    ///
    /// # Errors
    /// Returns an error if the query cannot be written, or a parameter has a type that is not built into Postgres.
    pub fn of(query: &impl QueryFragment<Pg>) -> QueryResult<Self> {
        let mut builder = PgQueryBuilder::default();
        query.to_sql(&mut builder, &Pg)?;
        let mut binds = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut binds, &mut BuiltInTypes, &Pg)?;
        let typed = |(metadata, bytes): (PgTypeMetadata, Option<Vec<u8>>)| {
            let oid = metadata.oid().map_err(|error| QueryError::SerializationError(Box::new(error)))?;
            let kind = Type::from_oid(oid)
                .ok_or_else(|| QueryError::SerializationError("a parameter has a type that is not built in".into()))?;
            Ok((EncodedParameter(bytes), kind))
        };
        let parameters = binds.metadata.into_iter().zip(binds.binds).map(typed).collect::<QueryResult<_>>()?;
        Ok(Self { sql: builder.finish(), parameters, recurs: query.is_safe_to_cache_prepared(&Pg)? })
    }

    /// The parameters by reference.
    pub fn binds(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.parameters.iter().map(|(value, kind)| (value as &(dyn ToSql + Sync), kind.clone())).collect()
    }
}

/// A parameter in Postgres's binary format; `None` for NULL.
#[derive(Debug)]
pub(super) struct EncodedParameter(Option<Vec<u8>>);

impl ToSql for EncodedParameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Cause> {
        let Some(bytes) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Finds no types: all columns have built-in types.
struct BuiltInTypes;

impl PgMetadataLookup for BuiltInTypes {
    fn lookup_type(&mut self, name: &str, schema: Option<&str>) -> PgTypeMetadata {
        let key = diesel::pg::PgMetadataCacheKey::new(schema.map(|schema| schema.to_owned().into()), name.to_owned().into());
        PgTypeMetadata::from_result(Err(FailedToLookupTypeError::new(key)))
    }
}

/// A row for Diesel.
pub struct PgRow {
    row: tokio_postgres::Row,
    /// The type OIDs of its columns, which all rows of a statement share.
    types: Arc<[NonZeroU32]>,
}

/// The rows of one statement for Diesel. `wrapped` wraps the errors of the client.
pub(super) fn rows(
    read: impl Stream<Item = Result<tokio_postgres::Row, tokio_postgres::Error>> + Send + 'static,
    wrapped: fn(tokio_postgres::Error) -> QueryError,
) -> BoxStream<'static, QueryResult<PgRow>> {
    let mut known: Option<Arc<[NonZeroU32]>> = None;
    let row = move |row: Result<tokio_postgres::Row, _>| {
        let row = row.map_err(wrapped)?;
        let types = match &known {
            Some(types) => Arc::clone(types),
            None => Arc::clone(known.insert(types(&row)?)),
        };
        Ok(PgRow { row, types })
    };
    read.map(row).boxed()
}

fn types(row: &tokio_postgres::Row) -> QueryResult<Arc<[NonZeroU32]>> {
    let unknown = || QueryError::DeserializationError("a column has no type".into());
    row.columns().iter().map(|column| NonZeroU32::new(column.type_().oid()).ok_or_else(unknown)).collect()
}

impl RowSealed for PgRow {}

impl<'a> Row<'a, Pg> for PgRow {
    type Field<'f>
        = PgField<'f>
    where
        'a: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.types.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        Some(PgField { row: self, index: self.idx(index)? })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PgRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.types.len()).then_some(index)
    }
}

impl<'n> RowIndex<&'n str> for PgRow {
    fn idx(&self, name: &'n str) -> Option<usize> {
        self.row.columns().iter().position(|column| column.name() == name)
    }
}

/// A field of a row for Diesel.
pub struct PgField<'r> {
    row: &'r PgRow,
    index: usize,
}

impl<'r> Field<'r, Pg> for PgField<'r> {
    fn field_name(&self) -> Option<&str> {
        self.row.row.columns().get(self.index).map(tokio_postgres::Column::name)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        let RawValue(bytes) = self.row.row.get::<_, Option<RawValue<'_>>>(self.index)?;
        Some(PgValue::new(bytes, &self.row.types[self.index]))
    }
}

/// A value in Postgres's binary format.
struct RawValue<'r>(&'r [u8]);

impl<'r> FromSql<'r> for RawValue<'r> {
    fn from_sql(_: &Type, bytes: &'r [u8]) -> Result<Self, Cause> {
        Ok(RawValue(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
