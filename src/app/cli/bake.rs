//! `cimbra bake`: a tileset as files, for a file server or an object store.

use super::{Outcome, say};
use crate::fault::{Fault, Kind, Result};
use crate::lod::{Tiling, View};
use crate::model::{Collections, VariantName};
use crate::query::Scope;
use crate::store::{Coverage, Overlay, Snapshot, Store};
use crate::tiles::Coding;
use crate::tiles::bake;
use crate::tiles::tiles3d::{self, Compression, Manner};
use crate::tiles::{Plan, Tiles};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Write the tileset of the whole map, or of a collection, as files for a file server or an object store
///
/// Each file but tileset.json and those in the folders `implicit` and `adopted` has a name that never means other bytes: serve them with `Cache-Control: immutable`. A file that is
/// there already is kept, so that a bake that was stopped goes on, and one of a city that changed writes only what changed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra bake /var/www/city\n  cimbra bake /var/www/buildings --tileset buildings --compression meshopt\n  cimbra bake out --precompress none\n  cimbra bake out --tiling implicit\n  cimbra bake out --variant taller"
)]
pub struct Args {
    /// The folder to write; made when it is missing
    dir: PathBuf,
    /// A collection, a dataset or a layer of one; the whole map unless told
    #[arg(long, value_name = "NAME")]
    tileset: Option<String>,
    /// The city with this planning variant
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// How vertices and triangles are kept: none, or meshopt (EXT_meshopt_compression)
    #[arg(long, value_name = "HOW", default_value = "none", value_parser = ["none", "meshopt"])]
    compression: String,
    /// How the tiles are told: explicit, one by one, or implicit, by subtrees, whose files keep their names when they change
    #[arg(long, value_name = "HOW", default_value = "explicit", value_parser = ["explicit", "implicit"])]
    tiling: String,
    /// What is prepared beside each file for servers that send it so: gzip, br, zstd, or none
    #[arg(long, value_name = "LIST", default_value = "gzip,br,zstd", value_delimiter = ',')]
    precompress: Vec<String>,
    /// Remove the files of tilesets baked before that nothing names any more; not while somebody has one of them open
    #[arg(long)]
    prune: bool,
    /// The store's directory
    #[arg(long, value_name = "DIR", default_value = "./var/cimbra")]
    store: PathBuf,
}

impl Args {
    /// Writes the folder.
    ///
    /// # Errors
    /// A name that no collection has, a store that another process holds, a folder that cannot be written.
    pub fn run(self) -> Result<Outcome> {
        let words = self.precompress.iter().filter(|word| *word != "none");
        let codings: Vec<Coding> = words.map(|word| word.parse()).collect::<Result<_>>()?;
        let store = Store::open(&self.store).map_err(|fault| match fault.kind {
            Kind::Conflict => {
                let remedy = "stop the process that holds it, or bake from a copy of the store's directory";
                Fault { remedy: Some(remedy.into()), ..fault }
            }
            _ => fault,
        })?;
        let variant = self.variant.as_deref().map(VariantName::new).transpose()?;
        let knows = |variant: &Overlay| variant.counts(open()).iter().any(|count| *count > 0);
        // A folder's files are asked for under no variant's name.
        let snapshots: Vec<Arc<Snapshot>> =
            store.seen(variant.as_ref(), &knows)?.iter().map(|snapshot| Arc::new(snapshot.by_itself())).collect();
        let view = self.view(&snapshots)?;
        let compression = if self.compression == "meshopt" { Compression::Meshopt } else { Compression::None };
        let tiling = if self.tiling == "implicit" { Tiling::Implicit } else { Tiling::Explicit };
        let manner = Manner { compression, tiling };
        let tiles = Tiles::default();
        let open = open();
        let begun = Instant::now();
        let mut plans: Vec<Arc<Plan>> = Vec::new();
        for snapshot in &snapshots {
            plans.push(tiles.plan(snapshot, &view, open)?);
        }
        let bar = bar("tiles");
        for plan in &plans {
            let folder = self.dir.join(plan.snapshot().site().as_str());
            let step = |done: usize, total: usize| {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            };
            let baked = bake::bake(plan, &folder, manner, self.prune, &step)?;
            say(&format!(
                "{}: {} features in, {} out; {} tiles, {} tilesets and {} subtrees, {:.1} MB, {} of them there before",
                folder.display(),
                plan.features(),
                baked.features,
                baked.tiles,
                baked.tilesets,
                baked.subtrees,
                baked.bytes as f64 / 1e6,
                baked.kept
            ))?;
            if baked.stale > 0 {
                let what = if self.prune { "removed" } else { "left, which nothing names now (--prune removes them)" };
                say(&format!("{}: {} files of tilesets before {what}", folder.display(), baked.stale))?;
            }
        }
        bar.finish_and_clear();
        let all: Vec<&Plan> = plans.iter().map(AsRef::as_ref).collect();
        let beside = if view == View::Map { adopted(&store, open) } else { Vec::new() };
        for coverage in &beside {
            let folder = self.dir.join("adopted").join(coverage.site().as_str()).join(coverage.dataset().as_str());
            let bar = self::bar("files");
            let files = bake::adopted(coverage, &folder, &|done, total| {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            })?;
            bar.finish_and_clear();
            say(&format!("{}: {files} files of an adopted tileset", folder.display()))?;
        }
        let beside = tiles3d::Beside::among(&beside, "", tiling);
        bake::put(&self.dir.join("tileset.json"), &tiles3d::of_folders(&all, &beside, manner)?)?;
        say(&format!("tiles: {:.2} s", begun.elapsed().as_secs_f64()))?;
        // Also without any: what an earlier run prepared of files that changed must go.
        let begun = Instant::now();
        let bar = self::bar("compressed");
        bake::precompress(&self.dir, &codings, &|done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        if !codings.is_empty() {
            say(&format!("compressed ({}): {:.2} s", self.precompress.join(", "), begun.elapsed().as_secs_f64()))?;
        }
        Ok(Outcome::Done)
    }

    fn view(&self, snapshots: &[Arc<Snapshot>]) -> Result<View> {
        let Some(name) = &self.tileset else { return Ok(View::Map) };
        let scope = Scope::named(name, snapshots, open()).ok_or_else(|| {
            if Scope::named(name, snapshots, Collections::ALL).is_some() {
                return Fault::parameter("tileset", format!("'{name}' is guarded, and a folder is for everybody"))
                    .remedy("serve it to those who have a key, with 'cimbra serve'");
            }
            Fault::parameter("tileset", format!("there is no collection '{name}'"))
                .remedy("'cimbra serve' lists them at /collections")
        })?;
        Ok(crate::api::routes::view_of(scope))
    }
}

/// A folder is for everybody.
fn open() -> Collections {
    Collections::of(|collection| !collection.is_guarded())
}

/// The tilesets of other tools, and of point clouds.
fn adopted(store: &Store, open: Collections) -> Vec<Arc<Coverage>> {
    let all = store.sites().into_iter().flat_map(|site| site.coverages().to_vec());
    all.filter(|coverage| coverage.is_in(open) && coverage.tileset().is_some()).collect()
}

/// A bar on a terminal; elsewhere the lines at the end are enough.
fn bar(what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar.with_message(what)
}
