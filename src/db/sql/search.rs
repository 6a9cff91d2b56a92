//! Owns the SQL of the search: which rows answer, and how well. The functions that it calls stand in the migration of
//! the search, where they are explained.
//! Must not know plans beyond their search.

use diesel::sql_types::Text;

use super::fragments;
use super::writer::{Out, SqlText, SqlWriter};
use crate::query::{Dataset, Field, Plan};

/// What is searched: rows by their own texts, or by those of the rows that a field of theirs refers to.
struct Searched {
    dataset: &'static Dataset,
    alias: &'static str,
    through: Option<&'static Field>,
}

impl Searched {
    fn of(plan: &Plan) -> Self {
        let dataset = plan.selection.context.dataset;
        let through = dataset.search.first().and_then(|name| dataset.field(name)).filter(|field| field.reference().is_some());
        match through.and_then(|field| plan.selection.context.referred(field)) {
            Some(referred) => Self { dataset: referred, alias: "n", through },
            None => Self { dataset, alias: "t", through: None },
        }
    }

    fn column(&self, out: &mut SqlWriter<'_, '_>, field: &'static Field) -> Out {
        out.push(self.alias);
        out.push(".");
        out.identifier(field.name)
    }

    /// Writes the text that is searched: what the index of the search is made of.
    fn document(&self, out: &mut SqlWriter<'_, '_>) -> Out {
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

    fn title(&self, out: &mut SqlWriter<'_, '_>) -> Out {
        self.column(out, self.dataset.field(self.dataset.search[0]).expect("the searched fields exist"))
    }

    /// Writes that a row has the words, or a title like them.
    fn holds<'b>(&self, out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, approximate: bool) -> Out {
        out.push(if approximate { "search_words(" } else { "search_query(" });
        asked(out, plan)?;
        out.push(if approximate { ") <% search_words(" } else { ") @@ search_vector(" });
        if approximate {
            self.title(out)?
        } else {
            self.document(out)?
        }
        out.push(")");
        Ok(())
    }

    /// Writes how well a row answers. Among places of the same class the order is by inhabitants, so the words' own rank is
    /// left out there.
    fn rank<'b>(&self, out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, approximate: bool) -> Out {
        if approximate {
            out.push("(word_similarity(search_words(");
            asked(out, plan)?;
            out.push("), search_words(");
            self.title(out)?;
            out.push(")) * 100000)::integer");
            return Ok(());
        }
        out.push("(search_class(");
        self.title(out)?;
        out.push(", ");
        asked(out, plan)?;
        out.push(")");
        if self.dataset.field("population").is_none() {
            out.push(" + least(999999, ts_rank(search_vector(");
            self.document(out)?;
            out.push("), search_query(");
            asked(out, plan)?;
            out.push(")) * 1000000)::integer");
        }
        out.push(")");
        Ok(())
    }

    /// Writes where the rows stand that are referred to.
    fn referred<'b>(&self, out: &mut SqlWriter<'_, 'b>, release: &'b i32) -> Out {
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" n WHERE ");
        out.visible("n", release)?;
        out.push(" AND ");
        Ok(())
    }
}

fn asked<'b>(out: &mut SqlWriter<'_, 'b>, plan: &'b Plan) -> Out {
    out.bind::<Text, _>(plan.selection.search.as_ref().expect("there is a search"))
}

/// Writes the condition that a row answers the search: it holds every word or its like; when no row does, its title
/// resembles what is searched for.
pub fn condition<'b>(out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, release: &'b i32, approximate: bool) -> Out {
    let searched = Searched::of(plan);
    let Some(field) = searched.through else { return searched.holds(out, plan, approximate) };
    fragments::column(out, field)?;
    out.push(" IN (SELECT n.code");
    searched.referred(out, release)?;
    searched.holds(out, plan, approximate)?;
    out.push(")");
    Ok(())
}

/// Writes how well a row answers, as a whole number.
pub fn rank<'b>(out: &mut SqlWriter<'_, 'b>, plan: &'b Plan, release: &'b i32, approximate: bool) -> Out {
    let searched = Searched::of(plan);
    let Some(field) = searched.through else { return searched.rank(out, plan, approximate) };
    out.push("(SELECT ");
    searched.rank(out, plan, approximate)?;
    searched.referred(out, release)?;
    out.push("n.code = ");
    fragments::column(out, field)?;
    out.push(")");
    Ok(())
}
