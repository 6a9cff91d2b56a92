//! Owns the SQL of the search: which rows answer, and how well. The functions that it calls stand in the migration of
//! the search, where they are explained.
//! Must not know plans beyond their search.

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::Text;

use super::sql::{self, Out};
use crate::query::{Dataset, Plan};

/// Writes the text of a row that is searched: what the index of the search is made of.
fn document(out: &mut AstPass<'_, '_, Pg>, dataset: &'static Dataset) -> Out {
    for (at, field) in dataset.search.iter().filter_map(|name| dataset.field(name)).enumerate() {
        out.push_sql(if at > 0 { " || ' ' || " } else { "" });
        let (before, after) = match (field.is_list(), field.required) {
            (true, _) => ("search_list(", ")"),
            (false, true) => ("", ""),
            (false, false) => ("coalesce(", ", '')"),
        };
        out.push_sql(before);
        sql::column(out, field)?;
        out.push_sql(after);
    }
    Ok(())
}

fn title(out: &mut AstPass<'_, '_, Pg>, dataset: &'static Dataset) -> Out {
    sql::column(out, dataset.field(dataset.search[0]).expect("the searched fields exist"))
}

fn asked<'b>(out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan) -> Out {
    out.push_bind_param::<Text, _>(plan.search.as_ref().expect("there is a search"))
}

/// Writes the condition that a row answers the search: it holds every word or its like; when no row does, its title
/// resembles what is searched for.
pub fn condition<'b>(out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan, approximate: bool) -> Out {
    let dataset = plan.context.dataset;
    if approximate {
        out.push_sql("search_words(");
        asked(out, plan)?;
        out.push_sql(") <% search_words(");
        title(out, dataset)?;
    } else {
        out.push_sql("search_query(");
        asked(out, plan)?;
        out.push_sql(") @@ search_vector(");
        document(out, dataset)?;
    }
    out.push_sql(")");
    Ok(())
}

/// Writes how well a row answers, as a whole number. Among places of the same class the order is by inhabitants, so the
/// words' own rank is left out there.
pub fn rank<'b>(out: &mut AstPass<'_, 'b, Pg>, plan: &'b Plan, approximate: bool) -> Out {
    let dataset = plan.context.dataset;
    if approximate {
        out.push_sql("(word_similarity(search_words(");
        asked(out, plan)?;
        out.push_sql("), search_words(");
        title(out, dataset)?;
        out.push_sql(")) * 100000)::integer");
        return Ok(());
    }
    out.push_sql("(search_class(");
    title(out, dataset)?;
    out.push_sql(", ");
    asked(out, plan)?;
    out.push_sql(")");
    if dataset.field("population").is_none() {
        out.push_sql(" + least(999999, ts_rank(search_vector(");
        document(out, dataset)?;
        out.push_sql("), search_query(");
        asked(out, plan)?;
        out.push_sql(")) * 1000000)::integer");
    }
    out.push_sql(")");
    Ok(())
}
