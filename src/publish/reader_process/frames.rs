//! Owns the frames between a publication and its reader process: a kind, a length and that many bytes.
//! Must not know what the bytes mean.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The most bytes of a frame: far more than the names of all territories take.
const LONGEST: usize = 16 << 20;

/// The most bytes of rows in one frame.
const ROWS: usize = 256 * 1024;

/// The kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// To the reader: a [`super::request::FirstMessage`].
    First = 1,
    /// To the reader: the names of the territories.
    Names = 2,
    /// From the reader: a [`super::request::Gathered`].
    Gathered = 3,
    /// From the reader: rows of a dataset as `COPY` text, in any pieces.
    Rows = 4,
    /// From the reader: the bytes of files read since the last frame of this kind, as eight bytes, the lowest first.
    Progress = 5,
    /// From the reader: the rows of a dataset end; a [`crate::publish::load::LoadResult`].
    End = 6,
}

const KINDS: [FrameKind; 6] =
    [FrameKind::First, FrameKind::Names, FrameKind::Gathered, FrameKind::Rows, FrameKind::Progress, FrameKind::End];

fn head(kind: FrameKind, length: usize) -> [u8; 5] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    [kind as u8, a, b, c, d]
}

fn parse_head(head: [u8; 5]) -> io::Result<(FrameKind, usize)> {
    let [kind, length @ ..] = head;
    let kind = KINDS.into_iter().find(|known| *known as u8 == kind);
    let length = usize::try_from(u32::from_le_bytes(length)).ok().filter(|length| *length <= LONGEST);
    kind.zip(length).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a frame is invalid or too long"))
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let bytes = serde_json::to_vec(value)?;
    match bytes.len() <= LONGEST {
        true => Ok(bytes),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long")),
    }
}

/// Reads the value of a frame.
///
/// # Errors
/// Returns an error if the bytes are no such value.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(bytes)?)
}

/// Writes a value as a frame.
///
/// # Errors
/// Returns an error if nobody reads any more, or the value is too long.
pub fn write(out: &mut impl Write, kind: FrameKind, value: &impl Serialize) -> io::Result<()> {
    write_bytes(out, kind, &json(value)?)
}

/// Writes bytes as one or more frames.
///
/// # Errors
/// Returns an error if nobody reads any more.
pub fn write_bytes(out: &mut impl Write, kind: FrameKind, bytes: &[u8]) -> io::Result<()> {
    let longest = if kind == FrameKind::Rows { ROWS } else { LONGEST };
    for part in bytes.chunks(longest) {
        out.write_all(&head(kind, part.len()))?;
        out.write_all(part)?;
    }
    Ok(())
}

/// Reads a value of this kind.
///
/// # Errors
/// Returns an error at the end of the input, or if the frame is another one.
pub fn read<T: DeserializeOwned>(input: &mut impl Read, kind: FrameKind) -> io::Result<T> {
    let mut start = [0; 5];
    input.read_exact(&mut start)?;
    let (found, length) = parse_head(start)?;
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    match found == kind {
        true => parse(&bytes),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, "a frame of another kind was expected")),
    }
}

/// Sends a value as a frame.
///
/// # Errors
/// Returns an error if nobody reads any more, or the value is too long.
pub async fn send(out: &mut (impl AsyncWrite + Unpin), kind: FrameKind, value: &impl Serialize) -> io::Result<()> {
    let bytes = json(value)?;
    out.write_all(&head(kind, bytes.len())).await?;
    out.write_all(&bytes).await?;
    out.flush().await
}

/// Receives the next frame.
///
/// # Errors
/// Returns an error at the end of the input, or if the frame is invalid.
pub async fn receive(input: &mut (impl AsyncRead + Unpin)) -> io::Result<(FrameKind, Vec<u8>)> {
    let mut start = [0; 5];
    input.read_exact(&mut start).await?;
    let (kind, length) = parse_head(start)?;
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).await?;
    Ok((kind, bytes))
}

#[cfg(test)]
mod tests {
    use super::{FrameKind, LONGEST, ROWS, parse_head, read, write, write_bytes};

    #[test]
    fn a_value_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        write(&mut bytes, FrameKind::Names, &vec!["Saint-Éloi"]).expect("it is short");
        assert_eq!(read::<Vec<String>>(&mut bytes.as_slice(), FrameKind::Names).expect("it is whole"), ["Saint-Éloi"]);
        assert!(read::<Vec<String>>(&mut bytes.as_slice(), FrameKind::First).is_err(), "another kind");
        assert!(read::<Vec<String>>(&mut &bytes[..bytes.len() - 1], FrameKind::Names).is_err(), "cut");
    }

    #[test]
    fn rows_are_sent_in_pieces_and_long_frames_are_refused() {
        let mut bytes = Vec::new();
        write_bytes(&mut bytes, FrameKind::Rows, &vec![b'x'; ROWS + 1]).expect("memory");
        assert_eq!(bytes.len(), ROWS + 1 + 2 * 5);
        let long = u32::try_from(LONGEST + 1).expect("a small number").to_le_bytes();
        assert!(parse_head([4, long[0], long[1], long[2], long[3]]).is_err());
        assert!(parse_head([9, 0, 0, 0, 0]).is_err());
        assert!(write(&mut Vec::new(), FrameKind::Names, &"x".repeat(LONGEST)).is_err());
    }
}
