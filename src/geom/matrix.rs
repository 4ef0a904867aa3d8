//! Affine maps of space as glTF and 3D Tiles write them: sixteen numbers, column after column.

/// A 4 by 4 matrix, column after column; its last row is 0, 0, 0, 1.
pub type Matrix = [f64; 16];

/// What leaves everything where it is.
pub const IDENTITY: Matrix = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];

/// First `b`, then `a`.
pub fn times(a: &Matrix, b: &Matrix) -> Matrix {
    let (columns, _) = a.as_chunks::<4>();
    let mut out = [0.0; 16];
    for (to, of) in out.chunks_exact_mut(4).zip(b.chunks_exact(4)) {
        for (column, share) in columns.iter().zip(of) {
            to.iter_mut().zip(column).for_each(|(to, c)| *to += c * share);
        }
    }
    out
}

/// Where a point goes.
pub fn apply(m: &Matrix, [px, py, pz]: [f64; 3]) -> [f64; 3] {
    let [.., x, y, z, _] = *m;
    let [dx, dy, dz] = turn(m, [px, py, pz]);
    [dx + x, dy + y, dz + z]
}

/// Where a direction goes: as a point, without the shift.
pub fn turn(m: &Matrix, [px, py, pz]: [f64; 3]) -> [f64; 3] {
    let [a, b, c, _, d, e, f, _, g, h, i, ..] = *m;
    [a * px + d * py + g * pz, b * px + e * py + h * pz, c * px + f * py + i * pz]
}

/// By how much volumes grow; negative for a map that mirrors.
pub fn determinant(m: &Matrix) -> f64 {
    let [a, b, c, _, d, e, f, _, g, h, i, ..] = *m;
    a * (e * i - f * h) - d * (b * i - c * h) + g * (b * f - c * e)
}

/// The way back; nothing for a map that is not finite or leaves no volume.
pub fn inverse(m: &Matrix) -> Option<Matrix> {
    let [a, b, c, _, d, e, f, _, g, h, i, _, x, y, z, _] = *m;
    let det = determinant(m);
    let [a2, b2, c2, d2, e2, f2, g2, h2, i2] = [
        e * i - f * h,
        c * h - b * i,
        b * f - c * e,
        f * g - d * i,
        a * i - c * g,
        c * d - a * f,
        d * h - e * g,
        b * g - a * h,
        a * e - b * d,
    ]
    .map(|n| n / det);
    let back = [a2, b2, c2, 0.0, d2, e2, f2, 0.0, g2, h2, i2, 0.0, 0.0, 0.0, 0.0, 1.0];
    let [dx, dy, dz] = turn(&back, [-x, -y, -z]);
    let [.., last] = back;
    let back = [a2, b2, c2, 0.0, d2, e2, f2, 0.0, g2, h2, i2, 0.0, dx, dy, dz, last];
    back.iter().all(|n| n.is_finite()).then_some(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let m = [2.0, 0.5, 0.0, 0.0, -1.0, 3.0, 0.25, 0.0, 0.0, 1.0, 4.0, 0.0, 10.0, -20.0, 6.4e6, 1.0];
        let back = inverse(&m).unwrap();
        let p = apply(&back, apply(&m, [1.0, 2.0, 3.0]));
        assert!((0..3).all(|k| (p[k] - [1.0, 2.0, 3.0][k]).abs() < 1e-9), "{p:?}");
        let both = times(&back, &m);
        assert!((0..16).all(|k| (both[k] - IDENTITY[k]).abs() < 1e-9), "{both:?}");
        assert!(inverse(&[0.0; 16]).is_none() && determinant(&m) > 0.0);
    }
}
