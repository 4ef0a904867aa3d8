//! The walk over a tileset: JSON files one after another, contents on all cores, what they give put together in order.

use super::content::{self, Job, Tally};
use super::ids::Ids;
use super::implicit;
use super::report::{Log, Report};
use super::rule::Rule;
use super::schema::Schema;
use super::tile::{self, Member};
use super::volume::Volume;
use super::{CheckLimits, clip};
use crate::fault::{Fault, Kind, Result};
use crate::formats::reader::open;
use crate::geom::matrix::{IDENTITY, Matrix, times};
use rayon::prelude::*;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Contents that wait to be looked through together.
const BATCH: usize = 512;

/// A volume on the way from a content up to the root of all.
#[derive(Debug)]
pub(super) struct Link {
    /// `None` where it is unsound or has no form that is known.
    pub volume: Option<Volume>,
    /// Whose it is, for findings.
    pub whose: String,
    /// From its frame to the one above.
    pub own: Matrix,
    /// From its frame to the tileset's.
    pub world: Matrix,
    /// The volume around it.
    pub above: Option<Arc<Self>>,
}

/// How tiles are refined (§6.7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refine {
    Add,
    Replace,
}

/// What a tile has from above.
#[derive(Debug, Clone)]
pub(super) struct Above {
    pub link: Option<Arc<Link>>,
    pub error: Option<f64>,
    pub refine: Option<Refine>,
    /// Tiles above.
    pub level: usize,
}

/// A further JSON file to look through.
struct External {
    path: String,
    above: Above,
    /// The files that lead to it.
    from: Vec<Arc<str>>,
}

/// All that is gathered on the way.
pub(super) struct Walk<'a> {
    pub folder: PathBuf,
    pub limits: &'a CheckLimits,
    pub report: Report,
    progress: &'a dyn Fn(usize),
    waiting: Vec<External>,
    jobs: Vec<Job>,
    ids: Ids,
    /// Tiles of the JSON file at hand.
    own_tiles: usize,
    /// The metadata schema of that file.
    pub schema: Option<Schema>,
    full: bool,
}

/// Checks the whole tileset of `file`.
///
/// # Errors
/// As [`check`](super::check).
pub(super) fn whole(file: &Path, limits: &CheckLimits, progress: &dyn Fn(usize)) -> Result<Report> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|e| Fault::io("opening the tileset's folder", &e))?;
    let entry = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let report = Report { file: file.display().to_string(), ..Report::default() };
    let ids = Ids::default();
    let (waiting, jobs, own_tiles, full) = (Vec::new(), Vec::new(), 0, false);
    let mut walk = Walk { folder, limits, report, progress, waiting, jobs, ids, own_tiles, schema: None, full };
    let about = |fault: Fault| fault.about(file.display().to_string());
    let bytes = walk.read(&entry, limits.json).map_err(about)?;
    let json = parsed(&bytes).map_err(about)?;
    if !json.is_object() || json.get("root").is_none() {
        return Err(about(
            Fault::bad_input("is no tileset: it has no root")
                .remedy("name the tileset.json, or the folder that holds it"),
        ));
    }
    let above = Above { link: None, error: None, refine: None, level: 0 };
    walk.report.counts.bytes += bytes.len() as u64;
    drop(bytes);
    walk.tileset(&json, &External { path: entry, above, from: Vec::new() });
    drop(json);
    while let Some(next) = walk.waiting.pop() {
        let mut log = Log::new(&next.path);
        let json = walk.read(&next.path, limits.json).and_then(|bytes| {
            walk.report.counts.bytes += bytes.len() as u64;
            parsed(&bytes)
        });
        match json {
            Ok(json) => walk.tileset(&json, &next),
            Err(fault) => log.find(reason(&fault), "", fault.to_string()),
        }
        walk.report.absorb(log);
    }
    walk.flush();
    walk.report.counts.ids = walk.ids.distinct();
    Ok(walk.report)
}

/// Which rule a file breaks that cannot be read.
pub(super) fn reason(fault: &Fault) -> Rule {
    match fault.kind {
        Kind::TooLarge => Rule::Limit,
        Kind::NotFound => Rule::Missing,
        _ => Rule::Json,
    }
}

/// A JSON object, with the one mistake named.
pub(super) fn parsed(bytes: &[u8]) -> Result<Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|e| {
        let said: String = e.to_string().chars().take(200).collect();
        Fault::bad_input(format!("is not JSON: {said}"))
    })
}

impl Walk<'_> {
    /// The bytes of the file at `path` within the folder, at most `most` of them.
    pub fn read(&self, path: &str, most: u64) -> Result<Vec<u8>> {
        read(&self.folder, path, most)
    }

    /// Looks through one JSON file.
    fn tileset(&mut self, json: &Value, own: &External) {
        let mut log = Log::new(&own.path);
        self.report.counts.tilesets += 1;
        self.own_tiles = 0;
        let (top, schema) = tile::tileset(json, &mut log);
        self.schema = schema;
        let mut from = own.from.clone();
        from.push(own.path.as_str().into());
        if let Some(root) = json.get("root").filter(|root| root.is_object()) {
            let mut above = own.above.clone();
            // An external tileset's own error is that of a tile that is not drawn at all; its root follows the tile that names it.
            above.error = above.error.or(top);
            if let (Some(_), Some(top)) = (own.above.error, top)
                && let Some(error) = root.get("geometricError").and_then(Value::as_f64)
                && error > top
            {
                let what = format!("grows from {top} of its tileset to {error}");
                log.find(Rule::ErrorGrows, "/root/geometricError", what);
            }
            self.tile(root, "/root", &above, &from, &mut log);
        }
        self.report.counts.most_tiles = self.report.counts.most_tiles.max(self.own_tiles);
        self.report.absorb(log);
    }

    /// Counts a tile; `false` once there are too many.
    pub fn count(&mut self, level: usize, place: &str, log: &mut Log) -> bool {
        if self.report.counts.tiles >= self.limits.tiles {
            if !self.full {
                self.full = true;
                log.find(
                    Rule::Limit,
                    place,
                    format!("there are over {} tiles; the others are not looked into", self.limits.tiles),
                );
            }
            return false;
        }
        self.report.counts.tiles += 1;
        self.report.counts.levels = self.report.counts.levels.max(level + 1);
        true
    }

    fn tile(&mut self, node: &Value, place: &str, above: &Above, from: &[Arc<str>], log: &mut Log) {
        if !self.count(above.level, place, log) {
            return;
        }
        self.own_tiles += 1;
        let rules = tile::tile(node, place, above, log);
        let link = linked(above, rules.volume, rules.transform, format!("{}{place}", from.last().map_or("", |f| &**f)));
        let here = Above { link: Some(link.clone()), error: rules.error, refine: rules.refine, level: above.level + 1 };
        if let Some(tiling) = node.get("implicitTiling") {
            implicit::tiling(self, node, tiling, place, &here, from, log);
            return;
        }
        let children = node.get("children").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let (mut external, shown) = (false, children.is_empty() || rules.refine == Some(Refine::Add));
        for (content, place) in tile::contents(node, place) {
            let Some(path) = tile::uri(content, from, &place, log) else { continue };
            let around = match content.get("boundingVolume") {
                None => link.clone(),
                Some(own) => {
                    let place = format!("{place}/boundingVolume");
                    let own = Volume::read(own, &place, log);
                    tile::inside(own.as_ref(), &link, &place, log);
                    let whose = format!("{}{place}", from.last().map_or("", |f| &**f));
                    let above = Above { link: Some(link.clone()), ..here.clone() };
                    linked(&above, own, IDENTITY, whose)
                }
            };
            if path.to_ascii_lowercase().ends_with(".json") {
                external = true;
                self.external(path, &place, Above { link: Some(around), ..here.clone() }, from, log);
            } else {
                self.content(Job { path, around, place: place.clone(), shown });
            }
        }
        if external && !children.is_empty() {
            log.find(
                Rule::Member,
                format!("{place}/children"),
                "stands beside an external tileset, which is a leaf's only",
            );
        }
        tile::leaf(rules.error, children.is_empty() && !external, place, log);
        for (k, child) in children.iter().enumerate() {
            let place = format!("{place}/children/{k}");
            match child.is_object() {
                true => self.tile(child, &place, &here, from, log),
                false => log.find(Rule::Member, place, "is no object"),
            }
        }
    }

    fn external(&mut self, path: String, place: &str, above: Above, from: &[Arc<str>], log: &mut Log) {
        if from.iter().any(|file| **file == *path) {
            log.find(Rule::Circle, place, format!("'{}' leads to itself", clip(&path)));
        } else if from.len() > self.limits.depth || self.waiting.len() > self.limits.tiles {
            log.find(Rule::Limit, place, format!("tilesets are in one another over {} deep", self.limits.depth));
        } else {
            self.waiting.push(External { path, above, from: from.to_vec() });
        }
    }

    /// Takes a content to look through, and looks through those that wait once they are many.
    pub fn content(&mut self, job: Job) {
        self.jobs.push(job);
        if self.jobs.len() >= BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let jobs = std::mem::take(&mut self.jobs);
        let (folder, limits) = (&self.folder, self.limits);
        let done: Vec<(Log, Tally)> = jobs.par_iter().map(|job| content::check(folder, job, limits)).collect();
        for (job, (mut log, tally)) in jobs.iter().zip(done) {
            let counts = &mut self.report.counts;
            counts.contents += 1;
            counts.bytes += tally.bytes;
            counts.vertices += tally.vertices;
            counts.triangles += tally.triangles;
            counts.features += tally.features;
            if job.shown {
                self.ids.take(tally.ids, &job.path, &mut log);
            }
            self.report.absorb(log);
        }
        (self.progress)(self.report.counts.contents);
    }
}

/// The link of a tile or content below `above`.
pub(super) fn linked(above: &Above, volume: Option<Volume>, own: Matrix, whose: String) -> Arc<Link> {
    let world = above.link.as_ref().map_or(own, |link| times(&link.world, &own));
    Arc::new(Link { volume, whose, own, world, above: above.link.clone() })
}

/// The bytes of the file at `path` within `folder`, at most `most` of them.
pub(super) fn read(folder: &Path, path: &str, most: u64) -> Result<Vec<u8>> {
    let real = super::super::inside(folder, path)?;
    let mut bytes = Vec::new();
    open(&real)?.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| Fault::io("reading", &e))?;
    if bytes.len() as u64 > most {
        return Err(Fault::new(Kind::TooLarge, format!("is over {most} bytes, which is not looked into")));
    }
    Ok(bytes)
}

/// The member `name` of an object, where it has the type that is asked for.
pub(super) fn member<'v, T>(
    of: &'v Value,
    name: &str,
    place: &str,
    log: &mut Log,
    as_type: impl Fn(&'v Value) -> Option<T>,
    kind: &str,
) -> Member<T> {
    match of.get(name) {
        None => Member::Absent,
        Some(value) => match as_type(value) {
            Some(value) => Member::Here(value),
            None => {
                log.find(Rule::Member, format!("{place}/{name}"), format!("is no {kind}"));
                Member::Wrong
            }
        },
    }
}
