//! Owns the SQL of the full-text search: its condition and its rank. The migration of the search defines and explains the
//! functions that it calls.
//! Must not know plans beyond their search.

use diesel::sql_types::Text;

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Dataset, Field, Plan};

/// The rows whose texts are searched: those of the dataset itself, or those that a field of it refers to.
struct SearchTarget {
    dataset: &'static Dataset,
    alias: &'static str,
    through: Option<&'static Field>,
}

impl SearchTarget {
    fn of(plan: &Plan) -> Self {
        let dataset = plan.selection.context.dataset;
        let through = dataset.search.first().and_then(|name| dataset.field(name)).filter(|field| field.reference().is_some());
        match through.and_then(|field| plan.selection.context.referred(field)) {
            Some(referred) => Self { dataset: referred, alias: "n", through },
            None => Self { dataset, alias: "t", through: None },
        }
    }

    fn column(&self, out: &mut SqlWriter<'_, '_>, field: &'static Field) -> SqlResult {
        out.push(self.alias);
        out.push(".");
        out.identifier(field.name)
    }

    /// Writes the searched text: the expression of the search index.
    fn document(&self, out: &mut SqlWriter<'_, '_>) -> SqlResult {
        for (at, field) in self.dataset.search.iter().filter_map(|name| self.dataset.field(name)).enumerate() {
            out.push(if at > 0 { " || ' ' || " } else { "" });
            let (before, after) = match (field.is_list(), field.required) {
                (true, _) => ("search_list(", ")"),
                (false, true) => ("", ""),
                (false, false) => ("coalesce(", ", '')"),
            };
            out.push(before);
            self.column(out, field)?;
            out.push(after);
        }
        Ok(())
    }

    fn title(&self, out: &mut SqlWriter<'_, '_>) -> SqlResult {
        self.column(out, self.dataset.field(self.dataset.search[0]).expect("the searched fields exist"))
    }

    /// Writes the condition that a row has the words or, if `approximate`, a similar title.
    fn matches<'b>(&self, out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, approximate: bool) -> SqlResult {
        out.push(if approximate { "search_words(" } else { "search_query(" });
        search_text(out, plan)?;
        out.push(if approximate { ") <% search_words(" } else { ") @@ search_vector(" });
        if approximate {
            self.title(out)?
        } else {
            self.document(out)?
        }
        out.push(")");
        Ok(())
    }

    /// Writes the rank of a row. Rows with a population are ordered by it within a class of matches, so their rank is the class
    /// alone.
    fn rank<'b>(&self, out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, approximate: bool) -> SqlResult {
        if approximate {
            out.push("(word_similarity(search_words(");
            search_text(out, plan)?;
            out.push("), search_words(");
            self.title(out)?;
            out.push(")) * 100000)::integer");
            return Ok(());
        }
        out.push("(search_class(");
        self.title(out)?;
        out.push(", ");
        search_text(out, plan)?;
        out.push(")");
        if self.dataset.field("population").is_none() {
            out.push(" + least(999999, ts_rank(search_vector(");
            self.document(out)?;
            out.push("), search_query(");
            search_text(out, plan)?;
            out.push(")) * 1000000)::integer");
        }
        out.push(")");
        Ok(())
    }

    /// Writes the FROM clause of the referenced rows, up to a further condition.
    fn referred<'b>(&self, out: &mut SqlWriter<'_, 'b>, release: &'b i32) -> SqlResult {
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" n WHERE ");
        out.visible("n", release)?;
        out.push(" AND ");
        Ok(())
    }
}

fn search_text<'b>(out: &mut SqlWriter<'_, 'b>, plan: &'b Plan) -> SqlResult {
    out.bind::<Text, _>(plan.selection.search.as_ref().expect("the plan has a search"))
}

/// Writes the condition that a row matches the search: it has every word or a form of it or, if `approximate`, a similar
/// title.
///
/// # Errors
/// Returns an error if the text cannot be bound.
pub fn condition<'b>(out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, release: &'b i32, approximate: bool) -> SqlResult {
    let target = SearchTarget::of(plan);
    let Some(field) = target.through else { return target.matches(out, plan, approximate) };
    fragments::column(out, field)?;
    out.push(" IN (SELECT n.code");
    target.referred(out, release)?;
    target.matches(out, plan, approximate)?;
    out.push(")");
    Ok(())
}

/// Writes the rank of a row as an integer; higher is better.
///
/// # Errors
/// Returns an error if the text cannot be bound.
pub fn rank<'b>(out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, release: &'b i32, approximate: bool) -> SqlResult {
    let target = SearchTarget::of(plan);
    let Some(field) = target.through else { return target.rank(out, plan, approximate) };
    out.push("(SELECT ");
    target.rank(out, plan, approximate)?;
    target.referred(out, release)?;
    out.push("n.code = ");
    fragments::column(out, field)?;
    out.push(")");
    Ok(())
}
