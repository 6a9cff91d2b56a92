//! Owns the contours of territories (GeoJSON, RFC 7946) and the boxes around them: kept apart from the territories,
//! since they have another source and another pace, and weigh more than all else together.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use crate::query::{Dataset, Field, Kind, RowOrigin, Shape};

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "contours",
    singular: "contour",
    title: "Contours",
    description: "The simplified contour of a territory.",
    fields: &[
        Field::required("territory_code", Kind::Reference("territories"), "The territory.", "COM-59350"),
        Field::required("west", Kind::Decimal, "Westernmost longitude, in degrees (WGS 84).", ""),
        Field::required("south", Kind::Decimal, "Southernmost latitude, in degrees (WGS 84).", ""),
        Field::required("east", Kind::Decimal, "Easternmost longitude, in degrees (WGS 84).", ""),
        Field::required("north", Kind::Decimal, "Northernmost latitude, in degrees (WGS 84).", ""),
        Field::required("contour", Kind::Json { array: false }, "The geometry, as in GeoJSON, at most 5 decimals.", ""),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["territory_code"],
    territory: Some("territory_code"),
    links: &[],
    own: &[],
    example: "COM-59350",
    rows: RowOrigin::Published,
    search: &[],
    shape: Shape::Plain,
    public: false,
};
