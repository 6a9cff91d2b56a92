//! Owns the description of a field: its name, kind, meaning and example. The parser, the SQL, the OpenAPI document and
//! the loading of files all follow from it.
//! Must not know any one dataset.

use super::format::Format;

/// One value of a closed list.
#[derive(Debug)]
pub struct Choice {
    /// The word in requests and answers.
    pub value: &'static str,
    /// The word for readers, in French.
    pub label: &'static str,
    /// Its meaning, for the OpenAPI document.
    pub meaning: &'static str,
}

/// The kind of values that a field holds. It decides how they are read, compared, stored and written.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Free text.
    Text,
    /// The code that identifies the row in its dataset.
    Code,
    /// The code of a row whose key has several fields: the fields joined by `~`. The table has no column for it.
    JoinedCode,
    /// The code of a row of another dataset.
    Reference(&'static str),
    /// One word of a closed list.
    Choice(&'static [Choice]),
    /// Several texts.
    TextList,
    /// The codes of several rows of another dataset.
    References(&'static str),
    /// Several words of a closed list.
    ChoiceList(&'static [Choice]),
    /// `true` or `false`.
    Boolean,
    /// A whole number within bounds.
    Integer {
        /// The smallest value.
        minimum: i64,
        /// The largest value.
        maximum: i64,
    },
    /// An exact decimal number.
    Decimal,
    /// A day, ISO 8601.
    Date,
    /// An instant, RFC 3339, in UTC.
    Timestamp,
    /// A period, ISO 8601: year, quarter, month, day or interval, which may have an open end.
    Period,
    /// The first or last day of the field `period`. Publishing computes it.
    PeriodBound {
        /// Whether it is the last day.
        end: bool,
    },
    /// A JSON object, such as a GeoJSON geometry, or an array of objects.
    Json {
        /// Whether it is an array.
        array: bool,
    },
}

/// Where the value of a field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOrigin {
    /// The row itself.
    Row,
    /// The link from another row to this one.
    Link,
    /// The release that opened this version of the row.
    Opened,
    /// The releases up to the one that is read: they decide whether this version is current, and when it was published.
    Record,
    /// The field of the same name of another row, to which a field of this row refers. The reference fixes it.
    Named {
        /// The field that refers to the other row.
        by: &'static str,
        /// The dataset of the other row.
        dataset: &'static str,
    },
    /// All rows of a group.
    Computed,
}

/// What a field with the code of a territory says of the territory and of the row: which kinds may contain which.
#[derive(Clone, Copy, Debug)]
pub struct Containment {
    /// The kinds of territories that the field may name.
    pub containers: &'static [&'static str],
    /// The kinds of rows that may have a value; empty if all may.
    pub parts: &'static [&'static str],
    /// The field with the territory that is the part. `None` if it is the row itself.
    pub part: Option<&'static str>,
}

/// One field of a dataset.
#[derive(Debug)]
pub struct Field {
    /// Its name in requests, answers, files and the table.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// Whether every row has a value.
    pub required: bool,
    /// Its meaning, for the OpenAPI document.
    pub description: &'static str,
    /// A value that at least one row of the bundled data has.
    pub example: &'static str,
    /// Where its value comes from.
    pub origin: FieldOrigin,
    /// The format of published values.
    pub format: Option<Format>,
    /// The value of the rows of a published file that has no column for it.
    pub file_default: Option<&'static str>,
    /// The value that lists are filtered by, unless the request says which rows it wants: see
    /// [`crate::query::parse::collection`].
    pub list_default: Option<&'static str>,
    /// The members of each object in a JSON value: of each item of an array, or of each member of an object whose own names
    /// are those of datasets. Empty if the value has another form, such as a geometry.
    pub members: &'static [Field],
    /// The field of another dataset, by their names, whose references fix the value: once a row has referred to this one in it,
    /// in any release, the value never changes.
    pub fixed_by: Option<(&'static str, &'static str)>,
    /// The kinds of territories that it may name, and of rows that may have it.
    pub containment: Option<Containment>,
    /// Whether a row must not lead back to itself by this reference to rows of the same dataset.
    pub acyclic: bool,
}

impl Field {
    /// A field that can be empty.
    pub const fn optional(name: &'static str, kind: Kind, description: &'static str, example: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            description,
            example,
            origin: FieldOrigin::Row,
            format: None,
            file_default: None,
            list_default: None,
            members: &[],
            fixed_by: None,
            containment: None,
            acyclic: false,
        }
    }

    /// A field that every row has.
    pub const fn required(name: &'static str, kind: Kind, description: &'static str, example: &'static str) -> Self {
        Self { required: true, ..Self::optional(name, kind, description, example) }
    }

    /// The field with a format for published values.
    pub const fn format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    /// The field with a value for the rows of files that have no column for it.
    pub const fn file_default(self, value: &'static str) -> Self {
        Self { file_default: Some(value), ..self }
    }

    /// The field with a value that lists are filtered by.
    pub const fn list_default(self, value: &'static str) -> Self {
        Self { list_default: Some(value), ..self }
    }

    /// The field with a description of the objects in its JSON.
    pub const fn members(self, members: &'static [Field]) -> Self {
        Self { members, ..self }
    }

    /// The field with a value that never changes once a row of `dataset` has referred to its row in the field `by`.
    pub const fn fixed_by(self, dataset: &'static str, by: &'static str) -> Self {
        Self { fixed_by: Some((dataset, by)), ..self }
    }

    /// The field with the kinds of territories that it may name, and of rows that may have it.
    pub const fn containment(self, containment: Containment) -> Self {
        Self { containment: Some(containment), ..self }
    }

    /// The field, by whose references no row leads back to itself.
    pub const fn acyclic(self) -> Self {
        Self { acyclic: true, ..self }
    }

    /// Whether the field holds a list.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::TextList | Kind::References(_) | Kind::ChoiceList(_))
    }

    /// Its name without the ending of codes: `territory` for `territory_code`, `signatory` for `signatory_codes`.
    pub fn stem(&self) -> &'static str {
        self.name.strip_suffix("_codes").or_else(|| self.name.strip_suffix("_code")).unwrap_or(self.name)
    }

    /// Whether a request can filter on it. JSON has no filters, and the field of another row is filtered in that row.
    pub fn is_filterable(&self) -> bool {
        !matches!(self.kind, Kind::Json { .. }) && matches!(self.origin, FieldOrigin::Row | FieldOrigin::Link)
    }

    /// Whether a request can sort by it. Lists and JSON have no order.
    pub fn is_sortable(&self) -> bool {
        !self.is_list() && (self.is_filterable() || matches!(self.origin, FieldOrigin::Opened | FieldOrigin::Computed))
    }

    /// Whether a request can count its remaining values.
    pub fn is_facet(&self) -> bool {
        let few =
            matches!(self.kind, Kind::Choice(_) | Kind::ChoiceList(_) | Kind::Boolean | Kind::Period | Kind::Integer { .. });
        (few || self.reference().is_some()) && self.is_filterable()
    }

    /// Whether rows are sorted without regard to accents and case, as French readers expect for names.
    pub fn is_folded(&self) -> bool {
        matches!(self.kind, Kind::Text)
    }

    /// Whether publishing computes it. Published files leave it out.
    pub fn is_computed(&self) -> bool {
        matches!(self.kind, Kind::PeriodBound { .. } | Kind::JoinedCode)
    }

    /// The dataset whose codes it holds.
    pub fn reference(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Reference(dataset) | Kind::References(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// The closed list of its values.
    pub fn choices(&self) -> Option<&'static [Choice]> {
        match self.kind {
            Kind::Choice(choices) | Kind::ChoiceList(choices) => Some(choices),
            _ => None,
        }
    }
}
