//! Owns content codings: which one a request prefers (RFC 9110, section 12.5.3), and the coding of a body that is kept and
//! sent many times, so that the time it takes is well spent.
//! Must not know what the bodies say.

use std::io::{self, Write};

use actix_web::HttpRequest;
use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, Header, Preference, Quality};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bodies below this, in bytes, are sent as they are: they fit into a packet or two anyway.
const SMALL: usize = 1024;

/// Bodies above this, in bytes, are coded where a thread may be busy for a while.
const LARGE: usize = 64 * 1024;

const ZSTD_LEVEL: i32 = 9;
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;

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
    /// That of a thread that cannot be had.
    pub async fn code(self, body: &Bytes) -> io::Result<Option<Bytes>> {
        if self == Self::Identity || body.len() < SMALL {
            return Ok(None);
        }
        if body.len() <= LARGE {
            return self.write(body).map(Some);
        }
        let body = body.clone();
        actix_web::web::block(move || self.write(&body)).await.map_err(io::Error::other)?.map(Some)
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
