//! The triangle nearest to a point among many: a tree of boxes over triangles.

use super::Bounds;
use super::triangulate::{cross, dot};

/// Three corners; metres.
pub type Triangle = [[f64; 3]; 3];

/// Triangles in one leaf at most.
const LEAF: usize = 4;

/// Triangles in a tree of boxes (a bounding volume hierarchy, split at the middle of the longest side).
#[derive(Debug, Clone, Default)]
pub struct Nearest {
    triangles: Vec<Triangle>,
    /// Numbers of triangles, each leaf's side by side.
    order: Vec<u32>,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    bounds: Bounds,
    /// A leaf's place in the order; an inner node's children are the next node and `right`.
    first: u32,
    count: u32,
    right: u32,
}

impl Nearest {
    /// The tree over `triangles`, which keep their numbers.
    pub fn new(triangles: Vec<Triangle>) -> Self {
        let order = (0..u32::try_from(triangles.len()).unwrap_or(u32::MAX)).collect();
        let mut tree = Self { triangles, order, nodes: Vec::new() };
        if !tree.order.is_empty() {
            tree.grow(0, tree.order.len());
        }
        tree
    }
    /// The triangles by number.
    pub fn triangles(&self) -> &[Triangle] {
        &self.triangles
    }
    /// The number of the triangle nearest to `p` and its distance; nothing where there are none within `most`.
    pub fn to(&self, p: [f64; 3], most: f64) -> Option<(u32, f64)> {
        let (mut best, mut least) = (None, most * most);
        let mut open: Vec<(u32, f64)> = Vec::with_capacity(32);
        open.extend(self.nodes.first().map(|root| (0, outside2(&root.bounds, p))));
        while let Some((at, away)) = open.pop() {
            let Some(node) = self.nodes.get(at as usize).filter(|_| away <= least) else { continue };
            for number in self.leaf(node) {
                let d = distance2(p, &self.triangles[*number as usize]);
                if d < least || (d == least && best.is_none()) {
                    (best, least) = (Some(*number), d);
                }
            }
            if node.count == 0 {
                let mut parts = [at + 1, node.right]
                    .map(|i| (i, self.nodes.get(i as usize).map_or(f64::INFINITY, |n| outside2(&n.bounds, p))));
                // The nearer part is looked at first: it is pushed last.
                parts.sort_by(|a, b| b.1.total_cmp(&a.1));
                open.extend(parts.into_iter().filter(|(_, away)| *away <= least));
            }
        }
        best.map(|number| (number, least.sqrt()))
    }
    /// Hands every triangle whose box touches `bounds` to `take`, until that says no.
    pub fn touching(&self, bounds: &Bounds, take: &mut dyn FnMut(u32) -> bool) {
        let mut open: Vec<u32> = self.nodes.first().map(|_| 0).into_iter().collect();
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at as usize).filter(|n| n.bounds.intersects(bounds)) else { continue };
            for number in self.leaf(node) {
                if Bounds::of(self.triangles[*number as usize]).intersects(bounds) && !take(*number) {
                    return;
                }
            }
            if node.count == 0 {
                open.extend([node.right, at + 1]);
            }
        }
    }

    fn leaf(&self, node: &Node) -> &[u32] {
        let first = node.first as usize;
        self.order.get(first..first + node.count as usize).unwrap_or_default()
    }

    fn grow(&mut self, from: usize, to: usize) {
        let own = &mut self.order[from..to];
        let triangles = &self.triangles;
        let bounds = Bounds::of(own.iter().flat_map(|i| triangles[*i as usize]));
        let at = self.nodes.len();
        #[expect(clippy::cast_possible_truncation, reason = "positions among numbers that are u32 themselves")]
        let (first, count) = (from as u32, (to - from) as u32);
        self.nodes.push(Node { bounds, first, count, right: 0 });
        if to - from <= LEAF {
            return;
        }
        let middles = Bounds::of(own.iter().map(|i| Bounds::of(triangles[*i as usize]).center()));
        let size = middles.size();
        let axis = (0..3).max_by(|a, b| size[*a].total_cmp(&size[*b])).unwrap_or(0);
        let middle = |i: &u32| triangles[*i as usize].iter().map(|p| p[axis]).sum::<f64>();
        let half = own.len() / 2;
        own.select_nth_unstable_by(half, |a, b| middle(a).total_cmp(&middle(b)));
        self.nodes[at].count = 0;
        self.grow(from, from + half);
        self.nodes[at].right = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.grow(from + half, to);
    }
}

/// The square of the distance from `p` to a box.
pub(super) fn outside2(bounds: &Bounds, p: [f64; 3]) -> f64 {
    (0..3).map(|k| (bounds.min[k] - p[k]).max(p[k] - bounds.max[k]).max(0.0)).map(|d| d * d).sum()
}

/// The square of the distance from `p` to a triangle.
pub fn distance2(p: [f64; 3], triangle: &Triangle) -> f64 {
    let d = sub(p, closest(p, triangle));
    dot(d, d)
}

/// The point of a triangle nearest to `p` (Ericson, Real-Time Collision Detection, §5.1.5).
pub fn closest(p: [f64; 3], [a, b, c]: &Triangle) -> [f64; 3] {
    let (ab, ac, ap) = (sub(*b, *a), sub(*c, *a), sub(p, *a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return *a;
    }
    let bp = sub(p, *b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    if d3 >= 0.0 && d4 <= d3 {
        return *b;
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return along(*a, ab, d1 / (d1 - d3));
    }
    let cp = sub(p, *c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    if d6 >= 0.0 && d5 <= d6 {
        return *c;
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return along(*a, ac, d2 / (d2 - d6));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0 {
        return along(*b, sub(*c, *b), (d4 - d3) / ((d4 - d3) + (d5 - d6)));
    }
    let sum = va + vb + vc;
    let (v, w) = (vb / sum, vc / sum);
    std::array::from_fn(|k| a[k] + ab[k] * v + ac[k] * w)
}

/// Twice a triangle's area, as a vector along its normal.
pub fn normal(t: &Triangle) -> [f64; 3] {
    cross(sub(t[1], t[0]), sub(t[2], t[0]))
}

pub(super) fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}

fn along(a: [f64; 3], d: [f64; 3], t: f64) -> [f64; 3] {
    let t = if t.is_finite() { t } else { 0.0 };
    std::array::from_fn(|k| a[k] + d[k] * t)
}
