//! The `cimbra` binary: hands the command line to `app` and the outcome to the shell.

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    Ok(cimbra::app::run(std::env::args_os())?)
}
