//! Owns what the build adds to the sources: a digest of them, which the validators of answers contain, and the bundled
//! data and recipes, which the program carries as two ZIP archives, and the text of the migrations.
//! Must not know what the sources or the data mean.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The files that decide the bytes of answers: two programs built from equal files answer with equal validators.
const SOURCES: [&str; 6] = ["src", "migrations", "docs/contract.md", "docs/contract.fr.md", "Cargo.toml", "Cargo.lock"];

/// The folder of the bundled data.
const DATA: &str = "data";

/// The folder of the bundled recipes.
const RECIPES: &str = "data/recipes";

/// The file that makes a folder in `data` a bundle.
const MANIFEST: &str = "manifest.toml";

fn main() {
    println!("cargo:rustc-env=BUILD_DIGEST={:016x}", digest());
    println!("cargo:rerun-if-changed={DATA}");
    gather_migrations();
    let bundles = entries(Path::new(DATA)).into_iter().filter(|path| path.join(MANIFEST).is_file());
    pack("bundles.zip", DATA, &bundles.flat_map(|folder| files(&folder)).collect::<Vec<_>>());
    let recipes = files(Path::new(RECIPES)).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    pack("recipes.zip", RECIPES, &recipes.collect::<Vec<_>>());
}

fn digest() -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut sources = Vec::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        sources.extend(files(Path::new(source)));
    }
    sources.sort();
    for file in sources {
        hasher.write(file.to_string_lossy().as_bytes());
        hasher.write(&fs::read(&file).expect("a source can be read"));
    }
    hasher.finish()
}

/// Writes all migrations, in order, into one file, with whose functions the program compares those of a database.
fn gather_migrations() {
    let output = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("migrations.sql");
    let texts = entries(Path::new("migrations")).into_iter().filter(|path| path.is_dir());
    let texts = texts.map(|folder| fs::read_to_string(folder.join("up.sql")).expect("a migration can be read"));
    fs::write(output, texts.collect::<String>()).expect("the migrations can be written");
}

/// Packs files below `root` into an archive in the output folder, unless it holds them already. The same files give the
/// same bytes: the order is fixed, and no entry has a time or an owner.
fn pack(name: &str, root: &str, files: &[PathBuf]) {
    let output = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (archive, inventory) = (output.join(name), output.join(format!("{name}.inventory")));
    // Every change to `src` runs this script; only a change to the data is worth the compression.
    let current = list(files).expect("the data can be listed");
    if archive.is_file() && fs::read_to_string(&inventory).is_ok_and(|packed| packed == current) {
        return;
    }
    let written = write(&archive, Path::new(root), files).and_then(|()| fs::write(&inventory, current));
    written.unwrap_or_else(|error| panic!("{} cannot be written: {error}", archive.display()));
}

/// One line for each file: its path, its length and when it was changed.
fn list(files: &[PathBuf]) -> io::Result<String> {
    let line = |path: &PathBuf| {
        let metadata = fs::metadata(path)?;
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Ok(format!("{} {} {changed}\n", path.display(), metadata.len()))
    };
    files.iter().map(line).collect()
}

fn write(archive: &Path, root: &Path, files: &[PathBuf]) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(BufWriter::new(File::create(archive)?));
    for path in files {
        let name = path.strip_prefix(root).map_err(io::Error::other)?;
        writer.start_file(name.to_string_lossy(), options)?;
        io::copy(&mut File::open(path)?, &mut writer)?;
    }
    writer.finish()?;
    Ok(())
}

/// All files below a path, in the order of their paths.
fn files(path: &Path) -> Vec<PathBuf> {
    match path.is_dir() {
        true => entries(path).iter().flat_map(|entry| files(entry)).collect(),
        false => vec![path.to_owned()],
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}
