//! Owns read-only trees of files, which bundles and recipes come from: a folder, or a ZIP archive that the program
//! carries.
//! Must not know what the files mean.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::ZipArchive;

/// A read-only tree of files.
#[derive(Clone, Debug)]
pub enum FileTree {
    /// A folder.
    Folder(PathBuf),
    /// A ZIP archive in memory. Names in it have `/` between their parts.
    Archive(&'static [u8]),
}

impl fmt::Display for FileTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Archive(_) => f.write_str("the program"),
        }
    }
}

/// A part of a tree as a folder on disk. What was unpacked for it is deleted when it is dropped.
pub struct Unpacked {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl Unpacked {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl From<PathBuf> for FileTree {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl FileTree {
    /// The folder, if the tree is not in the program.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Archive(_) => None,
        }
    }

    /// Lists the names at the top of the tree, of files and of folders, in alphabetical order.
    ///
    /// # Errors
    /// Returns an error if the folder or the archive cannot be read.
    pub fn names(&self) -> io::Result<BTreeSet<String>> {
        match self {
            Self::Folder(folder) => {
                let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
                fs::read_dir(folder)?.map(name).collect()
            }
            Self::Archive(bytes) => {
                let first = |path: &str| path.split('/').next().unwrap_or(path).to_owned();
                paths(bytes)?.iter().map(|path| Ok(first(path))).collect()
            }
        }
    }

    /// Tells whether the tree has a file at a path, such as `01-geography/manifest.toml`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub fn has_file(&self, path: &str) -> io::Result<bool> {
        match self {
            Self::Folder(folder) => Ok(folder.join(path).is_file()),
            Self::Archive(bytes) => Ok(paths(bytes)?.contains(path)),
        }
    }

    /// Reads a text file.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, cannot be read or is not UTF-8.
    pub fn read(&self, path: &str) -> io::Result<String> {
        match self {
            Self::Folder(folder) => fs::read_to_string(folder.join(path)),
            Self::Archive(bytes) => {
                let mut text = String::new();
                archive(bytes)?.by_name(path)?.read_to_string(&mut text)?;
                Ok(text)
            }
        }
    }

    /// Gives a folder of the tree as one on disk, with the same name; a folder of an archive is unpacked into the
    /// system's directory for temporary files.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read, or the temporary directory cannot be written to.
    pub fn unpack(&self, name: &str) -> io::Result<Unpacked> {
        let bytes = match self {
            Self::Folder(folder) => return Ok(Unpacked { path: folder.join(name), _temporary: None }),
            Self::Archive(bytes) => bytes,
        };
        let temporary = tempfile::Builder::new().prefix("reperes-").permissions(Permissions::from_mode(0o700)).tempdir()?;
        let mut archive = archive(bytes)?;
        let prefix = format!("{name}/");
        for path in paths(bytes)?.iter().filter(|path| path.starts_with(&prefix)) {
            let target = temporary.path().join(path);
            fs::create_dir_all(target.parent().unwrap_or(temporary.path()))?;
            io::copy(&mut archive.by_name(path)?, &mut File::create(target)?)?;
        }
        Ok(Unpacked { path: temporary.path().join(name), _temporary: Some(temporary) })
    }
}

fn archive(bytes: &'static [u8]) -> io::Result<ZipArchive<Cursor<&'static [u8]>>> {
    Ok(ZipArchive::new(Cursor::new(bytes))?)
}

/// The paths of the files in an archive.
fn paths(bytes: &'static [u8]) -> io::Result<BTreeSet<String>> {
    archive(bytes)?.file_names().map(|name| Ok(name?.into_owned())).collect()
}
