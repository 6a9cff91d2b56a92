//! Owns the formats of published values: what a value must be besides its kind.
//! Must not know any one dataset, nor how values are read.

/// A format that published values must have besides their kind. Filters accept any text, unless the format says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The number of a legal entity in SIRENE: nine digits with a check digit (Luhn, ISO/IEC 7812-1).
    Siren,
    /// The number of an establishment in SIRENE: a SIREN and five digits, the whole with a check digit.
    Siret,
    /// The number of an association in the Répertoire national des associations: `W` and nine digits.
    Rna,
    /// A share of a whole: more than 0, at most 1.
    Share,
    /// A text of at most this many characters.
    Length(usize),
    /// Words of lower-case letters and digits, joined by hyphens.
    Slug,
    /// The code of a breakdown. Filters keep to it too.
    Breakdown,
    /// An amount of money in euros, with at most two decimals.
    Euros,
    /// A longitude in degrees (WGS 84).
    Longitude,
    /// A latitude in degrees (WGS 84).
    Latitude,
    /// A side of the bounding box of the geometry in the field of this name.
    BoxSide(Side, &'static str),
    /// A GeoJSON Polygon or MultiPolygon (RFC 7946).
    Geometry,
}

/// A side of a bounding box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The smallest longitude.
    West,
    /// The smallest latitude.
    South,
    /// The largest longitude.
    East,
    /// The largest latitude.
    North,
}

impl Format {
    /// The largest absolute value of a number of degrees.
    pub fn degrees(self) -> Option<f64> {
        match self {
            Format::Longitude | Format::BoxSide(Side::West | Side::East, _) => Some(180.0),
            Format::Latitude | Format::BoxSide(Side::South | Side::North, _) => Some(90.0),
            _ => None,
        }
    }
}
