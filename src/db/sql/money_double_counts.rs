//! Owns the SQL that finds flows of a group that may state the same money: one payer, one stage, periods that overlap, and no two
//! beneficiaries.
//!
//! They may if the territory of one lies in that of the other, or, in one territory, if one names no beneficiary and is wider than
//! the other: in its period, or because it names no measure, convention or beneficiary where the other does. Two payments to one
//! beneficiary in one territory are two payments.
//! Must not know whether that is a fault.

use chrono::NaiveDate;

use super::fragments::{list, same_group};
use super::geography;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::Field;

/// What is compared of two flows. Only flows with an amount can be counted twice.
const FLOW: [&str; 8] =
    ["territory_code", "payer_code", "beneficiary_code", "measure_code", "convention_code", "stage", "period", "period_start"];

/// The conditions on the flows `a` and `b` that each case has: the same payer and stage, and periods that overlap. A period without a
/// last day goes on.
const SAME_MONEY: &str = " AND b.payer_code = a.payer_code AND b.stage = a.stage \
    AND a.period_start <= coalesce(b.period_end, 'infinity') AND b.period_start <= coalesce(a.period_end, 'infinity')";

/// The ways in which two flows name no two beneficiaries. They are apart, since only equality can be hashed.
const BENEFICIARIES: [&str; 3] =
    ["b.beneficiary_code IS NULL", "a.beneficiary_code IS NULL", "b.beneficiary_code = a.beneficiary_code"];

/// That `b` is wider than `a`, in one territory.
const WIDER: &str = " AND b.beneficiary_code IS NULL \
    AND (b.measure_code IS NULL OR a.measure_code IS NULL OR b.measure_code = a.measure_code) \
    AND (b.convention_code IS NULL OR a.convention_code IS NULL OR b.convention_code = a.convention_code) \
    AND (b.period <> a.period OR a.beneficiary_code IS NOT NULL OR b.measure_code IS DISTINCT FROM a.measure_code \
    OR b.convention_code IS DISTINCT FROM a.convention_code)";

/// What is found of the groups by some fields.
pub struct MoneyDoubleCounts<'b> {
    by: &'b [&'static Field],
    geography: Option<&'b NaiveDate>,
    release: &'b i32,
}

impl<'b> MoneyDoubleCounts<'b> {
    /// Of the groups by these fields.
    pub fn new(by: &'b [&'static Field], geography: Option<&'b NaiveDate>, release: &'b i32) -> Self {
        Self { by, geography, release }
    }

    /// Writes the common table expressions behind [`cell`](Self::cell), after `selected`.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn write(&self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let mut columns: Vec<&str> = FLOW.into_iter().chain(["period_end"]).collect();
        columns.extend(self.by.iter().map(|field| field.name).filter(|name| !FLOW.contains(name) && *name != "period_end"));
        out.push(", flows AS MATERIALIZED (SELECT DISTINCT ");
        list(out, &columns)?;
        out.push(" FROM selected t WHERE t.amount_eur IS NOT NULL), containing AS MATERIALIZED (");
        geography::nested_pairs(out, "flows", self.geography, self.release)?;
        out.push("), same_money AS MATERIALIZED (SELECT ");
        for beneficiaries in BENEFICIARIES {
            out.push(
                "EXISTS (SELECT 1 FROM flows a JOIN containing s ON s.part_code = a.territory_code \
                 JOIN flows b ON b.territory_code = s.container_code AND ",
            );
            out.push(beneficiaries);
            out.push(SAME_MONEY);
            same_group(out, self.by)?;
            out.push(") OR ");
        }
        out.push("EXISTS (SELECT 1 FROM flows a JOIN flows b ON b.territory_code = a.territory_code");
        out.push(SAME_MONEY);
        out.push(WIDER);
        same_group(out, self.by)?;
        out.push(") AS found)");
        Ok(())
    }

    /// Writes the cell: whether any group has two flows that may state the same money.
    pub fn cell(&self, out: &mut SqlWriter<'_, 'b>) {
        out.push("(SELECT found FROM same_money)::text");
    }
}
