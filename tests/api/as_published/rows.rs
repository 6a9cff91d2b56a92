//! Owns rows of every dataset in several versions: a version changes every field that may change, and every reference.

use reperes::datasets::REGISTRY;
use reperes::query::{Dataset, Field, Format, Kind, RowOrigin};

/// The territories, the first two of which other rows refer to.
const TERRITORIES: [&str; 9] = ["COM-1", "COM-2", "FR", "REG-1", "DEP-1", "DEP-2", "EPCI-1", "EPCI-2", "PER-1"];

/// The words of the kinds of territories by the prefix of their codes.
const KINDS: [(&str, &str); 6] =
    [("COM", "commune"), ("FR", "country"), ("REG", "region"), ("DEP", "departement"), ("EPCI", "epci"), ("PER", "perimeter")];

/// Separates the parts of the name of a row whose key has several fields.
const PART: char = '~';

/// The datasets whose rows are published from files.
pub fn published() -> impl Iterator<Item = &'static Dataset> {
    REGISTRY.iter().copied().filter(|dataset| matches!(dataset.rows, RowOrigin::Published))
}

/// The names of the rows of a dataset: the parts of their keys that differ. `more` adds those of a later release.
pub fn names(dataset: &Dataset, more: bool) -> Vec<String> {
    let territories = TERRITORIES.into_iter().chain(more.then_some("COM-3"));
    match dataset.key {
        ["indicator_code", ..] => {
            let periods: &[&str] = if more { &["2019", "2020", "2021"] } else { &["2019", "2020"] };
            let mut all = Vec::new();
            for indicator in ["un", "deux"] {
                for territory in ["COM-1", "COM-2", "DEP-1", "REG-1", "FR"] {
                    for period in periods {
                        all.extend(["_T", "sexe.f"].map(|part| [indicator, territory, period, part].join("~")));
                    }
                }
            }
            all
        }
        ["territory_code", "valid_from"] => territories.map(|code| format!("{code}~2000-01-01")).collect(),
        ["territory_code"] => ["COM-1", "COM-2", "DEP-1"].into_iter().chain(more.then_some("COM-3")).map(str::to_owned).collect(),
        [_, _] => ["COM-1", "COM-2"].into_iter().chain(more.then_some("COM-3")).map(|code| format!("PER-1~{code}")).collect(),
        _ if dataset.name == "territories" => territories.map(str::to_owned).collect(),
        _ if is_breakdown(dataset) => ["_T", "sexe.f"].into_iter().chain(more.then_some("sexe.h")).map(str::to_owned).collect(),
        _ => ["un", "deux"].into_iter().chain(more.then_some("trois")).map(str::to_owned).collect(),
    }
}

fn is_breakdown(dataset: &Dataset) -> bool {
    dataset.code_field().is_some_and(|field| field.format == Some(Format::Breakdown))
}

/// Whether the rows say what territories are, and where.
fn is_of_geography(dataset: &Dataset) -> bool {
    dataset.name == "territories" || ["territory_code", "container_code"].contains(&dataset.key[0])
}

/// The code of a row in addresses.
pub fn code(dataset: &'static Dataset, name: &str) -> String {
    dataset.key_fields().map(|field| cell(dataset, field, name, 1)).collect::<Vec<_>>().join("~")
}

/// The CSV of the rows of a dataset in a version.
pub fn csv(dataset: &'static Dataset, version: usize, more: bool) -> String {
    let fields: Vec<&Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
    let header: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let line =
        |name: String| fields.iter().map(|field| quoted(cell(dataset, field, &name, version))).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = std::iter::once(header.join(",")).chain(names(dataset, more).into_iter().map(line)).collect();
    format!("{}\n", lines.join("\n"))
}

/// A code of the dataset `target`; another in each version.
pub fn reference(target: &str, version: usize) -> String {
    let dataset = REGISTRY.iter().find(|dataset| dataset.name == target).expect("the dataset is registered");
    names(dataset, false)[(version - 1) % 2].clone()
}

/// The text of a cell.
fn cell(dataset: &'static Dataset, field: &Field, name: &str, version: usize) -> String {
    if let Some(at) = dataset.key_fields().position(|key| key.name == field.name) {
        let parts: Vec<&str> = name.split(PART).collect();
        return match field.name {
            "nature" => "observed".to_owned(),
            "source_code" => "un".to_owned(),
            _ => parts[at.min(parts.len() - 1)].to_owned(),
        };
    }
    if field.fixed_by.is_some() {
        return match (field.name, name) {
            ("unit_multiplier", _) => "3".to_owned(),
            ("unit_code", _) => name.to_owned(),
            ("territory_additivity", "deux") => "weighted_mean".to_owned(),
            ("weight_indicator_code", "deux") => "un".to_owned(),
            ("territory_additivity" | "time_additivity", _) => "sum".to_owned(),
            _ => String::new(),
        };
    }
    if is_of_geography(dataset)
        && let Some(text) = of_territory(field, name.split(PART).next().unwrap_or_default(), version)
    {
        return text;
    }
    if dataset.has_joined_code() && field.name == "value" {
        return format!("{}", 10 * name.len() + version);
    }
    value(field, name, version)
}

/// The text of a field of territories and of their states. `None` for a field that is like any other.
fn of_territory(field: &Field, code: &str, version: usize) -> Option<String> {
    let (prefix, _) = code.split_once('-').unwrap_or((code, ""));
    let lies_in = |codes: [&str; 2]| Some(codes[(version - 1) % 2].to_owned());
    match (field.name, prefix) {
        ("kind", _) => KINDS.iter().find(|(own, _)| *own == prefix).map(|(_, word)| (*word).to_owned()),
        ("departement_code", "COM") => lies_in(["DEP-1", "DEP-2"]),
        ("epci_code", "COM") => lies_in(["EPCI-1", "EPCI-2"]),
        ("region_code", "COM" | "DEP") => Some("REG-1".to_owned()),
        ("status", _) => Some("current".to_owned()),
        ("valid_from", _) => Some("2000-01-01".to_owned()),
        ("population", _) => Some((100 * version + code.len()).to_string()),
        ("west" | "south", _) => Some(version.to_string()),
        ("east" | "north", _) => Some((version + 1).to_string()),
        ("contour", _) => {
            let (low, high) = (version, version + 1);
            let ring = format!("[[{low},{low}],[{high},{low}],[{high},{high}],[{low},{high}],[{low},{low}]]");
            Some(format!("{{\"type\":\"Polygon\",\"coordinates\":[{ring}]}}"))
        }
        ("valid_to" | "valid_until" | "end_event" | "end_event_code", _) => Some(String::new()),
        _ => match field.kind {
            Kind::Reference("territories") | Kind::References("territories") => Some(String::new()),
            _ => None,
        },
    }
}

/// The text of a field of any dataset.
fn value(field: &Field, name: &str, version: usize) -> String {
    let one_of = |words: [&str; 2]| words[(version - 1) % 2].to_owned();
    match field.format {
        Some(Format::Siren) => return one_of(["110000015", "225900018"]),
        Some(Format::Siret) => return one_of(["11000001500013", "22590001801244"]),
        Some(Format::Rna) => return format!("W59100000{version}"),
        Some(Format::Share) => return one_of(["1", "0.5"]),
        Some(Format::Longitude | Format::Latitude) => return version.to_string(),
        _ => {}
    }
    match field.kind {
        Kind::Reference(target) => reference(target, version),
        Kind::References(target) if version == 1 => reference(target, 1),
        Kind::References(target) => format!("{}|{}", reference(target, version), reference(target, version + 1)),
        Kind::Choice(choices) | Kind::ChoiceList(choices) => choices[(version - 1) % choices.len()].value.to_owned(),
        Kind::Integer { .. } if field.name == "geography_year" => (2020 + version).to_string(),
        Kind::Boolean => (version % 2 == 1).to_string(),
        Kind::Integer { minimum, .. } => (minimum + i64::try_from(version).expect("small")).to_string(),
        Kind::Decimal if field.name == "minimum" => format!("-{version}"),
        Kind::Decimal => (1000 * version).to_string(),
        Kind::Date => format!("2020-01-0{version}"),
        Kind::Timestamp => format!("2020-01-0{version}T00:00:00Z"),
        Kind::Period => (2019 + version).to_string(),
        Kind::TextList => format!("liste {version}|{name}"),
        Kind::Text if matches!(field.format, Some(Format::Length(most)) if most < 40) => format!("r{version}"),
        _ => format!("{} {name} en version {version}", field.name),
    }
}
