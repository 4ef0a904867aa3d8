//! A tree over the places of members, in one fixed cube for all sites: which members there are alone says what it looks like, never in
//! which order they came, and a change makes anew only the cells on its way down.
//!
//! It is of squares and their quarters, or, over what is taller than it is wide, of cubes and their eighths: a square of a tower is a
//! shaft through all of its storeys. Over anything else cubes make more tiles of the same (half as many again, of an office of three
//! storeys), and no better ones.

use super::members::Member;
use super::tree::Recipe;
use crate::geom::Bounds;
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3Default;

/// Half the width of the cube, metres.
const HALF: f64 = 1_048_576.0;
/// How often it is halved before members of one place are left together.
const DEPTH: u32 = 22;
/// Members of which fewer are sooner sorted into parts by one core.
const MANY: usize = 8192;

/// How much a leaf holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub members: usize,
    /// Unless it holds one member only.
    pub triangles: u64,
}

/// How many parts a cell has, of four squares, each as high as all, or of eight cubes.
const SQUARES: usize = 4;
pub(super) const CUBES: usize = 8;

/// Into how many parts the cells over what reaches so far are divided.
fn parts_over(reach: &Bounds) -> usize {
    let [east, north, up] = reach.size();
    if up > east.max(north) { CUBES } else { SQUARES }
}

/// Where a cell is in the whole: how often that is halved, then the column from the west, the row from the south, and among cubes the
/// layer from below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// How often.
    pub level: u32,
    /// The column, less than 2^`level`.
    pub x: u32,
    /// The row, less than 2^`level`.
    pub y: u32,
    /// The layer, less than 2^`level`; 0 among squares.
    pub z: u32,
}

impl Spot {
    /// The whole itself, from which others are counted.
    pub const WHOLE: Self = Self { level: 0, x: 0, y: 0, z: 0 };

    /// One of its parts: south-west, south-east, north-west, north-east, then the same above those.
    pub const fn part(self, number: u32) -> Self {
        let Self { level, x, y, z } = self;
        Self { level: level + 1, x: 2 * x + (number & 1), y: 2 * y + (number >> 1 & 1), z: 2 * z + (number >> 2 & 1) }
    }
    /// The middle of its cube in east-north-up metres, and half the width; of a square its first two numbers.
    pub(super) fn cube(self) -> ([f64; 3], f64) {
        let half = HALF / f64::from(1_u32 << self.level.min(DEPTH));
        let middle = |n: u32| Cube::WHOLE.at[0] - HALF + (2.0 * f64::from(n) + 1.0) * half;
        ([self.x, self.y, self.z].map(middle), half)
    }
}

/// A square or cube with members in it. It never changes.
#[derive(Debug)]
pub struct Cell {
    /// Where it is.
    pub(super) spot: Spot,
    /// Whether each leaf below is one tile that is never divided further.
    pub(super) plain: bool,
    /// How many cells there are from it down to the lowest one, both counted.
    pub(super) levels: u32,
    /// A hash of all that is drawn in it, whatever rows it has.
    pub(super) mark: u128,
    /// A box around all that it and its parts may draw, east-north-up metres.
    pub(super) reach: Bounds,
    pub(super) count: usize,
    triangles: u64,
    pub(super) parts: Parts,
    /// The greatest of its members, when they have been asked for.
    greatest: OnceLock<Vec<Arc<Member>>>,
    /// What its tile draws, when that has been asked for: at most one tile draws a cell.
    pub(super) shown: OnceLock<Arc<Recipe>>,
}

/// What a cell is made of.
#[derive(Debug)]
pub(super) enum Parts {
    /// Members, at least one.
    Leaf(Vec<Arc<Member>>),
    /// The parts of a square or a cube, in the order of their numbers. At least one.
    Cells(Box<[Option<Arc<Cell>>]>),
}

/// A cube: its middle, half its width, and where it is in the whole. A square is one that is never divided upwards.
#[derive(Clone, Copy)]
struct Cube {
    at: [f64; 3],
    half: f64,
    spot: Spot,
}

impl Cube {
    /// The whole. A site's origin lies at a third of it, so that no cell's border comes near the middle of a city, or near its ground,
    /// before cells are small.
    const WHOLE: Self = Self { at: [HALF / 3.0; 3], half: HALF, spot: Spot::WHOLE };

    fn part_of(&self, member: &Member, parts: usize) -> usize {
        let [x, y, z] = member.bounds.center();
        let upper = |c: f64, k: usize| usize::from(c > self.at[k]) << k;
        (upper(x, 0) + upper(y, 1) + upper(z, 2)) % parts
    }
    fn part(&self, number: usize) -> Self {
        let half = self.half / 2.0;
        let at = std::array::from_fn(|k| if number >> k & 1 == 1 { self.at[k] + half } else { self.at[k] - half });
        let bits = (0..3).fold(0, |bits, k| bits | u32::from(number >> k & 1 == 1) << k);
        Self { at, half, spot: self.spot.part(bits) }
    }
    fn sorted(&self, members: Vec<Arc<Member>>, parts: usize) -> Vec<Vec<Arc<Member>>> {
        let mut sorted = vec![Vec::new(); parts];
        for member in members {
            sorted[self.part_of(&member, parts)].push(member);
        }
        sorted
    }
}

impl Cell {
    /// The tree over `members`; nothing when there are none.
    pub(super) fn over(members: Vec<Arc<Member>>, limits: Limits) -> Option<Arc<Self>> {
        let reach = members.iter().fold(Bounds::EMPTY, |b, m| b.union(m.reach()));
        grow(members, Cube::WHOLE, limits, parts_over(&reach))
    }
    /// The tree without those `gone` and with those that have `come`: as if it had been made of what is left.
    pub(super) fn after(
        old: Option<&Arc<Self>>,
        gone: Vec<Arc<Member>>,
        come: Vec<Arc<Member>>,
        limits: Limits,
    ) -> Option<Arc<Self>> {
        let now = edit(old, gone, come, Cube::WHOLE, limits, old.and_then(|old| old.parts()).unwrap_or(SQUARES))?;
        // What has become taller than it is wide, or is so no more, is divided anew.
        let parts = parts_over(&now.reach);
        if now.parts().is_none_or(|divided| divided == parts) {
            return Some(now);
        }
        grow(now.members(), Cube::WHOLE, limits, parts)
    }
    /// How many parts it is divided into, whether or not there is anything in each; nothing of a leaf.
    pub(super) const fn parts(&self) -> Option<usize> {
        if let Parts::Cells(parts) = &self.parts { Some(parts.len()) } else { None }
    }
    /// Itself, or the first cell below that has more than one part.
    pub(super) fn solid(self: &Arc<Self>) -> &Arc<Self> {
        let mut cell = self;
        while let Parts::Cells(parts) = &cell.parts {
            let mut parts = parts.iter().flatten();
            match (parts.next(), parts.next()) {
                (Some(only), None) => cell = only,
                _ => break,
            }
        }
        cell
    }
    /// The cell at `spot`, counted from this one.
    pub(super) fn at(self: &Arc<Self>, spot: Spot) -> Option<&Arc<Self>> {
        if spot.level > DEPTH || (spot.x | spot.y | spot.z) >> spot.level != 0 {
            return None;
        }
        (0..spot.level).rev().try_fold(self, |cell, bit| {
            let number = (spot.x >> bit & 1) + 2 * (spot.y >> bit & 1) + 4 * (spot.z >> bit & 1);
            if let Parts::Cells(parts) = &cell.parts { parts.get(number as usize)?.as_ref() } else { None }
        })
    }
    /// Its leaves, in order.
    pub(super) fn leaves<'a>(self: &'a Arc<Self>, out: &mut Vec<&'a Arc<Self>>) {
        match &self.parts {
            Parts::Leaf(_) => out.push(self),
            Parts::Cells(parts) => parts.iter().flatten().for_each(|part| part.leaves(out)),
        }
    }
    /// All its members, in no order that means anything.
    pub(super) fn members(self: &Arc<Self>) -> Vec<Arc<Member>> {
        let mut leaves = Vec::new();
        self.leaves(&mut leaves);
        let of = |leaf: &&Arc<Self>| if let Parts::Leaf(members) = &leaf.parts { members.clone() } else { Vec::new() };
        leaves.iter().flat_map(of).collect()
    }
    /// The greatest `most` of its members, the greatest first; always asked for with the same number.
    pub(super) fn greatest(self: &Arc<Self>, most: usize) -> &[Arc<Member>] {
        self.greatest.get_or_init(|| match &self.parts {
            Parts::Leaf(members) => greatest_of(members.clone(), most),
            Parts::Cells(parts) => {
                let of = |part: &Arc<Self>| match &part.parts {
                    Parts::Leaf(members) => members.clone(),
                    Parts::Cells(_) => part.greatest(most).to_vec(),
                };
                greatest_of(parts.iter().flatten().flat_map(of).collect(), most)
            }
        })
    }
}

/// The greatest `most` of `members`, the greatest first; of two as great the one of the lesser mark.
pub(super) fn greatest_of(mut members: Vec<Arc<Member>>, most: usize) -> Vec<Arc<Member>> {
    members.sort_by(|a, b| b.size().total_cmp(&a.size()).then_with(|| a.mark.cmp(&b.mark)));
    members.truncate(most);
    members
}

fn fits(count: usize, triangles: u64, limits: Limits) -> bool {
    count <= limits.members && (count <= 1 || triangles <= limits.triangles)
}

fn leaf(mut members: Vec<Arc<Member>>, triangles: u64, spot: Spot, limits: Limits) -> Arc<Cell> {
    members.sort_by_key(|m| m.deep());
    let whole = |m: &Arc<Member>| m.inside().next().is_none();
    let mut hasher = Xxh3Default::new();
    members.iter().for_each(|m| hasher.update(&m.deep().to_le_bytes()));
    Arc::new(Cell {
        spot,
        plain: fits(members.len(), triangles, limits) && members.iter().all(whole),
        levels: 1,
        mark: hasher.digest128(),
        reach: members.iter().fold(Bounds::EMPTY, |b, m| b.union(m.reach())),
        count: members.len(),
        triangles,
        parts: Parts::Leaf(members),
        greatest: OnceLock::new(),
        shown: OnceLock::new(),
    })
}

fn divided(parts: Box<[Option<Arc<Cell>>]>, spot: Spot) -> Arc<Cell> {
    let mut hasher = Xxh3Default::new();
    for part in parts.iter() {
        hasher.update(&part.as_ref().map_or(0, |p| p.mark).to_le_bytes());
    }
    let present = || parts.iter().flatten();
    Arc::new(Cell {
        spot,
        plain: present().all(|p| p.plain),
        levels: 1 + present().map(|p| p.levels).max().unwrap_or(0),
        mark: hasher.digest128(),
        reach: present().fold(Bounds::EMPTY, |b, p| b.union(p.reach)),
        count: present().map(|p| p.count).sum(),
        triangles: present().map(|p| p.triangles).sum(),
        parts: Parts::Cells(parts),
        greatest: OnceLock::new(),
        shown: OnceLock::new(),
    })
}

fn grow(members: Vec<Arc<Member>>, cube: Cube, limits: Limits, parts: usize) -> Option<Arc<Cell>> {
    if members.is_empty() {
        return None;
    }
    let triangles = members.iter().map(|m| u64::from(m.triangles)).sum();
    if cube.spot.level == DEPTH || fits(members.len(), triangles, limits) {
        return Some(leaf(members, triangles, cube.spot, limits));
    }
    let many = members.len() >= MANY;
    let sorted = cube.sorted(members, parts);
    let part = |(number, members)| grow(members, cube.part(number), limits, parts);
    let parts: Vec<_> = if many {
        sorted.into_par_iter().enumerate().map(part).collect()
    } else {
        sorted.into_iter().enumerate().map(part).collect()
    };
    Some(divided(parts.into(), cube.spot))
}

fn edit(
    old: Option<&Arc<Cell>>,
    gone: Vec<Arc<Member>>,
    come: Vec<Arc<Member>>,
    cube: Cube,
    limits: Limits,
    parts: usize,
) -> Option<Arc<Cell>> {
    if gone.is_empty() && come.is_empty() {
        return old.cloned();
    }
    match old.map(|cell| &cell.parts) {
        None => grow(come, cube, limits, parts),
        Some(Parts::Leaf(members)) => {
            let mut left = members.clone();
            left.retain(|m| !gone.iter().any(|g| g.row == m.row));
            left.extend(come);
            grow(left, cube, limits, parts)
        }
        Some(Parts::Cells(cells)) => {
            let changes = cube.sorted(gone, parts).into_iter().zip(cube.sorted(come, parts));
            let part = |(number, (part, (gone, come))): (usize, (&Option<Arc<Cell>>, _))| {
                edit(part.as_ref(), gone, come, cube.part(number), limits, parts)
            };
            let cells: Box<[_]> = cells.iter().zip(changes).enumerate().map(part).collect();
            if cells.iter().all(Option::is_none) {
                return None;
            }
            let whole = divided(cells, cube.spot);
            if fits(whole.count, whole.triangles, limits) {
                Some(leaf(whole.members(), whole.triangles, cube.spot, limits))
            } else {
                Some(whole)
            }
        }
    }
}
