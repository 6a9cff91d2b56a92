//! Owns includes: the rows that the rows of a page refer to, and the rows that refer to them. One step, never further.
//! Must not know how they are read.

use crate::query::model::dataset::Dataset;
use crate::query::model::field::Field;
use crate::query::model::link::Link;

/// The most includes of one request.
pub const INCLUDES: usize = 5;

/// The most rows of one include.
pub const INCLUDED_ROWS: i64 = 1000;

/// Related rows that an answer gives with its page.
#[derive(Clone, Copy, Debug)]
pub enum Include {
    /// The rows that a field of the page's rows refers to.
    Referred {
        /// The field.
        field: &'static Field,
        /// The dataset that it refers to.
        dataset: &'static Dataset,
    },
    /// The rows of another dataset that refer to a row of the page.
    Referring {
        /// The link that leads to them.
        link: &'static Link,
        /// The field of theirs that refers.
        field: &'static Field,
        /// Their dataset.
        dataset: &'static Dataset,
    },
}

impl Include {
    /// Its name: `territory` for `territory_code`, `signatories` for `signatory_codes`, a link's own name.
    pub fn name(&self) -> String {
        let field = match self {
            Include::Referred { field, .. } => field,
            Include::Referring { link, .. } => return link.name.to_owned(),
        };
        match (field.name.strip_suffix("_code"), field.name.strip_suffix("_codes")) {
            (Some(stem), _) => stem.to_owned(),
            (_, Some(stem)) => match stem.strip_suffix('y') {
                Some(stem) => format!("{stem}ies"),
                None => format!("{stem}s"),
            },
            _ => field.name.to_owned(),
        }
    }

    /// The field that refers and the dataset, if each row refers to at most one row.
    pub fn single(&self) -> Option<(&'static Field, &'static Dataset)> {
        match self {
            Include::Referred { field, dataset } if !field.is_list() => Some((field, dataset)),
            _ => None,
        }
    }

    /// The dataset of its rows.
    pub fn dataset(&self) -> &'static Dataset {
        match self {
            Include::Referred { dataset, .. } | Include::Referring { dataset, .. } => dataset,
        }
    }
}
