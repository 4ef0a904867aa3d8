//! Pairs of triangles whose boxes touch, found along a line.

use super::Bounds;
use super::nearest::Triangle;

/// The box around a triangle, along the axes of a sweep.
struct Around {
    low: [f32; 3],
    high: [f32; 3],
    of: u32,
}

impl Around {
    #[expect(clippy::cast_possible_truncation, reason = "offsets of a mesh are such numbers")]
    fn new([a, b, c]: &Triangle, of: u32, axes: [usize; 3]) -> Self {
        let low = axes.map(|k| a[k].min(b[k]).min(c[k]) as f32);
        let high = axes.map(|k| a[k].max(b[k]).max(c[k]) as f32);
        Self { low, high, of }
    }
}

/// Gives every pair of triangles whose boxes touch, the lower number first: along the longest side of them all, each is compared
/// with those that begin before it ends.
///
/// Sides are compared as `f32`, which is exact for a mesh's offsets; others may bring a pair that does not quite touch.
pub(super) fn touching(triangles: &[Triangle], found: &mut dyn FnMut(usize, usize)) {
    let whole = Bounds::of(triangles.iter().flatten().copied()).size();
    let long = (0..3).max_by(|a, b| whole[*a].total_cmp(&whole[*b])).unwrap_or(0);
    // The longest side comes first.
    let axes = [long, (long + 1) % 3, (long + 2) % 3];
    let mut boxes: Vec<Around> = triangles.iter().zip(0..).map(|(t, i)| Around::new(t, i, axes)).collect();
    boxes.sort_unstable_by(|a, b| a.low[0].total_cmp(&b.low[0]).then(a.of.cmp(&b.of)));
    let mut rest = boxes.as_slice();
    while let [one, after @ ..] = rest {
        rest = after;
        for other in after {
            if other.low[0] > one.high[0] {
                break;
            }
            // All four at once: which of them fails is not foreseen, and to jump costs more than to compare.
            let across = (other.low[1] <= one.high[1]) & (one.low[1] <= other.high[1]);
            let up = (other.low[2] <= one.high[2]) & (one.low[2] <= other.high[2]);
            if across & up {
                found(one.of.min(other.of) as usize, one.of.max(other.of) as usize);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a comparison of each with each, boxes of all sizes, flat and equal ones among them.
    #[test]
    fn finds_the_pairs_whose_boxes_touch() {
        let mut state = 7_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from((state >> 40) as u32 % 64) / 4.0
        };
        for count in [0, 1, 2, 15, 16, 17, 40, 90] {
            let triangles: Vec<Triangle> = (0..count)
                .map(|_| {
                    let at = [next() * 4.0, next(), next()];
                    std::array::from_fn(|_| std::array::from_fn(|k| at[k] + next() / 4.0))
                })
                .collect();
            let mut found = Vec::new();
            touching(&triangles, &mut |i, j| found.push((i, j)));
            found.sort_unstable();
            let boxes: Vec<Bounds> = triangles.iter().map(|t| Bounds::of(*t)).collect();
            let touch = |i: usize, j: usize| {
                (0..3).all(|k| boxes[i].min[k] <= boxes[j].max[k] && boxes[j].min[k] <= boxes[i].max[k])
            };
            let all = (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j)));
            let expected: Vec<_> = all.filter(|(i, j)| touch(*i, *j)).collect();
            assert_eq!(found, expected, "{count}");
        }
    }
}
