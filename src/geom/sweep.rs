//! Pairs of triangles that may cut through each other, found along a line.

use super::Bounds;
use super::nearest::Triangle;

/// Boxes that share less than this along an axis only touch: what `f32` rounds off within a hundred metres; metres.
const TOUCH: f32 = 1e-5;

/// The box around a triangle, along the axes of a sweep.
struct Around {
    low: [f32; 3],
    high: [f32; 3],
    of: u32,
}

impl Around {
    #[expect(clippy::cast_possible_truncation, reason = "a box is wider than what is rounded off it counts for")]
    fn new([a, b, c]: &Triangle, of: u32, axes: [usize; 3]) -> Self {
        let low = axes.map(|k| a[k].min(b[k]).min(c[k]) as f32);
        let high = axes.map(|k| a[k].max(b[k]).max(c[k]) as f32);
        Self { low, high, of }
    }
}

/// Gives every pair of triangles of which one may go through the other, the lower number first: those whose boxes share more than
/// a touch. Where a box ends as the other begins, one triangle lies on one side of a plane and the other beyond it, so that
/// neither goes through the other's inside.
///
/// The boxes lie along the longest level side of them all, as a building's walls do, which are thin then. Along the longest
/// side of the whole, each is compared with those that begin before it ends.
pub(super) fn crossing(triangles: &[Triangle], found: &mut dyn FnMut(usize, usize)) {
    let (east, north) = along(triangles);
    let turn = |[x, y, z]: [f64; 3]| [x * east + y * north, y * east - x * north, z];
    let turned: Vec<Triangle> = triangles.iter().map(|triangle| triangle.map(turn)).collect();
    let whole = Bounds::of(turned.iter().flatten().copied()).size();
    let long = (0..3).max_by(|a, b| whole[*a].total_cmp(&whole[*b])).unwrap_or(0);
    // The longest side comes first.
    let axes = [long, (long + 1) % 3, (long + 2) % 3];
    let mut boxes: Vec<Around> = turned.iter().zip(0..).map(|(t, i)| Around::new(t, i, axes)).collect();
    boxes.sort_unstable_by(|a, b| a.low[0].total_cmp(&b.low[0]).then(a.of.cmp(&b.of)));
    let mut rest = boxes.as_slice();
    while let [one, after @ ..] = rest {
        rest = after;
        let (low, high) = (one.low.map(|v| v + TOUCH), one.high.map(|v| v - TOUCH));
        for other in after {
            if other.low[0] >= high[0] {
                break;
            }
            // All at once: which of them fails is not foreseen, and to jump costs more than to compare.
            let along = low[0] < other.high[0];
            let across = (other.low[1] < high[1]) & (low[1] < other.high[1]);
            let up = (other.low[2] < high[2]) & (low[2] < other.high[2]);
            if along & across & up {
                found(one.of.min(other.of) as usize, one.of.max(other.of) as usize);
            }
        }
    }
}

/// The direction, east and north, of the longest level side; east where there is none.
fn along(triangles: &[Triangle]) -> (f64, f64) {
    let sides = triangles.iter().flat_map(|[a, b, c]| [(a, b), (b, c), (c, a)]);
    let level =
        sides.map(|(a, b)| [b[0] - a[0], b[1] - a[1], b[2] - a[2]]).filter(|[x, y, z]| z.abs() < 1e-3 * x.hypot(*y));
    let longest = level.map(|[x, y, _]| (x * x + y * y, x, y)).max_by(|a, b| a.0.total_cmp(&b.0));
    longest.map_or((1.0, 0.0), |(square, x, y)| (x / square.sqrt(), y / square.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::check::Plane;

    /// Against a comparison of each with each: triangles of all sizes and directions, flat and equal ones among them.
    #[test]
    fn finds_the_pairs_that_cut() {
        let mut state = 7_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from((state >> 40) as u32 % 64) / 4.0
        };
        let (mut cut, mut compared) = (0, 0);
        for count in [0, 1, 2, 15, 16, 17, 40, 90, 200] {
            let triangles: Vec<Triangle> = (0..count)
                .map(|_| {
                    let at = [next(), next() / 2.0, next() / 2.0];
                    std::array::from_fn(|_| std::array::from_fn(|k| at[k] + next() / 4.0))
                })
                .collect();
            let mut found = std::collections::BTreeSet::new();
            crossing(&triangles, &mut |i, j| assert!(found.insert((i, j)) && i < j));
            let planes: Vec<Plane> = triangles.iter().map(Plane::of).collect();
            let through = |i: usize, j: usize| planes[j].pierced(&triangles[i], &triangles[j]).is_some();
            let all = (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j)));
            for (i, j) in all {
                let cuts = through(i, j) || through(j, i);
                assert!(!cuts || found.contains(&(i, j)), "{count}: {:?} {:?}", triangles[i], triangles[j]);
                cut += usize::from(cuts);
            }
            compared += found.len();
        }
        assert!(cut > 100 && compared < 8 * cut, "{cut} of {compared}");
    }

    /// A row of walls that stand askew to the axes: only where two meet is there anything to compare.
    #[test]
    fn walls_askew_are_compared_with_few() {
        let at = |along: f64, across: f64, z: f64| [along * 0.8 - across * 0.6, along * 0.6 + across * 0.8, z];
        let wall = |n: f64| {
            [[at(n, 0.0, 0.0), at(n, 9.0, 0.0), at(n, 9.0, 3.0)], [at(n, 0.0, 0.0), at(n, 9.0, 3.0), at(n, 0.0, 3.0)]]
        };
        let mut walls: Vec<Triangle> = (0..40).flat_map(|n| wall(f64::from(n))).collect();
        walls.push([at(-1.0, 4.0, 1.0), at(60.0, 4.0, 1.0), at(60.0, 4.0, 2.0)]);
        let mut count = 0;
        crossing(&walls, &mut |_, j| count += usize::from(j == 80));
        let mut others = 0;
        crossing(&walls, &mut |_, j| others += usize::from(j != 80));
        assert_eq!((count, others), (80, 0));
    }
}
