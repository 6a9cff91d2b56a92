//! Owns the commands about keys: `create`, `list`, `revoke`.
//! Must not know how keys are kept.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Arg, ArgMatches, Command};

use super::database::Databases;
use crate::access::{Token, check_scope, hash};
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::write::api_keys;
use crate::query::suggest::closest;

/// What a key is made of.
struct Wanted {
    name: String,
    scopes: Vec<String>,
    expires_at: DateTime<Utc>,
}

/// The commands.
pub fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).required(true).help(help)
    };
    let create = Command::new("create")
        .about("Makes a key and prints its token, which is not to be had again.")
        .arg(option("name", "NAME", "what it is called for ever: small letters, digits, dots and hyphens"))
        .arg(
            option("scope", "SCOPE", "what it admits, joined by commas: publish:{dataset}, publish:source:{code}, publish:*")
                .value_delimiter(','),
        )
        .arg(option("expires", "DATE", "the day from which on it is of no more use, such as 2027-01-01, UTC"));
    Command::new("reperes keys")
        .about("Makes, lists or revokes the keys with which others may publish over HTTP.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(create)
        .subcommand(Command::new("list").about("Lists all keys, without their tokens, which are kept nowhere."))
        .subcommand(
            Command::new("revoke")
                .about("Revokes a key for good, in every server at once.")
                .arg(Arg::new("name").value_name("NAME").required(true).help("the name of the key")),
        )
}

/// Does one and gives what is to be printed.
///
/// # Errors
/// A sentence for the operator.
pub fn run(matches: &ArgMatches, config: &Config) -> Result<String, String> {
    match matches.subcommand() {
        Some(("create", given)) => {
            let wanted = wanted(given, Utc::now())?;
            create(&Databases::join(config)?, &wanted)
        }
        Some(("revoke", given)) => revoke(&Databases::join(config)?, &text(given, "name")),
        _ => list(&Databases::join(config)?),
    }
}

fn text(matches: &ArgMatches, name: &str) -> String {
    matches.get_one::<String>(name).cloned().unwrap_or_default()
}

/// Reads what a key shall be, naming everything that is wrong.
fn wanted(given: &ArgMatches, now: DateTime<Utc>) -> Result<Wanted, String> {
    let mut faults = Vec::new();
    let (name, expires) = (text(given, "name"), text(given, "expires"));
    let scopes: Vec<String> = given.get_many::<String>("scope").into_iter().flatten().cloned().collect();
    if !is_name(&name) {
        faults.push(format!(
            "--name is `{name}`: small letters, digits, dots and hyphens, at most 63, beginning with a letter or digit"
        ));
    }
    faults.extend(scopes.iter().filter_map(|scope| check_scope(scope, REGISTRY).err()));
    let date = NaiveDate::parse_from_str(&expires, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    let expires_at = date.map(|instant| instant.and_utc());
    match expires_at {
        None => faults.push(format!("--expires is `{expires}`, which is not a date such as 2027-01-01")),
        Some(instant) if instant <= now => faults.push(format!("--expires is {expires}, which is past")),
        Some(_) => {}
    }
    match (faults.is_empty(), expires_at) {
        (true, Some(expires_at)) => Ok(Wanted { name, scopes, expires_at }),
        _ => Err(format!("no key was made:\n  {}", faults.join("\n  "))),
    }
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    first && name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

/// Makes a key and gives its token, which is not to be had again.
fn create(databases: &Databases, wanted: &Wanted) -> Result<String, String> {
    let token = Token::new()?;
    let digest = hash(token.text()).ok_or("the token that was made is none")?;
    let created = databases.with(async |client| {
        api_keys::create(client, &wanted.name, &digest, &wanted.scopes, wanted.expires_at)
            .await
            .map_err(|error| error.to_string())
    })?;
    if !created {
        return Err(format!(
            "the name `{}` has been given before: a name stays with its key, even when that is revoked",
            wanted.name
        ));
    }
    log::info!("made the key {}; its token is shown this once", wanted.name);
    Ok(format!("{}\n", token.text()))
}

fn list(databases: &Databases) -> Result<String, String> {
    let all = databases.with(async |client| api_keys::list(client).await.map_err(|error| error.to_string()))?;
    let day = |instant: DateTime<Utc>| instant.format("%Y-%m-%d").to_string();
    let mut text = format!("{:<24} {:<24} {:<10} {:<10} SCOPES\n", "NAME", "STATE", "CREATED", "EXPIRES");
    for key in all {
        let state = match (key.revoked_at, key.valid) {
            (Some(revoked), _) => format!("revoked {}", day(revoked)),
            (None, true) => "valid".to_owned(),
            (None, false) => "expired".to_owned(),
        };
        let (created, expires) = (day(key.created_at), day(key.expires_at));
        _ = writeln!(text, "{:<24} {state:<24} {created} {expires} {}", key.name, key.scopes.join(","));
    }
    Ok(text)
}

fn revoke(databases: &Databases, name: &str) -> Result<String, String> {
    let (revoked, all) = databases.with(async |client| {
        let revoked = api_keys::revoke(client, name).await.map_err(|error| error.to_string())?;
        Ok((revoked, api_keys::list(client).await.map_err(|error| error.to_string())?))
    })?;
    let known = all.iter().find(|key| key.name == name);
    match (revoked, known) {
        (true, _) => Ok(format!("{name} is revoked\n")),
        (false, Some(_)) => Ok(format!("{name} was revoked before\n")),
        (false, None) => {
            let near = closest(name, all.iter().map(|key| key.name.as_str()));
            let meant = near.first().map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            Err(format!("there is no key `{name}`{meant}"))
        }
    }
}
