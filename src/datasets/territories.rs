//! Owns the dataset of territories: the official geography (INSEE, code officiel géographique), and the perimeters of
//! the strategy. Codes begin with their type, since INSEE's collide between levels: 02 is Aisne and Martinique.

use super::provenance::{GEOGRAPHY_YEAR, NOTE, SOURCE_CODE, SOURCE_LOCATION};
use super::vocabulary::{
    CHIEF_TOWN, IN_ARRONDISSEMENT, IN_COMMUNE, IN_DEPARTEMENT, IN_EPCI, IN_REGION, KINDS, TERRITORY_EVENTS, TITLE, choice,
};
use crate::query::{Choice, Dataset, Direction, Field, Format, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

const LEGAL_FORMS: &[Choice] = &[
    choice("CC", "communauté de communes", "communauté de communes"),
    choice("CA", "communauté d’agglomération", "communauté d’agglomération"),
    choice("CU", "communauté urbaine", "communauté urbaine"),
    choice("METRO", "métropole", "métropole"),
    choice("MET69", "métropole de Lyon", "métropole de Lyon"),
    choice("EPT", "établissement public territorial", "établissement public territorial"),
];

const ZONES: &[Choice] = &[
    choice("metropolitan", "France métropolitaine", "metropolitan France"),
    choice("overseas_department", "département ou région d’outre-mer", "overseas départements and regions"),
    choice("overseas_collectivity", "collectivité d’outre-mer", "overseas collectivities"),
];

const STATUSES: &[Choice] = &[
    choice("current", "actuel", "the code names a territory today"),
    choice("former", "ancien", "the code named a territory in the past; figures of its time refer to it"),
];

/// A link to the rows of this territory and of all that contain it wholly.
const fn covering(name: &'static str, target: &'static str, summary: &'static str) -> Link {
    Link { name, target, summary, via: Via::Filter("covers") }
}

const fn part_of(name: &'static str, description: &'static str, example: &'static str) -> Field {
    Field::optional(name, Kind::Reference("territories"), description, example)
}

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "territories",
    singular: "territory",
    title: "Territoires",
    description: "A territory of the French official geography (INSEE), or a perimeter of the strategy. A list holds those of today, parts of communes and perimeters included. The row of a code that has ended (merger, split, change of code) stays, with the `status` `former` and its successors, since the figures of its time refer to it: its address answers, and lists with `status=former` or `status=former,current` hold it. With `geography`, rows are those of another day.",
    fields: &[
        Field::required(
            "code",
            Kind::Code,
            "Typed code: `FR`, `REG-32`, `DEP-59`, `ARR-595`, `EPCI-200093201`, `COM-59350`, `COMA-59355`, `PER-bassin-minier`.",
            "DEP-59",
        ),
        Field::required("kind", Kind::Choice(KINDS), "What it is or, with the `status` `former`, was.", "commune"),
        Field::optional(
            "official_code",
            Kind::Text,
            "Its code in the official nomenclature: INSEE's, or the SIREN of an EPCI. Not unique: use `code`.",
            "59350",
        )
        .format(Format::Length(20)),
        Field::required("name", Kind::Text, "Its name, in French.", "Lille").format(TITLE),
        Field::optional("siren", Kind::Text, "Its number in the register of legal entities (SIREN).", "215903501")
            .format(Format::Siren),
        Field::optional("legal_form", Kind::Choice(LEGAL_FORMS), "The legal form of an EPCI.", "METRO"),
        Field::optional("zone", Kind::Choice(ZONES), "Metropolitan France or overseas.", "metropolitan"),
        Field::optional(
            "population",
            Kind::Integer { minimum: 0, maximum: 100_000_000 },
            "Municipal population, in inhabitants; empty if none is published. A convenience for sorting and display: figures of a population over time, with their own source, are observations.",
            "238246",
        ),
        Field::optional("population_year", Kind::Integer { minimum: 1900, maximum: 2100 }, "The year of the population.", "2023"),
        part_of(
            "commune_code",
            "The commune to which an associated, delegated or former commune or a municipal arrondissement belongs today.",
            "COM-59350",
        ).containment(IN_COMMUNE),
        part_of("arrondissement_code", "The arrondissement in which it lies.", "ARR-595").containment(IN_ARRONDISSEMENT),
        part_of("departement_code", "The département in which it lies. Empty for EPCI, which can straddle several.", "DEP-59").containment(IN_DEPARTEMENT),
        part_of("region_code", "The region in which it lies. Empty for EPCI and overseas collectivities.", "REG-32").containment(IN_REGION),
        part_of("epci_code", "The EPCI to which a commune belongs.", "EPCI-200093201").containment(IN_EPCI),
        part_of("chief_commune_code", "Its chief town (chef-lieu).", "COM-59350").containment(CHIEF_TOWN),
        Field::optional("postal_codes", Kind::TextList, "Postal codes in use in the commune.", "59000"),
        Field::optional(
            "former_codes",
            Kind::References("territories"),
            "Codes of the communes that have become part of it.",
            "COM-59355",
        ),
        Field::required(
            "status",
            Kind::Choice(STATUSES),
            "Whether the code still names a territory: `current` or `former`. In a published file without this column every territory is `current`.",
            "current",
        )
        .file_default("current")
        .list_default("current"),
        Field::optional(
            "valid_from",
            Kind::Date,
            "The first day on which the code named it, without interruption since. The history begins on 1943-01-01, which can stand for an earlier day.",
            "1943-01-01",
        ),
        Field::optional("valid_until", Kind::Date, "The first day on which the code no longer names it.", "2000-02-27"),
        Field::optional("end_event_code", Kind::Choice(TERRITORY_EVENTS), "The event that ended it: INSEE's code (MOD), or one of our own words `epci`, `arrondissement`, `reform` for what INSEE gives no code.", "33"),
        Field::optional(
            "successor_codes",
            Kind::References("territories"),
            "The territories that it became, or became a part of, on that day. `states` gives the history of each.",
            "COM-59350",
        ),
        Field::optional(
            "longitude",
            Kind::Decimal,
            "Longitude of a point in the territory, in degrees (WGS 84), derived from the contour.",
            "",
        )
        .format(Format::Longitude),
        Field::optional(
            "latitude",
            Kind::Decimal,
            "Latitude of a point in the territory, in degrees (WGS 84), derived from the contour.",
            "",
        )
        .format(Format::Latitude),
        GEOGRAPHY_YEAR,
        Field { example: "insee-cog-2026", ..SOURCE_CODE },
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["code"],
    territory: Some("code"),
    links: &[
        Link {
            name: "ancestors",
            target: "territories",
            summary: "The territories that contain it, wholly or partly, with the share of its inhabitants in each.",
            via: Via::Containment(Direction::Ancestors),
        },
        Link {
            name: "descendants",
            target: "territories",
            summary: "The territories that lie in it, wholly or partly, with the share of their inhabitants in it.",
            via: Via::Containment(Direction::Descendants),
        },
        Link {
            name: "members",
            target: "territories",
            summary: "The territories that belong to it directly: communes and arrondissements of a département, communes of an EPCI or a perimeter.",
            via: Via::Containment(Direction::Members),
        },
        Link {
            name: "states",
            target: "territory_states",
            summary: "Every state of the territory, with its days, its name, and the events at its beginning and end.",
            via: Via::Filter("territory_code"),
        },
        Link {
            name: "observations",
            target: "observations",
            summary: "The figures of this territory itself. `/v1/observations?within=` also gives those of the territories in it.",
            via: Via::Filter("territory_code"),
        },
        Link {
            name: "measures",
            target: "measures",
            summary: "The measures whose source names this territory.",
            via: Via::Filter("territory_codes"),
        },
        Link {
            name: "conventions",
            target: "conventions",
            summary: "The conventions for this territory.",
            via: Via::Filter("territory_code"),
        },
        Link { name: "funding", target: "funding", summary: "The money for this territory.", via: Via::Filter("territory_code") },
        Link {
            name: "actors",
            target: "actors",
            summary: "The organisations that act for this territory.",
            via: Via::Filter("territory_code"),
        },
        Link { name: "events", target: "events", summary: "The events in this territory.", via: Via::Filter("territory_code") },
        covering("covering_measures", "measures", "The measures that hold for this place: those of the territory and of all that contain it, its perimeters, département and region among them."),
        covering("covering_funding", "funding", "The money for this place: that of the territory and of all that contain it."),
        covering("covering_conventions", "conventions", "The conventions that cover this place: those of the territory and of all that contain it."),
    ],
    relations: &[],
    own: &["contour", "profile"],
    example: "DEP-59",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["name", "official_code", "postal_codes"],
    stewardship: Stewardship::Geography,
    counted_under: &[],
    indexes: &[
        "kind",
        "name",
        "official_code",
        "epci_code",
        "arrondissement_code",
        "departement_code",
        "region_code",
        "postal_codes",
        "source_code",
    ],
    shape: Shape::Plain,
    public: true,
};
