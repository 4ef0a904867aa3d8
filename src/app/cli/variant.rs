//! `cimbra variant`: the planning variants of a store that no server holds.

use super::{Outcome, say, sites};
use crate::fault::{Fault, Result};
use crate::model::{Collections, VariantName};
use crate::store::Store;
use clap::Subcommand;
use std::path::PathBuf;

/// List planning variants, or remove one
///
/// 'cimbra import --variant NAME' makes one, or changes it. A server that holds the store does the same at /variants.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cimbra variant list\n  cimbra variant remove taller")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
    /// The site's code, where several have a variant of this name
    #[arg(long, global = true, value_name = "CODE")]
    site: Option<String>,
    /// The store's directory
    #[arg(long, global = true, value_name = "DIR", default_value = "./var/cimbra")]
    store: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List them, with what each changes
    List,
    /// Remove one for good
    Remove {
        /// The variant
        name: String,
    },
}

impl Args {
    /// Does it.
    ///
    /// # Errors
    /// A store that another process holds, no such variant.
    pub fn run(self) -> Result<Outcome> {
        let store = Store::open(&self.store)?;
        let mut sites = sites(&store, self.site.as_deref())?;
        let name = match self.act {
            Act::List => {
                for variant in sites.iter().flat_map(|site| site.variants()) {
                    let snapshot = variant.snapshot();
                    let Some(over) = snapshot.overlay() else { continue };
                    let [added, replaced, removed] = over.counts(Collections::ALL);
                    let counts = format!("{added} added, {replaced} replaced, {removed} removed");
                    say(&format!("{} {}  {counts}  {}", variant.code(), over.name(), over.changed(Collections::ALL)))?;
                }
                return Ok(Outcome::Done);
            }
            Act::Remove { name } => VariantName::new(&name)?,
        };
        sites.retain(|site| site.variant(&name).is_some());
        match sites.as_slice() {
            [one] => one.remove_variant(&name)?,
            [] => {
                let missing = Fault::not_found(format!("there is no variant '{name}'"));
                return Err(missing.remedy("'cimbra variant list' lists them"));
            }
            several => {
                let detail = format!("{} sites have a variant '{name}'", several.len());
                return Err(Fault::parameter("site", detail).remedy("name one with --site CODE"));
            }
        }
        say(&format!("{name}: removed"))?;
        Ok(Outcome::Done)
    }
}
