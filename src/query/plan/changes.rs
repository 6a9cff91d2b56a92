//! Owns a validated request for changes: the releases between which rows are compared, and the rows of each dataset.
//! Must not know how changes are found or written.

use super::Plan;
use super::cursor::{self, Position};
use super::presentation::Presentation;
use crate::query::collection::parameter::Parameter;
use crate::query::model::dataset::{Dataset, RowOrigin};
use crate::query::model::representation::Representation;
use crate::query::model::value;
use crate::query::pairs;

/// The representations of changes, the default first.
pub const REPRESENTATIONS: [Representation; 4] =
    [Representation::Json, Representation::Ndjson, Representation::Csv, Representation::CsvExcel];

/// How many values of a cursor stand before the key: the release and the dataset of the change.
const PREFIX: usize = 2;

/// A validated request for changes.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The release that the client has; 0 if it has none.
    pub since: i32,
    /// The last release whose changes are given, if the request or its cursor names it.
    pub until: Option<i32>,
    /// The plan of each dataset, in the order of the registry. Never empty.
    pub plans: Vec<Plan>,
    /// The change after which the page starts.
    pub after: Option<ChangePosition>,
    /// The parameters in canonical form and order, without the cursor.
    pub(crate) parameters: Vec<(String, String)>,
}

/// The position of a change, or the start of a dataset's changes in a release.
#[derive(Clone, Debug)]
pub struct ChangePosition {
    /// The release of the change.
    pub release: i32,
    /// The index of its dataset in [`Changes::plans`].
    pub plan: usize,
    /// The fields of its row's key. Empty if the page starts with the first change of the dataset.
    pub key: Vec<Option<String>>,
}

/// Whether a dataset has changes: every dataset but the releases, which are themselves the list of what is new.
pub fn has_changes(dataset: &Dataset) -> bool {
    !matches!(dataset.rows, RowOrigin::Releases)
}

impl Changes {
    /// How changes are shown: the same for all datasets.
    pub fn presentation(&self) -> &Presentation {
        &self.plans[0].presentation
    }

    /// The most changes of a page.
    pub fn page_limit(&self) -> i64 {
        self.plans[0].page_limit()
    }

    /// Whether changes are a table with the columns of their dataset. CSV of a single dataset is.
    pub fn is_flat(&self) -> bool {
        self.plans.len() == 1 && matches!(self.presentation().representation, Representation::Csv | Representation::CsvExcel)
    }

    /// Whether the answer is a page: always for JSON, with `limit` for the other representations.
    pub fn is_page(&self) -> bool {
        self.plans[0].is_page()
    }

    /// The query string of a link: the canonical parameters except those of `without`, then more.
    pub fn query_string(&self, without: &[&str], more: &[(&str, String)]) -> String {
        let own = self.parameters.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        pairs::query_string(own.chain(more.iter().map(|(name, value)| (*name, value.as_str()))))
    }

    /// The cursor of the page that starts after a change.
    pub fn cursor(&self, until: i32, after: &ChangePosition) -> String {
        let prefix = [after.release.to_string(), self.plans[after.plan].selection.context.dataset.name.to_owned()];
        let values = prefix.into_iter().map(Some).chain(after.key.iter().cloned()).collect();
        cursor::encode(&Position { release: until, values }, &self.identity())
    }

    /// The text that a cursor is bound to: everything that decides which changes come.
    pub fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| !Parameter::is_presentation(name));
        let query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        format!("changes?{}", query.join("&"))
    }

    /// The position that a cursor holds. `None` if the request has no such change.
    pub fn position(&self, cursor: &Position) -> Option<ChangePosition> {
        let (prefix, key) = cursor.values.split_at_checked(PREFIX)?;
        let [Some(release), Some(name)] = prefix else { return None };
        let release = release.parse().ok().filter(|release| *release > self.since && *release <= cursor.release)?;
        let plan = self.plans.iter().position(|plan| plan.selection.context.dataset.name == name)?;
        let dataset = self.plans[plan].selection.context.dataset;
        let readable = |(field, text): (_, &Option<String>)| text.as_ref().is_some_and(|text| value::parse(field, text).is_ok());
        let whole = key.is_empty() || key.len() == dataset.key.len() && dataset.key_fields().zip(key).all(readable);
        whole.then(|| ChangePosition { release, plan, key: key.to_vec() })
    }
}
