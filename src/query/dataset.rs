//! Owns the description of a dataset: its table of fields, its key, and the ways that lead from its rows to others.
//! Must not know any one dataset: those stand in `datasets/`, one file each.

use super::field::{Field, Kind, Origin};

/// Separates the parts of a code whose key has several fields.
pub const KEY_SEPARATOR: char = '~';

/// Appends the code that the fields of a key make, given in the key's order: the inverse of [`Dataset::split_code`].
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

/// A way from one row to the rows of a dataset: `/v1/{dataset}/{code}/{name}`.
#[derive(Debug)]
pub struct Link {
    /// Last segment of the address.
    pub name: &'static str,
    /// The dataset that it leads to.
    pub target: &'static str,
    /// What it gives, for the user of the data.
    pub summary: &'static str,
    /// How the rows are found.
    pub via: Via,
}

/// The field that containments add to the rows of their target.
static SHARE: [Field; 1] = [Field {
    origin: Origin::Link,
    ..Field::required(
        "share",
        Kind::Decimal,
        "The share of the inhabitants of the smaller territory who live in the larger: 1 when it lies wholly in it.",
        "1",
    )
}];

impl Link {
    /// The fields that the link adds to the rows of its target.
    pub fn extra_fields(&self) -> &'static [Field] {
        if matches!(self.via, Via::Containment(_)) { &SHARE } else { &[] }
    }
}

/// How a link finds its rows.
#[derive(Debug)]
pub enum Via {
    /// Rows of the target, one of whose fields names this row.
    Fields(&'static [&'static str]),
    /// Rows of the target whose `field` names a row of `through`, which in turn names this row by `by`.
    Through {
        /// The field of the target.
        field: &'static str,
        /// The dataset in between.
        through: &'static str,
        /// The field of the dataset in between that names this row.
        by: &'static str,
    },
    /// Territories that contain this one or lie in it.
    Containment(Direction),
    /// Rows of the target that are named by the rows which this one, a release, has opened.
    Opened,
    /// The versions of the row itself.
    Versions,
}

/// The way from a row to its versions, the same for every dataset that has them.
pub static HISTORY: Link = Link { name: "history", target: "", summary: "The versions of the row.", via: Via::Versions };

/// Which way a link of territories goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What contains the territory.
    Ancestors,
    /// All that lies in it, wholly or partly.
    Descendants,
    /// What lies in it and belongs to it directly.
    Members,
}

/// Where the rows of a dataset come from.
#[derive(Clone, Copy, Debug)]
pub enum Rows {
    /// Files that somebody publishes.
    Published,
    /// Other datasets, after each release that touches them.
    Derived {
        /// The datasets that the rows follow from.
        from: &'static [&'static str],
        /// The SELECT that gives the rows.
        select: &'static str,
    },
    /// The act of publishing itself.
    Releases,
}

/// What the rows of a dataset measure, and so which further questions and representations suit them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: rows describe.
    Plain,
    /// Values of indicators: series, cubes, aggregates as far as indicators are additive.
    Observations,
    /// Flows of money: totals as far as stages and co-funders allow.
    Money,
}

/// A dataset, described once.
#[derive(Debug)]
pub struct Dataset {
    /// Name of collection, table and tag alike: a plural.
    pub name: &'static str,
    /// Name of one row: the singular, as in the names of fields that refer to it.
    pub singular: &'static str,
    /// Title, in French, for the reader.
    pub title: &'static str,
    /// What a row is, for the user of the data.
    pub description: &'static str,
    /// The fields, in the order of every representation.
    pub fields: &'static [Field],
    /// The fields that name a row; the last sort terms of every list.
    pub key: &'static [&'static str],
    /// The field that names the territory of a row, for `within` and `touching`.
    pub territory: Option<&'static str>,
    /// The ways from a row to others.
    pub links: &'static [Link],
    /// Last segments of the addresses below a row that have a handler of their own.
    pub own: &'static [&'static str],
    /// A code that exists in the bundled data.
    pub example: &'static str,
    /// Where its rows come from.
    pub rows: Rows,
    /// The fields that `q` searches; the first is the row's title. A field that refers to rows stands for what `q`
    /// searches of them.
    pub search: &'static [&'static str],
    /// What its rows measure.
    pub shape: Shape,
    /// Whether it is served as a collection; the others only carry links.
    pub public: bool,
}

impl Dataset {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields of the key, in order.
    pub fn key_fields(&self) -> impl Iterator<Item = &'static Field> + '_ {
        self.key.iter().filter_map(|name| self.field(name))
    }

    /// Whether all rows of a series share what a field says: a series is told by the key but for the period.
    pub fn is_of_series(&self, field: &Field) -> bool {
        let by = match field.origin {
            Origin::Named { by, .. } => by,
            _ => field.name,
        };
        self.key_fields().any(|key| key.name == by && !matches!(key.kind, Kind::Period))
    }

    /// The field that names a row for people.
    pub fn title_field(&self) -> Option<&'static Field> {
        self.field("name").or_else(|| self.field("title"))
    }

    /// The field that carries the code by which a row is addressed.
    pub fn code_field(&self) -> Option<&'static Field> {
        self.fields.iter().find(|f| matches!(f.kind, Kind::Code | Kind::JoinedCode)).or_else(|| self.key_fields().next())
    }

    /// Whether the code is made of several fields.
    pub fn has_joined_code(&self) -> bool {
        self.key.len() > 1
    }

    /// The fields that are columns of the table.
    pub fn columns(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|f| !matches!(f.kind, Kind::JoinedCode) && f.origin == Origin::Row)
    }

    /// The field that names the territory of a row.
    pub fn territory_field(&self) -> Option<&'static Field> {
        self.territory.and_then(|name| self.field(name))
    }

    /// Whether its rows may have several versions: a release has only one.
    pub fn has_history(&self) -> bool {
        !matches!(self.rows, Rows::Releases)
    }

    /// The last segments of all addresses below a row.
    pub fn below(&self) -> impl Iterator<Item = &'static str> + use<> {
        let history = self.has_history().then_some(HISTORY.name);
        self.links.iter().map(|link| link.name).chain(self.own.iter().copied()).chain(history)
    }

    /// The parts of a code, by key field; `None` when it has not as many parts as the key has fields.
    ///
    /// A period stands in a code with `_` for `/`, which would end the path's segment.
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

    /// The code as it stands in addresses; `None` when it is none of this dataset's.
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
