//! What may be published, from every source and for every dataset: values that every reader can hold, whole geometries,
//! territories that can contain each other, indicators that agree with their figures, and texts that every format can show.
//! And reads answer whatever is stored.

mod geometry;
mod stored;
mod structure;
mod values;

use std::sync::LazyLock;

use crate::harness::{SOURCES, bundle, keep_for_all_tests, migrated, publish};

/// A database with a small geography, indicators with figures, and breakdowns.
fn with_geography() -> String {
    let territories = "code,kind,name,departement_code,region_code,geography_year,source_code
FR,country,France,,,2026,essai
REG-99,region,Région,,,2026,essai
DEP-01,departement,Ain,,REG-99,2026,essai
COM-01001,commune,Ici,DEP-01,REG-99,2026,essai
COM-01002,commune,Là,DEP-01,REG-99,2026,essai
PER-a,perimeter,Périmètre,,,2026,essai
EPT-1,ept,Un,,,2026,essai
EPT-2,ept,Deux,,,2026,essai
";
    let memberships = "container_code,part_code,population_share,source_code
PER-a,COM-01001,1,essai
EPT-1,COM-01002,1,essai
";
    let indicators =
        "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,minimum,maximum,source_code
taux,Taux,Taux,percent,1,none,none,down,0,100,essai
seuil,Seuil,Seuil,percent,1,none,none,down,,,essai
";
    let observations =
        "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code
taux,COM-01001,2020,_T,observed,12.5,exact,A,2026,essai
taux,COM-01002,2020,_T,observed,60,exact,A,2026,essai
";
    let url = migrated();
    let rows = [
        ("sources", SOURCES),
        ("territories", territories),
        ("memberships", memberships),
        ("indicators", indicators),
        ("observations", observations),
    ];
    publish(&url, &bundle(&rows)).expect("the rows are right");
    url
}

/// The same for all tests whose publications must change nothing.
fn unchanged() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| keep_for_all_tests(with_geography));
    &URL
}
