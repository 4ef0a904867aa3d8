//! Right triangles over a tile's posts, halved wherever the ground would be farther from them than the level allows (RTIN; Evans,
//! Kirkpatrick and Townsend 2001).

use super::{CELLS, Posts, error};
use std::collections::HashMap;

/// Posts along an edge.
const WIDE: usize = CELLS + 1;

/// A post by column and row.
pub(super) type Post = [usize; 2];

/// Triangles over the posts of a tile.
pub(super) struct Mesh {
    /// The posts used, in the order in which triangles first use them.
    pub posts: Vec<Post>,
    /// Counter-clockwise seen from above.
    pub triangles: Vec<[u32; 3]>,
}

/// The triangles of `posts` within the level's error. All posts on the tile's edges are used, so that a tile and its neighbour of
/// the same level meet in the same points whatever lies behind them.
pub(super) fn mesh(posts: &Posts) -> Mesh {
    let halving = Halving { errors: errors(posts), allowed: error(posts.address.z) };
    let mut mesh = Mesh { posts: Vec::new(), triangles: Vec::new() };
    let mut numbers = HashMap::new();
    for [a, b, c] in ROOTS {
        halving.walk(a, b, c, &mut |corners| {
            let number = corners.map(|post| {
                *numbers.entry(post).or_insert_with(|| {
                    mesh.posts.push(post);
                    mesh.posts.len() as u32 - 1
                })
            });
            mesh.triangles.push(number);
        });
    }
    mesh
}

/// The two triangles that a tile begins with: the ends of the longest side, then the right angle; counter-clockwise.
const ROOTS: [[Post; 3]; 2] = [[[0, 0], [CELLS, CELLS], [0, CELLS]], [[CELLS, CELLS], [0, 0], [CELLS, 0]]];

struct Halving {
    /// By post: the error of the triangles whose longest side it halves, and of all within them.
    errors: Vec<f64>,
    allowed: f64,
}

impl Halving {
    fn walk(&self, a: Post, b: Post, c: Post, emit: &mut impl FnMut([Post; 3])) {
        let m = middle(a, b);
        if !is_smallest(a, c) && self.errors[m[1] * WIDE + m[0]] > self.allowed {
            self.walk(c, a, m, emit);
            self.walk(b, c, m, emit);
        } else {
            emit([a, b, c]);
        }
    }
}

fn middle(a: Post, b: Post) -> Post {
    [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}

/// Whether the longest side of a triangle with this short side has no post in its middle.
fn is_smallest(a: Post, c: Post) -> bool {
    a[0].abs_diff(c[0]) + a[1].abs_diff(c[1]) <= 1
}

/// The errors by post, made from the smallest triangles up.
fn errors(posts: &Posts) -> Vec<f64> {
    let mut errors = vec![0.0; WIDE * WIDE];
    let mut generation: Vec<[Post; 3]> = ROOTS.to_vec();
    let mut all = Vec::new();
    while let Some([a, _, c]) = generation.first().copied() {
        if is_smallest(a, c) {
            break;
        }
        let next = generation.iter().flat_map(|&[a, b, c]| {
            let m = middle(a, b);
            [[c, a, m], [b, c, m]]
        });
        let next = next.collect();
        all.push(std::mem::replace(&mut generation, next));
    }
    for [a, b, c] in all.into_iter().rev().flatten() {
        let m = middle(a, b);
        let below =
            [middle(c, a), middle(b, c)].map(|p| if is_smallest(c, m) { 0.0 } else { errors[p[1] * WIDE + p[0]] });
        let edge = m.iter().any(|k| *k == 0 || *k == CELLS);
        let own = if edge { f64::INFINITY } else { deviation(posts, [a, b, c]) };
        let error: &mut f64 = &mut errors[m[1] * WIDE + m[0]];
        *error = error.max(own).max(below[0]).max(below[1]);
    }
    errors
}

/// The farthest that the ground at any post in a triangle is above or below it, metres.
fn deviation(posts: &Posts, corners: [Post; 3]) -> f64 {
    let [a, b, c] = corners.map(|p| [p[0] as f64, p[1] as f64]);
    let [ha, hb, hc] = corners.map(|p| posts.height(p[0], p[1]));
    let twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
    let (low, high) = corners.iter().fold(([usize::MAX; 2], [0; 2]), |(low, high), p| {
        ([low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])])
    });
    let mut worst = 0.0_f64;
    for j in low[1]..=high[1] {
        for i in low[0]..=high[0] {
            let (x, y) = (i as f64, j as f64);
            let s = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / twice;
            let t = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / twice;
            if s >= -1e-9 && t >= -1e-9 && s + t <= 1.0 + 1e-9 {
                let plane = ha + s * (hb - ha) + t * (hc - ha);
                worst = worst.max((plane - posts.height(i, j)).abs());
            }
        }
    }
    worst
}
