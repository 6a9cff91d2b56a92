//! Owns the data structure of observations: the fields that make a cube, by the names of SDMX and JSON-stat.
//! Must not know how either format is written or read.

/// The dataflow of observations in SDMX: agency, code and version.
pub const DATAFLOW: &str = "REPERES:OBSERVATIONS(1.0)";

/// The field that holds the statuses of an observation (SDMX, CL_OBS_STATUS).
pub const STATUSES: &str = "statuses";

/// The field by which the periods of a cube are sorted.
pub const PERIOD_START: &str = "period_start";

/// The part of a component in a cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It identifies an observation, with the other dimensions.
    Dimension {
        /// Its role in JSON-stat: `metric`, `geo` or `time`.
        jsonstat: Option<&'static str>,
    },
    /// It is the observed value.
    Measure,
    /// It describes an observation.
    Attribute,
}

/// One component of the data structure.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// The field of an observation.
    pub field: &'static str,
    /// The identifier in SDMX. `[]` at its end says that cells hold lists.
    pub id: &'static str,
    /// The name for readers, in French.
    pub title: &'static str,
    /// The part in the cube.
    pub role: Role,
    /// Whether its values are codes of rows that have a name, or words of a list.
    pub coded: bool,
}

impl Component {
    const fn new(field: &'static str, id: &'static str, title: &'static str, role: Role) -> Self {
        Self { field, id, title, role, coded: false }
    }

    const fn coded(self) -> Self {
        Self { coded: true, ..self }
    }

    /// Whether it is a dimension.
    pub const fn is_dimension(&self) -> bool {
        matches!(self.role, Role::Dimension { .. })
    }

    /// Whether it is the dimension of time.
    pub fn is_time(&self) -> bool {
        self.role == TIME
    }

    /// Whether it is the dimension of what is measured.
    pub fn is_metric(&self) -> bool {
        self.role == METRIC
    }

    /// The name of the dimension in JSON-stat: `indicator` for the field `indicator_code`.
    pub fn dimension(&self) -> &'static str {
        self.field.strip_suffix("_code").unwrap_or(self.field)
    }

    /// The column that holds the labels of its codes or words.
    pub fn label_column(&self) -> Option<String> {
        let suffix = if self.field == STATUSES { "labels" } else { "label" };
        self.coded.then(|| format!("{}_{suffix}", self.dimension()))
    }
}

const METRIC: Role = Role::Dimension { jsonstat: Some("metric") };
const GEO: Role = Role::Dimension { jsonstat: Some("geo") };
const TIME: Role = Role::Dimension { jsonstat: Some("time") };
const OTHER: Role = Role::Dimension { jsonstat: None };

/// The components, dimensions first, in the order of the formats.
pub const COMPONENTS: [Component; 16] = [
    Component::new("indicator_code", "INDICATOR", "Indicateur", METRIC).coded(),
    Component::new("territory_code", "REF_AREA", "Territoire", GEO).coded(),
    Component::new("period", "TIME_PERIOD", "Période", TIME),
    Component::new("breakdown_code", "BREAKDOWN", "Ventilation", OTHER).coded(),
    Component::new("nature", "NATURE", "Nature", OTHER).coded(),
    Component::new("source_code", "SOURCE", "Source", OTHER).coded(),
    Component::new("value", "OBS_VALUE", "Valeur", Role::Measure),
    Component::new(STATUSES, "OBS_STATUS[]", "Statut", Role::Attribute).coded(),
    Component::new("unit_code", "UNIT_MEASURE", "Unité", Role::Attribute).coded(),
    Component::new("unit_multiplier", "UNIT_MULT", "Multiplicateur de l’unité (puissance de dix)", Role::Attribute),
    Component::new("qualifier", "QUALIFIER", "Réserve", Role::Attribute).coded(),
    Component::new("rounding", "ROUNDING", "Arrondi", Role::Attribute),
    Component::new("geography_year", "GEOGRAPHY_YEAR", "Année de la géographie", Role::Attribute),
    Component::new("source_location", "SOURCE_LOCATION", "Emplacement dans la source", Role::Attribute),
    Component::new("note", "COMMENT_OBS", "Note", Role::Attribute),
    Component::new("period_basis", "TIME_PERIOD_BASIS", "Origine de la période", Role::Attribute).coded(),
];

/// Whether a cube cannot do without a field: its dimensions, its measure, the order of its periods, and what keeps a value from being
/// read as a plain number: its statuses, its qualifier, its rounding and its note.
pub fn is_needed(field: &str) -> bool {
    [PERIOD_START, STATUSES, "qualifier", "rounding", "note"].contains(&field)
        || COMPONENTS.iter().any(|one| one.field == field && one.role != Role::Attribute)
}

/// The dimensions, in the order of the formats.
pub fn dimensions() -> impl Iterator<Item = &'static Component> {
    COMPONENTS.iter().filter(|component| component.is_dimension())
}
