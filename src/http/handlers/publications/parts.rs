//! Owns the parts of a publication: their names, the names of files, and whether the parts belong together.
//! Must not know how parts arrive.

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::problem::{Fault, Reason};
use crate::publish::{NAME as MANIFEST, is_recipe};
use crate::query::suggest::closest;

/// The most files of one publication.
const MAX_FILES: usize = 1000;

/// The longest name of a file, in bytes.
pub const MAX_NAME_BYTES: usize = 200;

/// The extension of a recipe.
const RECIPE_EXTENSION: &str = ".toml";

/// The part that says whether nothing shall be published.
pub const DRY_RUN: &str = "dry_run";

/// The names of the parts.
pub const PARTS: [&str; 4] = ["manifest", "file", "recipe", DRY_RUN];

/// A received publication.
pub struct Received {
    /// The directory with the manifest and the files.
    pub folder: TempDir,
    /// The names of the files and their SHA-256.
    pub files: Vec<(String, String)>,
    /// The SHA-256 over the manifest, the recipe and the files, independent of their order.
    pub digest: String,
    /// The bytes of all parts.
    pub bytes: u64,
    /// The only file and its recipe, in a publication without a manifest.
    pub single_file: Option<(String, String)>,
    /// Whether nothing shall be published.
    pub dry_run: bool,
}

/// Checks that the parts belong together, and computes their digest.
pub fn finish(received: &mut Received, manifest: Option<&str>, recipe: Option<String>) -> Option<Fault> {
    let mut data = received.files.iter().map(|(name, _)| name).filter(|name| recipe.as_ref() != Some(name));
    let (first, second) = (data.next().cloned(), data.next());
    let by_name = recipe.as_ref().filter(|recipe| is_recipe(recipe));
    match (manifest, &recipe, first, second) {
        (Some(_), Some(_), ..) if by_name.is_some() => {
            return Some(Fault::of_part(
                Reason::NotTogether,
                "recipe",
                "With a manifest, a recipe must be a file that the manifest names.",
            ));
        }
        (Some(_), ..) => {}
        (None, Some(recipe), Some(file), None) => received.single_file = Some((file, recipe.clone())),
        (None, Some(_), ..) => {
            return Some(Fault::of_part(
                Reason::TooMany,
                "file",
                "Without a manifest a recipe reads exactly one file; send one file, or a manifest.",
            ));
        }
        (None, None, ..) => {
            return Some(
                Fault::of_part(
                    Reason::Missing,
                    "manifest",
                    "The manifest is missing; only one file with a recipe may come without it.",
                )
                .allowed(PARTS),
            );
        }
    }
    let mut digests: Vec<String> = received.files.iter().map(|(name, digest)| format!("{name}\0{digest}")).collect();
    digests.sort();
    let parts = format!("{}\n{}\n{}", manifest.unwrap_or_default(), recipe.unwrap_or_default(), digests.join("\n"));
    received.digest = hex::encode(Sha256::digest(parts));
    None
}

/// The fault of a part that a publication does not have.
pub fn unknown(name: &str) -> Fault {
    let detail = format!("`{}` is not a part of a publication.", crate::problem::echo(name));
    Fault::of_part(Reason::UnknownPart, name, detail).allowed(PARTS).closest(closest(name, PARTS))
}

/// The name of a built-in recipe.
pub fn recipe(text: String) -> Result<String, Fault> {
    let fault =
        || Fault::of_part(Reason::BadSyntax, "recipe", "A recipe is the name of a built-in recipe, or a file.").value(&text);
    if is_recipe(&text) { Ok(text) } else { Err(fault()) }
}

/// Whether nothing shall be published.
pub fn dry_run(text: &str) -> Result<bool, Fault> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::of_part(Reason::UnknownValue, DRY_RUN, format!("`{DRY_RUN}` is either true or false."))
            .value(text)
            .allowed(["true", "false"])),
    }
}

/// Checks the name of a file: a plain name without directories, different from all others.
pub fn file_name(part: &str, given: String, received: &Received) -> Result<String, Fault> {
    let fault = |reason: Reason, detail: String| Err(Fault::of_part(reason, part, detail).value(&given));
    let plain = given.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'/' | b'\\' | 0x7f)) && !given.starts_with('.');
    if given.is_empty() || given.len() > MAX_NAME_BYTES || !plain || given == MANIFEST {
        return fault(
            Reason::BadSyntax,
            format!(
                "The name of a file has 1 to {MAX_NAME_BYTES} bytes and no directories, does not begin with a dot, and is not {MANIFEST}."
            ),
        );
    }
    if part == "recipe" && !given.ends_with(RECIPE_EXTENSION) {
        return fault(Reason::BadSyntax, format!("The name of a recipe must end with `{RECIPE_EXTENSION}`."));
    }
    if received.files.iter().any(|(name, _)| *name == given) {
        return fault(Reason::Repeated, "Two files have the same name.".to_owned());
    }
    if received.files.len() >= MAX_FILES {
        return fault(Reason::TooMany, format!("A publication has at most {MAX_FILES} files."));
    }
    Ok(given)
}
