//! `cimbra generate`.

use super::{Outcome, say};
use crate::fault::{Fault, Kind, Result};
use crate::ingest::generate::{Community, MANIFEST, write};
use std::io::Write;
use std::path::PathBuf;

/// Write a made-up community as ordinary files
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is true of the community (devices that lie elsewhere than they say, moved cameras, who lives where) is written\ninto DIR/.truth, which an import of DIR leaves out.\n\nExamples:\n  cimbra generate demo\n  cimbra generate town --households 5004 --seed 7\n  cimbra import --site 320106003001 town"
)]
pub struct Args {
    /// Where to write; made when missing
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// How many households live there, 1 to 250000
    #[arg(long, value_name = "N", default_value_t = Community::default().households)]
    households: u32,
    /// Everything follows from it: the same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = Community::default().seed)]
    seed: u64,
    /// How densely it is built, 0.25 to 4
    #[arg(long, value_name = "D", default_value_t = Community::default().density)]
    density: f64,
    /// Print one machine-readable report
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Writes the community.
    ///
    /// # Errors
    /// As [`write`].
    pub fn run(self) -> Result<Outcome> {
        let community = Community { households: self.households, seed: self.seed, density: self.density };
        let manifest = write(&self.dir, &community, &mut |what| {
            // Progress is for people who watch: a stderr that is gone stops nothing.
            let _unseen = writeln!(std::io::stderr(), "writing {what}");
        })?;
        if self.json {
            let text = serde_json::to_string(&manifest)
                .map_err(|e| Fault::new(Kind::Internal, format!("writing the report: {e}")))?;
            say(&text)?;
            return Ok(Outcome::Done);
        }
        let count = |what: &str| manifest.counts.get(what).copied().unwrap_or(0);
        for file in &manifest.files {
            say(&format!("{:>12} bytes  {}", file.bytes, self.dir.join(&file.name).display()))?;
        }
        say(&format!(
            "site {}, seed {}: {} households in {} structures, {} storeys, {} rooms; the rest is counted in {}",
            manifest.site,
            manifest.seed,
            manifest.households,
            count("structures"),
            count("storeys"),
            count("rooms"),
            self.dir.join(MANIFEST).display()
        ))?;
        Ok(Outcome::Done)
    }
}
