//! Owns the description of a dataset: its fields, its key, and where its rows come from.
//! Must not know any one dataset: `datasets/` has a file for each.

use super::field::{Field, FieldOrigin, Kind};
use super::link::{HISTORY, Link, Relation};

/// Separates the parts of a code whose key has several fields.
pub const KEY_SEPARATOR: char = '~';

/// The field with the code of a row's source.
const SOURCE_FIELD: &str = "source_code";

/// Appends the code of a row, made of the fields of its key in order. The inverse of [`Dataset::split_code`].
pub fn join_code<'t>(code: &mut String, parts: impl IntoIterator<Item = (Kind, &'t str)>) {
    for (at, (kind, text)) in parts.into_iter().enumerate() {
        if at > 0 {
            code.push(KEY_SEPARATOR);
        }
        match kind {
            Kind::Period => code.extend(text.chars().map(|c| if c == '/' { '_' } else { c })),
            _ => code.push_str(text),
        }
    }
}

/// Where the rows of a dataset come from.
#[derive(Clone, Copy, Debug)]
pub enum RowOrigin {
    /// Published files.
    Published,
    /// Other datasets. Each release that changes one of them computes the rows again.
    Derived {
        /// The datasets that the rows are computed from.
        from: &'static [&'static str],
        /// The computation.
        by: Derivation,
    },
    /// Publishing itself: a row for each release.
    Releases,
}

/// A computation of rows from the rows of other datasets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// The transitive closure of the containment of territories.
    ContainmentClosure,
}

/// The tables that store the rows of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// One, of the name of the dataset, with a column for each field.
    Table,
    /// Two, and a view of the name of the dataset over both. The fields of a series, which are those of the key without the period,
    /// are stored once for all its rows.
    Series {
        /// The table of the series, with a number for each (`id`).
        series: &'static str,
        /// The table of the rows, with the number of the series of each (`series_id`). Lists are texts, joined by commas.
        rows: &'static str,
    },
}

/// What the rows of a dataset measure. It decides which parameters and representations the dataset has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: the rows are descriptions.
    Plain,
    /// Values of indicators, with series, cubes, and aggregates if the indicator is additive.
    Observations,
    /// Flows of money, with totals over one stage.
    Money,
}

/// On what its rows have an effect. It decides which scopes permit to publish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stewardship {
    /// Each source speaks for itself.
    Content,
    /// Which territories there are, and what lies in what: the rows of all sources are placed by it.
    Geography,
    /// What figures mean: the rows of all sources are read by it.
    Definition,
}

/// A dataset.
#[derive(Debug)]
pub struct Dataset {
    /// The name of the collection, of the table or view, and of the OpenAPI tag: a plural.
    pub name: &'static str,
    /// The name of one row: the singular, as in the names of fields that refer to it.
    pub singular: &'static str,
    /// The title, in French.
    pub title: &'static str,
    /// What a row is, for the OpenAPI document.
    pub description: &'static str,
    /// The fields, in the order of every representation.
    pub fields: &'static [Field],
    /// The fields that identify a row. They are the last sort terms of every list.
    pub key: &'static [&'static str],
    /// The field with the territory of a row, for `within` and `touching`.
    pub territory: Option<&'static str>,
    /// The links from a row to others.
    pub links: &'static [Link],
    /// The filters by codes of related rows that no single field holds.
    pub relations: &'static [Relation],
    /// The last segments of the addresses below a row that have a handler of their own.
    pub own: &'static [&'static str],
    /// A code that exists in the bundled data.
    pub example: &'static str,
    /// Where its rows come from.
    pub rows: RowOrigin,
    /// The tables that store its rows.
    pub storage: Storage,
    /// The fields that `q` searches. The first is the title of the row. A field that refers to other rows stands for the
    /// fields that `q` searches in those.
    pub search: &'static [&'static str],
    /// On what its rows have an effect.
    pub stewardship: Stewardship,
    /// The fields that refer to rows whose figures a row enters into, such as the indicator of an observation.
    pub counted_under: &'static [&'static str],
    /// The fields with which an index starts, besides the first of the key. They decide which reads are cheap.
    pub indexes: &'static [&'static str],
    /// What its rows measure.
    pub shape: Shape,
    /// Whether it is a collection of the API. The others only serve links and geometry.
    pub public: bool,
}

impl Dataset {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The tables that store its rows.
    pub fn tables(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (first, second) = match self.storage {
            Storage::Table => (self.name, None),
            Storage::Series { series, rows } => (series, Some(rows)),
        };
        std::iter::once(first).chain(second)
    }

    /// The table that holds its rows with their releases.
    pub fn versions_table(&self) -> &'static str {
        match self.storage {
            Storage::Table => self.name,
            Storage::Series { rows, .. } => rows,
        }
    }

    /// The fields of the key, in order.
    pub fn key_fields(&self) -> impl Iterator<Item = &'static Field> + '_ {
        self.key.iter().filter_map(|name| self.field(name))
    }

    /// Whether a field is the same in all rows of a series. A series is identified by the key without the period.
    pub fn is_series_field(&self, field: &Field) -> bool {
        let by = match field.origin {
            FieldOrigin::Named { by, .. } => by,
            _ => field.name,
        };
        self.key_fields().any(|key| key.name == by && !matches!(key.kind, Kind::Period))
    }

    /// The reference to the rows whose fields its rows repeat, such as the indicator of a figure: the field, and the dataset.
    pub fn named(&self) -> Option<(&'static str, &'static str)> {
        self.fields.iter().find_map(|field| match field.origin {
            FieldOrigin::Named { by, dataset } => Some((by, dataset)),
            _ => None,
        })
    }

    /// The fields that refer to rows whose figures a row enters into, each with the dataset of those rows.
    pub fn enters(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.counted_under.iter().filter_map(|name| Some((*name, self.field(name)?.reference()?)))
    }

    /// The field with the source of a row, by which the scopes of keys decide. A dataset whose rows name no source is that of
    /// the sources: its code is one.
    pub fn source_field(&self) -> Option<&'static Field> {
        self.field(SOURCE_FIELD).or_else(|| self.code_field())
    }

    /// The field with the name or title of a row.
    pub fn title_field(&self) -> Option<&'static Field> {
        self.field("name").or_else(|| self.field("title"))
    }

    /// The field with the code of a row in addresses.
    pub fn code_field(&self) -> Option<&'static Field> {
        self.fields.iter().find(|f| matches!(f.kind, Kind::Code | Kind::JoinedCode)).or_else(|| self.key_fields().next())
    }

    /// Whether its code joins several fields.
    pub fn has_joined_code(&self) -> bool {
        self.key.len() > 1
    }

    /// The fields that are columns of the table.
    pub fn columns(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|f| !matches!(f.kind, Kind::JoinedCode) && f.origin == FieldOrigin::Row)
    }

    /// The field with the territory of a row.
    pub fn territory_field(&self) -> Option<&'static Field> {
        self.territory.and_then(|name| self.field(name))
    }

    /// The dataset of the territories that its rows belong to: itself, if its rows are territories.
    pub fn territory_dataset(&self) -> Option<&'static str> {
        let field = self.territory_field()?;
        if matches!(field.kind, Kind::Code) { Some(self.name) } else { field.reference() }
    }

    /// Whether its rows come in the descending order of their key by default: the newest release first.
    pub fn is_newest_first(&self) -> bool {
        matches!(self.rows, RowOrigin::Releases)
    }

    /// Whether its rows can have several versions. A release has only one.
    pub fn has_history(&self) -> bool {
        !matches!(self.rows, RowOrigin::Releases)
    }

    /// The last segments of all addresses below a row.
    pub fn below(&self) -> impl Iterator<Item = &'static str> + use<> {
        let history = self.has_history().then_some(HISTORY.name);
        let links = self.links.iter().filter(|link| link.filter().is_none()).map(|link| link.name);
        links.chain(self.own.iter().copied()).chain(history)
    }

    /// The parts of a code, with the fields of the key. `None` if their numbers differ.
    ///
    /// In a code, a period has `_` in place of `/`, which would end the segment of the path.
    pub fn split_code(&self, code: &str) -> Option<Vec<(&'static Field, String)>> {
        if !self.has_joined_code() {
            return Some(vec![(self.key_fields().next()?, code.to_owned())]);
        }
        let parts: Vec<&str> = code.split(KEY_SEPARATOR).collect();
        if parts.len() != self.key.len() {
            return None;
        }
        let part = |field: &'static Field, text: &str| match field.kind {
            Kind::Period => (field, text.replace('_', "/")),
            _ => (field, text.to_owned()),
        };
        Some(self.key_fields().zip(parts).map(|(field, text)| part(field, text)).collect())
    }

    /// The code as addresses have it. `None` if it cannot be a code of this dataset.
    pub fn canonical_code(&self, code: &str) -> Option<String> {
        let parts = self.split_code(code)?;
        let part = |(field, text): (&'static Field, String)| match field.kind {
            Kind::Period => text.replace('/', "_"),
            _ => text,
        };
        Some(parts.into_iter().map(part).collect::<Vec<_>>().join(&KEY_SEPARATOR.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::join_code;
    use crate::datasets::REGISTRY;
    use crate::query::{Dataset, Kind};

    fn dataset(name: &str) -> &'static Dataset {
        REGISTRY.iter().find(|dataset| dataset.name == name).expect("the dataset is registered")
    }

    #[test]
    fn a_code_of_several_parts_is_split_and_joined_again() {
        let observations = dataset("observations");
        let code = "habitants~COM-1~2019-01-01_2019-10-31~_T~observed~essai";
        let parts = observations.split_code(code).expect("it has a part for each field of the key");
        let texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["habitants", "COM-1", "2019-01-01/2019-10-31", "_T", "observed", "essai"]);
        let mut joined = String::new();
        join_code(&mut joined, parts.iter().map(|(field, text)| (field.kind, text.as_str())));
        assert_eq!(joined, code);
        assert_eq!(observations.canonical_code(&code.replace("01_2019", "01/2019")).as_deref(), Some(code));
        assert!(observations.split_code("habitants~COM-1").is_none());
    }

    #[test]
    fn a_code_of_one_part_is_the_value_of_its_field() {
        let parts = dataset("territories").split_code("COM-1~x").expect("any text is one part");
        assert_eq!(parts.iter().map(|(field, text)| (field.name, text.as_str())).collect::<Vec<_>>(), [("code", "COM-1~x")]);
        let mut code = String::new();
        join_code(&mut code, [(Kind::Code, "COM-1")]);
        assert_eq!(code, "COM-1");
    }
}
