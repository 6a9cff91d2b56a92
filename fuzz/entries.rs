//! Owns the functions under fuzzing, which the fuzz targets and `tests/fuzz.rs` share. Each parses bytes that a client may
//! send. It must not panic, and what it has parsed must parse to the same again.
//! Must not know where the bytes come from.

use std::fs;
use std::path::Path;

use reperes::datasets::REGISTRY;
use reperes::publish::{FileTree, dry_read};
use reperes::query::model::dataset::RowOrigin;
use reperes::query::plan::cursor::{Position, decode, encode};
use reperes::query::{Context, Dataset, Representation, pairs, parse};

/// Separates the parts of an input.
const SEPARATOR: &str = "\n---\n";

/// Parses a query string: the first byte chooses a dataset, the rest is a query string.
pub fn request(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(given) = pairs::pairs(&String::from_utf8_lossy(rest)) else { return };
    let dataset = REGISTRY[usize::from(*first) % REGISTRY.len()];
    let context = Context::of(REGISTRY, dataset);
    let contexts = std::iter::once(context).chain(Context::aggregates(REGISTRY, dataset));
    for (context, representation) in contexts.flat_map(|one| one.representations().map(move |format| (one, format))) {
        if let Ok(plan) = parse::collection(context, None, &given, representation) {
            let again = parse::collection(context, None, &plan.parameters, representation);
            let again = again.unwrap_or_else(|faults| panic!("{:?} was parsed, and then refused: {faults:?}", plan.parameters));
            assert_eq!(again.parameters, plan.parameters);
        }
    }
    _ = parse::item(context, &context.item_parameters(), &given);
    _ = parse::changes(REGISTRY, &given, Representation::Json);
}

/// Decodes a cursor, and encodes cursors of any text.
pub fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let identity = "identity";
    if let Ok(position) = decode(&text, identity) {
        assert_eq!(decode(&encode(&position, identity), identity).as_ref(), Ok(&position));
    }
    let release = i32::try_from(data.len()).unwrap_or(i32::MAX).max(1);
    let values = text.split('\n').map(|value| Some(value.to_owned()).filter(|value| !value.is_empty())).collect();
    let position = Position { release, values };
    let made = encode(&position, identity);
    assert_eq!(decode(&made, identity), Ok(position));
    assert!(decode(&made, "another identity").is_err());
}

/// Reads a file of a dataset's own columns: the first byte chooses a dataset, the rest is the file.
pub fn table(data: &[u8], scratch: &Path) {
    let Some((first, rest)) = data.split_first() else { return };
    let published: Vec<&Dataset> = REGISTRY.iter().copied().filter(|one| matches!(one.rows, RowOrigin::Published)).collect();
    let dataset = published[usize::from(*first) % published.len()].name;
    read(scratch, &format!("dataset = \"{dataset}\""), &[("table.csv", rest)]);
}

/// Reads a file by a recipe: the input is both, with [`SEPARATOR`] between them.
pub fn recipe(data: &[u8], scratch: &Path) {
    let at = data.windows(SEPARATOR.len()).position(|window| window == SEPARATOR.as_bytes());
    let Some(at) = at else { return };
    read(scratch, "recipe = \"recipe.toml\"", &[("recipe.toml", &data[..at]), ("table.csv", &data[at + SEPARATOR.len()..])]);
}

fn read(scratch: &Path, said: &str, files: &[(&str, &[u8])]) {
    let head = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Essai\"\nlicence = \"etalab-2.0\"";
    let manifest = format!("{head}\n[[file]]\npath = \"table.csv\"\n{said}\n");
    let manifest = ("manifest.toml", manifest.as_bytes());
    for (name, bytes) in files.iter().chain([&manifest]) {
        fs::write(scratch.join(name), bytes).expect("the scratch folder can be written to");
    }
    // A file may be refused: only a panic is an error.
    _ = dry_read(REGISTRY, scratch, &FileTree::Folder(scratch.to_owned()));
}
