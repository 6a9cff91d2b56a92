//! Owns the SQL that looks up cells of referenced rows, and the choice of the method by the number of rows.
//! Must not know which cells, nor what selects the rows.

use diesel::sql_types::Integer;

use super::writer::{SqlResult, SqlText, SqlWriter};

/// The least number of rows for [`LookUp::Gathered`].
const GATHERED_ROWS: i64 = 50;

/// The least number of rows for [`LookUp::GatheredUncoded`]: more than the largest page.
const UNCODED_ROWS: i64 = 1002;

/// How cells of referenced rows are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// One subquery for each row; the fastest for few rows.
    Single,
    /// One JSON object with the cells of all rows of the referenced dataset, by code. For a hundred rows it takes a third of the
    /// time, because referenced datasets are small, territories excepted.
    Gathered,
    /// The same, without joined codes, which the program joins from the fields of the key.
    GatheredUncoded,
    /// One subquery for each row, at the last release of the referring version.
    OfVersion,
}

impl LookUp {
    /// The method for at most this many rows.
    pub fn of(rows: i64) -> Self {
        match rows {
            UNCODED_ROWS.. => Self::GatheredUncoded,
            GATHERED_ROWS.. => Self::Gathered,
            _ => Self::Single,
        }
    }

    /// Whether the cells are gathered in one object.
    pub fn gathers(self) -> bool {
        matches!(self, Self::Gathered | Self::GatheredUncoded)
    }
}

/// Writes the look-up of a cell, which `cell` writes for the alias `n`, in the row of the dataset `named` whose code `code`
/// writes for the alias `t`.
///
/// # Errors
/// Returns an error if a name cannot be quoted or the release cannot be bound.
pub fn look_up<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    named: &str,
    code: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
    release: &'b i32,
    look_ups: LookUp,
    cell: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    let gathered = look_ups.gathers();
    out.push(if gathered { "((SELECT jsonb_object_agg(n.code, " } else { "(SELECT " });
    cell(out)?;
    out.push(if gathered { ") FROM " } else { " FROM " });
    out.identifier(named)?;
    out.push(" n WHERE ");
    visible(out, release, look_ups)?;
    out.push(if gathered { ") ->> " } else { " AND n.code = " });
    code(out)?;
    out.push(")");
    Ok(())
}

/// Writes the condition that a row of the alias `n` is the one that a row of the alias `t` refers to.
fn visible<'b>(out: &mut SqlWriter<'_, 'b>, release: &'b i32, look_ups: LookUp) -> SqlResult {
    if look_ups != LookUp::OfVersion {
        return out.visible("n", release);
    }
    out.push("least(t.last_release, ");
    out.bind::<Integer, _>(release)?;
    out.push(") BETWEEN n.first_release AND coalesce(n.last_release, 2147483647)");
    Ok(())
}

/// Writes the look-up of a cell in each of the rows whose codes `codes` writes, as the text of a JSON array in the same order.
///
/// # Errors
/// Returns an error if a name cannot be quoted or the release cannot be bound.
pub fn look_up_all<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    named: &str,
    codes: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
    release: &'b i32,
    look_ups: LookUp,
    cell: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    out.push("(SELECT array_to_json(array_agg(");
    cell(out)?;
    out.push(" ORDER BY u.place))::text FROM unnest(");
    codes(out)?;
    out.push(") WITH ORDINALITY AS u(code, place) LEFT JOIN ");
    out.identifier(named)?;
    out.push(" n ON n.code = u.code AND ");
    visible(out, release, look_ups)?;
    out.push(")");
    Ok(())
}
