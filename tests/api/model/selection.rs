//! Owns what a request selects: random filters, each as a parameter and as a test of a figure.
//! Must not know what is computed of the selection.

use super::world::{Figure, INDICATORS, PERIODS, RELEASES, TERRITORIES, World, communes, kind};
use crate::random_requests::Random;

/// A filter.
#[derive(Clone, Debug)]
pub enum Filter {
    /// A field has one of some values.
    AnyOf(&'static str, Vec<&'static str>),
    /// The code of the territory starts with a text.
    Prefix(&'static str),
    /// The territory is another one or lies wholly in it.
    Within(&'static str),
    /// The territory is another one or contains it wholly.
    Covers(&'static str),
    /// The period begins on a day or later.
    From(&'static str),
    /// The value is at least a number of tenths.
    ValueFrom(i64),
}

/// The text of a field of the key, of the qualifier or of the days.
pub fn text(figure: &Figure, field: &str) -> String {
    match field {
        "indicator_code" => figure.indicator,
        "territory_code" => figure.territory,
        "period" => figure.period,
        "period_start" => figure.days().0,
        "period_end" => figure.days().1,
        "breakdown_code" => figure.breakdown,
        "nature" => figure.nature,
        "source_code" => figure.source,
        "qualifier" => figure.qualifier,
        "geography_year" => return figure.geography_year.to_string(),
        other => panic!("{other} is no field of the model"),
    }
    .to_owned()
}

impl Filter {
    /// As a parameter.
    pub fn pair(&self) -> String {
        match self {
            Self::AnyOf(field, values) => format!("{field}={}", values.join(",")),
            Self::Prefix(prefix) => format!("territory_code__startswith={prefix}"),
            Self::Within(code) => format!("within={code}"),
            Self::Covers(code) => format!("covers={code}"),
            Self::From(period) => format!("period__gte={period}"),
            Self::ValueFrom(value) => format!("value__gte={}", super::world::tenths(*value)),
        }
    }

    /// Whether a figure passes.
    pub fn passes(&self, figure: &Figure) -> bool {
        match self {
            Self::AnyOf(field, values) => values.contains(&text(figure, field).as_str()),
            Self::Prefix(prefix) => figure.territory.starts_with(prefix),
            Self::Within(code) => lies_in(figure.territory, code),
            Self::Covers(code) => lies_in(code, figure.territory),
            Self::From(period) => figure.days().0 >= PERIODS.iter().find(|one| one.0 == *period).expect("a period").1,
            Self::ValueFrom(least) => figure.value.is_some_and(|value| value >= *least),
        }
    }

    /// Whether it selects by what a figure says, not by what it is about.
    pub fn is_of_content(&self) -> bool {
        matches!(self, Self::ValueFrom(_) | Self::AnyOf("qualifier" | "geography_year", _))
    }
}

/// Whether a territory is another one or lies wholly in it. Départements and regions are no sets of communes, and lie in what is above
/// them only.
pub fn lies_in(part: &str, container: &str) -> bool {
    let above: &[&str] = match kind(part) {
        "departement" => &["region", "country"],
        "region" => &["country"],
        "country" => &[],
        _ => &["epci", "perimeter", "departement", "region", "country"],
    };
    part == container
        || above.contains(&kind(container)) && communes(part).iter().all(|commune| communes(container).contains(commune))
}

/// What a request selects.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The filters.
    pub filters: Vec<Filter>,
    /// The latest figures of each series.
    pub last: Option<usize>,
    /// The release, and the parameter that names it.
    pub release: (u32, String),
}

impl Selection {
    /// A random selection.
    pub fn random(random: &mut Random, world: &World) -> Self {
        let mut filters = Vec::new();
        if random.below(4) > 0 {
            filters.push(Filter::AnyOf("indicator_code", vec![random.pick(&INDICATORS).0]));
        }
        let territory = |random: &mut Random| random.pick(&TERRITORIES).0;
        match random.below(8) {
            0 => filters.push(Filter::Prefix(random.pick::<&str>(&["COM-", "DEP-", "EPCI-", "PER-", "REG-"]))),
            1 => filters.push(Filter::Within(territory(random))),
            2 => {
                let mut codes = vec![territory(random), territory(random), territory(random)];
                codes.dedup();
                filters.push(Filter::AnyOf("territory_code", codes));
            }
            3 => filters.extend([Filter::Prefix("COM-"), Filter::Within(territory(random))]),
            4 => filters.push(Filter::Prefix("COM-")),
            5 => filters.push(Filter::Covers(territory(random))),
            _ => {}
        }
        match random.below(6) {
            0 => filters.push(Filter::AnyOf("period", vec![random.pick(&PERIODS).0])),
            1 => filters.push(Filter::AnyOf("period", vec!["2020-Q3", "2020-Q4"])),
            2 => filters.push(Filter::AnyOf("period", vec!["2019", "2020", "2021"])),
            3 => filters.push(Filter::From(random.pick(&PERIODS).0)),
            _ => {}
        }
        let choices: [(&str, &[&str]); 3] =
            [("breakdown_code", &["_T", "sexe.f"]), ("nature", &["observed", "target"]), ("source_code", &["essai", "autre"])];
        for (field, values) in choices {
            if random.below(4) > 0 {
                filters.push(Filter::AnyOf(field, vec![if random.below(4) > 0 { values[0] } else { values[1] }]));
            }
        }
        match random.below(12) {
            0 => filters.push(Filter::ValueFrom(1500)),
            1 => filters.push(Filter::AnyOf("qualifier", vec!["exact", "nearly"])),
            _ => {}
        }
        let last = (random.below(8) == 0).then(|| 1 + random.below(2));
        Self { filters, last, release: release(random, world) }
    }

    /// The parameters.
    pub fn pairs(&self) -> Vec<String> {
        let own = self.filters.iter().map(Filter::pair).chain(self.last.map(|last| format!("last={last}")));
        own.chain((!self.release.1.is_empty()).then(|| self.release.1.clone())).collect()
    }

    /// The figures that it selects, in the order of their keys.
    pub fn of<'w>(&self, world: &'w World) -> Vec<&'w Figure> {
        let mut rows = world.at(self.release.0);
        rows.retain(|figure| self.filters.iter().all(|filter| filter.passes(figure)));
        if let Some(last) = self.last {
            rows = latest(&rows, last);
        }
        rows
    }
}

/// A release, by its number, by the time of its publication, or as the newest one.
pub fn release(random: &mut Random, world: &World) -> (u32, String) {
    let number = 1 + u32::try_from(random.below(RELEASES as usize)).expect("few releases");
    match random.below(4) {
        0 => (number, format!("release={number}")),
        1 => (number, format!("as_of={}", world.published[number as usize - 1])),
        _ => (RELEASES, String::new()),
    }
}

/// The newest figures with a value of each series, in the order of their keys.
pub fn latest<'w>(rows: &[&'w Figure], last: usize) -> Vec<&'w Figure> {
    let mut newest: Vec<&Figure> = rows.iter().copied().filter(|figure| figure.value.is_some()).collect();
    newest.sort_by_key(|figure| std::cmp::Reverse((figure.days().1, figure.days().0)));
    let mut taken: Vec<&Figure> = Vec::new();
    for figure in newest {
        if taken.iter().filter(|one| one.series() == figure.series()).count() < last {
            taken.push(figure);
        }
    }
    taken.sort_by_key(|figure| figure.key());
    taken
}
