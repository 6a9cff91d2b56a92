//! Owns the reading of a request for changes: from which release on, of which datasets, of which of their rows.
//! Pure like the rest of the language. Must not know how changes are found or written.

use std::collections::BTreeSet;

use super::Plan;
use super::cursor::{self, Position};
use super::presentation::Presentation;
use super::selection::LIST_VALUES;
use crate::problem::{Fault, echo};
use crate::query::collection::context::Context;
use crate::query::collection::parameter::Parameter;
use crate::query::model::dataset::{Dataset, Rows};
use crate::query::model::representation::Representation;
use crate::query::model::value;
use crate::query::suggest::closest;
use crate::query::{pairs, parse};

/// The representations of changes, the default first.
pub const REPRESENTATIONS: [Representation; 3] = [Representation::Json, Representation::Ndjson, Representation::Csv];

/// The parameters that only changes have, with those that they read in a way of their own.
const OWN: [&str; 5] = ["since", "until", "dataset", "cursor", "format"];

/// The parts of a cursor before the key: the release and the dataset of the change.
const PLACE: usize = 2;

/// A validated request for changes.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The release that the client has; 0 when it has none.
    pub since: i32,
    /// The last release whose changes are given, when that was asked for or a cursor holds it.
    pub until: Option<i32>,
    /// Which rows of each dataset, in the order of the registry. Never empty.
    pub plans: Vec<Plan>,
    /// Where the page starts.
    pub after: Option<After>,
    /// The parameters in canonical form and order, without the cursor.
    parameters: Vec<(String, String)>,
}

/// The change that a page starts after, or the first of a release and dataset.
#[derive(Clone, Debug)]
pub struct After {
    /// Its release.
    pub release: i32,
    /// The place of its dataset in [`Changes::plans`].
    pub plan: usize,
    /// The fields of its row's key; none when the page starts with the first change of the dataset.
    pub key: Vec<Option<String>>,
}

/// Whether changes of a dataset are given: of all but the releases, which say themselves what is new.
pub fn has_changes(dataset: &Dataset) -> bool {
    !matches!(dataset.rows, Rows::Releases)
}

impl Changes {
    /// Validates the pairs of a query. `preferred` is the representation that the request's header asks for; the
    /// parameter `format` goes before it.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn read(
        registry: &'static [&'static Dataset],
        given: &[(String, String)],
        preferred: Representation,
    ) -> Result<Self, Vec<Fault>> {
        let mut own = Own { faults: Vec::new() };
        own.doubled(given);
        let find = |name: &str| given.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str());
        let since = find("since").map(|text| own.release("since", text, 0));
        let until = find("until").map(|text| own.release("until", text, 1));
        let asked = find("dataset").map(|text| own.datasets(registry, text));
        let representation = find("format").map(|text| own.format(text)).unwrap_or(Some(preferred));
        let (since, until) = (since.flatten().unwrap_or(0), until.flatten());
        if until.is_some_and(|until| until < since) {
            own.faults.push(Fault::new("until", "The value lies before `since`."));
        }
        let datasets = match asked.flatten() {
            Some(datasets) => datasets,
            None => registry.iter().copied().filter(|dataset| has_changes(dataset)).collect(),
        };
        let lead = datasets.iter().copied().find(|dataset| dataset.territory.is_some()).unwrap_or(datasets[0]);
        let known = admitted(Context::of(registry, lead), datasets.len() == 1);
        let rest = own.rest(registry, given, &known);
        let read = |dataset, known: &[Parameter], pairs: &[(String, String)]| {
            parse::read(Context::of(registry, dataset), None, known, pairs, representation.unwrap_or(preferred))
        };
        let lead = read(lead, &known, &rest).map_err(|faults| own.faults.extend(faults)).ok();
        let (Some(lead), true) = (lead, own.faults.is_empty()) else { return Err(own.faults) };
        let mut plans = Vec::with_capacity(datasets.len());
        for dataset in datasets {
            let suited = known.iter().copied().filter(|each| dataset.territory.is_some() || !is_scope(*each));
            let suited: Vec<Parameter> = suited.collect();
            let pairs: Vec<(String, String)> =
                rest.iter().filter(|(name, _)| suited.iter().any(|each| each.name() == *name)).cloned().collect();
            plans.push(read(dataset, &suited, &pairs)?);
        }
        let mut parameters = lead.parameters;
        parameters.extend(find("since").map(|_| ("since".to_owned(), since.to_string())));
        parameters.extend(until.map(|until| ("until".to_owned(), until.to_string())));
        parameters.extend(find("dataset").map(|_| {
            let names: Vec<&str> = plans.iter().map(|plan| plan.selection.context.dataset.name).collect();
            ("dataset".to_owned(), names.join(","))
        }));
        parameters.sort_unstable();
        let mut changes = Self { since, until, plans, after: None, parameters };
        if let Some(text) = find("cursor") {
            changes.start(text).map_err(|fault| vec![fault.value(text)])?;
        }
        Ok(changes)
    }

    /// How changes are shown: the same for all datasets.
    pub fn presentation(&self) -> &Presentation {
        &self.plans[0].presentation
    }

    /// Changes on a page.
    pub fn page_limit(&self) -> i64 {
        self.plans[0].page_limit()
    }

    /// Whether changes are a table with the columns of their dataset: CSV of one dataset alone.
    pub fn is_flat(&self) -> bool {
        self.plans.len() == 1 && self.presentation().representation == Representation::Csv
    }

    /// Whether the answer is a page: JSON always, the other representations when `limit` is given.
    pub fn is_page(&self) -> bool {
        self.plans[0].is_page()
    }

    /// The query string of a link: the canonical parameters, some of them replaced.
    pub fn query_string(&self, without: &[&str], more: &[(&str, String)]) -> String {
        let own = self.parameters.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        pairs::query_string(own.chain(more.iter().map(|(name, value)| (*name, value.as_str()))))
    }

    /// The cursor of the page that starts after a change.
    pub fn cursor(&self, until: i32, after: &After) -> String {
        let place = [after.release.to_string(), self.plans[after.plan].selection.context.dataset.name.to_owned()];
        let values = place.into_iter().map(Some).chain(after.key.iter().cloned()).collect();
        cursor::encode(&Position { release: until, values }, &self.identity())
    }

    /// What a cursor is bound to: everything that decides which changes come.
    fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| !Parameter::is_presentation(name));
        let query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        format!("changes?{}", query.join("&"))
    }

    /// Starts after the change that a cursor names.
    fn start(&mut self, text: &str) -> Result<(), Fault> {
        let position = cursor::decode(text, &self.identity()).map_err(|refusal| match refusal {
            cursor::Refusal::Unreadable => unreadable(),
            cursor::Refusal::OtherRequest => Fault::new(
                "cursor",
                "The cursor belongs to another request; between pages only what is shown of the changes may change.",
            ),
        })?;
        self.after = Some(self.after(&position).ok_or_else(unreadable)?);
        self.until = Some(position.release);
        Ok(())
    }

    fn after(&self, position: &Position) -> Option<After> {
        let (place, key) = position.values.split_at_checked(PLACE)?;
        let [Some(release), Some(name)] = place else { return None };
        let release = release.parse().ok().filter(|release| *release > self.since && *release <= position.release)?;
        let plan = self.plans.iter().position(|plan| plan.selection.context.dataset.name == name)?;
        let dataset = self.plans[plan].selection.context.dataset;
        let readable = |(field, text): (_, &Option<String>)| text.as_ref().is_some_and(|text| value::parse(field, text).is_ok());
        let whole = key.is_empty() || key.len() == dataset.key.len() && dataset.key_fields().zip(key).all(readable);
        whole.then(|| After { release, plan, key: key.to_vec() })
    }
}

fn unreadable() -> Fault {
    Fault::new("cursor", "The value is not a cursor of this service; follow the link `next` as it stands.")
}

fn is_scope(parameter: Parameter) -> bool {
    matches!(parameter, Parameter::Within | Parameter::Touching)
}

/// The parameters of a collection that changes have too: what decides which rows there are, as far as it can be judged
/// row by row, and what decides how they are shown. Filters on fields need that one dataset is named.
fn admitted(context: Context, one: bool) -> Vec<Parameter> {
    let suits = |parameter: &Parameter| match parameter {
        Parameter::Filter(..) | Parameter::Bbox | Parameter::Lon | Parameter::Lat => one,
        Parameter::Limit | Parameter::Delimiter | Parameter::Decimal | Parameter::Bom | Parameter::Trailer => true,
        other => is_scope(*other),
    };
    context.parameters().into_iter().filter(suits).collect()
}

/// Gathers the faults of what is not read like the parameters of a collection.
struct Own {
    faults: Vec<Fault>,
}

impl Own {
    fn doubled(&mut self, given: &[(String, String)]) {
        let mut seen = BTreeSet::new();
        for (name, _) in given.iter().filter(|(name, _)| OWN.contains(&name.as_str())) {
            if !seen.insert(name) {
                self.faults.push(Fault::new(name, "The parameter is given more than once; give it once."));
            }
        }
    }

    fn release(&mut self, name: &str, text: &str, least: i64) -> Option<i32> {
        let number = value::integer(text, least, i64::from(i32::MAX));
        let number = number.map_err(|why| self.faults.push(Fault::new(name, format!("The value {why}.")).value(text))).ok()?;
        i32::try_from(number).ok()
    }

    fn word<'w>(&mut self, name: &str, text: &str, words: &[&'w str]) -> Option<&'w str> {
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let fault = Fault::new(name, "The value is not one of those admitted.").value(text);
            self.faults.push(fault.allowed(words.iter().copied()).closest(closest(text, words.iter().copied())));
        }
        found
    }

    fn format(&mut self, text: &str) -> Option<Representation> {
        let word = self.word("format", text, &REPRESENTATIONS.map(Representation::name))?;
        REPRESENTATIONS.into_iter().find(|one| one.name() == word)
    }

    /// The datasets that a list names, in the order of the registry.
    fn datasets(&mut self, registry: &'static [&'static Dataset], text: &str) -> Option<Vec<&'static Dataset>> {
        let all = || registry.iter().copied().filter(|dataset| has_changes(dataset));
        let names: Vec<&str> = all().map(|dataset| dataset.name).collect();
        let given = pairs::list(text);
        if given.len() > LIST_VALUES {
            let detail = format!("The list has {} values; at most {LIST_VALUES} are admitted.", given.len());
            self.faults.push(Fault::new("dataset", detail));
            return None;
        }
        let before = self.faults.len();
        let found: Vec<&str> = given.iter().filter_map(|one| self.word("dataset", one, &names)).collect();
        (self.faults.len() == before).then(|| all().filter(|dataset| found.contains(&dataset.name)).collect())
    }

    /// The pairs that are read like those of a collection; a fault for each whose name is not known.
    fn rest(
        &mut self,
        registry: &'static [&'static Dataset],
        given: &[(String, String)],
        known: &[Parameter],
    ) -> Vec<(String, String)> {
        let names: Vec<String> = known.iter().map(|each| each.name()).chain(OWN.map(str::to_owned)).collect();
        let is_own = |name: &str| OWN.contains(&name);
        let (rest, unknown): (Vec<_>, Vec<_>) =
            given.iter().filter(|(name, _)| !is_own(name)).cloned().partition(|(name, _)| names.contains(name));
        for (name, _) in unknown {
            let elsewhere = |dataset: &&'static Dataset| {
                has_changes(dataset) && admitted(Context::of(registry, dataset), true).iter().any(|each| each.name() == name)
            };
            let detail = match registry.iter().copied().find(elsewhere) {
                Some(_) => format!(
                    "`{}` is not a parameter of this address unless `dataset` names the one dataset that it filters.",
                    echo(&name)
                ),
                None => format!("`{}` is not a parameter of this address.", echo(&name)),
            };
            let plain = names.iter().filter(|name| !name.contains(crate::query::collection::operator::SEPARATOR));
            let near = closest(&name, names.iter().map(String::as_str));
            self.faults.push(Fault::new(name, detail).allowed(plain).closest(near));
        }
        rest
    }
}
