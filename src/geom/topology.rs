//! Which triangles of a mesh hang together, and along which edges they end.

use super::Mesh;
use super::nearest::{Triangle, sub};
use super::solid::Welded;
use super::triangulate::{cross, dot};

/// Triangles over welded points; those with a corner twice are left out.
pub(super) struct Topology {
    pub points: Vec<[f64; 3]>,
    /// The welded number of each of the mesh's positions.
    pub numbers: Vec<u32>,
    /// Corners by welded number.
    pub corners: Vec<[u32; 3]>,
    /// Which triangle of the mesh each of them is.
    pub of: Vec<usize>,
}

/// The triangles beside each edge, ascending by its lower and its higher number: which, and whether they run along it that way.
pub(super) struct Edges(Vec<([u32; 2], usize, bool)>);

impl Edges {
    /// What lies beside each edge.
    pub fn each(&self) -> impl Iterator<Item = &[([u32; 2], usize, bool)]> {
        self.0.chunk_by(|one, other| one.0 == other.0)
    }
    /// The first triangle beside an edge.
    pub fn beside(&self, edge: [u32; 2]) -> Option<usize> {
        let at = self.0.partition_point(|(other, ..)| *other < edge);
        self.0.get(at).filter(|(found, ..)| *found == edge).map(|(_, triangle, _)| *triangle)
    }
}

impl Topology {
    /// The mesh's triangles in its offsets, welded within `weld` metres on each axis.
    pub fn new(mesh: &Mesh, weld: f64) -> Self {
        let mut welded = Welded::new(weld, mesh.positions.len());
        let numbers: Vec<u32> = mesh.positions.iter().map(|p| welded.number(p.map(f64::from))).collect();
        let (mut corners, mut of) = (Vec::new(), Vec::new());
        for (i, triangle) in mesh.triangles.iter().enumerate() {
            let t = triangle.map(|i| numbers.get(i as usize).copied().unwrap_or_default());
            if t[0] != t[1] && t[1] != t[2] && t[2] != t[0] {
                corners.push(t);
                of.push(i);
            }
        }
        Self { points: welded.points, numbers, corners, of }
    }
    /// A triangle's corners.
    pub fn triangle(&self, i: usize) -> Triangle {
        self.corners[i].map(|c| self.points[c as usize])
    }
    /// All edges.
    pub fn edges(&self) -> Edges {
        // As one number each they are sorted in half the time.
        let mut edges: Vec<u128> = Vec::with_capacity(3 * self.corners.len());
        for ([a, b, c], i) in self.corners.iter().zip(0_u64..) {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                let edge = u64::from(*from.min(to)) << 32 | u64::from(*from.max(to));
                edges.push(u128::from(edge) << 64 | u128::from(i << 1 | u64::from(from < to)));
            }
        }
        edges.sort_unstable();
        #[expect(clippy::cast_possible_truncation, reason = "each part is taken out again")]
        let apart = |edge: u128| ([(edge >> 96) as u32, (edge >> 64) as u32], edge as u64 as usize >> 1, edge & 1 == 1);
        Edges(edges.into_iter().map(apart).collect())
    }
    /// The edges that are not run through as often one way as the other, as they must be run through to be so.
    pub fn open(&self, edges: &Edges) -> Vec<[u32; 2]> {
        let open = edges.each().flat_map(|beside| {
            let forth = beside.iter().filter(|(.., forth)| *forth).count();
            let back = beside.len() - forth;
            let [a, b] = beside.first().map_or([0; 2], |(edge, ..)| *edge);
            let lacking = if forth > back { [b, a] } else { [a, b] };
            std::iter::repeat_n(lacking, forth.abs_diff(back))
        });
        open.collect()
    }
    /// The number of the part each triangle belongs to: parts hang together at points.
    pub fn parts(&self) -> Vec<u32> {
        let mut root: Vec<u32> = (0..u32::try_from(self.points.len()).unwrap_or(u32::MAX)).collect();
        let find = |root: &mut Vec<u32>, mut i: u32| {
            while root[i as usize] != i {
                root[i as usize] = root[root[i as usize] as usize];
                i = root[i as usize];
            }
            i
        };
        for [a, b, c] in &self.corners {
            for other in [b, c] {
                let (x, y) = (find(&mut root, *a), find(&mut root, *other));
                root[x.max(y) as usize] = x.min(y);
            }
        }
        self.corners.iter().map(|t| find(&mut root, t[0])).collect()
    }
    /// The middle of an edge.
    pub fn middle(&self, [a, b]: [u32; 2]) -> [f64; 3] {
        let (a, b) = (self.points[a as usize], self.points[b as usize]);
        std::array::from_fn(|k| (a[k] + b[k]) / 2.0)
    }
    /// Six times the volume under some triangles, from the first one's corner.
    pub fn six_fold(&self, triangles: impl Iterator<Item = usize>) -> f64 {
        let mut from = None;
        let volume = |i| {
            let t = self.triangle(i);
            let from = *from.get_or_insert(t[0]);
            dot(sub(t[0], from), cross(sub(t[1], from), sub(t[2], from)))
        };
        triangles.map(volume).sum()
    }
}
