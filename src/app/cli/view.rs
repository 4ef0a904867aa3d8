//! `cimbra view`.

use super::Outcome;
use crate::fault::{Fault, Result};
use crate::model::Collections;
use crate::render::{City, PARAMETERS, Request, Studio, compose, worst_alarms};
use crate::store::Store;
use clap::{Arg, ArgMatches, Command};
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

/// Draw a picture of the city
#[derive(Debug)]
pub struct Args {
    out: PathBuf,
    store: PathBuf,
    ids: bool,
    parameters: HashMap<&'static str, String>,
}

impl Args {
    /// Draws the picture and writes it.
    ///
    /// # Errors
    /// A file name that does not end in .png, a parameter that does not hold, a store that another process holds, no adapter, a file that cannot be written.
    pub fn run(self) -> Result<Outcome> {
        if !self.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
            let name = self.out.display();
            return Err(Fault::parameter("OUT.png", format!("'{name}' does not end in .png, and a picture is a PNG"))
                .remedy(format!("name it {}", self.out.with_extension("png").display())));
        }
        let request = Request::read(&|name| self.parameters.get(name).cloned())?;
        let store = Store::open(&self.store)?;
        let snapshots = store.seen(request.variant.as_ref(), &|_| true)?;
        let alarms = worst_alarms(&store.series().active_alarms());
        let studio = Studio::new();
        let city =
            City { snapshots: &snapshots, visible: Collections::ALL, alarms: &alarms, proxies: studio.proxies() };
        let composed = compose(&request, &city)?;
        let picture = studio.draw(&composed.scene, &composed.camera, request.size)?;
        let bytes = if self.ids { picture.ids_to_png(&composed.legend)? } else { picture.to_png()? };
        let name = self.out.display().to_string();
        std::fs::write(&self.out, bytes).map_err(|e| Fault::io("writing the picture", &e).about(name))?;
        if composed.left_out > 0 {
            let told = writeln!(std::io::stderr(), "{} assets were left out: they are too many", composed.left_out);
            told.map_err(|e| Fault::io("writing to stderr", &e))?;
        }
        Ok(Outcome::Done)
    }
}

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        let own = [
            Arg::new("OUT.png").required(true).value_parser(clap::value_parser!(PathBuf)).help("The file to write"),
            Arg::new("store")
                .long("store")
                .value_name("DIR")
                .default_value("./var/cimbra")
                .value_parser(clap::value_parser!(PathBuf))
                .help("The store's directory"),
            Arg::new("f").long("f").value_parser(["png", "ids"]).default_value("png").help("What the pixels are"),
        ];
        // The same parameters as /views, from the same table.
        let shared = PARAMETERS.iter().map(|(name, about)| {
            Arg::new(*name).long(*name).help(*about).value_name("VALUE").allow_hyphen_values(true)
        });
        command
            .about("Draw a picture of the city")
            .after_help("Example:\n  cimbra view tower.png --store ./var/cimbra --asset TOWER-1 --style alarms")
            .args(own)
            .args(shared)
    }
    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let path = |name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
        let given = |name: &'static str| Some((name, matches.get_one::<String>(name)?.clone()));
        Ok(Self {
            out: path("OUT.png"),
            store: path("store"),
            ids: matches.get_one::<String>("f").is_some_and(|f| f == "ids"),
            parameters: PARAMETERS.iter().filter_map(|(name, _)| given(name)).collect(),
        })
    }
    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
