//! A map of the plane that keeps lines straight, as rasters lie in their systems.

/// `x = a u + b v + c`, `y = d u + e v + f`, as the six numbers `[a, b, c, d, e, f]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine(pub [f64; 6]);

impl Affine {
    /// Where `(u, v)` goes.
    pub fn apply(&self, u: f64, v: f64) -> [f64; 2] {
        let [a, b, c, d, e, f] = self.0;
        [a * u + b * v + c, d * u + e * v + f]
    }
    /// The way back; nothing for a map that is not finite or folds the plane onto a line.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.0;
        let determinant = a * e - b * d;
        let back = [e, -b, b * f - c * e, -d, a, c * d - a * f].map(|n| n / determinant);
        back.iter().all(|n| n.is_finite()).then_some(Self(back))
    }
    /// The same map of another `(u, v)`, which this one is reached from by adding `(u0, v0)`.
    #[must_use]
    pub fn after_shift(&self, u0: f64, v0: f64) -> Self {
        let [a, b, _, d, e, _] = self.0;
        let [c, f] = self.apply(u0, v0);
        Self([a, b, c, d, e, f])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_no_way_back_from_a_line() {
        let map = Affine([2.0, 0.5, 100.0, 0.25, -3.0, 50.0]);
        let [x, y] = map.apply(7.0, 9.0);
        let [u, v] = map.inverse().unwrap().apply(x, y);
        assert!((u - 7.0).abs() < 1e-12 && (v - 9.0).abs() < 1e-12, "{u} {v}");
        assert_eq!(map.after_shift(-0.5, -0.5).apply(0.5, 0.5), map.apply(0.0, 0.0));
        assert!(Affine([1.0, 2.0, 0.0, 2.0, 4.0, 0.0]).inverse().is_none());
        assert!(Affine([f64::NAN, 0.0, 0.0, 0.0, 1.0, 0.0]).inverse().is_none());
    }
}
