//! Owns the command `verify`: its arguments, its report, its exit status.
//! Must not know how anything is checked.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::bundled;
use super::database::DatabaseRoles;
use super::environment::configure;
use super::exit_status::ExitStatus;
use super::output::{print, text};
use crate::datasets::REGISTRY;
use crate::db::verify::checks::{self, Fault, Findings};
use crate::db::verify::digest::{self, Digest};
use crate::db::verify::proof::{self, ChainEnds};
use crate::db::verify::{protection, views};
use crate::publish::{self, BundleComparison};

/// The arguments.
#[derive(Args)]
#[command(after_help = ExitStatus::help())]
pub struct VerifyArgs {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// The release to digest [default: all releases]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    release: Option<i32>,
    /// An earlier JSON report, whose digests must be the same
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

/// The report, as `--json` prints it.
#[derive(Serialize)]
struct VerifyReport {
    outcome: &'static str,
    digests: Vec<Digest>,
    chain: ChainEnds,
    bundles: Vec<BundleComparison>,
    faults: Vec<Fault>,
    fault_count: u64,
}

/// The members of an earlier report that are compared.
#[derive(Deserialize)]
struct EarlierReport {
    digests: Vec<Digest>,
    chain: Option<ChainEnds>,
}

/// Runs the command.
///
/// # Errors
/// Returns a message for the operator if the checks could not be made.
pub fn run(args: &VerifyArgs) -> Result<ExitStatus, String> {
    let report = verify(args)?;
    let text = match args.json {
        true => serde_json::to_string_pretty(&report).map_err(text)? + "\n",
        false => table(&report),
    };
    print(&text)?;
    Ok(if report.fault_count == 0 { ExitStatus::Success } else { ExitStatus::Invalid })
}

fn verify(args: &VerifyArgs) -> Result<VerifyReport, String> {
    let config = configure()?;
    let earlier = args.against.as_deref().map(read_earlier).transpose()?;
    DatabaseRoles::for_command(&config)?.with_client(async |client| {
        let mut findings = Findings::default();
        let (digests, chain) = {
            let transaction = checks::snapshot(client).await.map_err(text)?;
            // What protects the rows comes first: the other checks ask functions of the database.
            protection::check(&transaction, REGISTRY, &mut findings).await.map_err(text)?;
            views::check(&transaction, REGISTRY, &mut findings).await.map_err(text)?;
            checks::check(&transaction, REGISTRY, &mut findings).await.map_err(text)?;
            proof::check(&transaction, &mut findings).await.map_err(text)?;
            if let Some(chain) = earlier.as_ref().and_then(|earlier| earlier.chain.as_ref()) {
                proof::against(&transaction, chain, &mut findings).await.map_err(text)?;
            }
            let chain = proof::ends(&transaction).await.map_err(text)?;
            let mut numbers = checks::releases(&transaction).await.map_err(text)?;
            if let Some(wanted) = args.release.filter(|wanted| !numbers.contains(wanted)) {
                return Err(format!("there is no release {wanted}; the newest is {}", numbers.last().unwrap_or(&0)));
            }
            numbers.retain(|number| args.release.is_none_or(|wanted| wanted == *number));
            (digest::of(&transaction, REGISTRY, &numbers).await.map_err(text)?, chain)
        };
        for detail in earlier.iter().flat_map(|earlier| digest::differences(&earlier.digests, &digests)) {
            findings.push("digest", "-", None, detail);
        }
        let (bundles, recipes) = (bundled::bundles(&config), bundled::recipes(&config));
        let mut bundles = publish::compare(client, REGISTRY, &bundles, (&recipes, &config.reader)).await.map_err(text)?;
        for bundle in &mut bundles {
            findings.count += bundle.fault_count - bundle.faults.len() as u64;
            for (dataset, code, detail) in bundle.faults.drain(..) {
                findings.push("bundle", dataset, Some(code), format!("{detail} ({})", bundle.bundle));
            }
        }
        let outcome = if findings.count == 0 { "sound" } else { "faulty" };
        Ok(VerifyReport { outcome, digests, chain, bundles, faults: findings.faults, fault_count: findings.count })
    })
}

fn read_earlier(path: &Path) -> Result<EarlierReport, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} is not a report of `verify --json`: {error}", path.display()))
}

/// The report as a table, for people.
fn table(report: &VerifyReport) -> String {
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
                "{}: release {release}, {} rows, {} changed or withdrawn since, {} errors",
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
        count => writeln!(text, "{count} errors, {} listed", report.faults.len()),
    };
    text
}
