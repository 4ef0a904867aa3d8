//! `cimbra dataset`: the catalogue of a store that no server holds.

use super::{Outcome, say, sites};
use crate::fault::{Fault, Result};
use crate::live::retire::{self, Retired};
use crate::model::DatasetName;
use crate::store::{Committed, Site, Store};
use clap::Subcommand;
use std::path::PathBuf;
use std::sync::Arc;

/// List datasets; describe, withdraw, publish, roll back or delete one
///
/// A server that holds the store does the same at /datasets.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra dataset list\n  cimbra dataset describe pipes --owner 水务集团 --licence CC-BY-4.0\n  cimbra dataset withdraw pipes\n  cimbra dataset rollback pipes --revision 7"
)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
    /// The site's code, where several have a dataset of this name
    #[arg(long, global = true, value_name = "CODE")]
    site: Option<String>,
    /// The store's directory
    #[arg(long, global = true, value_name = "DIR", default_value = "./var/cimbra")]
    store: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the catalogue
    List,
    /// Show a dataset with its editions
    Show {
        /// The dataset
        name: String,
    },
    /// Say whose it is and on which terms it may be used; an empty text takes away
    Describe {
        /// The dataset
        name: String,
        /// What it is
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Whose it is
        #[arg(long, value_name = "TEXT")]
        owner: Option<String>,
        /// On which terms it may be used
        #[arg(long, value_name = "TEXT")]
        licence: Option<String>,
    },
    /// Take its assets out of the city until it is published again
    Withdraw {
        /// The dataset
        name: String,
    },
    /// Put a withdrawn one back
    Publish {
        /// The dataset
        name: String,
    },
    /// Put an earlier edition in its place
    Rollback {
        /// The dataset
        name: String,
        /// The edition's revision, as 'cimbra dataset show' lists it
        #[arg(long, value_name = "N")]
        revision: u64,
    },
    /// End its assets, their alarms and what is attached to them, and forget its entry; history keeps the assets
    Delete {
        /// The dataset
        name: String,
    },
}

impl Args {
    /// Does it.
    ///
    /// # Errors
    /// A store that another process holds, no such dataset, one of another standing.
    pub fn run(self) -> Result<Outcome> {
        let store = Store::open(&self.store)?;
        let sites = sites(&store, self.site.as_deref())?;
        let now = crate::app::clock::now();
        match self.act {
            Act::List => list(&sites)?,
            Act::Show { name } => show(&find(&sites, &name)?)?,
            Act::Describe { name, description, owner, licence } => {
                let (site, name) = find(&sites, &name)?;
                let change = |entry: &mut crate::store::Entry| entry.say(description, owner, licence);
                site.describe(&name, change, now)?;
                say(&format!("{name}: described"))?;
            }
            Act::Withdraw { name } => {
                let (site, name) = find(&sites, &name)?;
                went(&name, "withdrawn", retire::withdraw(&store, &site, &name, BY, now)?)?;
            }
            Act::Publish { name } => {
                let (site, name) = find(&sites, &name)?;
                told(&name, "published", site.publish_again(&name, now)?)?;
            }
            Act::Delete { name } => {
                let (site, name) = find(&sites, &name)?;
                went(&name, "deleted", retire::delete(&store, &site, &name, BY, now)?)?;
            }
            Act::Rollback { name, revision } => {
                let (site, name) = find(&sites, &name)?;
                went(&name, "rolled back", retire::roll_back(&store, &site, &name, revision, BY, now)?)?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Who clears the alarms.
const BY: &str = "cimbra dataset";

type Found = (Arc<Site>, DatasetName);

fn find(sites: &[Arc<Site>], name: &str) -> Result<Found> {
    let name = DatasetName::new(name)?;
    let has = |site: &&Arc<Site>| site.snapshot().catalogue().any(|d| d.name == name);
    let all: Vec<_> = sites.iter().filter(has).cloned().collect();
    match all.as_slice() {
        [one] => Ok((one.clone(), name)),
        [] => Err(Fault::not_found(format!("there is no dataset '{name}'")).remedy("'cimbra dataset list' lists them")),
        several => Err(Fault::parameter("site", format!("{} sites have a dataset '{name}'", several.len()))
            .remedy("name one with --site CODE")),
    }
}

fn list(sites: &[Arc<Site>]) -> Result<()> {
    for site in sites {
        let snapshot = site.snapshot();
        for dataset in snapshot.catalogue() {
            let (name, entry) = (&dataset.name, &dataset.entry);
            let (count, standing) = (snapshot.count_of(name), entry.standing.name());
            let owner = entry.owner.as_deref().unwrap_or("-");
            say(&format!("{} {name}  {count} assets  {standing}  {}  {owner}", site.code(), dataset.imported))?;
        }
    }
    Ok(())
}

fn show((site, name): &Found) -> Result<()> {
    let snapshot = site.snapshot();
    let Some(dataset) = snapshot.catalogue().find(|d| d.name == *name) else { return Ok(()) };
    let entry = &dataset.entry;
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    say(&format!("{name} of site {}: {}, {}", site.code(), dataset.title, entry.standing.name()))?;
    say(&format!("  crs {}, accuracy {}", dataset.crs, entry.accuracy.map_or("-".into(), |m| format!("{m} m"))))?;
    say(&format!("  description {}", text(&entry.description)))?;
    say(&format!("  owner {}, licence {}", text(&entry.owner), text(&entry.licence)))?;
    for edition in snapshot.editions(name) {
        let source = edition.source.as_deref().and_then(|s| s.get(..12)).unwrap_or("-");
        let (at, standing) = (edition.at, edition.standing.name());
        say(&format!(
            "  revision {}  {at}  {} assets  {standing}  {}  {source}",
            edition.revision, edition.assets, edition.title
        ))?;
    }
    Ok(())
}

fn told(name: &DatasetName, what: &str, committed: Committed) -> Result<()> {
    let Committed { revision, added, replaced, removed, unchanged } = committed;
    say(&format!(
        "{name}: {what} at revision {revision}: {added} new, {replaced} changed, {unchanged} unchanged, {removed} ended"
    ))
}

fn went(name: &DatasetName, what: &str, retired: Retired) -> Result<()> {
    let Retired { committed, alarms, orphans, attachments } = retired;
    told(name, what, committed)?;
    let counts = [
        (alarms, "alarms cleared"),
        (attachments, "attachments removed"),
        (orphans, "assets of other datasets were part of it"),
    ];
    counts.into_iter().filter(|(n, _)| *n > 0).try_for_each(|(n, what)| say(&format!("  {n} {what}")))
}
