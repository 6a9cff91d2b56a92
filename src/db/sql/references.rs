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

/// Writes the look-up of a cell, which `cell` writes for the alias of `named`, in the row of the dataset `named` whose code is in
/// the column `by` of the alias `referring`. The alias of the version that is read is `t`.
///
/// # Errors
/// Returns an error if a name cannot be quoted or the release cannot be bound.
pub fn look_up<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    (named, alias): (&str, &'static str),
    (referring, by): (&'static str, &str),
    release: &'b i32,
    look_ups: LookUp,
    cell: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    let gathered = look_ups.gathers();
    out.push("(");
    if gathered {
        out.push("(SELECT jsonb_object_agg(");
        out.column(alias, "code")?;
        out.push(", ");
    } else {
        out.push("SELECT ");
    }
    cell(out)?;
    out.push(if gathered { ") FROM " } else { " FROM " });
    out.identifier(named)?;
    out.push(" ");
    out.push(alias);
    out.push(" WHERE ");
    match look_ups {
        LookUp::OfVersion => {
            out.push("least(t.last_release, ");
            out.bind::<Integer, _>(release)?;
            out.push(") BETWEEN ");
            out.column(alias, "first_release")?;
            out.push(" AND coalesce(");
            out.column(alias, "last_release")?;
            out.push(", 2147483647)");
        }
        LookUp::Single | LookUp::Gathered | LookUp::GatheredUncoded => out.visible(alias, release)?,
    }
    if gathered {
        out.push(") ->> ");
    } else {
        out.push(" AND ");
        out.column(alias, "code")?;
        out.push(" = ");
    }
    out.column(referring, by)?;
    out.push(")");
    Ok(())
}
