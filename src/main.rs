//! Command line and wiring.

mod cli;

use clap::Parser as _;
use std::process::ExitCode;

/// Exit code of a check that found errors, or of a question nobody could answer.
const FOUND_ERRORS: u8 = 1;
/// Exit code of a command that could not run.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    match cli::run(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FOUND_ERRORS),
        Err(error) => {
            eprintln!("faxun: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}
