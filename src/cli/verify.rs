//! Owns the command `verify`: its arguments, its report, its exit codes.
//! Must not know how anything is checked.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde::{Deserialize, Serialize};

use super::database::Databases;
use super::{configure, print, text, usage};
use crate::datasets::REGISTRY;
use crate::db::verify::checks::{self, Fault, Findings};
use crate::db::verify::digest::{self, Digest};
use crate::publish::{self, Comparison};

const EXIT_CODES: &str = "Exit codes: 0 sound, 1 could not run, 2 wrong arguments, 3 faults found.";

/// What was found.
#[derive(Serialize)]
struct Report {
    outcome: &'static str,
    digests: Vec<Digest>,
    bundles: Vec<Comparison>,
    faults: Vec<Fault>,
    fault_count: u64,
}

/// What is read of an earlier report.
#[derive(Deserialize)]
struct Earlier {
    digests: Vec<Digest>,
}

fn command() -> Command {
    Command::new("reperes verify")
        .about("Checks what is stored, beside a running server, and prints a digest of each release.")
        .after_help(EXIT_CODES)
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("prints the report as JSON"))
        .arg(
            Arg::new("release")
                .long("release")
                .value_name("N")
                .value_parser(value_parser!(i32).range(1..))
                .help("the release to digest; all when not given"),
        )
        .arg(
            Arg::new("against")
                .long("against")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("an earlier report, as JSON, whose digests must be the same"),
        )
}

/// Runs it.
pub fn run(arguments: &[String]) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let told = verify(&matches).and_then(|report| {
        let text = match matches.get_flag("json") {
            true => serde_json::to_string_pretty(&report).map_err(|error| error.to_string())? + "\n",
            false => table(&report),
        };
        print(&text).map(|()| report.fault_count)
    });
    match told {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(3),
        Err(why) => {
            eprintln!("reperes: {why}");
            ExitCode::FAILURE
        }
    }
}

fn verify(matches: &ArgMatches) -> Result<Report, String> {
    let config = configure()?;
    let earlier = matches.get_one::<PathBuf>("against").map(earlier).transpose()?;
    let wanted = matches.get_one::<i32>("release").copied();
    Databases::join(&config)?.with(async |client| {
        let mut findings = Findings::default();
        let digests = {
            let transaction = checks::snapshot(client).await.map_err(text)?;
            checks::check(&transaction, REGISTRY, &mut findings).await.map_err(text)?;
            let mut numbers = checks::releases(&transaction).await.map_err(text)?;
            if let Some(wanted) = wanted.filter(|wanted| !numbers.contains(wanted)) {
                return Err(format!("there is no release {wanted}; the newest is {}", numbers.last().unwrap_or(&0)));
            }
            numbers.retain(|number| wanted.is_none_or(|wanted| wanted == *number));
            digest::of(&transaction, REGISTRY, &numbers).await.map_err(text)?
        };
        for detail in earlier.iter().flat_map(|earlier| digest::differences(&earlier.digests, &digests)) {
            findings.push("digest", "-", None, detail);
        }
        let mut bundles = publish::compare(client, REGISTRY, &config.bundles, &config.recipes).await.map_err(text)?;
        for bundle in &mut bundles {
            findings.count += bundle.fault_count - bundle.faults.len() as u64;
            for (dataset, code, detail) in bundle.faults.drain(..) {
                findings.push("bundle", dataset, Some(code), format!("{detail} ({})", bundle.bundle));
            }
        }
        let outcome = if findings.count == 0 { "sound" } else { "faulty" };
        Ok(Report { outcome, digests, bundles, faults: findings.faults, fault_count: findings.count })
    })
}

fn earlier(path: &PathBuf) -> Result<Earlier, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} is no report of `verify --json`: {error}", path.display()))
}

/// The report for people.
fn table(report: &Report) -> String {
    let mut text = format!("{:>8} {:>10}  SHA-256\n", "RELEASE", "ROWS");
    for digest in &report.digests {
        let rows: u64 = digest.datasets.values().map(|part| part.rows).sum();
        _ = writeln!(text, "{:>8} {rows:>10}  {}", digest.release, digest.sha256);
    }
    for bundle in &report.bundles {
        _ = match bundle.release {
            None => writeln!(text, "{}: not published from these files", bundle.bundle),
            Some(release) => writeln!(
                text,
                "{}: release {release}, {} rows, {} of them changed or withdrawn since, {} at fault",
                bundle.bundle, bundle.rows, bundle.superseded, bundle.fault_count
            ),
        };
    }
    for fault in &report.faults {
        let code = fault.code.as_ref().map_or(String::new(), |code| format!(" {code}"));
        _ = writeln!(text, "{}: {}{code}: {}", fault.check, fault.dataset, fault.detail);
    }
    _ = match report.fault_count {
        0 => writeln!(text, "sound"),
        count => writeln!(text, "{count} fault(s), {} listed", report.faults.len()),
    };
    text
}
