//! Owns the names in the OpenAPI document: of schemas, parameters, operations and path parameters.
//! Must not know what they name.

use crate::query::{Context, Dataset, Field};

/// A name in PascalCase: `territory_state` is `TerritoryState`, `as_of` is `AsOf`.
pub fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect()
}

/// The name of the schema of one row. Fields that a link adds make another schema.
pub fn row(dataset: &Dataset, extra: &[Field]) -> String {
    format!("{}{}", pascal(dataset.singular), if extra.is_empty() { "" } else { "WithShare" })
}

/// The name of the schema of what a collection lists: rows, or groups of rows.
pub fn listed(context: Context) -> String {
    match context.aggregated {
        true => format!("{}Aggregate", pascal(context.dataset.singular)),
        false => row(context.dataset, context.extra),
    }
}

/// The name of the path parameter with the code of a row: `territory_code`, `release_number`. No query parameter of an
/// address below the row has it.
pub fn path_parameter(dataset: &Dataset) -> String {
    let field = dataset.code_field().map_or("code", |field| field.name);
    format!("{}_{field}", dataset.singular)
}

/// The `$ref` of a schema.
pub fn schema_reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

#[cfg(test)]
mod tests {
    use super::pascal;

    #[test]
    fn words_are_joined_with_capitals() {
        for (name, expected) in [
            ("territory", "Territory"),
            ("territory_state", "TerritoryState"),
            ("as_of", "AsOf"),
            ("csv-excel", "CsvExcel"),
            ("Request Header Fields", "RequestHeaderFields"),
            ("", ""),
        ] {
            assert_eq!(pascal(name), expected);
        }
    }
}
