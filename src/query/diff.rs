//! What changed between two times: assets that came, went, moved, took another shape or other attributes, or another id.

use super::Scope;
use crate::fault::Result;
use crate::geom::{Bounds, Mesh, SurfaceKind, Texture};
use crate::model::{Attributes, Class, Collections, Geometry};
use crate::store::{AssetRef, Row, Snapshot};
use crate::units::Instant;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Nearer than this is the same place, metres: finer than files hold their coordinates, and than a repeated conversion.
const SAME: f64 = 0.001;
/// Under another id an asset must still stand within this, metres.
const NEAR: f64 = 0.01;
/// The grid in which assets of other ids are looked for, metres.
const CELL: f64 = 1.0;

/// A question for the differences between two times.
#[derive(Clone)]
pub struct Diff {
    /// The collection.
    pub scope: Scope,
    /// The collections that the caller may read.
    pub readable: Collections,
    /// The earlier time.
    pub from: Instant,
    /// The later time.
    pub to: Instant,
}

/// One asset that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The version of the earlier time; none for an asset that came.
    pub from: Option<Row>,
    /// The version of the later time; none for an asset that went.
    pub to: Option<Row>,
    /// How far the same shape has moved, metres.
    pub moved: Option<f64>,
    /// Whether the shape is another.
    pub reshaped: bool,
    /// The names of the attributes that came, went or have another value; of its own: `name`, `class`, `parent`, `storey`, and
    /// `appearance`, which is what kinds of surfaces, colours and textures a mesh has.
    pub attributes: Vec<String>,
    /// Whether only shape, place and class say that it is the same asset: its source gave it another id.
    pub renewed: bool,
    /// The volumes of the earlier and the later shape where they close, cubic metres.
    pub volumes: [Option<f64>; 2],
}

/// All that differs in one site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Differences {
    /// What differs, by row: the earlier version's, or the later one's of an asset that came.
    pub changes: Vec<Change>,
    /// How many assets are as they were.
    pub unchanged: usize,
}

impl Diff {
    /// Answers over one site. Reads the geometry and attributes of what changed from disk.
    ///
    /// # Errors
    /// [`Kind::Corrupt`](crate::fault::Kind::Corrupt) when the disk does not hold what was written.
    pub fn ask(&self, snapshot: &Snapshot) -> Result<Differences> {
        let at = |time| snapshot.rows_at(time).into_iter().filter(|row| self.concerns(snapshot, *row));
        let (before, after): (HashSet<Row>, HashSet<Row>) = (at(self.from).collect(), at(self.to).collect());
        // A row names a version: one that is there at both times has not changed.
        let unchanged = before.intersection(&after).count();
        let of = |row: Row| Some((snapshot.asset(row)?.id(), row));
        let mut came: HashMap<_, Row> = after.difference(&before).filter_map(|row| of(*row)).collect();
        let mut gone: Vec<(_, Row)> = before.difference(&after).filter_map(|row| of(*row)).collect();
        gone.sort_unstable_by_key(|(_, row)| *row);
        let mut found = Differences { changes: Vec::new(), unchanged };
        let (mut pairs, mut left) = (Vec::new(), Vec::new());
        for (id, old) in gone {
            match came.remove(&id) {
                Some(new) => pairs.push((old, new, false)),
                None => left.push(old),
            }
        }
        let mut came: Vec<Row> = came.into_values().collect();
        came.sort_unstable();
        let renewed = renewed(snapshot, &left, &came);
        left.retain(|old| !renewed.contains_key(old));
        came.retain(|new| !renewed.values().any(|taken| taken == new));
        pairs.extend(renewed.into_iter().map(|(old, new)| (old, new, true)));
        for (old, new, renewed) in pairs {
            match compare(snapshot, old, new, renewed)? {
                Some(change) => found.changes.push(change),
                None => found.unchanged += 1,
            }
        }
        for (from, to) in left.into_iter().map(|r| (Some(r), None)).chain(came.into_iter().map(|r| (None, Some(r)))) {
            let volume = |row: Option<Row>| row.map_or(Ok(None), |row| volume(&*snapshot.geometry(row)?));
            let volumes = [volume(from)?, volume(to)?];
            let (attributes, moved) = (Vec::new(), None);
            found.changes.push(Change { from, to, moved, reshaped: false, attributes, renewed: false, volumes });
        }
        found.changes.sort_by_key(|change| (change.from.or(change.to), change.to));
        Ok(found)
    }
    fn concerns(&self, snapshot: &Snapshot, row: Row) -> bool {
        let concerns = |a: AssetRef<'_>| self.scope.holds(&a) && self.readable.contains(a.class().collection());
        snapshot.asset(row).is_some_and(concerns)
    }
}

/// For assets that went, those that came in their place under another id: of one class, with boxes less than a centimetre
/// apart and a shape that is the same; of one name before others.
fn renewed(snapshot: &Snapshot, gone: &[Row], came: &[Row]) -> HashMap<Row, Row> {
    let boxed = |row: Row| {
        let asset = snapshot.asset(row).filter(|a| !a.bounds().is_empty())?;
        Some((asset, snapshot.frame().bounds_to_index(&asset.bounds())))
    };
    let mut cells: HashMap<(Class, [i64; 3]), Vec<Row>> = HashMap::new();
    for (row, (asset, bounds)) in came.iter().filter_map(|row| Some((*row, boxed(*row)?))) {
        cells.entry((asset.class(), cell(bounds.center(), [0; 3]))).or_default().push(row);
    }
    let (mut renewed, mut taken) = (HashMap::new(), HashSet::new());
    for (old, (asset, bounds)) in gone.iter().filter_map(|row| Some((*row, boxed(*row)?))) {
        let around = (0..27).map(|n| cell(bounds.center(), [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1]));
        let near = around.filter_map(|cell| cells.get(&(asset.class(), cell))).flatten().copied();
        let same = |new: &Row| {
            let close = boxed(*new).is_some_and(|(_, other)| apart(&bounds, &other) < NEAR);
            let shapes = || Some((snapshot.geometry(old).ok()?, snapshot.geometry(*new).ok()?));
            let shape = || shapes().is_some_and(|(a, b)| a.shift(&b, snapshot.frame()).is_some_and(|m| m < NEAR));
            !taken.contains(new) && close && shape()
        };
        let mut fit: Vec<Row> = near.filter(same).collect();
        fit.sort_by_key(|new| (snapshot.asset(*new).is_none_or(|a| a.name() != asset.name()), *new));
        if let Some(new) = fit.first() {
            taken.insert(*new);
            renewed.insert(old, *new);
        }
    }
    renewed
}

fn cell(point: [f64; 3], step: [i64; 3]) -> [i64; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "metres within a site; a cast saturates")]
    std::array::from_fn(|k| (point[k] / CELL).floor() as i64 + step[k])
}

/// The farthest that two boxes' faces are apart, metres.
fn apart(a: &Bounds, b: &Bounds) -> f64 {
    let both = a.min.iter().zip(b.min).chain(a.max.iter().zip(b.max));
    both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// What differs between two versions; `None` when nothing that is told here does.
fn compare(snapshot: &Snapshot, old: Row, new: Row, renewed: bool) -> Result<Option<Change>> {
    let (Some(before), Some(after)) = (snapshot.asset(old), snapshot.asset(new)) else { return Ok(None) };
    let (a, b) = (snapshot.geometry(old)?, snapshot.geometry(new)?);
    let shift = a.shift(&b, snapshot.frame());
    let moved = shift.filter(|metres| *metres >= if renewed { NEAR } else { SAME });
    let reshaped = shift.is_none();
    let mut attributes = differing(&*snapshot.attributes(old)?, &*snapshot.attributes(new)?);
    let own = [
        ("name", before.name() != after.name()),
        ("class", before.class() != after.class()),
        ("parent", before.parent_id() != after.parent_id()),
        ("storey", before.storey() != after.storey()),
        ("appearance", appearances_differ(&a, &b)),
    ];
    attributes.extend(own.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()));
    if moved.is_none() && !reshaped && attributes.is_empty() && !renewed {
        return Ok(None);
    }
    let volumes = if reshaped { [volume(&a)?, volume(&b)?] } else { [None, None] };
    Ok(Some(Change { from: Some(old), to: Some(new), moved, reshaped, attributes, renewed, volumes }))
}

/// Whether two meshes have other kinds of surfaces, colours or textures, whatever triangles they are cut into.
fn appearances_differ(a: &Geometry, b: &Geometry) -> bool {
    type Look<'a> = (SurfaceKind, Option<[u8; 4]>, Option<&'a Texture>);
    fn looks(mesh: &Mesh) -> BTreeSet<Look<'_>> {
        let drawn = mesh.runs().enumerate().filter(|(_, (_, triangles))| !triangles.is_empty());
        drawn.map(|(number, (surface, _))| (surface.kind, surface.colour, mesh.texture(number))).collect()
    }
    a.mesh.as_ref().zip(b.mesh.as_ref()).is_some_and(|(a, b)| looks(a) != looks(b))
}

fn differing(a: &Attributes, b: &Attributes) -> Vec<String> {
    let value = |of: &Attributes, name: &str| of.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let names: BTreeSet<&String> = a.iter().chain(b).map(|(name, _)| name).collect();
    names.into_iter().filter(|name| value(a, name) != value(b, name)).cloned().collect()
}

fn volume(geometry: &Geometry) -> Result<Option<f64>> {
    Ok(geometry.mesh.as_ref().and_then(Mesh::volume))
}
