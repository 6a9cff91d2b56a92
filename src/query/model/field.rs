//! Owns the description of one field: the single place that says its name, kind, meaning and unit, and from
//! which the parser's whitelist, the SQL, the OpenAPI document and the loader are all derived.
//! Must not know any one dataset.

/// One value of a closed list, with what it means.
#[derive(Debug)]
pub struct Choice {
    /// The word as it stands in requests and answers.
    pub value: &'static str,
    /// What it means, for the reader of the documentation.
    pub meaning: &'static str,
}

/// What a field holds, and so how it is read, compared, stored and written.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Free text.
    Text,
    /// The code that names the row within its dataset.
    Code,
    /// The code of a row whose key has several fields: those fields joined by `~`, kept in no column.
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
    /// A whole number within bounds.
    Integer {
        /// Smallest value admitted.
        minimum: i64,
        /// Largest value admitted.
        maximum: i64,
    },
    /// A decimal number, exact.
    Decimal,
    /// A day, ISO 8601.
    Date,
    /// An instant, RFC 3339, in UTC.
    Timestamp,
    /// A period, ISO 8601: year, quarter, month, day or interval.
    Period,
    /// First or last day of the period held by the field `period`; computed when a row is published.
    PeriodBound {
        /// Whether it is the last day.
        end: bool,
    },
    /// A JSON object, such as a GeoJSON geometry or counts by dataset; or an array of them.
    Json {
        /// Whether it is an array.
        array: bool,
    },
}

/// Where a field's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOrigin {
    /// The row itself.
    Row,
    /// The link that led from one row to this one.
    Link,
    /// The release that opened this version of the row.
    Opened,
    /// What the releases up to the one that is read say of this version of the row.
    Record,
    /// The field of the same name of the row that another field names: repeated here so that one answer says all.
    Named {
        /// The field that names the row.
        by: &'static str,
        /// The dataset of the row.
        dataset: &'static str,
    },
}

/// What a published text must be, beyond its kind. Requests may ask for any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The number of a legal entity in SIRENE: nine digits with a check digit (Luhn, ISO/IEC 7812-1).
    Siren,
    /// The number of an establishment in SIRENE: a SIREN and five digits, the whole with a check digit.
    Siret,
    /// The number of an association in the Répertoire national des associations: `W` and nine digits.
    Rna,
    /// A part of a whole: more than 0 and at most 1.
    Share,
    /// A text of at most so many characters.
    Length(usize),
}

/// One field of a dataset.
#[derive(Debug)]
pub struct Field {
    /// Name in requests, answers, files and table alike.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether every row has a value.
    pub required: bool,
    /// What it means, for the user of the data.
    pub description: &'static str,
    /// An example that answers at least one row of the bundled data.
    pub example: &'static str,
    /// Where its value comes from.
    pub origin: FieldOrigin,
    /// What a published text must be besides.
    pub format: Option<Format>,
}

impl Field {
    /// A field that may be empty.
    pub const fn optional(name: &'static str, kind: Kind, description: &'static str, example: &'static str) -> Self {
        Self { name, kind, required: false, description, example, origin: FieldOrigin::Row, format: None }
    }

    /// A field that every row has.
    pub const fn required(name: &'static str, kind: Kind, description: &'static str, example: &'static str) -> Self {
        Self { name, kind, required: true, description, example, origin: FieldOrigin::Row, format: None }
    }

    /// The field, whose published texts must be of a format.
    pub const fn format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    /// Whether the field holds a list.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::TextList | Kind::References(_) | Kind::ChoiceList(_))
    }

    /// Whether a request may filter on it: a repeated field is filtered on where it stands.
    pub fn is_filterable(&self) -> bool {
        !matches!(self.kind, Kind::Json { .. }) && matches!(self.origin, FieldOrigin::Row | FieldOrigin::Link)
    }

    /// Whether a request may sort on it: lists and JSON have no order.
    pub fn is_sortable(&self) -> bool {
        !self.is_list() && (self.is_filterable() || self.origin == FieldOrigin::Opened)
    }

    /// Whether a request can count its remaining values.
    pub fn is_facet(&self) -> bool {
        let choices = matches!(self.kind, Kind::Choice(_) | Kind::ChoiceList(_) | Kind::Period | Kind::Integer { .. });
        (choices || self.reference().is_some()) && self.is_filterable()
    }

    /// Whether rows are ordered by the folded text (no accents, no case), as French readers expect of names.
    pub fn is_folded(&self) -> bool {
        matches!(self.kind, Kind::Text)
    }

    /// Whether publishing computes it, so that files leave it out.
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
