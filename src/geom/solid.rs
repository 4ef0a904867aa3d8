//! Whether faces enclose a volume, and how large it is.

use super::Face;
use super::sound::passed;
use super::triangulate::{cross, dot};
use foldhash::{HashMap, HashMapExt};
use std::collections::BTreeMap;

/// How far a set of faces is from enclosing a volume.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Closure {
    /// Different edges.
    pub edges: usize,
    /// Edges that are not run through equally often in both directions.
    pub open_edges: usize,
    /// The middle of one of them, the least in x, y, z.
    pub near: Option<[f64; 3]>,
    /// Whether every open edge lies at the lowest height: only the ground is missing.
    pub only_lowest: bool,
}

impl Closure {
    /// Whether nothing is open.
    pub const fn is_closed(&self) -> bool {
        self.open_edges == 0
    }
}

/// Checks that every edge is run through as often one way as the other, after joining points within `weld` of each other
/// (in the unit of the coordinates).
///
/// An edge of exactly two faces is the plain case; an edge where two volumes touch has four and is closed as well.
pub fn closure(faces: &[Face], weld: f64) -> Closure {
    let edges = Edges::of(faces, weld);
    let points = &edges.welded.points;
    let lowest = points.iter().map(|p| p[2]).fold(f64::INFINITY, f64::min);
    let low = |i: &u32| points.get(*i as usize).is_some_and(|p| p[2] <= lowest + weld);
    let open: Vec<[u32; 2]> = edges.balance.iter().filter(|(_, n)| *n != 0).map(|(edge, _)| *edge).collect();
    let middle = |[a, b]: &[u32; 2]| -> Option<[f64; 3]> {
        let (a, b) = (points.get(*a as usize)?, points.get(*b as usize)?);
        Some(std::array::from_fn(|k| (a[k] + b[k]) / 2.0))
    };
    let least = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
    let near = open.iter().filter_map(middle).min_by(|a, b| least(a, b).unwrap_or(std::cmp::Ordering::Equal));
    let tall = points.iter().any(|p| p[2] > lowest + weld);
    let only_lowest = tall && !open.is_empty() && open.iter().flatten().all(low);
    Closure { edges: edges.balance.len(), open_edges: open.len(), near, only_lowest }
}

/// The open edges as rings, in the sense in which the faces beside them run; nothing when they do not join into rings.
pub fn open_rings(faces: &[Face], weld: f64) -> Option<Vec<Vec<[f64; 3]>>> {
    let edges = Edges::of(faces, weld);
    let mut onward: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for ([a, b], n) in &edges.balance {
        let (from, to) = if *n > 0 { (a, b) } else { (b, a) };
        for _ in 0..n.unsigned_abs() {
            onward.entry(*from).or_default().push(*to);
        }
    }
    onward.values_mut().for_each(|to| to.sort_unstable());
    let mut rings = Vec::new();
    while let Some(start) = onward.keys().next().copied() {
        let (mut at, mut ring) = (start, Vec::new());
        loop {
            ring.push(*edges.welded.points.get(at as usize)?);
            let next = onward.get_mut(&at)?;
            let to = next.pop()?;
            if next.is_empty() {
                onward.remove(&at);
            }
            at = to;
            if at == start {
                break;
            }
        }
        rings.push(ring);
    }
    Some(rings)
}

/// Edges between welded points, ascending: how often each runs from its lower to its higher number, less how often back.
struct Edges {
    welded: Welded,
    balance: Vec<([u32; 2], i64)>,
}

impl Edges {
    fn of(faces: &[Face], weld: f64) -> Self {
        let mut welded = Welded::new(weld, 2 * faces.len());
        let (mut all, mut numbers) = (Vec::with_capacity(4 * faces.len()), Vec::new());
        for face in faces {
            for ring in std::iter::once(&face.polygon.exterior).chain(&face.polygon.interiors) {
                numbers.clear();
                numbers.extend(ring.iter().map(|p| welded.number(*p)));
                let ends = numbers.iter().zip(numbers.iter().cycle().skip(1));
                all.extend(ends.filter(|(a, b)| a != b).map(|(a, b)| passed(*a, *b)));
            }
        }
        all.sort_unstable();
        #[expect(clippy::cast_possible_truncation, reason = "each part is taken out again")]
        let of_edge = |beside: &[u64]| {
            let balance = beside.iter().map(|edge| if edge & 1 == 1 { 1 } else { -1 }).sum();
            beside.first().map(|edge| ([(edge >> 32) as u32, *edge as u32 >> 1], balance))
        };
        let balance = all.chunk_by(|one, other| one >> 1 == other >> 1).filter_map(of_edge).collect();
        Self { welded, balance }
    }
}

/// The volume that closed `faces` enclose; positive when they are counter-clockwise seen from outside.
pub fn volume(faces: &[Face]) -> f64 {
    let Some(origin) = faces.iter().find_map(|f| f.polygon.exterior.first()) else { return 0.0 };
    let from = |p: &[f64; 3]| -> [f64; 3] { std::array::from_fn(|k| p[k] - origin[k]) };
    let mut six = 0.0;
    for face in faces {
        let Some(apex) = face.polygon.exterior.first().map(from) else { continue };
        for ring in std::iter::once(&face.polygon.exterior).chain(&face.polygon.interiors) {
            for (i, a) in ring.iter().enumerate() {
                six += dot(apex, cross(from(a), from(&ring[(i + 1) % ring.len()])));
            }
        }
    }
    six / 6.0
}

/// Points joined when they are near each other; the first of a group gives its place.
pub(super) struct Welded {
    weld: f64,
    /// The last group in each cell.
    cells: HashMap<(i64, i64, i64), u32>,
    /// The group before each one in its cell, or its own number.
    before: Vec<u32>,
    /// The first point of each group.
    pub points: Vec<[f64; 3]>,
}

/// A cell's side in reaches of a weld: most points reach into one cell only, and none is crowded.
const CELL: f64 = 16.0;
/// Coordinates beyond this are out of this world, and counted as this.
const FAR: f64 = 1e15;

impl Welded {
    /// Joins points within `weld` of each other on each axis.
    ///
    /// `expected`: how many there may be.
    pub fn new(weld: f64, expected: usize) -> Self {
        let weld = weld.max(f64::MIN_POSITIVE);
        Self { weld, cells: HashMap::with_capacity(expected), before: Vec::new(), points: Vec::new() }
    }
    /// The number of the point's group: the first one that it is near to, else its own.
    pub fn number(&mut self, p: [f64; 3]) -> u32 {
        let side = self.weld * CELL;
        // What is not a number is far as well.
        let p = p.map(|v| if v > -FAR { v.min(FAR) } else { -FAR });
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which only joins points out of this world")]
        let cell = |v: f64| (v / side).floor() as i64;
        let [[a, d], [b, e], [c, f]] = p.map(|v| [cell(v - self.weld), cell(v + self.weld)]);
        let mut found = u32::MAX;
        for x in a..=d {
            for y in b..=e {
                for z in c..=f {
                    found = found.min(self.nearest(p, (x, y, z)));
                }
            }
        }
        if found != u32::MAX {
            return found;
        }
        let number = u32::try_from(self.points.len()).unwrap_or(u32::MAX);
        self.points.push(p);
        let [x, y, z] = p.map(cell);
        self.before.push(self.cells.insert((x, y, z), number).unwrap_or(number));
        number
    }
    /// The first group near `p` in a cell; the largest number where there is none.
    fn nearest(&self, p: [f64; 3], cell: (i64, i64, i64)) -> u32 {
        let mut first = u32::MAX;
        let mut next = self.cells.get(&cell).copied();
        while let Some(at) = next {
            let q = self.points[at as usize];
            if (0..3).all(|k| (p[k] - q[k]).abs() <= self.weld) {
                first = at;
            }
            next = self.before.get(at as usize).copied().filter(|before| *before != at);
        }
        first
    }
}
