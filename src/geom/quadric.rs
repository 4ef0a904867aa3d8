//! Quadrics: how far a point is from planes, summed and weighted (Garland and Heckbert, 1997).

use super::triangulate::dot;

/// A sum of squared distances to planes, as a function of the point.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quadric {
    /// The upper half of the symmetric matrix: xx, xy, xz, yy, yz, zz.
    a: [f64; 6],
    b: [f64; 3],
    c: f64,
    weight: f64,
}

impl Quadric {
    /// The squared distance to the plane through `at` with the unit normal `n`.
    pub fn plane(n: [f64; 3], at: [f64; 3], weight: f64) -> Self {
        let d = -dot(n, at);
        let a = [n[0] * n[0], n[0] * n[1], n[0] * n[2], n[1] * n[1], n[1] * n[2], n[2] * n[2]];
        Self { a: a.map(|v| v * weight), b: n.map(|v| v * d * weight), c: d * d * weight, weight }
    }
    pub fn add(&mut self, other: &Self) {
        self.a.iter_mut().zip(other.a).for_each(|(a, o)| *a += o);
        self.b.iter_mut().zip(other.b).for_each(|(a, o)| *a += o);
        self.c += other.c;
        self.weight += other.weight;
    }
    /// The mean distance at `p`, as the root of the mean square.
    pub fn at(&self, p: [f64; 3]) -> f64 {
        let [xx, xy, xz, yy, yz, zz] = self.a;
        let [x, y, z] = p;
        let squares = xx * x * x + yy * y * y + zz * z * z + 2.0 * (xy * x * y + xz * x * z + yz * y * z);
        let sum = squares + 2.0 * dot(self.b, p) + self.c;
        (sum.max(0.0) / self.weight.max(f64::MIN_POSITIVE)).sqrt()
    }
    /// Where it is least; nothing where that is a line or a plane.
    pub fn least(&self) -> Option<[f64; 3]> {
        let [xx, xy, xz, yy, yz, zz] = self.a;
        let rows = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
        let det = |m: &[[f64; 3]; 3]| dot(m[0], super::triangulate::cross(m[1], m[2]));
        let whole = det(&rows);
        let scale = (xx + yy + zz) / 3.0;
        (whole.abs() > 1e-3 * scale * scale * scale).then(|| {
            std::array::from_fn(|k| {
                let mut with = rows;
                with.iter_mut().zip(self.b).for_each(|(row, b)| row[k] = -b);
                det(&with) / whole
            })
        })
    }
}
