//! Owns the commands `keys create`, `keys list` and `keys revoke`.
//! Must not know how keys are stored.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};

use super::database::DatabaseRoles;
use super::environment::configure;
use super::output::text;
use crate::access::{Scope, Token, hash};
use crate::datasets::REGISTRY;
use crate::db::write::api_keys::{self, NewKey};
use crate::query::suggest::closest;

/// The dataset of the sources that scopes name.
const SOURCES: &str = "sources";

/// The longest name of a publisher, in characters.
const MAX_PUBLISHER: usize = 200;

/// The commands.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Create a key and print its token, which is shown only once
    Create(CreateArgs),
    /// List all keys; tokens are not stored and cannot be listed
    List,
    /// Revoke a key for good, on all servers at once
    Revoke {
        /// Name of the key
        name: String,
    },
}

/// The arguments of `keys create`.
#[derive(Args)]
pub struct CreateArgs {
    /// Name of the key, which cannot be used again: lower-case letters, digits, dots and hyphens
    #[arg(long)]
    name: String,
    /// What the key permits, separated by commas: publish:{dataset}:{source}, refer:{dataset}:{source}
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// Permit scopes with a `*`, which reach beyond one dataset of one source
    #[arg(long)]
    allow_broad: bool,
    /// Publisher of the releases that are made with the key
    #[arg(long, value_name = "NAME")]
    publisher: String,
    /// First day on which the key is no longer valid, in UTC, such as 2027-01-01
    #[arg(long, value_name = "DATE")]
    expires: String,
}

/// Runs a command, and gives the text to print.
///
/// # Errors
/// Returns a message for the operator if an argument is invalid, or the database cannot be used.
pub fn run(command: &KeysCommand) -> Result<String, String> {
    let config = configure()?;
    match command {
        KeysCommand::Create(args) => {
            let (scopes, expires_at) = check(args, Utc::now())?;
            let databases = DatabaseRoles::for_command(&config)?;
            check_sources(&databases, &scopes)?;
            create(&databases, args, expires_at)
        }
        KeysCommand::List => list(&DatabaseRoles::for_command(&config)?),
        KeysCommand::Revoke { name } => revoke(&DatabaseRoles::for_command(&config)?, name),
    }
}

/// Checks the arguments of a new key, and gives its scopes and the instant of its expiry.
///
/// # Errors
/// Returns one message with all invalid arguments.
fn check(args: &CreateArgs, now: DateTime<Utc>) -> Result<(Vec<Scope>, DateTime<Utc>), String> {
    let CreateArgs { name, scopes, expires, publisher, allow_broad } = args;
    let mut errors = Vec::new();
    if !is_name(name) {
        errors.push(format!(
            "--name is `{name}`; it must have at most 63 lower-case letters, digits, dots and hyphens, and begin with a letter or digit"
        ));
    }
    let mut read = Vec::new();
    for text in scopes {
        match Scope::parse(text, REGISTRY) {
            Ok(scope) if scope.is_broad() && !allow_broad => {
                errors.push(format!("`{text}` reaches beyond one dataset of one source; add --allow-broad if this is meant"))
            }
            Ok(scope) => read.push(scope),
            Err(why) => errors.push(why),
        }
    }
    if publisher.trim().is_empty() || publisher.chars().count() > MAX_PUBLISHER || publisher.chars().any(char::is_control) {
        errors.push(format!("--publisher must have 1 to {MAX_PUBLISHER} characters, not all blank, and no control characters"));
    }
    let date = NaiveDate::parse_from_str(expires, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    let expires_at = date.map(|instant| instant.and_utc());
    match expires_at {
        None => errors.push(format!("--expires is `{expires}`, which is not a date such as 2027-01-01")),
        Some(instant) if instant <= now => errors.push(format!("--expires is {expires}, which is in the past")),
        Some(_) => {}
    }
    match (errors.is_empty(), expires_at) {
        (true, Some(expires_at)) => Ok((read, expires_at)),
        _ => Err(not_created(&errors)),
    }
}

fn not_created(errors: &[String]) -> String {
    format!("the key was not created:\n  {}", errors.join("\n  "))
}

/// Checks that the sources of scopes are published.
///
/// # Errors
/// Returns one message with all unknown sources, each with the closest ones.
fn check_sources(databases: &DatabaseRoles, scopes: &[Scope]) -> Result<(), String> {
    let Some(dataset) = REGISTRY.iter().find(|dataset| dataset.name == SOURCES) else { return Ok(()) };
    let known = databases.with_client(async |client| api_keys::sources(client, dataset).await.map_err(text))?;
    let mut unknown: Vec<&str> =
        scopes.iter().filter_map(Scope::source).filter(|code| !known.iter().any(|k| k == code)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    let said = |code: &&str| {
        let near = closest(code, known.iter().map(String::as_str));
        let meant = near.first().map_or(String::new(), |word| format!("; did you mean `{word}`?"));
        format!("no row of {SOURCES} has the code `{code}`{meant}")
    };
    if unknown.is_empty() { Ok(()) } else { Err(not_created(&unknown.iter().map(said).collect::<Vec<_>>())) }
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    first && name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

/// Creates a key and gives its token. Only a hash of the token is stored.
fn create(databases: &DatabaseRoles, args: &CreateArgs, expires_at: DateTime<Utc>) -> Result<String, String> {
    let token = Token::new()?;
    let digest = hash(token.text()).ok_or("the new token is invalid")?;
    let CreateArgs { name, scopes, publisher, .. } = args;
    let key = NewKey { name, hash: &digest, scopes, publisher, expires_at };
    let created = databases.with_client(async |client| api_keys::create(client, key).await.map_err(text))?;
    if !created {
        return Err(format!("a key named `{}` already exists; the name of a revoked key cannot be used again either", args.name));
    }
    log::info!("created the key {}; its token is shown only once", args.name);
    Ok(format!("{}\n", token.text()))
}

fn list(databases: &DatabaseRoles) -> Result<String, String> {
    let all = databases.with_client(async |client| api_keys::list(client).await.map_err(text))?;
    let day = |instant: DateTime<Utc>| instant.format("%Y-%m-%d").to_string();
    let mut table = format!("{:<24} {:<24} {:<10} {:<10} {:<24} SCOPES\n", "NAME", "STATE", "CREATED", "EXPIRES", "PUBLISHER");
    for key in all {
        let state = match (key.revoked_at, key.valid) {
            (Some(revoked), _) => format!("revoked {}", day(revoked)),
            (None, true) => "valid".to_owned(),
            (None, false) => "expired".to_owned(),
        };
        let (created, expires) = (day(key.created_at), day(key.expires_at));
        _ = writeln!(table, "{:<24} {state:<24} {created} {expires} {:<24} {}", key.name, key.publisher, key.scopes.join(","));
    }
    Ok(table)
}

fn revoke(databases: &DatabaseRoles, name: &str) -> Result<String, String> {
    let (revoked, all) = databases.with_client(async |client| {
        let revoked = api_keys::revoke(client, name).await.map_err(text)?;
        Ok((revoked, api_keys::list(client).await.map_err(text)?))
    })?;
    let exists = all.iter().any(|key| key.name == name);
    match (revoked, exists) {
        (true, _) => Ok(format!("revoked {name}\n")),
        (false, true) => Ok(format!("{name} is already revoked\n")),
        (false, false) => {
            let near = closest(name, all.iter().map(|key| key.name.as_str()));
            let suggestion = near.first().map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            Err(format!("there is no key `{name}`{suggestion}"))
        }
    }
}
