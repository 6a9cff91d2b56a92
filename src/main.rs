//! Owns the entry to the program. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    reperes::cli::run(&arguments)
}
