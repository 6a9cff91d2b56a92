//! Owns the spellings that generated clients use for what has one of its own: a list as one parameter for each value, and
//! filters with an operator as members of an object. Must not know what a parameter means.

use crate::query::collection::parameter::FILTERS;

/// The pairs of a query in the one spelling that is read: `kind=commune&kind=epci` is `kind=commune,epci`, and
/// `filters[period__gte]=2019` is `period__gte=2019`.
pub fn plain(
    pairs: &[(String, String)],
    is_filter: impl Fn(&str) -> bool,
    takes_list: impl Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::with_capacity(pairs.len());
    for (name, text) in pairs {
        let name = member(name).filter(|member| is_filter(member)).unwrap_or(name);
        match all.iter_mut().find(|(other, _)| other == name && takes_list(name)) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(text);
            }
            None => all.push((name.to_owned(), text.clone())),
        }
    }
    all
}

/// The name of a member of the object.
fn member(name: &str) -> Option<&str> {
    name.strip_prefix(FILTERS)?.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn lists_are_joined_and_members_have_their_own_names() {
        for (given, expected) in [
            (&[("kind", "a"), ("limit", "1"), ("kind", "b,c")][..], &[("kind", "a,b,c"), ("limit", "1")][..]),
            (&[("limit", "1"), ("limit", "2")], &[("limit", "1"), ("limit", "2")]),
            (&[("filters[period__gte]", "2019"), ("period__gte", "2020")], &[("period__gte", "2019"), ("period__gte", "2020")]),
            (&[("filters[kind__ne]", "a"), ("filters[kind__ne]", "b")], &[("kind__ne", "a,b")]),
            (
                &[("filters[limit]", "1"), ("filters", "x"), ("filters[a__b", "")],
                &[("filters[limit]", "1"), ("filters", "x"), ("filters[a__b", "")],
            ),
        ] {
            let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
                pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
            };
            let lists = |name: &str| name.starts_with("kind");
            assert_eq!(plain(&owned(given), |name| name.contains("__"), lists), owned(expected));
        }
    }
}
