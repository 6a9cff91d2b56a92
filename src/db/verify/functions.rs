//! Owns the functions that the migrations make, read from their text: with these, those of a database are compared.
//! Must not know a database.

/// The text of all migrations, in order.
const MIGRATIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/migrations.sql"));

/// How a function begins in a migration.
const CREATE: &str = "FUNCTION ";

/// A function of the schema.
#[derive(Debug, PartialEq, Eq)]
pub struct SchemaFunction {
    /// Its name.
    pub name: String,
    /// Its body, as Postgres keeps it.
    pub body: String,
    /// Whether it runs with the rights of its owner.
    pub definer: bool,
}

/// All functions as the last migration that makes each leaves it. `schema` is the schema of the tables, quoted as an identifier;
/// `extension` that of unaccent, as an identifier, and the name of its dictionary as a literal: some bodies name them.
pub fn expected(schema: &str, extension: (&str, &str)) -> Vec<SchemaFunction> {
    let mut functions: Vec<SchemaFunction> = Vec::new();
    for (place, _) in MIGRATIONS.match_indices(CREATE) {
        let before = &MIGRATIONS[..place];
        if !(before.ends_with("CREATE ") || before.ends_with("CREATE OR REPLACE ")) {
            continue;
        }
        let formatted = before.trim_end_matches("OR REPLACE ").trim_end_matches("CREATE ").ends_with('\'');
        if let Some(function) = read(&MIGRATIONS[place + CREATE.len()..], formatted, schema, extension) {
            functions.retain(|other| other.name != function.name);
            functions.push(function);
        }
    }
    functions
}

/// Reads a definition after `FUNCTION`. One that is `formatted` is an argument of `format()`, within quotes.
fn read(text: &str, formatted: bool, schema: &str, (home, dictionary): (&str, &str)) -> Option<SchemaFunction> {
    let (name, rest) = text.split_once('(')?;
    let (header, rest) = rest.split_once('$')?;
    let (tag, rest) = rest.split_once('$')?;
    let (body, _) = rest.split_once(&format!("${tag}$"))?;
    let body = match formatted {
        false => body.to_owned(),
        true => {
            body.replace("''", "'").replace("%1$s", schema).replace("%1$I", home).replace("%2$L", dictionary).replace("%%", "%")
        }
    };
    Some(SchemaFunction { name: name.to_owned(), body, definer: header.contains("SECURITY DEFINER") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_read_with_their_bodies_and_rights() {
        let all = expected("public", ("public", "'public.unaccent'"));
        let of = |name: &str| all.iter().find(|function| function.name == name).expect(name);
        assert_eq!(of("wall_clock").body, " SELECT clock_timestamp() ");
        assert_eq!(
            of("fold").body,
            " SELECT lower(translate(public.unaccent('public.unaccent'::regdictionary, $1), U&'\\00A0\\202F\\2007\\2009', '    ') \
             COLLATE \"C\") "
        );
        assert!(of("search_query").body.contains("format('(%s:* | %s)'"), "{}", of("search_query").body);
        assert!(of("chain_audit").definer && of("digest_release").definer && !of("keep_history").definer);
        assert!(all.len() >= 25, "{}", all.len());
    }
}
