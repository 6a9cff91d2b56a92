//! Owns the search for rings that cross: a sweep over their segments, exact and bounded in time.
//! Must not know how rings are written.

/// The most pairs of segments that are compared in one sweep. The largest bundled contour has 36,000.
const MAX_PAIRS: usize = 1 << 24;

/// Degrees are compared as integers of this part of a degree, a tenth of a micrometre: sums and products of them are exact.
const UNITS_PER_DEGREE: f64 = 1e12;

/// A longitude and a latitude in units.
type Point = [i64; 2];

struct Segment {
    from: Point,
    to: Point,
    /// The least longitude and latitude.
    low: Point,
    high: Point,
    /// The ring, from 1.
    ring: usize,
}

/// How two segments meet, if they do more than touch in a point.
#[derive(PartialEq, Eq)]
enum Meeting {
    /// Each has ends on both sides of the other.
    Cross,
    /// They share more than a point.
    Overlap,
}

/// Checks that no ring crosses itself or another, or runs over itself. Rings may touch in points, and share edges with others.
///
/// # Errors
/// Returns a sentence without its geometry.
pub fn check(rings: &[Vec<[f64; 2]>]) -> Result<(), String> {
    let mut segments = segments(rings);
    // A sweep is slow where many segments lie beside each other; then the other direction may be better.
    for axis in [0, 1] {
        if let Some(outcome) = sweep(&mut segments, axis) {
            return outcome;
        }
    }
    Err("too many of its segments lie side by side for a check of whether they cross".to_owned())
}

fn segments(rings: &[Vec<[f64; 2]>]) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(rings.iter().map(Vec::len).sum());
    for (ring, at) in rings.iter().zip(1..) {
        for pair in ring.windows(2) {
            let (from, to) = (point(pair[0]), point(pair[1]));
            if from != to {
                let low = [from[0].min(to[0]), from[1].min(to[1])];
                let high = [from[0].max(to[0]), from[1].max(to[1])];
                segments.push(Segment { from, to, low, high, ring: at });
            }
        }
    }
    segments
}

fn point(degrees: [f64; 2]) -> Point {
    degrees.map(|degrees| (degrees * UNITS_PER_DEGREE).round() as i64)
}

/// Compares the segments that lie beside each other in one direction. `None` if they are too many.
fn sweep(segments: &mut [Segment], axis: usize) -> Option<Result<(), String>> {
    let across = 1 - axis;
    segments.sort_unstable_by_key(|segment| segment.low[axis]);
    let (mut beside, mut pairs): (Vec<&Segment>, _) = (Vec::new(), 0);
    for segment in segments.iter() {
        pairs += beside.len();
        if pairs > MAX_PAIRS {
            return None;
        }
        beside.retain(|other| other.high[axis] >= segment.low[axis]);
        for other in &beside {
            if other.high[across] < segment.low[across] || other.low[across] > segment.high[across] {
                continue;
            }
            let same = other.ring == segment.ring;
            match meeting(other, segment) {
                Some(Meeting::Overlap) if !same => {}
                Some(meeting) => return Some(Err(sentence(other, segment, &meeting))),
                None => {}
            }
        }
        beside.push(segment);
    }
    Some(Ok(()))
}

fn sentence(one: &Segment, other: &Segment, meeting: &Meeting) -> String {
    let [longitude, latitude] = other.from.map(|units| units as f64 / UNITS_PER_DEGREE);
    let what = match (meeting, one.ring == other.ring) {
        (Meeting::Overlap, _) => format!("its ring {} runs over itself", one.ring),
        (Meeting::Cross, true) => format!("its ring {} crosses itself", one.ring),
        (Meeting::Cross, false) => {
            format!("its rings {} and {} cross", one.ring.min(other.ring), one.ring.max(other.ring))
        }
    };
    format!("{what} at a segment from {longitude:.6} {latitude:.6}")
}

fn meeting(one: &Segment, other: &Segment) -> Option<Meeting> {
    let sides = |of: &Segment, by: &Segment| [side(by, of.from), side(by, of.to)];
    let (first, second) = (sides(one, other), sides(other, one));
    let apart = |sides: [i128; 2]| sides[0] * sides[1] < 0;
    if apart(first) && apart(second) {
        return Some(Meeting::Cross);
    }
    // On one line: points of a line are ordered by longitude, then by latitude.
    let ends = |segment: &Segment| (segment.from.min(segment.to), segment.from.max(segment.to));
    let ((low, high), (other_low, other_high)) = (ends(one), ends(other));
    (first == [0, 0] && low.max(other_low) < high.min(other_high)).then_some(Meeting::Overlap)
}

/// On which side of a segment a point lies: 1 left, -1 right, 0 on its line.
fn side(segment: &Segment, point: Point) -> i128 {
    let difference = |to: Point, axis: usize| i128::from(to[axis]) - i128::from(segment.from[axis]);
    let product = difference(segment.to, 0) * difference(point, 1) - difference(segment.to, 1) * difference(point, 0);
    product.signum()
}

#[cfg(test)]
mod tests {
    use super::{MAX_PAIRS, check};

    fn ring(positions: &[[f64; 2]]) -> Vec<[f64; 2]> {
        positions.iter().chain(positions.first()).copied().collect()
    }

    const SQUARE: [[f64; 2]; 4] = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];

    #[test]
    fn rings_that_touch_are_whole() {
        for rings in [
            vec![ring(&SQUARE)],
            vec![ring(&SQUARE.map(|[x, y]| [y, x]))],
            // A position twice, one on the way, a ring that touches itself in a point, and one that starts there.
            vec![ring(&[[0.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 2.0], [4.0, 4.0], [0.0, 4.0]])],
            vec![ring(&[[0.0, 0.0], [4.0, 0.0], [2.0, 2.0], [4.0, 4.0], [0.0, 4.0], [2.0, 2.0]])],
            vec![ring(&[[2.0, 2.0], [4.0, 4.0], [0.0, 4.0], [2.0, 2.0], [0.0, 0.0], [4.0, 0.0]])],
            // A corner that touches an edge.
            vec![ring(&[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 0.0], [0.0, 4.0]])],
            // A hole, a hole that touches, a neighbour with a common edge, and one in a corner.
            vec![ring(&SQUARE), ring(&SQUARE.map(|[x, y]| [1.0 + x / 4.0, 1.0 + y / 4.0]))],
            vec![ring(&SQUARE), ring(&SQUARE.map(|[x, y]| [x / 2.0, 1.0 + y / 4.0]))],
            vec![ring(&SQUARE), ring(&SQUARE.map(|[x, y]| [x + 4.0, y]))],
            vec![ring(&SQUARE), ring(&SQUARE.map(|[x, y]| [x + 4.0, y + 4.0]))],
        ] {
            assert_eq!(check(&rings), Ok(()), "{rings:?}");
        }
    }

    #[test]
    fn crossings_are_found_wherever_they_are() {
        let bow = [[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0]];
        for (rings, why) in [
            (vec![ring(&bow)], "its ring 1 crosses itself"),
            (vec![ring(&bow.map(|[x, y]| [y, x]))], "its ring 1 crosses itself"),
            (vec![ring(&bow.map(|[x, y]| [x - 2.0, 1e-9 * y - 60.0]))], "its ring 1 crosses itself"),
            (vec![ring(&SQUARE), ring(&bow.map(|[x, y]| [1.0 + x / 4.0, 1.0 + y / 4.0]))], "its ring 2 crosses itself"),
            (vec![ring(&SQUARE), ring(&SQUARE.map(|[x, y]| [x + 1.0, y + 1.0]))], "its rings 1 and 2 cross"),
            (vec![ring(&SQUARE), ring(&SQUARE.map(|[x, y]| [x / 2.0 - 1.0, y / 2.0 + 1.0]))], "its rings 1 and 2 cross"),
            // A spike, and a way back over an edge.
            (vec![ring(&[[0.0, 0.0], [4.0, 0.0], [6.0, 0.0], [4.0, 0.0], [0.0, 4.0]])], "its ring 1 runs over itself"),
            (
                vec![ring(&[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [3.0, 0.0], [1.0, 0.0], [0.0, 4.0]])],
                "its ring 1 runs over itself",
            ),
        ] {
            let found = check(&rings).expect_err("it crosses");
            assert!(found.starts_with(why), "{rings:?}: {found}");
        }
    }

    /// Teeth that all lie beside each other in both directions.
    fn comb(teeth: u32) -> Vec<[f64; 2]> {
        let tooth = |at: u32| {
            let shift = f64::from(at) / f64::from(teeth) / 100.0;
            let (low, high) = ([shift, -shift], [80.0 + shift, 80.0 - shift]);
            if at.is_multiple_of(2) { [low, high] } else { [high, low] }
        };
        // The ring closes by a detour: the straight way back would run over the ends of the teeth.
        ring(&(0..teeth).flat_map(tooth).chain([[-1.0, -2.0]]).collect::<Vec<_>>())
    }

    #[test]
    fn a_ring_that_cannot_be_checked_in_time_is_refused() {
        let found = check(&[comb(10_000)]).expect_err("it has too many pairs");
        assert!(MAX_PAIRS < 10_000 * 10_000 / 2 && found.starts_with("too many of its segments"), "{found}");
    }
}
