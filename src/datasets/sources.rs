//! Owns the dataset of sources: the documents and files that rows come from.

use super::provenance::NOTE;
use super::vocabulary::{TITLE, choice};
use crate::query::{Choice, Dataset, Field, Format, Kind, Link, RowOrigin, Shape, Stewardship, Storage, Via};

const KINDS: &[Choice] = &[
    choice("document", "document", "a text: press kit, convention, report"),
    choice("dataset", "jeu de données", "a published set of data"),
    choice("file", "fichier", "a single file"),
];

const fn from_it(name: &'static str, summary: &'static str) -> Link {
    Link { name, target: name, summary, via: Via::Filter("source_code") }
}

/// The description of the dataset.
pub static DATASET: Dataset = Dataset {
    name: "sources",
    singular: "source",
    title: "Sources",
    description: "A document or file that rows come from.",
    fields: &[
        Field::required("code", Kind::Code, "Code of the source.", "dossier-pauvrete-hdf-2019"),
        Field::required("kind", Kind::Choice(KINDS), "The kind of source.", "document"),
        Field::required("title", Kind::Text, "Its title, in French.", "").format(TITLE),
        Field::required("publisher", Kind::Text, "The organisation that published it.", "").format(TITLE),
        Field::optional("published_period", Kind::Period, "When it was published, ISO 8601.", "2019-12"),
        Field::optional("edition", Kind::Text, "Its edition or version.", "").format(TITLE),
        Field::required("licence", Kind::Text, "The licence of its data.", "").format(TITLE),
        Field::optional("licence_url", Kind::Text, "The address of the text of the licence.", "").format(Format::Length(2000)),
        Field::optional("url", Kind::Text, "Its address.", "").format(Format::Length(2000)),
        Field::optional("file_format", Kind::Text, "The format of the file.", "").format(Format::Length(200)),
        Field::optional("sha256", Kind::Text, "SHA-256 of the file that was read, in hexadecimal.", "")
            .format(Format::Length(200)),
        Field::optional("retrieved_on", Kind::Date, "The day on which it was retrieved.", ""),
        Field::optional("summary", Kind::Text, "Its content, its use and its limits, in French.", ""),
        NOTE,
    ],
    key: &["code"],
    territory: None,
    links: &[
        from_it("measures", "The measures described in it."),
        from_it("conventions", "The conventions described in it."),
        from_it("funding", "The money described in it."),
        from_it("indicators", "The indicators defined from it."),
        from_it("observations", "The figures taken from it."),
        from_it("events", "The events described in it."),
        from_it("objectives", "The objectives stated in it."),
    ],
    relations: &[],
    own: &[],
    example: "dossier-pauvrete-hdf-2019",
    rows: RowOrigin::Published,
    storage: Storage::Table,
    search: &["title", "publisher", "summary"],
    stewardship: Stewardship::Definition,
    counted_under: &[],
    indexes: &[],
    shape: Shape::Plain,
    public: true,
};
