//! Owns the dataset of releases: each publication, with the rows that it added, changed and withdrew.

use crate::query::{Dataset, Field, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

const COUNT: Kind = Kind::Integer { minimum: 0, maximum: i32::MAX as i64 };

const COUNTS: &[Field] = &[
    Field::required("added", COUNT, "Rows with a new key.", ""),
    Field::required("changed", COUNT, "Rows with a known key and other values.", ""),
    Field::required("withdrawn", COUNT, "Rows that are withdrawn.", ""),
];

const FILES: &[Field] = &[
    Field::required("path", Kind::Text, "Its path in the publication.", ""),
    Field::required("sha256", Kind::Text, "Its SHA-256, in hexadecimal.", ""),
    Field::required("rows", COUNT, "The number of its rows, over all datasets.", ""),
    Field::optional("dataset", Kind::Text, "The dataset of its rows, if its columns are the fields of one.", ""),
    Field::optional("recipe", Kind::Text, "The recipe by which it was read, if its columns are others.", ""),
];

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "releases",
    singular: "release",
    title: "Publications",
    description: "One publication: the rows that became visible together, and the files that they come from. The newest comes first.",
    fields: &[
        Field::required(
            "number",
            Kind::Integer { minimum: 1, maximum: i32::MAX as i64 },
            "Number of the release. Later releases have larger numbers.",
            "1",
        ),
        Field::required("published_at", Kind::Timestamp, "When it was published, UTC.", ""),
        Field::required("title", Kind::Text, "Its title, in French.", ""),
        Field::optional("notes", Kind::Text, "Notes for readers, in French.", ""),
        Field::required("publisher", Kind::Text, "The organisation that published it.", ""),
        Field::required("licence", Kind::Text, "The licence of its data.", "etalab-2.0"),
        Field::required("added", COUNT, "Rows added in all datasets.", ""),
        Field::required("changed", COUNT, "Rows changed in all datasets.", "0"),
        Field::required("withdrawn", COUNT, "Rows withdrawn in all datasets.", "0"),
        Field::required(
            "counts",
            Kind::Json { array: false },
            "Rows added, changed and withdrawn, by dataset: an object for each dataset that the release touched.",
            "",
        )
        .members(COUNTS),
        Field::required("files", Kind::Json { array: true }, "The files from which it was made.", "").members(FILES),
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
    storage: Storage::Table,
    search: &["title", "notes"],
    stewardship: Stewardship::Content,
    counted_under: &[],
    indexes: &[],
    shape: Shape::Plain,
    public: true,
};
