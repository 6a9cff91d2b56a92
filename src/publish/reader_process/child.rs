//! Owns the work of the reader process: it takes a request from its standard input, gives up its rights, scans and reads the
//! files, and writes their rows to its standard output.
//! Must not know the database.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::frames::{self, FrameKind};
use super::request::{FirstMessage, Gathered, ManifestSource, NamedTerritory, ReadRequest};
use super::{limits, sandbox};
use crate::publish::checks::permissions;
use crate::publish::errors::PublishError;
use crate::publish::file_tree::FileTree;
use crate::publish::input::manifest::Manifest;
use crate::publish::input::scanned::ScannedFiles;
use crate::publish::input::single_file_manifest::manifest_of;
use crate::publish::load;
use crate::publish::progress::Progress;
use crate::publish::rows::copy_writer::CopyWriter;
use crate::publish::rows::recipe::{self, TerritoryNames};
use crate::query::Dataset;

/// The bytes of the stack of the thread that reads the input.
const SMALL_STACK: usize = 256 * 1024;

/// Reads what the standard input asks for. `recipes` are those in the program.
///
/// # Errors
/// Returns an error if the publication is gone, or the system refuses a limit.
pub fn run(registry: &'static [&'static Dataset], recipes: FileTree) -> io::Result<()> {
    let mut input = File::from(rustix::io::dup(rustix::stdio::stdin())?);
    let output = Rc::new(RefCell::new(File::from(rustix::io::dup(rustix::stdio::stdout())?)));
    let FirstMessage { request, limits } = frames::read(&mut input, FrameKind::First)?;
    limits::step_back();
    limits::apply(&limits)?;
    let recipes = request.recipes.clone().map_or(recipes, FileTree::Folder);
    // Before there is a second thread, which would keep its rights.
    let unprotected = sandbox::enter(&readable(&request));
    let names = receive_names(input)?;
    let gathered = catch_unwind(AssertUnwindSafe(|| gather(registry, &request, &recipes)));
    let failed =
        || Err(PublishError::Unreadable("the files cannot be read: one is damaged, or this program fails on it".to_owned()));
    let (manifest, scanned) = match gathered.unwrap_or_else(|_| failed()) {
        Ok(gathered) => gathered,
        Err(error) => return frames::write(&mut *output.borrow_mut(), FrameKind::Gathered, &Gathered::from(error)),
    };
    let ready = Gathered::Ready { manifest: Box::new(manifest), inputs: Box::new(scanned.summary()), unprotected };
    frames::write(&mut *output.borrow_mut(), FrameKind::Gathered, &ready)?;
    let names = names.recv().map_err(io::Error::other)?;
    for (dataset, parts) in &scanned.datasets {
        let progress = Progress::silent();
        let (out, done) = (Rc::clone(&output), progress.clone());
        let mut told = 0;
        let send = move |chunk: &[u8]| {
            let out = &mut *out.borrow_mut();
            let read = done.read_bytes();
            let news = std::mem::replace(&mut told, read);
            let sent = frames::write_bytes(out, FrameKind::Progress, &(read - news).to_le_bytes());
            sent.and_then(|()| frames::write_bytes(out, FrameKind::Rows, chunk)).is_ok()
        };
        let writer = CopyWriter::new(dataset, progress, Box::new(send));
        let read = load::read_all(&scanned, parts, &names, writer, request.explain);
        frames::write(&mut *output.borrow_mut(), FrameKind::End, &read)?;
    }
    Ok(())
}

/// The files and folders that this request needs.
fn readable(request: &ReadRequest) -> Vec<PathBuf> {
    let mut paths = vec![request.folder.clone()];
    paths.extend(request.recipes.clone());
    let files = match &request.manifest {
        ManifestSource::Given(manifest) => manifest.files.as_slice(),
        ManifestSource::SingleFile(file) => std::slice::from_ref(&**file),
        ManifestSource::Folder => &[],
    };
    for file in files {
        let named = file.recipe.iter().filter(|recipe| !recipe::is_name(recipe));
        let all = std::iter::once(&file.path).chain(&file.companion).chain(named);
        paths.extend(all.map(|path| request.folder.join(path)));
    }
    paths
}

fn gather(
    registry: &'static [&'static Dataset],
    request: &ReadRequest,
    recipes: &FileTree,
) -> Result<(Manifest, ScannedFiles), PublishError> {
    let manifest = match &request.manifest {
        ManifestSource::Given(manifest) => (**manifest).clone(),
        ManifestSource::Folder => Manifest::read(&request.folder)?,
        ManifestSource::SingleFile(file) => manifest_of((**file).clone(), &request.folder, recipes)?,
    };
    if let Some(received) = &request.received {
        permissions::files(&manifest, received)?;
    }
    let scanned = ScannedFiles::gather(registry, &manifest, &request.folder, recipes)?;
    Ok((manifest, scanned))
}

/// Receives the names of the territories on a thread of its own, which then ends this process when the publication ends, whatever
/// the reading does: the other end of the standard input is closed then.
fn receive_names(mut input: File) -> io::Result<Receiver<TerritoryNames>> {
    let (sender, receiver) = mpsc::channel();
    let wait = move || {
        let mut names = TerritoryNames::default();
        while let Ok(part) = frames::read::<Vec<NamedTerritory>>(&mut input, FrameKind::Names) {
            part.iter().for_each(|(kind, code, name)| names.add(kind, code, name));
            if part.is_empty() {
                _ = sender.send(std::mem::take(&mut names));
            }
        }
        std::process::exit(0);
    };
    thread::Builder::new().stack_size(SMALL_STACK).spawn(wait)?;
    Ok(receiver)
}
