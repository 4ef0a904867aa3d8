//! Boxes to rows: R-trees over the ground plane of the index frame. The only file that knows rstar.
//!
//! Two dimensions: a city is flat, and a tree over the ground followed by a test of the height answers 4 to 6 times faster
//! than a tree over three.

use super::{Level, Levels};
use crate::geom::Bounds;
use rstar::{AABB, RTree, RTreeObject};

/// A row with the ground plan of its box, rounded outward to `f32` (at 50 km from the origin by 4 mm).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    min: [f32; 2],
    max: [f32; 2],
    row: u32,
}

impl Entry {
    /// `row` with its box in index-frame metres; absent when the box is empty.
    pub fn new(row: u32, bounds: &Bounds) -> Option<Self> {
        (!bounds.is_empty()).then(|| Self { min: floor(bounds.min), max: ceil(bounds.max), row })
    }
}

impl Entry {
    fn meets(&self, min: [f32; 2], max: [f32; 2]) -> bool {
        (0..2).all(|k| self.min[k] <= max[k] && min[k] <= self.max[k])
    }
}

/// Entries that lie together, in one leaf of the tree: half the memory and a tenth of the building time of a leaf each.
#[derive(Debug)]
pub struct Group {
    min: [f32; 2],
    max: [f32; 2],
    entries: Box<[Entry]>,
}

/// Entries in a group.
const GROUP: usize = 16;

impl Group {
    fn of(entries: &[Entry]) -> Self {
        let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for entry in entries {
            min = std::array::from_fn(|k| min[k].min(entry.min[k]));
            max = std::array::from_fn(|k| max[k].max(entry.max[k]));
        }
        Self { min, max, entries: entries.into() }
    }
}

impl RTreeObject for Group {
    type Envelope = AABB<[f32; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.min, self.max)
    }
}

/// One bulk-loaded tree, and how many entries are in it.
#[derive(Debug)]
pub struct Boxes(RTree<Group>, usize);

impl Level for Boxes {
    type Entry = Entry;
    fn build(mut entries: Vec<Entry>) -> Self {
        let all = Group::of(&entries);
        entries.sort_by_cached_key(|e| morton(&all, e));
        Self(RTree::bulk_load(entries.chunks(GROUP).map(Group::of).collect()), entries.len())
    }
    fn entries(&self) -> Vec<Entry> {
        self.0.iter().flat_map(|group| group.entries.iter().copied()).collect()
    }
    fn count(&self) -> usize {
        self.1
    }
}

/// The place of an entry's middle on the Z-order curve (Morton 1966) through the box of `all`.
fn morton(all: &Group, entry: &Entry) -> u64 {
    let spread = |mut v: u64| {
        for (shift, mask) in [
            (16, 0x0000_ffff_0000_ffff),
            (8, 0x00ff_00ff_00ff_00ff),
            (4, 0x0f0f_0f0f_0f0f_0f0f),
            (2, 0x3333_3333_3333_3333),
            (1, 0x5555_5555_5555_5555),
        ] {
            v = (v | v << shift) & mask;
        }
        v
    };
    let cell = |k: usize| {
        let (low, high) = (f64::from(all.min[k]), f64::from(all.max[k]));
        let middle = (f64::from(entry.min[k]) + f64::from(entry.max[k])) / 2.0;
        // A cast of what is no number (a batch in one point) gives 0.
        ((middle - low) / (high - low) * f64::from(u32::MAX)) as u64
    };
    spread(cell(0)) | spread(cell(1)) << 1
}

/// The bulk-loaded tree and the delta beside it.
pub type Forest = Levels<Boxes>;

impl Forest {
    /// Gives `found` every row that was entered with a box whose ground plan may meet that of `bounds` (index-frame metres);
    /// a row may come more than once.
    pub fn candidates(&self, bounds: &Bounds, mut found: impl FnMut(u32)) {
        if bounds.is_empty() || bounds.min.iter().chain(&bounds.max).any(|c| c.is_nan()) {
            return;
        }
        let (min, max) = (floor(bounds.min), ceil(bounds.max));
        for level in self.iter() {
            for group in level.0.locate_in_envelope_intersecting(AABB::from_corners(min, max)) {
                group.entries.iter().filter(|e| e.meets(min, max)).for_each(|e| found(e.row));
            }
        }
    }
}

/// Coordinates stay where sums and means of them are finite; nothing on a globe is this far.
const FAR: f64 = 1e30;

fn floor([x, y, _]: [f64; 3]) -> [f32; 2] {
    [x, y].map(|c| nearest(c, |near| f64::from(near) > c.clamp(-FAR, FAR), f32::next_down))
}

fn ceil([x, y, _]: [f64; 3]) -> [f32; 2] {
    [x, y].map(|c| nearest(c, |near| f64::from(near) < c.clamp(-FAR, FAR), f32::next_up))
}

fn nearest(c: f64, inside: impl Fn(f32) -> bool, outward: fn(f32) -> f32) -> f32 {
    let near = c.clamp(-FAR, FAR) as f32;
    if inside(near) { outward(near) } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_outward_and_touching_boxes_are_found() {
        let bounds = Bounds::of([[0.1, -0.1, 0.0], [100_000.1, 0.3, 5.0]]);
        let entry = Entry::new(7, &bounds).expect("not empty");
        assert!(f64::from(entry.min[0]) <= 0.1 && f64::from(entry.max[0]) >= 100_000.1);
        let mut forest = Forest::default();
        forest.add(vec![entry]);
        let hits = |b: Bounds| {
            let mut rows = vec![];
            forest.candidates(&b, |r| rows.push(r));
            rows
        };
        assert_eq!(hits(Bounds::of([[100_000.1, 0.3, 0.0]])), [7]);
        assert_eq!(hits(Bounds { min: [f64::NEG_INFINITY; 3], max: [f64::INFINITY; 3] }), [7]);
        assert!(hits(Bounds::of([[-5.0, 0.0, 0.0], [-4.0, 0.0, 0.0]])).is_empty());
        assert!(hits(Bounds { min: [f64::NAN; 3], max: [1.0; 3] }).is_empty());
    }
}
