//! Owns the dataset of releases: each publication, with what it added, changed and withdrew.

use crate::query::{Dataset, Field, Kind, Link, RowOrigin, Shape, Via};

const COUNT: Kind = Kind::Integer { minimum: 0, maximum: i32::MAX as i64 };

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "releases",
    singular: "release",
    title: "Publications",
    description: "One publication: all the rows that became visible together, and where they come from.",
    fields: &[
        Field::required(
            "number",
            Kind::Integer { minimum: 1, maximum: i32::MAX as i64 },
            "Number of the release: 1, 2, 3 …",
            "1",
        ),
        Field::required("published_at", Kind::Timestamp, "When it was published, UTC.", ""),
        Field::required("title", Kind::Text, "Its title, in French.", ""),
        Field::optional("notes", Kind::Text, "What the reader must know of it, in French.", ""),
        Field::required("publisher", Kind::Text, "Who published it.", ""),
        Field::required("licence", Kind::Text, "The licence of its data.", "etalab-2.0"),
        Field::optional("bundle", Kind::Text, "The bundle of the service's own data that it was made from.", "01-geography"),
        Field::required("added", COUNT, "Rows added, over all datasets.", ""),
        Field::required("changed", COUNT, "Rows changed, over all datasets.", "0"),
        Field::required("withdrawn", COUNT, "Rows withdrawn, over all datasets.", "0"),
        Field::required("counts", Kind::Json { array: false }, "Rows added, changed and withdrawn, by dataset.", ""),
        Field::required("files", Kind::Json { array: true }, "The files that it was made from, with their SHA-256 and rows.", ""),
    ],
    key: &["number"],
    territory: None,
    links: &[Link {
        name: "sources",
        target: "sources",
        summary: "The sources that the rows added or changed by the release come from.",
        via: Via::Opened,
    }],
    own: &[],
    example: "1",
    rows: RowOrigin::Releases,
    search: &["title", "notes"],
    shape: Shape::Plain,
    public: true,
};
