//! `cimbra key create`.

use super::{Outcome, say};
use crate::app::clock;
use crate::fault::{Fault, Kind, Result};
use crate::model::Role;
use crate::store::{Keys, Store};
use std::path::PathBuf;

/// Make keys for callers
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Make a key and print it, once
    #[command(after_help = "Example:\n  cimbra key create --role integrator --store ./var/cimbra")]
    Create {
        /// viewer, planner, operator, integrator or admin
        #[arg(long)]
        role: String,
        /// The store's directory
        #[arg(long, value_name = "DIR", default_value = "./var/cimbra")]
        store: PathBuf,
    },
}

impl Args {
    /// Makes the key.
    ///
    /// # Errors
    /// An unknown role, or a store that another process holds.
    pub fn run(self) -> Result<Outcome> {
        let Act::Create { role, store } = self.act;
        let role = Role::from_name(&role).ok_or_else(|| {
            Fault::parameter("--role", format!("'{role}' is not a role"))
                .remedy("use viewer, planner, operator, integrator or admin")
        })?;
        // Opening takes the store's lock: a key made beside a running server would not be known to it.
        let _held = Store::open(&store).map_err(|fault| match fault.kind {
            Kind::Conflict => {
                Fault { remedy: None, ..fault }.remedy("stop that process, make the key, and start it again")
            }
            _ => fault,
        })?;
        say(&Keys::open(&store)?.create(role, clock::now())?)?;
        Ok(Outcome::Done)
    }
}
