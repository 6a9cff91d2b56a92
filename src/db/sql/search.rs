//! Owns the SQL of the search: which rows answer, and how well. The functions that it calls stand in the migration of
//! the search, where they are explained.
//! Must not know plans beyond their search.

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::Text;

use super::fragments::{self, Out};
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

    fn column(&self, out: &mut AstPass<'_, '_, Pg>, field: &'static Field) -> Out {
        out.push_sql(self.alias);
        out.push_sql(".");
        out.push_identifier(field.name)
    }

    /// Writes the text that is searched: what the index of the search is made of.
    fn document(&self, out: &mut AstPass<'_, '_, Pg>) -> Out {
        for (at, field) in self.dataset.search.iter().filter_map(|name| self.dataset.field(name)).enumerate() {
            out.push_sql(if at > 0 { " || ' ' || " } else { "" });
            let (before, after) = match (field.is_list(), field.required) {
                (true, _) => ("search_list(", ")"),
                (false, true) => ("", ""),
                (false, false) => ("coalesce(", ", '')"),
            };
            out.push_sql(before);
            self.column(out, field)?;
            out.push_sql(after);
        }
        Ok(())
    }

    fn title(&self, out: &mut AstPass<'_, '_, Pg>) -> Out {
        self.column(out, self.dataset.field(self.dataset.search[0]).expect("the searched fields exist"))
    }

    /// Writes that a row has the words, or a title like them.
    fn holds<'b>(&self, out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan, approximate: bool) -> Out {
        out.push_sql(if approximate { "search_words(" } else { "search_query(" });
        asked(out, plan)?;
        out.push_sql(if approximate { ") <% search_words(" } else { ") @@ search_vector(" });
        if approximate {
            self.title(out)?
        } else {
            self.document(out)?
        }
        out.push_sql(")");
        Ok(())
    }

    /// Writes how well a row answers. Among places of the same class the order is by inhabitants, so the words' own rank is
    /// left out there.
    fn rank<'b>(&self, out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan, approximate: bool) -> Out {
        if approximate {
            out.push_sql("(word_similarity(search_words(");
            asked(out, plan)?;
            out.push_sql("), search_words(");
            self.title(out)?;
            out.push_sql(")) * 100000)::integer");
            return Ok(());
        }
        out.push_sql("(search_class(");
        self.title(out)?;
        out.push_sql(", ");
        asked(out, plan)?;
        out.push_sql(")");
        if self.dataset.field("population").is_none() {
            out.push_sql(" + least(999999, ts_rank(search_vector(");
            self.document(out)?;
            out.push_sql("), search_query(");
            asked(out, plan)?;
            out.push_sql(")) * 1000000)::integer");
        }
        out.push_sql(")");
        Ok(())
    }

    /// Writes where the rows stand that are referred to.
    fn referred<'b>(&self, out: &mut AstPass<'_, 'b, Pg>, release: &'b i32) -> Out {
        out.push_sql(" FROM ");
        out.push_identifier(self.dataset.name)?;
        out.push_sql(" n WHERE ");
        fragments::visible(out, "n", release)?;
        out.push_sql(" AND ");
        Ok(())
    }
}

fn asked<'b>(out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan) -> Out {
    out.push_bind_param::<Text, _>(plan.selection.search.as_ref().expect("there is a search"))
}

/// Writes the condition that a row answers the search: it holds every word or its like; when no row does, its title
/// resembles what is searched for.
pub fn condition<'b>(out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan, release: &'b i32, approximate: bool) -> Out {
    let searched = Searched::of(plan);
    let Some(field) = searched.through else { return searched.holds(out, plan, approximate) };
    fragments::column(out, field)?;
    out.push_sql(" IN (SELECT n.code");
    searched.referred(out, release)?;
    searched.holds(out, plan, approximate)?;
    out.push_sql(")");
    Ok(())
}

/// Writes how well a row answers, as a whole number.
pub fn rank<'b>(out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan, release: &'b i32, approximate: bool) -> Out {
    let searched = Searched::of(plan);
    let Some(field) = searched.through else { return searched.rank(out, plan, approximate) };
    out.push_sql("(SELECT ");
    searched.rank(out, plan, approximate)?;
    searched.referred(out, release)?;
    out.push_sql("n.code = ");
    fragments::column(out, field)?;
    out.push_sql(")");
    Ok(())
}
