//! Owns the output of commands: text on standard output, and the text of an error.
//! Must not know any command.

use std::io::{ErrorKind, Write};

/// The message of an error, for the operator.
pub fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Prints a text. A closed pipe is not an error.
pub fn print(text: &str) -> Result<(), String> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
