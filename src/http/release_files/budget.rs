//! Owns the disk that files of releases take: what can be built again makes room, the least recently used first.
//!
//! A file of another version of the program stays, since this one might not build the same bytes. A file that is being sent or
//! written has a shared lock, in whatever process, and stays too: its disk would not be free anyway.
//! Must not know what is in a file, nor how it is built.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::metadata::{self, METADATA, PROGRAM, metadata_path};

/// The budget unless the operator sets another, in bytes.
pub const DEFAULT_BYTES: u64 = 10_000_000_000;

/// The prefix of the names of files that are being written, which `tempfile` gives them.
const TEMPORARY: &str = ".tmp";

/// The age after which such a file without a lock is what a killed process has left.
const ABANDONED: Duration = Duration::from_secs(60);

/// How exactly it is known when a file was last used.
const USE_INTERVAL: Duration = Duration::from_secs(60);

/// The disk that files may take.
#[derive(Clone, Debug)]
pub struct DiskBudget {
    folder: PathBuf,
    bytes: u64,
    /// The newest release that had a file.
    newest: Arc<AtomicU64>,
}

/// A file on disk with its metadata.
struct KeptFile {
    path: PathBuf,
    bytes: u64,
    last_used: SystemTime,
    release: u64,
    can_be_built: bool,
}

impl DiskBudget {
    /// The budget of a directory, in bytes.
    pub fn new(folder: PathBuf, bytes: u64) -> Self {
        Self { folder, bytes, newest: Arc::default() }
    }

    /// The most bytes of one file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes room for a file of so many bytes, which is already written under its temporary name. The files of the newest release
    /// may exceed the budget if nothing else can make room: readers of old ones must not keep them away.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be read, or [`io::ErrorKind::StorageFull`] if too little can make room.
    pub fn make_room(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut files = self.files()?;
        let (own, on_disk) = (release(path.parent()), files.iter().map(|file| file.release).max().unwrap_or(0));
        let newest = own.max(on_disk).max(self.newest.fetch_max(own.max(on_disk), Ordering::Relaxed));
        let mut taken: u64 = files.iter().map(|file| file.bytes).sum::<u64>().saturating_add(bytes);
        // The files of the newest release go last: they are those that are asked for.
        files.sort_by_key(|file| (file.release == newest, file.last_used));
        for file in files.iter().filter(|file| file.can_be_built && file.path != path) {
            if taken <= self.bytes {
                break;
            }
            if evict(&file.path)? {
                log::info!("{} made room for other files of releases (REPERES_FILES_MB)", file.path.display());
                taken -= file.bytes;
            }
        }
        if taken <= self.bytes || own == newest {
            return Ok(());
        }
        let why =
            "files that are being sent, or that another version of the program has built, fill the directory (REPERES_FILES_MB)";
        Err(io::Error::new(io::ErrorKind::StorageFull, why))
    }

    /// All files, without those that are being written. What killed processes have left is deleted.
    fn files(&self) -> io::Result<Vec<KeptFile>> {
        let mut files = Vec::new();
        for folder in fs::read_dir(&self.folder)?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if name.to_string_lossy().starts_with(TEMPORARY) {
                    remove_abandoned(&entry);
                } else if entry.path().extension().is_none_or(|extension| extension != METADATA) {
                    files.extend(kept(&entry, release(Some(&folder))));
                }
            }
            // Fails unless it is empty.
            _ = fs::remove_dir(&folder);
        }
        Ok(files)
    }
}

/// Notes that a file is used now.
pub fn record_use(path: &Path) {
    let path = metadata_path(path);
    let age = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
    if age.is_some_and(|age| age > USE_INTERVAL) {
        _ = File::options().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
    }
}

/// Opens a file to send it. It stays on disk until it is closed.
///
/// # Errors
/// Returns an error if the file is not there, or if it is just making room.
pub fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    file.try_lock_shared()?;
    Ok(file)
}

/// Deletes a file and its metadata, unless somebody sends it.
fn evict(path: &Path) -> io::Result<bool> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    if file.try_lock().is_err() {
        return Ok(false);
    }
    // Without its metadata a file does not count as there.
    fs::remove_file(metadata_path(path)).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    fs::remove_file(path)?;
    Ok(true)
}

fn kept(entry: &DirEntry, release: u64) -> Option<KeptFile> {
    let (path, metadata) = (entry.path(), entry.metadata().ok()?);
    let facts = fs::metadata(metadata_path(&path)).ok();
    let of_this_version = metadata::metadata(&path).is_none_or(|metadata| metadata.program == PROGRAM);
    Some(KeptFile {
        bytes: metadata.len() + facts.as_ref().map_or(0, fs::Metadata::len),
        last_used: facts.as_ref().unwrap_or(&metadata).modified().unwrap_or(SystemTime::UNIX_EPOCH),
        path,
        release,
        can_be_built: of_this_version,
    })
}

fn remove_abandoned(entry: &DirEntry) {
    let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
    if age.is_some_and(|age| age > ABANDONED) && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
        _ = fs::remove_file(entry.path());
    }
}

/// The number of the release whose files are in a folder.
fn release(folder: Option<&Path>) -> u64 {
    let name = folder.and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a file of so many bytes that was last used so many minutes ago.
    fn file(folder: &Path, name: &str, bytes: usize, program: &str, minutes: u64) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(&path, vec![b'x'; bytes]).expect("a file can be written");
        let facts = metadata_path(&path);
        let text = format!(r#"{{"sha256":"","bytes":{bytes},"rows":1,"fields":[],"program":"{program}"}}"#);
        fs::write(&facts, text).expect("a file can be written");
        let at = SystemTime::now() - Duration::from_secs(60 * minutes);
        File::options().append(true).open(&facts).and_then(|file| file.set_modified(at)).expect("it is ours");
        path
    }

    #[test]
    fn what_can_be_built_again_makes_room_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let of = |name: &str, program: &str, minutes| file(folder.path(), name, 10_000, program, minutes);
        let foreign = of("1-5/foreign.csv", "0.0.1", 90);
        let sent = of("1-5/sent.csv", PROGRAM, 80);
        let older = of("2-6/older.csv", PROGRAM, 70);
        let newer = of("1-5/newer.csv", PROGRAM, 60);
        let newest = of("3-7/newest.csv", PROGRAM, 99);
        let _sending = open(&sent).expect("it can be sent");
        let there = || [&foreign, &sent, &older, &newer, &newest].map(|path| path.exists());
        let budget = DiskBudget::new(folder.path().to_owned(), 55_000);
        let next = folder.path().join("2-6/next.csv");
        budget.make_room(&next, 1000).expect("there is room");
        assert_eq!(there(), [true; 5]);
        budget.make_room(&next, 10_000).expect("one makes room");
        assert_eq!(there(), [true, true, false, true, true]);
        assert!(!metadata_path(&older).exists() && !older.parent().expect("a folder").join("older.csv.facts").exists());
        budget.make_room(&next, 20_000).expect("one more makes room");
        assert_eq!(there(), [true, true, false, false, true]);
        budget.make_room(&next, 30_000).expect("that of the newest release is the last");
        assert_eq!(there(), [true, true, false, false, false]);
        let full = budget.make_room(&next, 40_000).expect_err("the others stay");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        budget.make_room(&folder.path().join("4-9/next.csv"), 40_000).expect("a newer release is not kept away");
        assert_eq!(there(), [true, true, false, false, false]);
    }

    #[test]
    fn a_file_that_is_used_is_used_last() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let [one, other] = [("1-5/one.csv", 80), ("1-5/other.csv", 70)]
            .map(|(name, minutes)| file(folder.path(), name, 10_000, PROGRAM, minutes));
        record_use(&one);
        let budget = DiskBudget::new(folder.path().to_owned(), 25_000);
        budget.make_room(&folder.path().join("1-5/next.csv"), 10_000).expect("one makes room");
        assert_eq!([one.exists(), other.exists()], [true, false]);
    }

    #[test]
    fn what_a_killed_process_has_left_is_deleted() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let release = folder.path().join("1-5");
        fs::create_dir(&release).expect("a folder can be made");
        let [left, written, young] = [".tmpLeft", ".tmpWritten", ".tmpYoung"].map(|name| release.join(name));
        let old = SystemTime::now() - 2 * ABANDONED;
        for (path, at) in [(&left, old), (&written, old), (&young, SystemTime::now())] {
            File::create(path).and_then(|file| file.set_modified(at)).expect("a file can be written");
        }
        let _writing = open(&written).expect("it can be locked");
        DiskBudget::new(folder.path().to_owned(), 1000).make_room(&release.join("a.csv"), 10).expect("there is room");
        assert_eq!([left.exists(), written.exists(), young.exists()], [false, true, true]);
    }
}
