//! Whether faces enclose a volume, and how large it is.

use super::Face;
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
    let open: Vec<[u32; 2]> = edges.balance.iter().filter(|(_, n)| **n != 0).map(|(edge, _)| *edge).collect();
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

/// Edges between welded points: how often each runs from its lower to its higher number, less how often back.
struct Edges {
    welded: Welded,
    balance: HashMap<[u32; 2], i64>,
}

impl Edges {
    fn of(faces: &[Face], weld: f64) -> Self {
        let mut welded = Welded::new(weld);
        let mut balance: HashMap<[u32; 2], i64> = HashMap::new();
        for face in faces {
            for ring in std::iter::once(&face.polygon.exterior).chain(&face.polygon.interiors) {
                let numbers: Vec<u32> = ring.iter().map(|p| welded.number(*p)).collect();
                for (i, a) in numbers.iter().enumerate() {
                    let b = numbers[(i + 1) % numbers.len()];
                    match a.cmp(&b) {
                        std::cmp::Ordering::Less => *balance.entry([*a, b]).or_default() += 1,
                        std::cmp::Ordering::Greater => *balance.entry([b, *a]).or_default() -= 1,
                        std::cmp::Ordering::Equal => {}
                    }
                }
            }
        }
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
    cell: f64,
    /// Points met before, to the bit: a file's faces share their corners.
    exact: HashMap<[u64; 3], u32>,
    cells: HashMap<[i64; 3], u32>,
    /// The first point of each group.
    pub points: Vec<[f64; 3]>,
}

impl Welded {
    pub fn new(cell: f64) -> Self {
        Self { cell: cell.max(f64::MIN_POSITIVE), exact: HashMap::new(), cells: HashMap::new(), points: Vec::new() }
    }
    /// The number of the point's group.
    pub fn number(&mut self, p: [f64; 3]) -> u32 {
        let bits = p.map(f64::to_bits);
        if let Some(found) = self.exact.get(&bits) {
            return *found;
        }
        let number = self.near(p);
        self.exact.insert(bits, number);
        number
    }
    fn near(&mut self, p: [f64; 3]) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which only joins points out of this world")]
        let home = p.map(|v| (v / self.cell).floor() as i64);
        if let Some(found) = self.cells.get(&home) {
            return *found;
        }
        for i in 0..27_i64 {
            let step = [i % 3 - 1, i / 3 % 3 - 1, i / 9 - 1];
            let beside = std::array::from_fn(|k| home[k].saturating_add(step[k]));
            if let Some(found) = self.cells.get(&beside) {
                let q = self.points[*found as usize];
                if (0..3).all(|k| (p[k] - q[k]).abs() <= self.cell) {
                    return *found;
                }
            }
        }
        let number = u32::try_from(self.points.len()).unwrap_or(u32::MAX);
        self.points.push(p);
        self.cells.insert(home, number);
        number
    }
}
