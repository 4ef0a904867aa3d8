//! Axis-aligned boxes in three dimensions.

/// An axis-aligned box; closed on every side. [`Bounds::EMPTY`] holds no point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least coordinate on each axis.
    pub min: [f64; 3],
    /// The greatest coordinate on each axis.
    pub max: [f64; 3],
}

impl Bounds {
    /// The box that holds nothing and is the neutral element of [`Bounds::union`].
    pub const EMPTY: Self = Self { min: [f64::INFINITY; 3], max: [f64::NEG_INFINITY; 3] };

    /// The smallest box around `points`.
    pub fn of(points: impl IntoIterator<Item = [f64; 3]>) -> Self {
        let mut bounds = Self::EMPTY;
        points.into_iter().for_each(|p| bounds.extend(p));
        bounds
    }
    /// Grows the box to hold `point`.
    pub fn extend(&mut self, point: [f64; 3]) {
        for ((min, max), p) in self.min.iter_mut().zip(&mut self.max).zip(point) {
            *min = min.min(p);
            *max = max.max(p);
        }
    }
    /// The smallest box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            min: std::array::from_fn(|k| self.min[k].min(other.min[k])),
            max: std::array::from_fn(|k| self.max[k].max(other.max[k])),
        }
    }
    /// Whether the box holds no point.
    pub fn is_empty(&self) -> bool {
        self.min.iter().zip(&self.max).any(|(min, max)| min > max)
    }
    /// Whether the boxes share a point; touching counts.
    pub fn intersects(&self, other: &Self) -> bool {
        (0..3).all(|k| self.min[k] <= other.max[k] && other.min[k] <= self.max[k])
    }
    /// Whether every point of `other` lies in this box.
    pub fn contains(&self, other: &Self) -> bool {
        (0..3).all(|k| self.min[k] <= other.min[k] && other.max[k] <= self.max[k])
    }
    /// The middle of the box.
    pub fn center(&self) -> [f64; 3] {
        std::array::from_fn(|k| (self.min[k] + self.max[k]) / 2.0)
    }
    /// The extent along each axis.
    pub fn size(&self) -> [f64; 3] {
        std::array::from_fn(|k| self.max[k] - self.min[k])
    }
    /// The length of the box's diagonal.
    pub fn diagonal(&self) -> f64 {
        self.size().iter().map(|d| d * d).sum::<f64>().sqrt()
    }
    /// The eight corners.
    pub fn corners(&self) -> [[f64; 3]; 8] {
        std::array::from_fn(|i| std::array::from_fn(|k| if i >> k & 1 == 0 { self.min[k] } else { self.max[k] }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_with_nothing_changes_nothing_and_touching_boxes_intersect() {
        let a = Bounds::of([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]);
        assert_eq!((Bounds::EMPTY.union(a), a.union(Bounds::EMPTY)), (a, a));
        assert!(Bounds::EMPTY.union(Bounds::EMPTY).is_empty());
        assert!(Bounds::EMPTY.is_empty() && !a.is_empty());
        assert!(a.intersects(&Bounds::of([[1.0, 2.0, 3.0], [4.0, 4.0, 4.0]])));
        assert!(!a.intersects(&Bounds::of([[1.1, 0.0, 0.0], [4.0, 4.0, 4.0]])));
        assert!(a.corners().iter().all(|c| a.contains(&Bounds::of([*c]))));
    }
}
