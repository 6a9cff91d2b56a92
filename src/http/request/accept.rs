//! Owns the choice of a representation from the header `Accept` (RFC 9110, section 12.5.1).
//! Must not know how representations are written.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::http::request::header_lists;
use crate::problem::{Kind, Problem};
use crate::query::{Context, Representation};

/// The representation of a collection that the header prefers; `None` if it accepts none. Of equal qualities, the first of the
/// collection wins.
pub fn preferred(request: &HttpRequest, context: Context) -> Option<Representation> {
    among(request, context.representations())
}

/// The representation among `offered` that the header prefers; `None` if it accepts none. Of equal qualities, the first
/// wins. A header of which nothing can be read is treated as a missing one.
pub fn among(request: &HttpRequest, offered: impl IntoIterator<Item = Representation>) -> Option<Representation> {
    let mut ranges = header_lists::weighted(request.headers(), header::ACCEPT);
    ranges.retain(|(range, _)| is_range(range));
    if ranges.is_empty() {
        return Some(Representation::Json);
    }
    let quality = |representation: Representation| {
        let essence = representation.media_type();
        let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
        // The most specific matching range decides, even if a broader one has a higher quality.
        let ranges = ranges.iter().filter_map(|(range, quality)| {
            let specificity = match range.as_str() {
                range if range == essence || aliases(representation).contains(&range) => 2,
                range if range.strip_suffix("/*") == Some(kind) => 1,
                "*/*" | "*" => 0,
                _ => return None,
            };
            Some((specificity, *quality))
        });
        ranges.max().map_or(0, |(_, quality)| quality)
    };
    let mut best: Option<(Representation, u16)> = None;
    for representation in offered {
        let quality = quality(representation);
        if quality > 0 && best.is_none_or(|(_, found)| quality > found) {
            best = Some((representation, quality));
        }
    }
    best.map(|(representation, _)| representation)
}

/// Whether a word is a range of media types. Java's `HttpURLConnection` sends `*` for everything.
fn is_range(word: &str) -> bool {
    word == "*" || word.split_once('/').is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty())
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
