//! Owns answers in all representations but JSON: a page when `limit` is given, else all rows as a stream that either is
//! whole or breaks off, so that a part of a file never looks like all of it.
//! Must not know how rows are written or read.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use tokio::sync::mpsc;

use super::collections::{self, refusal};
use crate::db::read::export::{Chunks, Permit};
use crate::db::read::page::{self, Ground, Grounded};
use crate::format::{About, RowWriter, writer};
use crate::http::cache::compression::Coding;
use crate::http::response::envelope::instant;
use crate::http::state::State;
use crate::problem::{Fault, Kind, Problem};
use crate::query::{Dataset, Parameter, Plan, Representation, Row};

/// Bytes that are gathered before they are sent.
const PIECE: usize = 64 * 1024;

/// Pieces that may wait for the client.
const WAITING: usize = 4;

/// How long a client may take to read a piece before the connection is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most rows of an export in another order than the key's: such an order is made anew for each chunk.
const SORTED_ROWS: i64 = 100_000;

/// The most rows of a workbook: a sheet has 1,048,576 lines, one of them the header.
pub const SHEET_ROWS: i64 = 1_048_575;

/// The most rows of a cube, which is gathered in memory.
const CUBE_ROWS: i64 = 100_000;

/// The number of all rows, when it was asked for.
const TOTAL: HeaderName = HeaderName::from_static("x-total-rows");

/// The release that was read.
pub const RELEASE: HeaderName = HeaderName::from_static("x-release");

/// Answers a plan with a page of rows.
///
/// # Errors
/// Those of the plan's codes and release; 503 when the database does not answer.
pub async fn page(state: &State, plan: &Plan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    let page = collections::page(state, plan, parent).await?;
    let links = collections::links(plan, parent, &page);
    let about = about(plan, parent, &Ground { release: page.release.clone(), approximate: page.approximate });
    let mut body = Vec::with_capacity(PIECE);
    let mut writer = writer(plan, &about).map_err(|error| unwritable(&error))?;
    write(writer.as_mut(), &mut body, &page.rows).map_err(|error| unwritable(&error))?;
    let mut response = headers(plan, &about, page.total);
    if let Some(next) = links.next {
        response.append_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    Ok(response.body(body))
}

/// Writes rows that are all there.
///
/// # Errors
/// What the representation cannot hold.
pub fn write(writer: &mut dyn RowWriter, out: &mut Vec<u8>, rows: &[Row]) -> io::Result<()> {
    writer.begin(out)?;
    rows.iter().try_for_each(|row| writer.row(out, row))?;
    writer.end(out)
}

/// Answers a plan with all rows, in a coding; with nothing but the head when `headers_only`.
///
/// # Errors
/// Those of the plan's codes and release; 400 for more rows than the representation or the order admits; 503 when too
/// many exports run or the database does not answer.
pub async fn all(
    state: &State,
    plan: Plan,
    parent: Option<&'static Dataset>,
    (coding, headers_only): (Coding, bool),
) -> Result<HttpResponse, Problem> {
    let permit = state.exports.permit().ok_or_else(|| Problem::new(Kind::Unavailable, "Too many exports are running."))?;
    let (asked, bound) = (&plan, bound(&plan));
    let grounded = state.pool.read_at(plan.at.as_ref(), |connection| async move {
        let count = async |ground: &Ground| {
            let total = page::count(&connection, asked, ground).await?;
            let over = match bound {
                Some((most, _)) => page::exceeds(&connection, asked, ground, most).await?,
                None => false,
            };
            Ok((total, over))
        };
        page::grounded(&connection, parent, asked, count).await
    });
    let (ground, total) = match grounded.await? {
        Grounded::Refused(answer) => return Err(refusal(state, &plan, parent, answer).await),
        Grounded::Found(_, (_, true)) => {
            let fault = bound.map(|(most, parameter)| too_many(&plan, most, parameter));
            return Err(Problem::invalid_parameters(fault.into_iter().collect()));
        }
        Grounded::Found(ground, (total, false)) => (ground, total),
    };
    let about = about(&plan, parent, &ground);
    let writer = writer(&plan, &about).map_err(|error| unwritable(&error))?;
    let mut response = headers(&plan, &about, total);
    coding.describe(&mut response);
    if headers_only {
        // A stream of nothing, since the length of the answer to GET is not known, and an empty body would say that it is 0.
        return Ok(response.streaming(futures_util::stream::empty::<io::Result<Bytes>>()));
    }
    let rows = state.exports.rows(Arc::new(plan), ground);
    Ok(response.streaming(stream(state, rows, (writer, coding), permit).await?))
}

/// The most rows that may be asked for at once, with the parameter that is the reason; nothing where there is no limit.
fn bound(plan: &Plan) -> Option<(i64, Parameter)> {
    match plan.presentation.representation {
        Representation::JsonStat => Some((CUBE_ROWS, Parameter::Format)),
        _ if !plan.is_in_key_order() => {
            let parameter = if plan.search.is_some() { Parameter::Search } else { Parameter::Sort };
            Some((SORTED_ROWS, parameter))
        }
        Representation::Xlsx => Some((SHEET_ROWS, Parameter::Format)),
        _ => None,
    }
}

fn too_many(plan: &Plan, most: i64, parameter: Parameter) -> Fault {
    let name = plan.presentation.representation.name();
    let (what, remedy) = match parameter {
        Parameter::Format => {
            (format!("`format={name}`"), "filter more, or take `csv`, `ndjson` or `parquet`, which have no limit")
        }
        _ => ("an order other than the key's".to_owned(), "leave the order out: rows come by their key, and any number of them"),
    };
    Fault::new(parameter.name(), format!("More than {most} rows cannot be given in {what}; {remedy}."))
}

/// What cannot be written of rows that are there is a limit of the representation, which the problem names.
pub fn unwritable(error: &io::Error) -> Problem {
    Problem::invalid_parameters(vec![Fault::new(Parameter::Format.name(), format!("These rows cannot be written so: {error}."))])
}

/// What a file says of itself.
pub fn about(plan: &Plan, parent: Option<&'static Dataset>, ground: &Ground) -> About {
    let release = ground.release.number;
    About {
        dataset: plan.context.dataset,
        columns: plan.columns.clone(),
        release,
        published_at: instant(ground.release.published_at),
        pinned: collections::pinned(plan, parent, release),
    }
}

/// The head of an answer that is a file.
pub fn headers(plan: &Plan, about: &About, total: Option<(i64, bool)>) -> HttpResponseBuilder {
    let representation = plan.presentation.representation;
    let parent = plan.parent.as_deref().map_or(String::new(), |code| format!("-{code}"));
    let safe: String = parent.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let name = format!("reperes{safe}-{}-publication-{}.{}", about.dataset.name, about.release, representation.extension());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, representation.content_type()));
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    response.insert_header((RELEASE, about.release));
    if let Ok(pinned) = HeaderValue::from_str(&about.pinned) {
        response.insert_header((header::CONTENT_LOCATION, pinned));
    }
    if let Some((value, exact)) = total {
        response.insert_header((TOTAL, if exact { value.to_string() } else { format!(">={value}") }));
    }
    response
}

/// Writes rows as they come and gives their number. To be called where a thread may wait.
///
/// # Errors
/// The database's, the output's, or what the representation cannot hold.
pub fn drain(writer: &mut dyn RowWriter, out: &mut dyn Write, mut rows: Chunks) -> io::Result<u64> {
    let mut number = 0;
    writer.begin(out)?;
    loop {
        let chunk = rows.wait_for_next().ok_or(io::ErrorKind::UnexpectedEof)?.map_err(io::Error::other)?;
        for row in &chunk.rows {
            writer.row(out, row)?;
            number += 1;
        }
        if chunk.last {
            writer.end(out)?;
            return Ok(number);
        }
    }
}

/// Formats and codes the rows as they come, on a thread that may wait for the client, and hands the pieces over.
///
/// # Errors
/// 503 when the database does not give the first rows; afterwards there is a head, and the body can only break off.
pub async fn stream(
    state: &State,
    rows: Chunks,
    (mut writer, coding): (Box<dyn RowWriter>, Coding),
    permit: Permit,
) -> Result<impl futures_util::Stream<Item = io::Result<Bytes>> + use<>, Problem> {
    let rows = rows.begun().await?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let runtime = state.exports.handle();
    runtime.clone().spawn_blocking(move || {
        let _permit = permit;
        let mut out = Pieces { sender: sender.clone(), runtime, gathered: Vec::with_capacity(PIECE * 2), lost: false };
        let written = coding
            .through(&mut out, |out| drain(writer.as_mut(), out, rows))
            .and_then(|_| out.flush())
            .and_then(|()| out.send(Piece::End));
        // The error ends the body before its end, and so the connection: the client sees that something is missing.
        if let Err(error) = written {
            log::warn!("an export broke off: {error}");
            _ = sender.blocking_send(Piece::Broken(error));
        }
    });
    Ok(futures_util::stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(receiver))),
            Some(Piece::End) => None,
            Some(Piece::Broken(error)) => Some((Err(error), None)),
            // Whoever writes has gone without a word: what was sent must not pass for all.
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    }))
}

/// What the writer has to say.
enum Piece {
    /// The next bytes.
    Bytes(Bytes),
    /// All has been said.
    End,
    /// There is no more, though there should be.
    Broken(io::Error),
}

/// Gathers what is written and sends it in pieces; waits for a slow client, though not for ever.
struct Pieces {
    sender: mpsc::Sender<Piece>,
    runtime: tokio::runtime::Handle,
    gathered: Vec<u8>,
    /// Whether nobody reads any more, so that nobody is waited for again.
    lost: bool,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::from(std::mem::replace(&mut self.gathered, Vec::with_capacity(PIECE * 2)));
        self.send(Piece::Bytes(bytes))
    }
}

impl Pieces {
    fn send(&mut self, piece: Piece) -> io::Result<()> {
        if self.lost {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = self.attempt(piece);
        self.lost = sent.is_err();
        sent
    }

    fn attempt(&self, piece: Piece) -> io::Result<()> {
        match self.runtime.block_on(tokio::time::timeout(PATIENCE, self.sender.send(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
        }
    }
}
