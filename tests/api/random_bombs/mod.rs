//! Random bombs: publications that ask for far more than their size, of every format and part, by a seed. Each ends with its reason
//! and a line in the audit, and the server neither grows nor stops.
//!
//! `BOMBS_SEED` and `BOMBS_COUNT` ask for others; a failure names the seed of its bomb, which makes the same one alone.

mod files;
mod forms;

use std::env;

use crate::bombs::{GROWTH, Target, memory};
use crate::harness::{get, raw, until};
use crate::reader_process::{outcomes, readers, sent, staging_tables};

/// The bombs of a run of the tests.
const COUNT: u64 = 36;

/// A pseudo-random generator (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % sides
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A number up to two to the power of `bits`, small ones as often as large ones.
    fn size(&mut self, bits: usize) -> usize {
        let most = 1 << (4 + self.below(bits - 3));
        most / 2 + self.below(most / 2) + 1
    }

    /// A number that nobody has so many of, as text.
    fn lie(&mut self) -> String {
        let digits = 5 + self.below(20);
        let number = format!("{}{}", 1 + self.below(9), "0".repeat(digits));
        self.pick(&["", "", "", "-"]).to_owned() + &number
    }
}

/// A bomb: what it is, and the request that sends it.
struct Bomb {
    name: String,
    request: Vec<u8>,
}

/// The bomb of a seed.
fn bomb(seed: u64, token: &str) -> Bomb {
    let mut chance = Chance(seed);
    let format = chance.pick(&["xlsx", "ods", "csv", "json", "parquet", "sdmx", "recipe", "manifest", "multipart"]);
    let (what, request) = match format {
        "recipe" => forms::recipe(&mut chance, token),
        "manifest" => forms::manifest(&mut chance, token),
        "multipart" => forms::multipart(&mut chance, token),
        _ => {
            let (what, file, bytes) = files::of(format, &mut chance);
            let dataset = if format == "sdmx" { "observations" } else { "territories" };
            (what, sent(dataset, file, &bytes, token).bytes())
        }
    };
    Bomb { name: format!("{format} {seed}: {what}"), request }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn random_bombs_end_with_their_reason_and_the_server_goes_on() {
    let (first, count) = (number("BOMBS_SEED", 1), number("BOMBS_COUNT", COUNT));
    println!("BOMBS_SEED={first} BOMBS_COUNT={count}");
    let Target { mut program, url, token, right } = Target::start(&[("REPERES_PUBLISH_LIMIT_MB", "16")]);
    let address = program.address();
    assert_eq!(right.clone().dry_run().send(address).status, 200);
    let before = memory(program.id(), "VmRSS");
    let mut lines = outcomes(&url).len();
    for seed in first..first + count {
        let Bomb { name, request } = bomb(seed, &token);
        let reply = raw(address, &request);
        assert!([400, 413, 422].contains(&reply.status), "{name} ({} bytes): {} {}", request.len(), reply.status, reply.text());
        let problem = reply.problem(reply.status);
        let reason = problem["errors"][0]["detail"].as_str().or(problem["detail"].as_str()).unwrap_or_default();
        assert!(reason.len() > 20 && reason.len() < 2000, "{name}: {problem:#}");
        lines += 1;
        until("the attempt is in the audit", || outcomes(&url).len() >= lines);
        assert_eq!((outcomes(&url).len(), outcomes(&url)[lines - 1].as_str()), (lines, "refused"), "{name}");
        until("the reader is gone", || readers(Some(program.id())).is_empty());
        until("the staging tables are gone", || staging_tables(&url) == 0);
        assert_eq!(get(address, "/health/live").status, 200, "{name}");
        println!("{name} ({} bytes): {} {reason}", request.len(), reply.status);
    }
    let grown = memory(program.id(), "VmHWM").saturating_sub(before);
    println!("the server grew by {} MiB at most", grown >> 20);
    assert!(grown < GROWTH, "BOMBS_SEED={first} BOMBS_COUNT={count}: the server grew by {grown} bytes");
    assert_eq!(right.send(address).status, 201, "what is right is published as before");
}
