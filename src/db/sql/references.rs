//! Owns the SQL that finds cells of rows that other rows refer to, and the choice of the way for many rows or few.
//! Must not know which cells, nor what selects the rows.

use diesel::sql_types::Integer;

use super::writer::{Out, SqlText, SqlWriter};

/// Rows from which on what they refer to is gathered.
const SOME: i64 = 50;

/// Rows that are more than a page has, whose codes are joined by the program.
const MANY: i64 = 1002;

/// How cells of rows that other rows refer to are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// Each for itself: right for few rows.
    Single,
    /// All of a dataset gathered once, as one object by code: a third of the cost for a hundred rows and more, since datasets
    /// that rows refer to are small, but for the territories.
    Gathered,
    /// The same, and joined codes are left out, to be made of their parts.
    GatheredUncoded,
    /// Each for itself, as it was in the last release that has the version of the row that refers.
    OfVersion,
}

impl LookUp {
    /// How it is done for at most so many rows.
    pub fn of(rows: i64) -> Self {
        match rows {
            MANY.. => Self::GatheredUncoded,
            SOME.. => Self::Gathered,
            _ => Self::Single,
        }
    }

    /// Whether what rows refer to is gathered.
    pub fn gathers(self) -> bool {
        matches!(self, Self::Gathered | Self::GatheredUncoded)
    }
}

/// Writes the look-up of a cell in the row that a column names.
pub fn look_up<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    named: &str,
    (alias, by): (&'static str, &str),
    release: &'b i32,
    look_ups: LookUp,
    cell: impl FnOnce(&mut SqlWriter<'x, 'b>) -> Out,
) -> Out {
    let gathered = look_ups.gathers();
    out.push(if gathered { "((SELECT jsonb_object_agg(n.code, " } else { "(SELECT " });
    cell(out)?;
    out.push(if gathered { ") FROM " } else { " FROM " });
    out.identifier(named)?;
    out.push(" n WHERE ");
    match look_ups {
        LookUp::OfVersion => {
            out.push("least(");
            out.push(alias);
            out.push(".last_release, ");
            out.bind::<Integer, _>(release)?;
            out.push(") BETWEEN n.first_release AND coalesce(n.last_release, 2147483647)");
        }
        LookUp::Single | LookUp::Gathered | LookUp::GatheredUncoded => out.visible("n", release)?,
    }
    out.push(if gathered { ") ->> " } else { " AND n.code = " });
    out.push(alias);
    out.push(".");
    out.identifier(by)?;
    out.push(")");
    Ok(())
}
