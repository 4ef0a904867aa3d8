//! A quadtree over the places of members, in one fixed square for all sites: which members there are alone says what it looks
//! like, never in which order they came, and a change makes anew only the cells on its way down.

use super::members::Member;
use super::tree::Recipe;
use crate::geom::Bounds;
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3Default;

/// Half the width of the square, metres.
const HALF: f64 = 1_048_576.0;
/// How often it is halved before members of one place are left together.
const DEPTH: u32 = 22;
/// Members of which fewer are sooner sorted into quarters by one core.
const MANY: usize = 8192;

/// How much a leaf holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub members: usize,
    /// Unless it holds one member only.
    pub triangles: u64,
}

/// Where a square is in the whole: how often that is halved, then the column from the west and the row from the south.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// How often.
    pub level: u32,
    /// The column, less than 2^`level`.
    pub x: u32,
    /// The row, less than 2^`level`.
    pub y: u32,
}

impl Spot {
    /// The whole itself, from which others are counted.
    pub const WHOLE: Self = Self { level: 0, x: 0, y: 0 };

    /// One of its quarters: south-west, south-east, north-west, north-east.
    pub const fn quarter(self, number: u32) -> Self {
        Self { level: self.level + 1, x: 2 * self.x + (number & 1), y: 2 * self.y + (number >> 1 & 1) }
    }
    /// The middle of its square in east-north-up metres, and half the width.
    pub(super) fn square(self) -> ([f64; 2], f64) {
        let half = HALF / f64::from(1_u32 << self.level.min(DEPTH));
        let middle = |k: usize, n: u32| Square::WHOLE.at[k] - HALF + (2.0 * f64::from(n) + 1.0) * half;
        ([middle(0, self.x), middle(1, self.y)], half)
    }
}

/// A square with members in it. It never changes.
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
    /// Quarters: south-west, south-east, north-west, north-east. At least one.
    Quarters([Option<Arc<Cell>>; 4]),
}

/// A square of the plane: its middle, half its width, and where it is in the whole.
#[derive(Clone, Copy)]
struct Square {
    at: [f64; 2],
    half: f64,
    spot: Spot,
}

impl Square {
    /// The whole. A site's origin lies at a third of it, so that no cell's border comes near the middle of a city before cells
    /// are small.
    const WHOLE: Self = Self { at: [HALF / 3.0, HALF / 3.0], half: HALF, spot: Spot::WHOLE };

    fn quarter_of(&self, member: &Member) -> usize {
        let [x, y, _] = member.bounds.center();
        usize::from(x > self.at[0]) + 2 * usize::from(y > self.at[1])
    }
    fn quarter(&self, number: usize) -> Self {
        let half = self.half / 2.0;
        let shift = |upper: bool| if upper { half } else { -half };
        let at = [self.at[0] + shift(number & 1 == 1), self.at[1] + shift(number & 2 == 2)];
        Self { at, half, spot: self.spot.quarter(u32::from(number & 1 == 1) + 2 * u32::from(number & 2 == 2)) }
    }
    fn quarters(&self, members: Vec<Arc<Member>>) -> [Vec<Arc<Member>>; 4] {
        let mut quarters: [Vec<Arc<Member>>; 4] = Default::default();
        for member in members {
            quarters[self.quarter_of(&member)].push(member);
        }
        quarters
    }
}

impl Cell {
    /// The tree over `members`; nothing when there are none.
    pub(super) fn over(members: Vec<Arc<Member>>, limits: Limits) -> Option<Arc<Self>> {
        grow(members, Square::WHOLE, limits)
    }
    /// The tree without those `gone` and with those that have `come`: as if it had been made of what is left.
    pub(super) fn after(
        old: Option<&Arc<Self>>,
        gone: Vec<Arc<Member>>,
        come: Vec<Arc<Member>>,
        limits: Limits,
    ) -> Option<Arc<Self>> {
        edit(old, gone, come, Square::WHOLE, limits)
    }
    /// Itself, or the first cell below that is more than one quarter.
    pub(super) fn solid(self: &Arc<Self>) -> &Arc<Self> {
        let mut cell = self;
        while let Parts::Quarters(quarters) = &cell.parts {
            let mut parts = quarters.iter().flatten();
            match (parts.next(), parts.next()) {
                (Some(only), None) => cell = only,
                _ => break,
            }
        }
        cell
    }
    /// The cell at `spot`, counted from this one.
    pub(super) fn at(self: &Arc<Self>, spot: Spot) -> Option<&Arc<Self>> {
        if spot.level > DEPTH || spot.x >> spot.level != 0 || spot.y >> spot.level != 0 {
            return None;
        }
        (0..spot.level).rev().try_fold(self, |cell, bit| {
            let number = (spot.x >> bit & 1) + 2 * (spot.y >> bit & 1);
            if let Parts::Quarters(quarters) = &cell.parts { quarters.get(number as usize)?.as_ref() } else { None }
        })
    }
    /// Its leaves, in order.
    pub(super) fn leaves<'a>(self: &'a Arc<Self>, out: &mut Vec<&'a Arc<Self>>) {
        match &self.parts {
            Parts::Leaf(_) => out.push(self),
            Parts::Quarters(quarters) => quarters.iter().flatten().for_each(|quarter| quarter.leaves(out)),
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
            Parts::Quarters(quarters) => {
                let of = |quarter: &Arc<Self>| match &quarter.parts {
                    Parts::Leaf(members) => members.clone(),
                    Parts::Quarters(_) => quarter.greatest(most).to_vec(),
                };
                greatest_of(quarters.iter().flatten().flat_map(of).collect(), most)
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

fn quarters(parts: [Option<Arc<Cell>>; 4], spot: Spot) -> Arc<Cell> {
    let mut hasher = Xxh3Default::new();
    for part in &parts {
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
        parts: Parts::Quarters(parts),
        greatest: OnceLock::new(),
        shown: OnceLock::new(),
    })
}

fn grow(members: Vec<Arc<Member>>, square: Square, limits: Limits) -> Option<Arc<Cell>> {
    if members.is_empty() {
        return None;
    }
    let triangles = members.iter().map(|m| u64::from(m.triangles)).sum();
    if square.spot.level == DEPTH || fits(members.len(), triangles, limits) {
        return Some(leaf(members, triangles, square.spot, limits));
    }
    let many = members.len() >= MANY;
    let [a, b, c, d] = square.quarters(members);
    let part = |number: usize, members| grow(members, square.quarter(number), limits);
    let parts = if many {
        let ((a, b), (c, d)) =
            rayon::join(|| rayon::join(|| part(0, a), || part(1, b)), || rayon::join(|| part(2, c), || part(3, d)));
        [a, b, c, d]
    } else {
        [part(0, a), part(1, b), part(2, c), part(3, d)]
    };
    Some(quarters(parts, square.spot))
}

fn edit(
    old: Option<&Arc<Cell>>,
    gone: Vec<Arc<Member>>,
    come: Vec<Arc<Member>>,
    square: Square,
    limits: Limits,
) -> Option<Arc<Cell>> {
    if gone.is_empty() && come.is_empty() {
        return old.cloned();
    }
    match old.map(|cell| &cell.parts) {
        None => grow(come, square, limits),
        Some(Parts::Leaf(members)) => {
            let mut left = members.clone();
            left.retain(|m| !gone.iter().any(|g| g.row == m.row));
            left.extend(come);
            grow(left, square, limits)
        }
        Some(Parts::Quarters(parts)) => {
            let (gone, come) = (square.quarters(gone), square.quarters(come));
            let mut pairs = gone.into_iter().zip(come).enumerate();
            let parts: [Option<Arc<Cell>>; 4] = std::array::from_fn(|_| {
                let (number, (gone, come)) = pairs.next()?;
                edit(parts[number].as_ref(), gone, come, square.quarter(number), limits)
            });
            if parts.iter().all(Option::is_none) {
                return None;
            }
            let whole = quarters(parts, square.spot);
            if fits(whole.count, whole.triangles, limits) {
                Some(leaf(whole.members(), whole.triangles, square.spot, limits))
            } else {
                Some(whole)
            }
        }
    }
}
