//! Owns the order and the pages of rows that are computed as a whole. The database does not sort them, since all of them
//! have to be judged, however short the page is.
//! Must not know how they are computed.

use std::cmp::Ordering;

use super::Plan;
use super::reading::SortTerm;
use crate::query::fold::fold;
use crate::query::model::field::Kind;
use crate::query::model::row::Row;

/// Sorts rows that have the columns of [`Plan::read_columns`], and cuts the page out of them: the rows after the cursor, at
/// most `limit`. Returns also whether more follow.
pub fn page(plan: &Plan, rows: Vec<Row>, limit: Option<i64>) -> (Vec<Row>, bool) {
    let terms = &plan.reading.sort;
    let places = plan.sort_places();
    let mut rows: Vec<(Vec<Option<String>>, Row)> = rows
        .into_iter()
        .map(|row| {
            let values = places.iter().map(|at| at.and_then(|at| row.cell(at)).map(str::to_owned)).collect();
            (values, row)
        })
        .collect();
    rows.sort_by(|(a, _), (b, _)| compare(terms, a, b));
    let start = match &plan.reading.after {
        Some(position) => rows.partition_point(|(values, _)| compare(terms, values, &position.values) != Ordering::Greater),
        None => 0,
    };
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let more = rows.len() - start > limit;
    (rows.into_iter().skip(start).take(limit).map(|(_, row)| row).collect(), more)
}

/// Compares two rows by their values of the sort terms. A row without a value comes last either way.
fn compare(terms: &[SortTerm], a: &[Option<String>], b: &[Option<String>]) -> Ordering {
    let each = terms.iter().zip(a.iter().zip(b)).map(|(term, (a, b))| match (a, b) {
        (Some(a), Some(b)) if term.descending => value(term, b, a),
        (Some(a), Some(b)) => value(term, a, b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    each.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn value(term: &SortTerm, a: &str, b: &str) -> Ordering {
    match term.field().map(|field| field.kind) {
        Some(Kind::Integer { .. } | Kind::Decimal) => decimal(a, b),
        _ if term.folded => fold(a).cmp(&fold(b)),
        _ => a.cmp(b),
    }
}

/// Compares two decimal numbers exactly, without exponents: floating point would take some of them for equal.
fn decimal(a: &str, b: &str) -> Ordering {
    match (a.strip_prefix('-'), b.strip_prefix('-')) {
        (None, None) => magnitude(a, b),
        (Some(a), Some(b)) => magnitude(b, a),
        (Some(a), None) if magnitude(a, "0").is_eq() && magnitude(b, "0").is_eq() => Ordering::Equal,
        (None, Some(b)) if magnitude(a, "0").is_eq() && magnitude(b, "0").is_eq() => Ordering::Equal,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

fn magnitude(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned())
    };
    let ((whole_a, fraction_a), (whole_b, fraction_b)) = (parts(a), parts(b));
    whole_a.len().cmp(&whole_b.len()).then(whole_a.cmp(&whole_b)).then(fraction_a.cmp(&fraction_b))
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_compared_exactly() {
        let sorted = ["-10", "-9.5", "-0.25", "-0.2", "0", "0.1", "0.10000000000000000001", "0.2", "2", "9.99", "10", "100"];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(decimal(a, b), at.cmp(&other), "{a} {b}");
            }
        }
        for (a, b) in [("1.50", "1.5"), ("-0", "0"), ("0.0", "-0.00"), ("007", "7")] {
            assert!(decimal(a, b).is_eq() && decimal(b, a).is_eq(), "{a} {b}");
        }
    }
}
