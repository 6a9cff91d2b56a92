//! Owns content codings: which one a request prefers (RFC 9110, section 12.5.3); the coding of a body that is kept and
//! sent many times, so that the time it takes is well spent; and that of a stream, which is to be as quick as it was.
//! Must not know what the bodies say.

use std::io::{self, BufWriter, IntoInnerError, Write};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue, Preference, Quality};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::problem::Problem;

/// Bodies below this, in bytes, are sent as they are: they fit into a packet or two anyway.
const SMALL: usize = 1024;

/// Bodies above this, in bytes, are coded where a thread may be busy for a while.
const LARGE: usize = 64 * 1024;

const ZSTD_LEVEL: i32 = 9;
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;

/// Of streams: what they gain is nearly all there is to gain, at a fraction of the time.
const ZSTD_STREAM_LEVEL: i32 = 1;
const GZIP_STREAM_LEVEL: u32 = 1;
const BROTLI_STREAM_QUALITY: i32 = 2;

/// Bytes of a stream that are coded at once: coders are slow, and the quick ones code badly, when they are given a cell at a
/// time.
const PIECE: usize = 64 * 1024;

/// The window of brotli, as a power of two: bodies that are kept are hardly larger.
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
    /// None.
    Identity,
}

impl Coding {
    /// Every coding, in our order: what reads fastest and saves most comes first.
    const ALL: [Coding; 4] = [Coding::Zstd, Coding::Brotli, Coding::Gzip, Coding::Identity];

    /// The coding that a request likes best; none when it says nothing, or admits nothing that there is.
    pub fn preferred(request: &HttpRequest) -> Self {
        let given = request.headers().contains_key(header::ACCEPT_ENCODING);
        let Some(accepted) = AcceptEncoding::parse(request).ok().filter(|_| given) else { return Self::Identity };
        let mut best = (Self::Identity, Quality::ZERO);
        for coding in Self::ALL {
            let quality = quality(&accepted, coding);
            if quality > best.1 {
                best = (coding, quality);
            }
        }
        best.0
    }

    /// How it is called in `Content-Encoding`, and what it adds to an entity tag; nothing when there is none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Zstd => Some("zstd"),
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// Codes a body; nothing where it is as well sent as it is.
    ///
    /// # Errors
    /// 500 when the coder fails.
    pub async fn code(self, body: &Bytes) -> Result<Option<Bytes>, Problem> {
        if self == Self::Identity || body.len() < SMALL {
            return Ok(None);
        }
        let coded = match body.len() {
            ..=LARGE => self.write(body),
            _ => {
                let body = body.clone();
                actix_web::web::block(move || self.write(&body)).await.map_err(io::Error::other).flatten()
            }
        };
        coded.map(Some).map_err(|error| {
            log::error!("an answer cannot be coded: {error}");
            Problem::internal()
        })
    }

    /// Says of an answer that it is in this coding.
    pub fn describe(self, response: &mut HttpResponseBuilder) {
        if let Some(name) = self.name() {
            response.insert_header((header::CONTENT_ENCODING, name));
        }
    }

    /// Codes the body of an answer that is there as a whole.
    ///
    /// # Errors
    /// 500 when the coder fails.
    pub async fn apply(self, response: HttpResponse) -> Result<HttpResponse, Problem> {
        let (mut head, body) = response.into_parts();
        let plain = match body.try_into_bytes() {
            Ok(plain) => plain,
            Err(stream) => return Ok(head.set_body(stream)),
        };
        let coded = self.code(&plain).await?;
        if let (Some(_), Some(name)) = (&coded, self.name()) {
            head.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Ok(head.set_body(BoxBody::new(coded.unwrap_or(plain))))
    }

    /// Writes a stream in this coding, which has its end only when `write` ends well.
    ///
    /// # Errors
    /// Those of `write` and of `out`.
    pub fn through<T>(self, out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::Identity => write(out),
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_STREAM_LEVEL)?;
                let written = in_pieces(&mut encoder, write)?;
                encoder.finish().map(|_| written)
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::new(GZIP_STREAM_LEVEL));
                let written = in_pieces(&mut encoder, write)?;
                encoder.finish().map(|_| written)
            }
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_STREAM_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    ..Default::default()
                };
                let mut encoder = brotli::CompressorWriter::with_params(out, PIECE, &parameters);
                let written = in_pieces(&mut encoder, write)?;
                // What is left goes out now; that it cannot is found at the next piece, for nothing else is taken then.
                encoder.into_inner();
                Ok(written)
            }
        }
    }

    fn write(self, body: &[u8]) -> io::Result<Bytes> {
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
                let mut coded = Vec::with_capacity(body.len() / 4);
                brotli::BrotliCompress(&mut &*body, &mut coded, &parameters)?;
                coded
            }
        }))
    }
}

/// Hands over in pieces what is written.
fn in_pieces<T>(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
    let mut pieces = BufWriter::with_capacity(PIECE, out);
    let written = write(&mut pieces)?;
    // Without a flush, which would reach the coder and have it end what it has begun.
    pieces.into_inner().map(|_| written).map_err(IntoInnerError::into_error)
}

/// How much a header likes a coding. What it does not name, it does not like; but none at all is admitted unless it says
/// otherwise, after everything that it names.
fn quality(accepted: &AcceptEncoding, coding: Coding) -> Quality {
    let own = Encoding::Known(match coding {
        Coding::Zstd => ContentEncoding::Zstd,
        Coding::Brotli => ContentEncoding::Brotli,
        Coding::Gzip => ContentEncoding::Gzip,
        Coding::Identity => ContentEncoding::Identity,
    });
    let named = accepted.iter().find(|one| matches!(&one.item, Preference::Specific(encoding) if *encoding == own));
    let any = || accepted.iter().find(|one| matches!(one.item, Preference::Any));
    match named.or_else(any) {
        Some(one) => one.quality,
        None if coding == Coding::Identity => Quality::MIN,
        None => Quality::ZERO,
    }
}
