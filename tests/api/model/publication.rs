//! Owns the publication of the generated world: its files, release by release.
//! Must not know how the world is made.

use super::world::{Figure, INDICATORS, TERRITORIES, communes};
use crate::harness::{SOURCES, TestServer, bundle, publish};

/// Publishes the versions that a release opens; the first one with all that figures refer to.
pub fn publish_release(server: &TestServer, figures: &[Figure], release: u32) {
    let header = "indicator_code,territory_code,period,breakdown_code,nature,source_code,value,qualifier,statuses,rounding,geography_year\n";
    let opened = figures.iter().filter(|figure| figure.releases.0 == release).map(Figure::line);
    let observations = format!("{header}{}", opened.collect::<String>());
    let files = match release {
        1 => vec![
            ("sources", format!("{SOURCES}autre,document,Autre,Repères,etalab-2.0\n")),
            ("territories", territories()),
            ("memberships", memberships()),
            ("indicators", indicators()),
            ("observations", observations),
        ],
        _ => vec![("observations", observations)],
    };
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    publish(&server.url, &bundle(&files)).expect("the world is right");
}

/// The file of the territories.
pub fn territories() -> String {
    let holding = |code: &str, kind: &str| {
        let own = communes(code);
        let held =
            TERRITORIES.iter().find(|one| one.1 == kind && one.0 != code && own.iter().all(|commune| one.2.contains(commune)));
        held.map_or("", |one| one.0)
    };
    let line = |(code, kind, own): &(&str, &str, &[u8])| {
        let [departement, region, epci] = match *kind {
            "commune" => ["departement", "region", "epci"].map(|kind| holding(code, kind)),
            "departement" => ["", holding(code, "region"), ""],
            _ => ["", "", ""],
        };
        let population: u32 = own.iter().map(|commune| 100 * u32::from(*commune)).sum();
        let population = if *kind == "perimeter" { String::new() } else { population.to_string() };
        format!("{code},{kind},{code},{population},{departement},{region},{epci},2026,essai\n")
    };
    let lines: String = TERRITORIES.iter().map(line).collect();
    format!("code,kind,name,population,departement_code,region_code,epci_code,geography_year,source_code\n{lines}")
}

/// The file of what perimeters consist of.
pub fn memberships() -> String {
    let perimeters = TERRITORIES.iter().filter(|one| one.1 == "perimeter");
    let lines = perimeters.flat_map(|(code, _, own)| own.iter().map(move |commune| format!("{code},COM-{commune},1,essai\n")));
    format!("container_code,part_code,population_share,source_code\n{}", lines.collect::<String>())
}

fn indicators() -> String {
    let line = |(code, territories, time, weight): &(&str, &str, &str, &str)| {
        format!("{code},{code},{code},habitant,1,{territories},{time},{weight},none,essai\n")
    };
    let lines: String = INDICATORS.iter().map(line).collect();
    format!(
        "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,weight_indicator_code,direction,source_code\n{lines}"
    )
}
