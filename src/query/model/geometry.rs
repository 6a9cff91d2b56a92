//! Owns the check of a published geometry: a GeoJSON Polygon or MultiPolygon (RFC 7946) whose every position is a longitude
//! and a latitude, and whose every ring is closed. One that is published has no rings that cross themselves or each other.
//! Must not know where geometries are stored. Whether a hole lies in its polygon is not checked.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::crossings;

/// The fewest positions of a ring, of which the first and the last are the same (RFC 7946, 3.1.6).
const RING_LENGTH: usize = 4;

/// The most positions of a geometry.
const MAX_POSITIONS: usize = 50_000;

/// The smallest number of degrees that is not zero. Smaller ones mean nothing, and not every reader can hold them.
const MIN_DEGREES: f64 = 1e-12;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Geometry<'t> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    coordinates: &'t RawValue,
}

type Position<'t> = [&'t RawValue; 2];
type Polygon<'t> = Vec<Vec<Position<'t>>>;

/// A longitude and a latitude.
type Degrees = [f64; 2];

/// Checks the text of a geometry that is stored, as far as readers need it.
///
/// # Errors
/// Returns the end of a sentence that begins with the geometry.
pub fn check(text: &str) -> Result<(), String> {
    rings(text).map(drop)
}

/// Checks the text of a geometry that is to be published: also that no ring crosses itself or another.
///
/// # Errors
/// Returns the end of a sentence that begins with the geometry.
pub fn check_published(text: &str) -> Result<(), String> {
    crossings::check(&rings(text)?).map_err(|why| format!("is not a whole geometry: {why}"))
}

fn rings(text: &str) -> Result<Vec<Vec<Degrees>>, String> {
    let geometry: Geometry<'_> = serde_json::from_str(text)
        .map_err(|error| format!("is not a GeoJSON geometry with the members `type` and `coordinates` only: {error}"))?;
    let coordinates = geometry.coordinates.get();
    let nested = |error| {
        let kind = &geometry.kind;
        format!("is not a {kind} of rings of positions, which are a longitude and a latitude (RFC 7946): {error}")
    };
    let polygons: Vec<Polygon<'_>> = match geometry.kind.as_str() {
        "Polygon" => vec![serde_json::from_str(coordinates).map_err(nested)?],
        "MultiPolygon" => serde_json::from_str(coordinates).map_err(nested)?,
        other => return Err(format!("is a {}, and must be a Polygon or a MultiPolygon", crate::problem::echo(other))),
    };
    if polygons.is_empty() || polygons.iter().any(Vec::is_empty) {
        return Err("has a polygon without rings, or none".to_owned());
    }
    let checked = |(ring, at): (&Vec<Position<'_>>, usize)| {
        self::ring(ring).map_err(|why| format!("is not a whole geometry: its ring {at} {why}"))
    };
    let rings: Vec<Vec<Degrees>> = polygons.iter().flatten().zip(1..).map(checked).collect::<Result<_, _>>()?;
    let count: usize = rings.iter().map(Vec::len).sum();
    if count > MAX_POSITIONS {
        return Err(format!("has {count} positions, and at most {MAX_POSITIONS} are allowed"));
    }
    Ok(rings)
}

fn ring(ring: &[Position<'_>]) -> Result<Vec<Degrees>, String> {
    if ring.len() < RING_LENGTH {
        return Err(format!("has {} positions, and a ring has at least {RING_LENGTH}", ring.len()));
    }
    let mut positions = Vec::with_capacity(ring.len());
    for [longitude, latitude] in ring {
        positions.push([degrees(longitude.get(), 180.0)?, degrees(latitude.get(), 90.0)?]);
    }
    if positions.first() != positions.last() {
        return Err("does not end where it begins".to_owned());
    }
    let flat = |axis: usize| positions.iter().all(|position| position[axis].total_cmp(&positions[0][axis]).is_eq());
    if flat(0) || flat(1) {
        return Err("has no area".to_owned());
    }
    Ok(positions)
}

/// Reads a number of degrees. A text, a number out of range and a number that is nearly zero are errors.
fn degrees(text: &str, most: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|_| !text.starts_with('"'));
    match number {
        Some(number) if number.abs() <= most => {
            let zero = number.abs() < MIN_DEGREES;
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            match zero && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
                true => Err(format!("has the coordinate {}, which is too small", crate::problem::echo(text))),
                false => Ok(number),
            }
        }
        _ => Err(format!("has the coordinate {}, which is not a number from -{most} to {most}", crate::problem::echo(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    fn polygon(ring: &str) -> String {
        format!("{{\"type\":\"Polygon\",\"coordinates\":[[{ring}]]}}")
    }

    #[test]
    fn polygons_with_closed_rings_are_whole() {
        let square = "[0,0],[1,0],[1,1.5],[0,0]";
        for text in [
            polygon(square),
            polygon("[-180,-90],[180,-90],[1e-5,90.0],[-180.0,-90]"),
            format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[[[{square}],[{square}]],[[{square}]]]}}"),
            format!("{{\"coordinates\":[[{square}]],\"type\":\"Polygon\"}}"),
        ] {
            assert_eq!(check(&text), Ok(()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_is_wrong() {
        let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        let ring = "is not a whole geometry: its ring 1";
        for (text, why) in [
            ("{\"type\":\"Polygon\"}".to_owned(), "is not a GeoJSON geometry"),
            ("{\"type\":\"Polygon\",\"coordinates\":[],\"crs\":1}".to_owned(), "is not a GeoJSON geometry"),
            ("{\"type\":\"Point\",\"coordinates\":[1,2]}".to_owned(), "is a Point, and must be a Polygon or a MultiPolygon"),
            (
                "{\"type\":\"GeometryCollection\",\"coordinates\":[]}".to_owned(),
                "is a GeometryCollection, and must be a Polygon or a MultiPolygon",
            ),
            ("{\"type\":\"Polygon\",\"coordinates\":[]}".to_owned(), "has a polygon without rings"),
            ("{\"type\":\"MultiPolygon\",\"coordinates\":[]}".to_owned(), "has a polygon without rings"),
            ("{\"type\":\"MultiPolygon\",\"coordinates\":[[]]}".to_owned(), "has a polygon without rings"),
            ("{\"type\":\"Polygon\",\"coordinates\":\"0,0\"}".to_owned(), "is not a Polygon of rings"),
            ("{\"type\":\"Polygon\",\"coordinates\":[0,0]}".to_owned(), "is not a Polygon of rings"),
            (format!("{{\"type\":\"Polygon\",\"coordinates\":{deep}}}"), "is not a Polygon of rings"),
            (polygon("[0,0],[1,0],[1,1,5],[0,0]"), "is not a Polygon of rings"),
            (polygon("[0],[1,0],[1,1],[0]"), "is not a Polygon of rings"),
            (polygon(""), "is not a whole geometry: its ring 1 has 0 positions, and a ring has at least 4"),
            (polygon("[0,0],[1,0],[0,0]"), "is not a whole geometry: its ring 1 has 3 positions, and a ring has at least 4"),
            (polygon("[0,0],[1,0],[1,1],[0,0.1]"), "is not a whole geometry: its ring 1 does not end where it begins"),
            (polygon("[0,0],[0,1],[0,2],[0,0]"), "is not a whole geometry: its ring 1 has no area"),
            (polygon("[\"0\",0],[1,0],[1,1],[0,0]"), ring),
            (polygon("[null,0],[1,0],[1,1],[0,0]"), ring),
            (polygon("[[0],0],[1,0],[1,1],[0,0]"), ring),
            (polygon("[999,0],[1,0],[1,1],[999,0]"), ring),
            (polygon("[0,90.1],[1,0],[1,1],[0,90.1]"), ring),
            (polygon("[1e999,0],[1,0],[1,1],[1e999,0]"), ring),
            (polygon("[1e-400,0],[1,0],[1,1],[1e-400,0]"), ring),
        ] {
            let found = check(&text).expect_err("it is not whole");
            assert!(found.starts_with(why), "{text}: {found}");
        }
    }
}
