//! Owns the generated world of the model: territories of several levels, indicators of every additivity, and figures with gaps,
//! suppressed cells, breaks, hedges, periods of several lengths, and versions in three releases.
//! Must not know what is requested of it.

use super::publication;
use crate::harness::{TestServer, get, keep_for_all_tests};
use crate::random_requests::Random;

/// A territory: its code, kind, and the communes that it consists of, by their numbers. EPCI-2 and PER-2 straddle départements,
/// EPCI-3 regions.
pub const TERRITORIES: [(&str, &str, &[u8]); 19] = [
    ("FR", "country", &[1, 2, 3, 4, 5, 6, 7, 8]),
    ("REG-A", "region", &[1, 2, 3, 4, 5]),
    ("REG-B", "region", &[6, 7, 8]),
    ("DEP-A1", "departement", &[1, 2, 3]),
    ("DEP-A2", "departement", &[4, 5]),
    ("DEP-B1", "departement", &[6, 7, 8]),
    ("EPCI-1", "epci", &[1, 2]),
    ("EPCI-2", "epci", &[3, 4]),
    ("EPCI-3", "epci", &[5, 6]),
    ("PER-1", "perimeter", &[1, 2, 3]),
    ("PER-2", "perimeter", &[2, 4, 5]),
    ("COM-1", "commune", &[1]),
    ("COM-2", "commune", &[2]),
    ("COM-3", "commune", &[3]),
    ("COM-4", "commune", &[4]),
    ("COM-5", "commune", &[5]),
    ("COM-6", "commune", &[6]),
    ("COM-7", "commune", &[7]),
    ("COM-8", "commune", &[8]),
];

/// An indicator: its code, additivity over territories and over time, and the indicator of its weights. `depuis` has figures only from
/// 2021 on, and not everywhere.
pub const INDICATORS: [(&str, &str, &str, &str); 5] = [
    ("stock", "sum", "none", ""),
    ("flux", "sum", "sum", ""),
    ("taux", "weighted_mean", "none", "stock"),
    ("indice", "none", "none", ""),
    ("depuis", "sum", "sum", ""),
];

/// The periods, with the first and the last day and the length of each.
pub const PERIODS: [(&str, &str, &str, &str); 10] = [
    ("2019", "2019-01-01", "2019-12-31", "12 months"),
    ("2020", "2020-01-01", "2020-12-31", "12 months"),
    ("2021", "2021-01-01", "2021-12-31", "12 months"),
    ("2020-Q3", "2020-07-01", "2020-09-30", "3 months"),
    ("2020-Q4", "2020-10-01", "2020-12-31", "3 months"),
    ("2020-11", "2020-11-01", "2020-11-30", "1 month"),
    ("2020-12", "2020-12-01", "2020-12-31", "1 month"),
    ("2020-12-31", "2020-12-31", "2020-12-31", "1 day"),
    ("2020-01-01/2020-06-30", "2020-01-01", "2020-06-30", "6 months"),
    ("2020-01-01/2020-10-15", "2020-01-01", "2020-10-15", "289 days"),
];

/// The number of releases.
pub const RELEASES: u32 = 3;

/// A version of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its indicator.
    pub indicator: &'static str,
    /// Its territory.
    pub territory: &'static str,
    /// Its period.
    pub period: &'static str,
    /// Its breakdown.
    pub breakdown: &'static str,
    /// Its nature.
    pub nature: &'static str,
    /// Its source.
    pub source: &'static str,
    /// Its value in tenths.
    pub value: Option<i64>,
    /// Its qualifier.
    pub qualifier: &'static str,
    /// Its statuses.
    pub statuses: &'static [&'static str],
    /// The step to which it is rounded.
    pub rounding: Option<i64>,
    /// The year of its geography.
    pub geography_year: i64,
    /// The release that opened it, and the last one that has it.
    pub releases: (u32, u32),
}

impl Figure {
    /// The key: two versions of a figure have the same.
    pub fn key(&self) -> [&'static str; 6] {
        [self.indicator, self.territory, self.period, self.breakdown, self.nature, self.source]
    }

    /// What differs from series to series.
    pub fn series(&self) -> [&'static str; 5] {
        [self.indicator, self.territory, self.breakdown, self.nature, self.source]
    }

    /// The first and the last day and the length of its period.
    pub fn days(&self) -> (&'static str, &'static str, &'static str) {
        let (_, start, end, length) = PERIODS.iter().find(|one| one.0 == self.period).expect("the period is one of the world");
        (start, end, length)
    }

    /// Its line in the file of a publication.
    pub fn line(&self) -> String {
        let cells = [
            self.key().join(","),
            self.value.map_or_else(String::new, tenths),
            self.qualifier.to_owned(),
            self.statuses.join("|"),
            self.rounding.map_or_else(String::new, |step| step.to_string()),
            self.geography_year.to_string(),
        ];
        format!("{}\n", cells.join(","))
    }
}

/// A decimal number that is given in tenths.
pub fn tenths(value: i64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// The communes of a territory.
pub fn communes(territory: &str) -> &'static [u8] {
    TERRITORIES.iter().find(|one| one.0 == territory).expect("a territory of the world").2
}

/// The kind of a territory.
pub fn kind(territory: &str) -> &'static str {
    TERRITORIES.iter().find(|one| one.0 == territory).expect("a territory of the world").1
}

/// The world and the server that serves it.
pub struct World {
    /// The server.
    pub server: TestServer,
    /// All versions of all figures.
    pub figures: Vec<Figure>,
    /// When each release was published.
    pub published: Vec<String>,
}

impl World {
    /// Makes a world by a seed, and publishes it.
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut figures = first(&mut random);
        let server = keep_for_all_tests(TestServer::empty);
        for release in 1..=RELEASES {
            if release > 1 {
                revise(&mut random, &mut figures, release);
            }
            publication::publish_release(&server, &figures, release);
        }
        let releases = get(server.address, "/v1/releases?sort=number&fields=published_at").data();
        let published = releases.as_array().expect("a list").iter();
        let published = published.map(|release| release["published_at"].as_str().expect("an instant").to_owned()).collect();
        Self { server, figures, published }
    }

    /// The figures of a release, in the order of their keys.
    pub fn at(&self, release: u32) -> Vec<&Figure> {
        let visible = |figure: &&Figure| (figure.releases.0..=figure.releases.1).contains(&release);
        let mut all: Vec<&Figure> = self.figures.iter().filter(visible).collect();
        all.sort_by_key(|figure| figure.key());
        all
    }
}

/// The figures of the first release.
fn first(random: &mut Random) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (indicator, ..) in INDICATORS {
        for (territory, ..) in TERRITORIES {
            for (period, ..) in PERIODS {
                let yearly = period.len() == 4;
                let published = match indicator {
                    "depuis" => period == "2021" && random.below(3) > 0,
                    "stock" | "taux" => {
                        if yearly {
                            random.below(8) > 0
                        } else {
                            period == "2020-12-31" && random.below(3) == 0
                        }
                    }
                    _ => random.below(if yearly { 6 } else { 3 }) > 0,
                };
                let kinds = [
                    ("_T", "observed", "essai"),
                    ("sexe.f", "observed", "essai"),
                    ("_T", "target", "essai"),
                    ("_T", "observed", "autre"),
                ];
                for (at, (breakdown, nature, source)) in kinds.into_iter().enumerate() {
                    if published && (at == 0 || random.below(5) == 0) {
                        figures.push(figure(random, [indicator, territory, period, breakdown, nature, source], 1));
                    }
                }
            }
        }
    }
    figures
}

fn figure(random: &mut Random, key: [&'static str; 6], release: u32) -> Figure {
    let [indicator, territory, period, breakdown, nature, source] = key;
    let (value, statuses): (Option<i64>, &[&str]) = match random.below(24) {
        0 | 1 => (None, &["Q"]),
        2 => (None, &["M"]),
        3 => (None, &["L"]),
        at => {
            let statuses: [&[&str]; 6] = [&["P"], &["E"], &["B"], &["B", "P"], &["D"], &["A"]];
            (Some(i64::try_from(random.below(5000)).expect("small")), statuses.get(at - 4).copied().unwrap_or(&["A"]))
        }
    };
    let qualifiers = ["nearly", "about", "more_than", "at_least", "at_most", "less_than"];
    let qualifier = qualifiers.get(random.below(30)).copied().filter(|_| value.is_some()).unwrap_or("exact");
    let rounding = (random.below(15) == 0 && value.is_some()).then_some(10);
    let geography_year = if random.below(9) == 0 { 2025 } else { 2026 };
    Figure {
        indicator,
        territory,
        period,
        breakdown,
        nature,
        source,
        value,
        qualifier,
        statuses,
        rounding,
        geography_year,
        releases: (release, RELEASES),
    }
}

/// Corrects some figures in a release, and adds some.
fn revise(random: &mut Random, figures: &mut Vec<Figure>, release: u32) {
    let current = figures.clone();
    for (at, old) in current.iter().enumerate().filter(|(_, old)| old.releases.1 == RELEASES) {
        if random.below(12) == 0 {
            let new = figure(random, old.key(), release);
            if (Figure { releases: old.releases, ..new.clone() }) != *old {
                figures[at].releases.1 = release - 1;
                figures.push(new);
            }
        }
    }
    for _ in 0..20 {
        let (indicator, ..) = *random.pick(&INDICATORS);
        let (territory, ..) = *random.pick(&TERRITORIES);
        let (period, ..) = *random.pick(&PERIODS);
        let new = figure(random, [indicator, territory, period, "sexe.h", "observed", "essai"], release);
        if !figures.iter().any(|one| one.key() == new.key()) {
            figures.push(new);
        }
    }
}
