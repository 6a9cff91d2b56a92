//! Owns what may be included beside the rows of a page: the rows that they refer to, and those that refer to them.
//! One step, never further. Must not know how they are read.

use super::context::Context;
use crate::query::model::dataset::{Dataset, Link, Via};
use crate::query::model::field::Field;

/// The most includes of one request.
pub const INCLUDES: usize = 5;

/// The most rows of one include.
pub const INCLUDED_ROWS: i64 = 1000;

/// Related rows to be given beside the page.
#[derive(Clone, Copy, Debug)]
pub enum Include {
    /// The rows that a field of the page's rows refers to.
    Referred {
        /// The field.
        field: &'static Field,
        /// The dataset that it refers to.
        dataset: &'static Dataset,
    },
    /// The rows of another dataset, one of whose fields names a row of the page.
    Referring {
        /// The link that leads to them.
        link: &'static Link,
        /// Their field.
        field: &'static Field,
        /// Their dataset.
        dataset: &'static Dataset,
    },
}

impl Include {
    /// Its name: `territory` for `territory_code`, `signatories` for `signatory_codes`, a link's own name.
    pub fn name(&self) -> String {
        let Include::Referred { field, .. } = self else {
            let Include::Referring { link, .. } = self else { unreachable!("there are two sorts of includes") };
            return link.name.to_owned();
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

    /// The dataset of its rows.
    pub fn dataset(&self) -> &'static Dataset {
        match self {
            Include::Referred { dataset, .. } | Include::Referring { dataset, .. } => dataset,
        }
    }
}

impl Context {
    /// What rows of the collection may include.
    pub fn includes(&self) -> Vec<Include> {
        let find = |name: &str| self.registry.iter().copied().find(|dataset| dataset.name == name && dataset.public);
        let referred = self.dataset.fields.iter().filter_map(|field| {
            let dataset = find(field.reference()?)?;
            Some(Include::Referred { field, dataset })
        });
        let referring = self.dataset.links.iter().filter_map(|link| match link.via {
            Via::Fields([name]) => {
                let dataset = find(link.target)?;
                Some(Include::Referring { link, field: dataset.field(name)?, dataset })
            }
            _ => None,
        });
        referred.chain(referring).collect()
    }
}
