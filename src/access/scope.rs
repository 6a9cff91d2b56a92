//! Owns scopes, which say what a key can publish. A scope names a dataset and a source:
//! `publish:{dataset}:{source}` the rows of a source in a dataset, `refer:{dataset}:{source}` figures under those rows.
//! Must not know where keys are kept.

use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin, Stewardship};

/// Stands for every dataset of content, or for every source.
const ANY: &str = "*";

/// The forms of a scope, for messages.
const FORMS: &str =
    "publish:{dataset}:{source} or refer:{dataset}:{source}, with * for all sources, or for all datasets of content";

/// What a scope permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Permission {
    /// To add, change and withdraw rows.
    Publish,
    /// To publish rows that enter into the figures of another source's rows.
    Refer,
}

impl Permission {
    const ALL: [Permission; 2] = [Permission::Publish, Permission::Refer];

    fn word(self) -> &'static str {
        match self {
            Permission::Publish => "publish",
            Permission::Refer => "refer",
        }
    }

    /// The datasets that a scope of this permission can name.
    fn datasets(self, registry: &'static [&'static Dataset]) -> Vec<&'static str> {
        let published = registry.iter().filter(|dataset| matches!(dataset.rows, RowOrigin::Published));
        match self {
            Permission::Publish => published.map(|dataset| dataset.name).collect(),
            Permission::Refer => {
                let targets: Vec<&str> = published.flat_map(|dataset| dataset.enters()).map(|(_, target)| target).collect();
                registry.iter().map(|dataset| dataset.name).filter(|name| targets.contains(name)).collect()
            }
        }
    }
}

/// One scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    permission: Permission,
    dataset: String,
    source: String,
}

impl Scope {
    /// Reads a scope.
    ///
    /// # Errors
    /// Returns a sentence with the valid scopes and the closest one.
    pub fn parse(text: &str, registry: &'static [&'static Dataset]) -> Result<Self, String> {
        let names = |permission: Permission| permission.datasets(registry);
        let wrong = |why: String| Err(format!("`{text}` is not a scope{why}: {FORMS}"));
        if let Some(now) = renamed(text, &names(Permission::Publish)) {
            return Err(format!("`{text}` is an old form of a scope, which names a dataset and a source now: {now}"));
        }
        let Some(scope) = Self::read(text) else {
            let word = text.split(':').find(|word| *word != Permission::Publish.word()).unwrap_or_default();
            let near = closest(word, names(Permission::Publish));
            let meant = near.first().map_or(String::new(), |name| format!(" (did you mean `publish:{name}:{{source}}`?)"));
            return wrong(meant);
        };
        let known = names(scope.permission);
        if scope.dataset != ANY && !known.contains(&scope.dataset.as_str()) {
            let near = closest(&scope.dataset, known.iter().copied());
            let word = scope.permission.word();
            let meant = near.first().map_or(String::new(), |name| format!(" (did you mean `{word}:{name}:{}`?)", scope.source));
            return Err(format!("`{text}` is not a scope{meant}: after `{word}:` comes {ANY} or one of {}", known.join(", ")));
        }
        let code = scope.source.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        match scope.source == ANY || code {
            true => Ok(scope),
            false => wrong(format!(" (`{}` is not the code of a source)", scope.source)),
        }
    }

    /// Splits a text into the three parts of a scope.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (word, dataset, source) = (parts.next()?, parts.next()?, parts.next()?);
        let permission = Permission::ALL.into_iter().find(|permission| permission.word() == word)?;
        let complete = parts.next().is_none() && !dataset.is_empty() && !source.is_empty();
        complete.then(|| Self { permission, dataset: dataset.to_owned(), source: source.to_owned() })
    }

    /// The source that it names; `None` for all sources.
    pub fn source(&self) -> Option<&str> {
        (self.source != ANY).then_some(&self.source)
    }

    /// Whether it reaches beyond one dataset of one source.
    pub fn is_broad(&self) -> bool {
        self.dataset == ANY || self.source == ANY
    }

    /// Whether it permits something in a dataset. All datasets are those of content, unless all sources are named too: the
    /// figures of everybody depend on the geography and the definitions.
    fn covers(&self, permission: Permission, dataset: &Dataset) -> bool {
        let every = self.dataset == ANY && (dataset.stewardship == Stewardship::Content || self.source == ANY);
        self.permission == permission && (every || self.dataset == dataset.name)
    }

    fn admits(&self, permission: Permission, dataset: &Dataset, source: &str) -> bool {
        self.covers(permission, dataset) && (self.source == ANY || self.source == source)
    }
}

/// The scopes that an old form stands for now.
fn renamed(text: &str, datasets: &[&str]) -> Option<String> {
    let rest = text.strip_prefix("publish:")?;
    match rest.split_once(':') {
        None if rest == ANY => Some("`publish:*:*`".to_owned()),
        None if datasets.contains(&rest) => {
            Some(format!("`publish:{rest}:{{source}}` for the rows of one source, `publish:{rest}:*` for all"))
        }
        Some(("source", code)) if !code.is_empty() && !code.contains(':') => Some(format!("`publish:*:{code}`")),
        _ => None,
    }
}

/// The scopes of a key, taken together.
#[derive(Clone, Debug)]
pub struct Rights(Vec<Scope>);

impl Rights {
    /// The rights that scopes give. A text that is not a scope gives none.
    pub fn new(scopes: &[String]) -> Self {
        Self(scopes.iter().filter_map(|scope| Scope::read(scope)).collect())
    }

    /// The rights of the command line: everything.
    pub fn all() -> Self {
        Self(vec![Scope { permission: Permission::Publish, dataset: ANY.to_owned(), source: ANY.to_owned() }])
    }

    /// Whether all rows of a dataset can be published, with figures under any row.
    pub fn admit_all(&self, dataset: &Dataset) -> bool {
        self.0.iter().any(|scope| scope.covers(Permission::Publish, dataset) && scope.source == ANY)
    }

    /// Whether some rows of a dataset can be published.
    pub fn admit_some(&self, dataset: &Dataset) -> bool {
        self.0.iter().any(|scope| scope.covers(Permission::Publish, dataset))
    }

    /// Whether the rows of a source can be published in a dataset.
    pub fn admit(&self, dataset: &Dataset, source: &str) -> bool {
        self.0.iter().any(|scope| scope.admits(Permission::Publish, dataset, source))
    }

    /// Whether a row of `dataset` can enter into the figures of a row of `target` that is of this source. The source's own
    /// rows can.
    pub fn admit_reference(&self, dataset: &Dataset, target: &Dataset, source: &str) -> bool {
        let refers = self.0.iter().any(|scope| scope.admits(Permission::Refer, target, source));
        refers || self.admit(dataset, source) || self.admit(target, source)
    }

    /// The form of the scope that is needed to publish some rows of a dataset.
    pub fn missing_dataset(dataset: &Dataset) -> String {
        Self::missing(dataset, "{source}")
    }

    /// The scope that is needed to publish the rows of a source in a dataset.
    pub fn missing(dataset: &Dataset, source: &str) -> String {
        format!("{}:{}:{source}", Permission::Publish.word(), dataset.name)
    }

    /// The scope that is needed to enter into the figures of the rows of a source.
    pub fn missing_reference(target: &Dataset, source: &str) -> String {
        format!("{}:{}:{source}", Permission::Refer.word(), target.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rights, Scope};
    use crate::datasets::REGISTRY;
    use crate::query::{Dataset, RowOrigin, Stewardship};

    fn published() -> impl Iterator<Item = &'static Dataset> {
        REGISTRY.iter().copied().filter(|dataset| matches!(dataset.rows, RowOrigin::Published))
    }

    fn rights(scopes: &[&str]) -> Rights {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        scopes.iter().for_each(|scope| assert!(Scope::parse(scope, REGISTRY).is_ok(), "{scope}"));
        Rights::new(&scopes)
    }

    #[test]
    fn two_scopes_are_not_a_union_of_their_halves() {
        let rights = rights(&["publish:observations:a", "publish:funding:b"]);
        for dataset in published() {
            for source in ["a", "b", "c"] {
                let own = [("observations", "a"), ("funding", "b")].contains(&(dataset.name, source));
                assert_eq!(rights.admit(dataset, source), own, "{} {source}", dataset.name);
            }
            assert!(!rights.admit_all(dataset), "{}", dataset.name);
        }
    }

    #[test]
    fn geography_and_definitions_need_a_scope_that_names_them() {
        for dataset in published() {
            let content = dataset.stewardship == Stewardship::Content;
            assert_eq!(rights(&["publish:*:a"]).admit(dataset, "a"), content, "{}", dataset.name);
            assert_eq!(rights(&["publish:*:a"]).admit_some(dataset), content, "{}", dataset.name);
            assert!(!rights(&["publish:*:a"]).admit(dataset, "b"), "{}", dataset.name);
            assert!(rights(&[&format!("publish:{}:a", dataset.name)]).admit(dataset, "a"), "{}", dataset.name);
            assert!(rights(&[&format!("publish:{}:*", dataset.name)]).admit_all(dataset), "{}", dataset.name);
            assert!(rights(&["publish:*:*"]).admit_all(dataset) && Rights::all().admit_all(dataset), "{}", dataset.name);
        }
        let named: Vec<&str> =
            published().filter(|dataset| dataset.stewardship != Stewardship::Content).map(|dataset| dataset.name).collect();
        let expected =
            ["territories", "indicators", "units", "breakdowns", "sources", "territory_states", "memberships", "contours"];
        assert_eq!(named, expected);
    }

    #[test]
    fn a_reference_gives_no_right_to_change_what_it_refers_to() {
        let dataset = |name: &str| published().find(|dataset| dataset.name == name).expect("it is registered");
        let (observations, indicators) = (dataset("observations"), dataset("indicators"));
        let rights = rights(&["publish:observations:a", "refer:indicators:b"]);
        for (source, admitted) in [("a", true), ("b", true), ("c", false)] {
            assert_eq!(rights.admit_reference(observations, indicators, source), admitted, "{source}");
        }
        assert!(!rights.admit_some(indicators) && !rights.admit(observations, "b"));
    }

    #[test]
    fn a_wrong_scope_is_refused_with_what_is_meant() {
        let said = |text: &str| Scope::parse(text, REGISTRY).expect_err("it is not a scope");
        assert!(said("publish:*").contains("`publish:*:*`"));
        assert!(said("publish:observations").contains("`publish:observations:*`"));
        assert!(said("publish:source:drees").contains("`publish:*:drees`"));
        assert!(said("publish:observatons:a").contains("did you mean `publish:observations:a`?"));
        assert!(said("refer:indicator:a").contains("did you mean `refer:indicators:a`?"));
        assert!(said("publish:observations:é").contains("not the code of a source"));
        for wrong in [
            "",
            "publish",
            "publish::",
            "publish::a",
            "publish:a:b:c",
            "publish:releases:a",
            "publish:containments:*",
            "write:*:*",
            "refer:territories:a",
        ] {
            assert!(Scope::parse(wrong, REGISTRY).is_err(), "{wrong}");
        }
    }
}
