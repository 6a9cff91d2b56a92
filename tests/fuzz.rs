//! The fuzz targets without a fuzzer: each function runs on its corpus and on pseudo-random mutations of it.

#[path = "../fuzz/entries.rs"]
mod entries;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Texts with a meaning for parsers; mutations insert them.
const PIECES: [&[u8]; 29] = [
    b"&",
    b"=",
    b",",
    b"\\",
    b"%00",
    b"%",
    b"+",
    b"~",
    b"-",
    b"\"",
    b"\n",
    b"\r\n",
    b";",
    b"|",
    b"\t",
    b"[[table]]",
    b"\xff",
    "é".as_bytes(),
    "\u{feff}".as_bytes(),
    b"99999999999999999999",
    b"-1",
    b"__ne=",
    b"%Q",
    b"\\w{200}",
    b"65536",
    b"-2147483648",
    b"date = \"%H\"\n",
    b"2020-02-30",
    b"/",
];

/// A pseudo-random generator (xorshift) with a fixed sequence, so that failures are reproducible.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % limit.max(1)
    }

    /// Changes some bytes, in one to five places.
    fn mutate(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut data = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(data.len() + 1);
            let end = (at + self.below(12)).min(data.len());
            match self.below(6) {
                0 if at < data.len() => data[at] ^= 1 << self.below(8),
                1 => _ = data.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied()),
                2 => _ = data.drain(at..end),
                3 => {
                    let again = data[at..end].to_vec();
                    _ = data.splice(at..at, again);
                }
                4 => {
                    let from = self.below(other.len());
                    _ = data.splice(at..end, other[from..(from + 16).min(other.len())].iter().copied());
                }
                _ => data.truncate(data.len().max(2) - self.below(2)),
            }
        }
        data
    }
}

/// Runs a function on each file of its target's corpus, and on a number of mutations of each file.
fn run(target: &str, mutations: usize, entry: impl Fn(&[u8])) {
    let folder = Path::new("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).expect("there is a corpus").map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("it can be read")).collect();
    assert!(corpus.len() >= 3, "the corpus of {target} is nearly empty");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let attempt = |data: &[u8]| {
        let outcome = catch_unwind(AssertUnwindSafe(|| entry(data)));
        assert!(outcome.is_ok(), "{target} panics at {:?}", String::from_utf8_lossy(data));
    };
    for seed in &corpus {
        attempt(seed);
        for _ in 0..mutations {
            let other = &corpus[random.below(corpus.len())];
            attempt(&random.mutate(seed, other));
        }
    }
}

#[test]
fn no_query_string_makes_the_request_parser_panic_or_contradict_itself() {
    run("request", 100, entries::request);
}

#[test]
fn no_cursor_makes_the_parser_panic_and_every_position_round_trips() {
    run("cursor", 2000, entries::cursor);
}

#[test]
fn no_canonical_file_makes_the_reader_panic() {
    let scratch = tempfile::tempdir().expect("there is room for a folder");
    run("table", 100, |data| entries::table(data, scratch.path()));
}

#[test]
fn no_recipe_makes_the_parser_panic() {
    let scratch = tempfile::tempdir().expect("there is room for a folder");
    run("recipe", 100, |data| entries::recipe(data, scratch.path()));
}
