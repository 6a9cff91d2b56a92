//! Owns the dataset of releases: each publication, with the rows that it added, changed and withdrew.

use crate::query::{Dataset, Field, Kind, Link, RowOrigin, Shape, Via};

const COUNT: Kind = Kind::Integer { minimum: 0, maximum: i32::MAX as i64 };

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "releases",
    singular: "release",
    title: "Publications",
    description: "One publication: the rows that became visible together, and the files that they come from.",
    fields: &[
        Field::required(
            "number",
            Kind::Integer { minimum: 1, maximum: i32::MAX as i64 },
            "Number of the release: 1, 2, 3 …",
            "1",
        ),
        Field::required("published_at", Kind::Timestamp, "When it was published, UTC.", ""),
        Field::required("title", Kind::Text, "Its title, in French.", ""),
        Field::optional("notes", Kind::Text, "Notes for readers, in French.", ""),
        Field::required("publisher", Kind::Text, "The organisation that published it.", ""),
        Field::required("licence", Kind::Text, "The licence of its data.", "etalab-2.0"),
        Field::optional("bundle", Kind::Text, "The bundle of the service's own data from which it was made.", "01-geography"),
        Field::required("added", COUNT, "Rows added in all datasets.", ""),
        Field::required("changed", COUNT, "Rows changed in all datasets.", "0"),
        Field::required("withdrawn", COUNT, "Rows withdrawn in all datasets.", "0"),
        Field::required("counts", Kind::Json { array: false }, "Rows added, changed and withdrawn, by dataset.", ""),
        Field::required(
            "files",
            Kind::Json { array: true },
            "The files from which it was made, with their SHA-256 and number of rows.",
            "",
        ),
    ],
    key: &["number"],
    territory: None,
    links: &[Link {
        name: "sources",
        target: "sources",
        summary: "The sources that the rows added or changed by the release come from.",
        via: Via::Opened,
    }],
    relations: &[],
    own: &[],
    example: "1",
    rows: RowOrigin::Releases,
    search: &["title", "notes"],
    shape: Shape::Plain,
    public: true,
};
