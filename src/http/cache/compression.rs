//! Owns content codings: the one that a request prefers (RFC 9110, section 12.5.3), the compression of a body that is stored
//! and sent many times, at a high level, and that of a stream, at a level that keeps its speed.
//! Must not know what the bodies hold.

use std::io::{self, BufWriter, IntoInnerError, Read, Write};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::request::header_lists;
use crate::problem::Problem;

/// Shorter bodies, in bytes, are sent uncompressed: they fit into a packet or two.
const MIN_COMPRESSED_BYTES: usize = 1024;

/// Longer bodies, in bytes, are compressed on the pool of blocking threads.
const MAX_INLINE_BYTES: usize = 64 * 1024;

const ZSTD_LEVEL: i32 = 9;
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;

/// The levels of streams save nearly as much as the highest, in a fraction of the time.
const ZSTD_STREAM_LEVEL: i32 = 1;
const GZIP_STREAM_LEVEL: u32 = 1;
const BROTLI_STREAM_QUALITY: i32 = 2;

/// The bytes of a stream that an encoder gets at once: cell by cell, encoders are slow, and fast levels compress badly.
const CHUNK_BYTES: usize = 64 * 1024;

/// The window of brotli, as a power of two: stored bodies are hardly larger.
const BROTLI_WINDOW: i32 = 20;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// zstd (RFC 8878).
    Zstd,
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
    /// No coding.
    Identity,
}

impl Coding {
    /// Every coding, the preferred first: it decodes fastest and saves most.
    const ALL: [Coding; 4] = [Coding::Zstd, Coding::Brotli, Coding::Gzip, Coding::Identity];

    /// The coding that a request prefers; identity if it has no `Accept-Encoding`, or accepts no coding of these.
    pub fn preferred(request: &HttpRequest) -> Self {
        Self::preferred_among(request, &Self::ALL)
    }

    /// The coding of these, the preferred first, that a request prefers; identity if it accepts none of them.
    pub fn preferred_among(request: &HttpRequest, offered: &[Self]) -> Self {
        let accepted = header_lists::weighted(request.headers(), header::ACCEPT_ENCODING);
        let mut best = (Self::Identity, 0);
        for coding in offered.iter().copied() {
            let quality = quality(&accepted, coding);
            if quality > best.1 {
                best = (coding, quality);
            }
        }
        best.0
    }

    /// Its name in `Content-Encoding` (RFC 9110, section 8.4.1); `None` for identity.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Zstd => Some("zstd"),
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// The extension of the name of a file in this coding; `None` for identity.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Zstd => Some("zst"),
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gz"),
            Self::Identity => None,
        }
    }

    /// Compresses a body; `None` if it should be sent uncompressed.
    ///
    /// # Errors
    /// Returns 500 if the encoder fails.
    pub async fn compress(self, body: &Bytes) -> Result<Option<Bytes>, Problem> {
        if self == Self::Identity || body.len() < MIN_COMPRESSED_BYTES {
            return Ok(None);
        }
        let compressed = match body.len() {
            ..=MAX_INLINE_BYTES => self.encode(body),
            _ => {
                let body = body.clone();
                actix_web::web::block(move || self.encode(&body)).await.map_err(io::Error::other).flatten()
            }
        };
        compressed.map(Some).map_err(|error| {
            log::error!("cannot compress a response: {error}");
            Problem::internal()
        })
    }

    /// Adds `Content-Encoding` to a response.
    pub fn add_header(self, response: &mut HttpResponseBuilder) {
        if let Some(name) = self.name() {
            response.insert_header((header::CONTENT_ENCODING, name));
        }
    }

    /// Compresses the body of a response, unless it is a stream.
    ///
    /// # Errors
    /// Returns 500 if the encoder fails.
    pub async fn compress_response(self, response: HttpResponse) -> Result<HttpResponse, Problem> {
        let (mut head, body) = response.into_parts();
        let plain = match body.try_into_bytes() {
            Ok(plain) => plain,
            Err(stream) => return Ok(head.set_body(stream)),
        };
        let compressed = self.compress(&plain).await?;
        if let (Some(_), Some(name)) = (&compressed, self.name()) {
            head.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Ok(head.set_body(BoxBody::new(compressed.unwrap_or(plain))))
    }

    /// Writes a stream in this coding. The stream is complete only if `write` succeeds.
    ///
    /// # Errors
    /// Returns the error of `write` or of `out`.
    pub fn compress_stream<T>(self, out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::Identity => write(out),
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_STREAM_LEVEL)?;
                let written = buffered(&mut encoder, write)?;
                encoder.finish().map(|_| written)
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::new(GZIP_STREAM_LEVEL));
                let written = buffered(&mut encoder, write)?;
                encoder.finish().map(|_| written)
            }
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_STREAM_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    ..Default::default()
                };
                let mut encoder = brotli::CompressorWriter::with_params(out, CHUNK_BYTES, &parameters);
                let written = buffered(&mut encoder, write)?;
                // This flushes the rest and drops an error of `out`; `out` returns it again at its next write.
                encoder.into_inner();
                Ok(written)
            }
        }
    }

    /// Writes a file of so many bytes in this coding, at the level of what is stored. The same bytes become the same bytes.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or `out` not be written, or if files are not kept in this coding.
    pub fn compress_file(self, file: &mut dyn Read, bytes: u64, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.set_pledged_src_size(Some(bytes))?;
                encoder.include_checksum(true)?;
                io::copy(file, &mut encoder)?;
                encoder.finish().map(drop)
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::new(GZIP_LEVEL));
                io::copy(file, &mut encoder)?;
                encoder.finish().map(drop)
            }
            Self::Brotli | Self::Identity => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn encode(self, body: &[u8]) -> io::Result<Bytes> {
        Ok(Bytes::from(match self {
            Self::Identity => body.to_vec(),
            Self::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL)?,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::new(GZIP_LEVEL));
                encoder.write_all(body)?;
                encoder.finish()?
            }
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: body.len(),
                    ..Default::default()
                };
                let mut compressed = Vec::with_capacity(body.len() / 4);
                brotli::BrotliCompress(&mut &*body, &mut compressed, &parameters)?;
                compressed
            }
        }))
    }
}

/// Calls `write` with a buffer in front of an encoder.
fn buffered<T>(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
    let mut buffer = BufWriter::with_capacity(CHUNK_BYTES, out);
    let written = write(&mut buffer)?;
    // `flush` would reach the encoder, which would end its block early.
    buffer.into_inner().map(|_| written).map_err(IntoInnerError::into_error)
}

/// The quality of a coding in `Accept-Encoding`: 0 if it is not named, except identity, which is acceptable unless excluded,
/// after all that is named.
fn quality(accepted: &[(String, u16)], coding: Coding) -> u16 {
    let names: &[&str] = match coding {
        Coding::Zstd => &["zstd"],
        Coding::Brotli => &["br"],
        Coding::Gzip => &["gzip", "x-gzip"],
        Coding::Identity => &["identity"],
    };
    let named = accepted.iter().find(|(name, _)| names.contains(&name.as_str()));
    let any = || accepted.iter().find(|(name, _)| name == "*");
    match named.or_else(any) {
        Some((_, quality)) => *quality,
        None => u16::from(coding == Coding::Identity),
    }
}
