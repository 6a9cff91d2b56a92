//! Owns what is known of the rows that a plan selects before any is read, by which the reading finds its way.
//! Must not know how rows are read.

use super::Plan;
use super::condition::Condition;
use super::vintage::VERSION;
use crate::query::model::dataset::Via;

/// How many fields of a key must be named for few rows to be left.
const NARROW: usize = 2;

impl Plan {
    /// Whether the rows come in the order of the key, which an index serves.
    pub fn is_in_key_order(&self) -> bool {
        let key = self.selection.context.dataset.key.iter().chain(self.selection.vintages.map(|_| &VERSION[0].name));
        self.reading.sort.len() == key.clone().count()
            && self
                .reading
                .sort
                .iter()
                .zip(key)
                .all(|(term, key)| !term.descending && !term.folded && term.field().is_some_and(|field| field.name == *key))
    }

    /// Whether each row that is selected bears, refers to or lies in each code that the request names, so that the codes
    /// exist if any row does: none stands beside others, and none is asked not to be there.
    pub fn names_singly(&self) -> bool {
        self.selection.vintages.is_none()
            && self.selection.conditions.iter().filter(|condition| condition.names_rows()).all(Condition::is_single)
            && self.selection.scopes.iter().all(|scope| scope.territories.len() == 1)
    }

    /// Whether few rows are selected, whatever the values are: one value is named for each of the fields that the key begins
    /// with, such as the indicator and the territory of a series.
    pub fn is_narrow(&self) -> bool {
        let mut first = self.selection.context.dataset.key.iter().take(NARROW);
        first.all(|name| self.selection.conditions.iter().any(|condition| condition.is_single() && condition.field.name == *name))
    }

    /// Whether of whole series the latest figures are selected, so that what is kept of these can be read: no row is chosen
    /// by what only some of its series say.
    pub fn is_latest_of_series(&self) -> bool {
        let dataset = self.selection.context.dataset;
        let named = |name: &str| dataset.field(name).is_some_and(|field| dataset.is_of_series(field));
        let linked = self.selection.context.link.is_none_or(|link| match &link.via {
            Via::Fields(names) => names.iter().all(|name| named(name)),
            Via::Through { field, .. } => named(field),
            Via::Containment(_) | Via::Opened | Via::Versions => false,
        });
        let chosen = self.selection.conditions.iter().all(|condition| dataset.is_of_series(condition.field));
        self.selection.last == Some(1) && self.selection.vintages.is_none() && self.selection.search.is_none() && chosen && linked
    }
}
