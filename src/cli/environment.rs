//! Owns the environment of a command: the file `.env`, the variables, the start of the log, and the help on the variables.
//! Must not know what the settings are used for.

use std::fmt::Write;

use super::logging;
use crate::config::{Config, VARIABLES};

/// Reads the file `.env` and the environment, and starts the log.
///
/// # Errors
/// Returns a message for the operator if the file cannot be read, or if any variable is invalid; all invalid variables are
/// in one message.
pub fn configure() -> Result<Config, String> {
    let file = match dotenvy::dotenv() {
        Ok(path) => Ok(Some(path)),
        Err(error) if error.not_found() => Ok(None),
        Err(error) => Err(format!("cannot read the file .env: {error}")),
    };
    let variable = |name| std::env::var(name).unwrap_or_default();
    logging::start(&variable("RUST_LOG"), &variable("LOG_FORMAT"));
    if let Some(path) = file? {
        log::info!("read settings from {}", path.display());
    }
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        match value.into_string() {
            Ok(value) => variables.push((name.to_owned(), value)),
            Err(_) if VARIABLES.iter().any(|known| known.name == name) => return Err(format!("{name} is not UTF-8")),
            Err(_) => {}
        }
    }
    Config::read(variables.into_iter()).map_err(|error| error.to_string())
}

/// Lists the variables, their defaults and their help.
pub fn help() -> String {
    let mut text = "Environment variables (also read from a file .env):\n".to_owned();
    for variable in VARIABLES {
        _ = match variable.default {
            "" => writeln!(text, "  {:<30} {}", variable.name, variable.help),
            default => writeln!(text, "  {:<30} {} [default: {default}]", variable.name, variable.help),
        };
    }
    text
}
