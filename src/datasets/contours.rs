//! Owns the dataset of contours (GeoJSON, RFC 7946) and their bounding boxes. They are not fields of the territories:
//! their source and release cycle differ, and they are larger than all other data together.

use super::provenance::{NOTE, SOURCE_CODE, SOURCE_LOCATION};
use crate::query::{Dataset, Field, Format, Kind, RowOrigin, Shape, Side, Stewardship, Storage};

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "contours",
    singular: "contour",
    title: "Contours",
    description: "The simplified contour of a territory.",
    fields: &[
        Field::required("territory_code", Kind::Reference("territories"), "The territory.", "COM-59350"),
        Field::required("west", Kind::Decimal, "Westernmost longitude, in degrees (WGS 84).", "")
            .format(Format::BoxSide(Side::West, "contour")),
        Field::required("south", Kind::Decimal, "Southernmost latitude, in degrees (WGS 84).", "")
            .format(Format::BoxSide(Side::South, "contour")),
        Field::required("east", Kind::Decimal, "Easternmost longitude, in degrees (WGS 84).", "")
            .format(Format::BoxSide(Side::East, "contour")),
        Field::required("north", Kind::Decimal, "Northernmost latitude, in degrees (WGS 84).", "")
            .format(Format::BoxSide(Side::North, "contour")),
        Field::required("contour", Kind::Json { array: false }, "The geometry as GeoJSON, with at most 5 decimals.", "")
            .format(Format::Geometry),
        SOURCE_CODE,
        SOURCE_LOCATION,
        NOTE,
    ],
    key: &["territory_code"],
    territory: Some("territory_code"),
    links: &[],
    relations: &[],
    own: &[],
    example: "COM-59350",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &[],
    stewardship: Stewardship::Geography,
    counted_under: &[],
    indexes: &["source_code"],
    shape: Shape::Plain,
    public: false,
};
