//! Owns the choice of a representation from the header `Accept` (RFC 9110, section 12.5.1).
//! Must not know how representations are written.

use actix_web::HttpRequest;
use actix_web::http::header::{self, Accept, Header};

use crate::problem::{Kind, Problem};
use crate::query::{Context, Representation};

/// The representation of a collection that the header prefers; `None` if it accepts none. Of equal qualities, the first of the
/// collection wins.
pub fn preferred(request: &HttpRequest, context: Context) -> Option<Representation> {
    among(request, context.representations())
}

/// The representation among `offered` that the header prefers; `None` if it accepts none. Of equal qualities, the first
/// wins.
pub fn among(request: &HttpRequest, offered: impl IntoIterator<Item = Representation>) -> Option<Representation> {
    // An empty header is treated as a missing one.
    if request.headers().get_all(header::ACCEPT).all(|value| value.as_bytes().trim_ascii().is_empty()) {
        return Some(Representation::Json);
    }
    let accept = Accept::parse(request).ok()?;
    let quality = |representation: Representation| {
        let essence = representation.media_type();
        let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
        // The most specific matching range decides, even if a broader one has a higher quality.
        let ranges = accept.iter().filter_map(|item| {
            let specificity = match item.item.essence_str() {
                range if range == essence || aliases(representation).contains(&range) => 2,
                range if range.strip_suffix("/*") == Some(kind) => 1,
                "*/*" => 0,
                _ => return None,
            };
            Some((specificity, item.quality))
        });
        ranges.max_by_key(|(specificity, quality)| (*specificity, *quality)).map(|(_, quality)| quality)
    };
    let mut best: Option<(Representation, header::Quality)> = None;
    for representation in offered {
        if let Some(quality) = quality(representation).filter(|quality| *quality > header::Quality::ZERO)
            && best.is_none_or(|(_, found)| quality > found)
        {
            best = Some((representation, quality));
        }
    }
    best.map(|(representation, _)| representation)
}

/// Other names of a media type that clients send.
fn aliases(representation: Representation) -> &'static [&'static str] {
    match representation {
        Representation::Ndjson => &["application/ndjson", "application/jsonl", "application/x-jsonlines"],
        Representation::Parquet => &["application/x-parquet", "application/parquet"],
        Representation::JsonStat => &["application/json-stat+json"],
        _ => &[],
    }
}

/// The 406 that names all representations of a collection.
pub fn not_acceptable(context: Context) -> Problem {
    none_of(context.dataset.name, context.representations())
}

/// The 406 that names all `offered` representations of a resource.
pub fn none_of(name: &str, offered: impl IntoIterator<Item = Representation>) -> Problem {
    let all: Vec<String> = offered.into_iter().map(|one| format!("{} (`format={}`)", one.media_type(), one.name())).collect();
    let detail = format!("`Accept` matches none of the representations of {name}: {}.", all.join(", "));
    Problem::new(Kind::NotAcceptable, detail)
}
