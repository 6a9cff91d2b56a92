//! Owns the search for rows that lead back to themselves.
//! Must not know what the references mean.

use std::collections::HashMap;

/// The codes on a cycle of references from the first code of each pair to the second, one cycle at most, in order. A row that
/// names itself is no cycle. The cost is that of the number of pairs.
pub fn cycle(pairs: &mut [(String, String)]) -> Option<Vec<&str>> {
    // The same rows have the same fault, in whatever order the database reads them.
    pairs.sort_unstable();
    let pairs = &*pairs;
    let mut onward: HashMap<&str, Vec<&str>> = HashMap::new();
    for (from, to) in pairs.iter().filter(|(from, to)| from != to) {
        onward.entry(from).or_default().push(to);
    }
    // Whether all that a code leads to has been followed; false while it is on the path.
    let mut done: HashMap<&str, bool> = HashMap::new();
    for (start, _) in pairs {
        if done.contains_key(start.as_str()) {
            continue;
        }
        done.insert(start, false);
        let mut path: Vec<(&str, usize)> = vec![(start, 0)];
        while let Some((code, next)) = path.last_mut() {
            let Some(to) = onward.get(code).and_then(|all| all.get(*next)).copied() else {
                done.insert(code, true);
                path.pop();
                continue;
            };
            *next += 1;
            match done.get(to) {
                Some(true) => {}
                Some(false) => {
                    let codes = path.iter().map(|(code, _)| *code);
                    return Some(codes.skip_while(|code| *code != to).collect());
                }
                None => {
                    done.insert(to, false);
                    path.push((to, 0));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::cycle;

    fn found(pairs: &[(&str, &str)]) -> Option<Vec<String>> {
        let mut pairs: Vec<(String, String)> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        cycle(&mut pairs).map(|codes| codes.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn only_rows_that_lead_back_to_themselves_through_others_are_on_a_cycle() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "d")]), None);
        assert_eq!(found(&[("a", "b"), ("b", "a")]), Some(vec!["a".to_owned(), "b".to_owned()]));
        let long = [("x", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "y")];
        assert_eq!(found(&long), Some(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let mut chain: Vec<(String, String)> = (0..200_000).map(|at| (at.to_string(), (at + 1).to_string())).collect();
        assert_eq!(cycle(&mut chain), None);
        let mut closed: Vec<(String, String)> =
            (0..200_000).map(|at| (at.to_string(), ((at + 1) % 200_000).to_string())).collect();
        assert_eq!(cycle(&mut closed).map(|codes| codes.len()), Some(200_000));
    }
}
