//! No query string causes a 5xx: thousands of strings made of values that parsers and databases handle badly.

use std::net::SocketAddr;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Context, pairs};

use crate::harness::{bundled, get};

/// Values that parsers, databases and people often handle wrongly.
const VALUES: &[&str] = &[
    "",
    " ",
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    ".5",
    "5.",
    "1e5",
    "1e400",
    "NaN",
    "Infinity",
    "٣",
    "0x10",
    "99999999999999999999",
    "2147483648",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "0.000000000000000000000000000001",
    "true",
    "null",
    "'",
    "\"",
    "\\",
    "\\,",
    ",",
    ",,",
    "a,b",
    "--",
    "; DROP TABLE territories",
    "' OR 1=1 --",
    "%",
    "_",
    "*",
    "{}",
    "[]",
    "{\"a\":1}",
    "$1",
    "::int",
    "FR",
    "DEP-59",
    "REG-32",
    "COM-2A004",
    "dep-59",
    "DEP-59~x",
    "~",
    "~~~~~",
    "a~b~c~d~e~f",
    "foyers-prime-activite~REG-32~2019-06-30~_T~observed~x",
    "commune",
    "Commune",
    "comune",
    "2019",
    "2019-02-29",
    "2019-13",
    "0000",
    "9999",
    "9999-12-31",
    "2019-01-01/2018-01-01",
    "2019/2020",
    "2019-Q4",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2016-12-31T23:59:60Z",
    "2016-12-31T23:59:60.5Z",
    "2026-11-24T09:00:00Z",
    "é",
    "e\u{301}",
    "Saint-Étienne",
    "œuf",
    "ﬀ",
    "İ",
    "ß",
    "🏛",
    "\u{202e}",
    "\u{feff}",
    "\u{fffd}",
    "a\u{200b}b",
    "-population",
    "population,-population",
    "name,code",
    "-",
    "code",
    "exact",
    "none",
];

/// A pseudo-random generator with a fixed sequence.
struct Random(u64);

impl Random {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % sides
    }
}

#[test]
fn no_query_string_causes_a_5xx() {
    let address: SocketAddr = bundled();
    let datasets: Vec<_> = collections().collect();
    let mut random = Random(20_261_124);
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..3000 {
        let dataset = datasets[random.below(datasets.len())];
        let context = Context::of(REGISTRY, dataset);
        let mut names: Vec<String> = context.parameters().iter().map(|parameter| parameter.name().into_owned()).collect();
        names.extend(["rien".to_owned(), "name__rien".to_owned(), String::new()]);
        let given = random.below(3);
        let query: Vec<String> = (0..given)
            .map(|_| format!("{}={}", names[random.below(names.len())], pairs::encode(VALUES[random.below(VALUES.len())])))
            .collect();
        let path = match (random.below(4), dataset.links) {
            (0, [link, ..]) => format!("/v1/{}/{}/{}", dataset.name, pairs::encode_segment(dataset.example), link.name),
            (1, _) => format!("/v1/{}/{}", dataset.name, pairs::encode_segment(VALUES[random.below(VALUES.len())])),
            _ => format!("/v1/{}", dataset.name),
        };
        let target = format!("{path}?{}", query.join("&"));
        let reply = get(address, &target);
        assert!(matches!(reply.status, 200 | 308 | 400 | 404), "{target} answers {}: {}", reply.status, reply.text());
        *statuses.entry(reply.status).or_insert(0) += 1;
    }
    assert!(statuses.values().all(|count| *count > 50) && statuses.len() == 4, "the strings are too much alike: {statuses:?}");
}
