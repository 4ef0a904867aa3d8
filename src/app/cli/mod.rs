//! The command line: one file a subcommand.

mod bake;
mod check;
mod dataset;
mod demo;
mod diff;
mod export;
mod generate;
mod import;
mod key;
mod progress;
mod read;
mod send;
mod serve;
mod simulate;
mod variant;
mod view;

use crate::fault::{Fault, Kind, Result};
use crate::model::SiteCode;
use crate::store::{Site, Store};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

/// The open City Information Model and digital-twin spatial server.
#[derive(Debug, Parser)]
#[command(name = "cimbra", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Generate(generate::Args),
    Simulate(simulate::Args),
    Import(import::Args),
    Check(check::Args),
    Diff(diff::Args),
    Bake(bake::Args),
    Export(export::Args),
    Dataset(dataset::Args),
    Variant(variant::Args),
    Key(key::Args),
    View(view::Args),
    #[command(hide = true)]
    Read(read::Args),
}

/// How a command ended (API.md): 0 done, 1 done with some items refused, 2 nothing done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Done, but some items were refused; each has been named.
    SomeRefused,
    /// Nothing was done; what was wrong has been named.
    NothingDone,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::SomeRefused => Self::from(1),
            Outcome::NothingDone => Self::from(2),
        }
    }
}

/// Runs one command line.
///
/// # Errors
/// Only a terminal that cannot be written to; everything else is told on stderr and in the exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> std::io::Result<ExitCode> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            error.print()?;
            return Ok(if error.use_stderr() { Outcome::NothingDone.into() } else { ExitCode::SUCCESS });
        }
    };
    super::telemetry::start();
    let outcome = match cli.command {
        Command::Demo(args) => args.run(),
        Command::Serve(args) => args.run(),
        Command::Generate(args) => args.run(),
        Command::Simulate(args) => args.run(),
        Command::Import(args) => args.run(),
        Command::Check(args) => args.run(),
        Command::Diff(args) => args.run(),
        Command::Bake(args) => args.run(),
        Command::Export(args) => args.run(),
        Command::Dataset(args) => args.run(),
        Command::Variant(args) => args.run(),
        Command::Key(args) => args.run(),
        Command::View(args) => args.run(),
        Command::Read(args) => args.run(),
    };
    match outcome {
        Ok(outcome) => Ok(outcome.into()),
        Err(fault) => {
            writeln!(std::io::stderr(), "cimbra: {}", plain(&fault.to_string()))?;
            Ok(Outcome::NothingDone.into())
        }
    }
}

/// A text without what a terminal would obey: control characters but line ends and tabs are spelled out.
pub fn plain(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(obeyed) {
        return text.to_owned();
    }
    text.chars().map(|c| if obeyed(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Prints one line on stdout, as [`plain`] text.
///
/// # Errors
/// A stdout that cannot be written to.
pub fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{}", plain(line)).map_err(|e| Fault::new(Kind::Io, format!("writing to stdout: {e}")))
}

/// The sites of a store, or the one of this code.
///
/// # Errors
/// A code that is none.
fn sites(store: &Store, code: Option<&str>) -> Result<Vec<Arc<Site>>> {
    let code = code.map(SiteCode::new).transpose()?;
    let mut sites = store.sites();
    sites.retain(|site| code.as_ref().is_none_or(|code| site.code() == code));
    Ok(sites)
}
