//! Owns the columns of an answer: their names, kinds and sources.
//! Must not know how they are read or written.

use std::borrow::Cow;

use super::dataset::Dataset;
use super::field::{Field, Kind};

/// Where the cells of a column come from.
#[derive(Clone, Copy, Debug)]
pub enum CellSource {
    /// A field of the row.
    Field(&'static Field),
    /// A field of the row that a field refers to; a list of them if it refers to several.
    Named {
        /// The field that refers.
        by: &'static Field,
        /// The dataset that it refers to.
        dataset: &'static Dataset,
        /// The field of that dataset.
        field: &'static Field,
    },
    /// The French label of the word that a field holds; a list of them if it holds several.
    Label(&'static Field),
    /// The contour of the row's territory as GeoJSON, or a point in it if no contour is published.
    Contour,
    /// A point in the row's territory as GeoJSON.
    Centre,
    /// The rank of the row in the full-text search. Only the sort order needs it.
    Rank,
    /// Computed from several rows.
    Computed,
}

/// One column of an answer, the same in every representation.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name: the name of a field, or one made from it.
    pub name: Cow<'static, str>,
    /// The kind of its cells. Their text is what [`super::value::parse`] reads. Lists are JSON arrays.
    pub kind: Kind,
    /// Whether every row has a value.
    pub required: bool,
    /// Where its cells come from.
    pub source: CellSource,
}

impl Column {
    /// The column of a field.
    pub fn of(field: &'static Field) -> Self {
        Self { name: Cow::Borrowed(field.name), kind: field.kind, required: field.required, source: CellSource::Field(field) }
    }

    /// The column of a field of the rows that a field refers to: `payer_siret` for `payer_code`.
    pub fn named(by: &'static Field, dataset: &'static Dataset, field: &'static Field) -> Self {
        Self {
            name: Cow::Owned(format!("{}_{}", by.stem(), field.name)),
            kind: field.kind,
            required: by.required && field.required,
            source: CellSource::Named { by, dataset, field },
        }
    }

    /// The column of the French labels of a field: `territory_label` for the field `territory_code`, which refers to the
    /// dataset `referred`; `signatory_labels` for `signatory_codes`; `nature_label` for `nature`. `None` if its values are
    /// neither codes of named rows nor words of a list.
    pub fn label(field: &'static Field, referred: Option<&'static Dataset>) -> Option<Self> {
        let source = match field.choices() {
            Some(_) => CellSource::Label(field),
            None => {
                let dataset = referred?;
                CellSource::Named { by: field, dataset, field: dataset.title_field()? }
            }
        };
        let (suffix, kind) = if field.is_list() { ("labels", Kind::TextList) } else { ("label", Kind::Text) };
        // No row may have the code at the release that is read.
        let required = field.required && matches!(source, CellSource::Label(_));
        Some(Self { name: Cow::Owned(format!("{}_{suffix}", field.stem())), kind, required, source })
    }

    /// The column of geometries: points in the territories if `centres`, contours otherwise.
    pub fn geometry(centres: bool) -> Self {
        Self {
            name: Cow::Borrowed("geometry"),
            kind: Kind::Json { array: false },
            required: false,
            source: if centres { CellSource::Centre } else { CellSource::Contour },
        }
    }

    /// A column computed from several rows.
    pub fn computed(name: impl Into<Cow<'static, str>>, kind: Kind, required: bool) -> Self {
        Self { name: name.into(), kind, required, source: CellSource::Computed }
    }

    /// The field that it shows.
    pub fn field(&self) -> Option<&'static Field> {
        match self.source {
            CellSource::Field(field) => Some(field),
            _ => None,
        }
    }

    /// The field on which its cells depend: the one that it shows, or whose words or referred rows it describes.
    pub fn depends_on(&self) -> Option<&'static Field> {
        match self.source {
            CellSource::Field(field) | CellSource::Label(field) | CellSource::Named { by: field, .. } => Some(field),
            _ => None,
        }
    }

    /// Whether lists in its cells can have empty items: the label of a code that no row has.
    pub fn has_empty_items(&self) -> bool {
        matches!(self.source, CellSource::Named { by, .. } if by.is_list())
    }

    /// Whether its cells are lists.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::TextList | Kind::References(_) | Kind::ChoiceList(_))
    }
}
