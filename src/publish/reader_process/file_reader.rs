//! Owns a reader process from the side of the publication: its start, its messages, its limits that are counted here, and its
//! end. A reader that dies is a fault of the files.
//! Must not know what the rows mean.

use std::io;
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::frames::{self, FrameKind};
use super::limits::ReachedLimit;
use super::request::{FirstMessage, Gathered, NamedTerritory, ReadRequest};
use super::settings::{ReaderLimits, ReaderSettings};
use crate::db::write::release_writer::ReleaseWriter;
use crate::db::write::staging::Stage;
use crate::problem::{Fault, Reason};
use crate::publish::errors::PublishError;
use crate::publish::input::files::Inputs;
use crate::publish::input::manifest::Manifest;
use crate::publish::load::LoadResult;
use crate::publish::progress::Progress;

/// The argument of the program that reads.
const COMMAND: &str = "read-files";

/// The most bytes of a reader's standard error that go to the log.
const LOGGED: u64 = 4096;

/// The most territories in one frame, so that no number of them makes a frame too long.
const NAMES: usize = 10_000;

/// How long a reader that has closed its output may take to end.
const END: Duration = Duration::from_secs(5);

/// A running reader process. It is killed when this is dropped.
pub struct FileReader {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
    log: JoinHandle<String>,
    limits: ReaderLimits,
    deadline: Instant,
    rows: u64,
    bytes: u64,
}

impl FileReader {
    /// Starts a reader, and returns what it found in the files before it reads their rows.
    ///
    /// # Errors
    /// Returns an error with the faults of the files, or if no process can be started.
    pub async fn start(settings: &ReaderSettings, request: ReadRequest) -> Result<(Self, Manifest, Inputs), PublishError> {
        let mut command = Command::new(&settings.program);
        // One arena of memory: others would count as address space that nobody uses.
        command.arg(COMMAND).env_clear().env("MALLOC_ARENA_MAX", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let failed =
            |error: &io::Error| PublishError::Unreadable(format!("no process can be started to read the files: {error}"));
        let mut process = command.spawn().map_err(|error| failed(&error))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else { return Err(failed(&io::ErrorKind::BrokenPipe.into())) };
        let log = tokio::spawn(async move {
            let mut text = Vec::new();
            let mut errors = errors;
            _ = (&mut errors).take(LOGGED).read_to_end(&mut text).await;
            // A full pipe would stop the reader.
            _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        let (limits, deadline) = (settings.limits, Instant::now() + settings.limits.wall);
        let mut reader = Self { process, input, output, log, limits, deadline, rows: 0, bytes: 0 };
        let first = FirstMessage { request, limits };
        if frames::send(&mut reader.input, FrameKind::First, &first).await.is_err() {
            return Err(reader.ended().await);
        }
        let gathered = reader.receive().await?;
        let gathered = match gathered {
            (FrameKind::Gathered, bytes) => frames::parse(&bytes).map_err(|error| failed(&error))?,
            _ => return Err(failed(&io::ErrorKind::InvalidData.into())),
        };
        match gathered {
            Gathered::Ready { manifest, inputs, unprotected } => {
                static SAID: Once = Once::new();
                if !unprotected.is_empty() {
                    SAID.call_once(|| log::warn!("files are read without these protections: {}", unprotected.join(", ")));
                }
                Ok((reader, *manifest, *inputs))
            }
            Gathered::Refused { faults, count } => Err(PublishError::Refused { faults, count }),
            Gathered::Unreadable(why) => Err(PublishError::Unreadable(why)),
        }
    }

    /// Lets the reader begin with the rows, and gives it the territories, which recipes find by name.
    ///
    /// # Errors
    /// Returns an error if the reader has ended, or if the database fails.
    pub async fn begin_rows(&mut self, publication: &ReleaseWriter<'_>, inputs: &Inputs) -> Result<(), PublishError> {
        let names: Vec<NamedTerritory> = match inputs.inputs.iter().any(|input| input.tables.is_some()) {
            true => publication.territories().await?,
            false => Vec::new(),
        };
        // The last part is empty.
        for part in names.chunks(NAMES).chain([&[][..]]) {
            if frames::send(&mut self.input, FrameKind::Names, &part).await.is_err() {
                return Err(self.ended().await);
            }
        }
        Ok(())
    }

    /// Copies the rows of the next dataset into its staging table.
    ///
    /// # Errors
    /// Returns an error if the database fails, or if the reader reached a limit. Faults of rows are part of the result.
    pub async fn copy_dataset(&mut self, stage: &Stage<'_, '_>, progress: &Progress) -> Result<LoadResult, PublishError> {
        let mut sink = std::pin::pin!(stage.copy().await?);
        loop {
            match self.receive().await? {
                (FrameKind::Rows, bytes) => {
                    self.count(&bytes).map_err(|limit| self.refusal(limit))?;
                    sink.send(Bytes::from(bytes)).await?;
                }
                (FrameKind::Progress, bytes) => {
                    let read = <[u8; 8]>::try_from(bytes.as_slice()).map(u64::from_le_bytes).unwrap_or_default();
                    progress.advance(usize::try_from(read).unwrap_or_default());
                }
                (FrameKind::End, bytes) => {
                    let read = frames::parse(&bytes);
                    sink.finish().await?;
                    return read.map_err(|error| PublishError::Unreadable(format!("the reader of the files failed: {error}")));
                }
                (kind, _) => {
                    return Err(PublishError::Unreadable(format!("the reader of the files sent {kind:?} instead of rows")));
                }
            }
        }
    }

    /// Counts rows: in `COPY` text every end of a line is that of a row.
    fn count(&mut self, bytes: &[u8]) -> Result<(), ReachedLimit> {
        self.rows += memchr::memchr_iter(b'\n', bytes).map(|_| 1).sum::<u64>();
        self.bytes += u64::try_from(bytes.len()).unwrap_or_default();
        match () {
            () if self.rows > self.limits.rows => Err(ReachedLimit::Rows),
            () if self.bytes > self.limits.output => Err(ReachedLimit::Output),
            () => Ok(()),
        }
    }

    async fn receive(&mut self) -> Result<(FrameKind, Vec<u8>), PublishError> {
        match timeout_at(self.deadline, frames::receive(&mut self.output)).await {
            Err(_) => Err(self.refusal(ReachedLimit::Wall)),
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(_)) => Err(self.ended().await),
        }
    }

    /// The error of a reader that has ended before the end of its work.
    async fn ended(&mut self) -> PublishError {
        let limit = match timeout(END, self.process.wait()).await {
            Ok(Ok(status)) => ReachedLimit::of(status),
            _ => ReachedLimit::Unknown,
        };
        let said = timeout(END, &mut self.log).await.ok().and_then(Result::ok).unwrap_or_default();
        log::warn!("the reader of files ended: {limit:?}: {}", said.escape_debug());
        self.refusal(limit)
    }

    fn refusal(&self, limit: ReachedLimit) -> PublishError {
        let fault = Fault::of_files(Reason::ReaderLimit, limit.detail(&self.limits));
        PublishError::Refused { faults: vec![fault], count: 1 }
    }
}
