//! Owns the entry to the program. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    reperes::cli::run(std::env::args_os())
}
