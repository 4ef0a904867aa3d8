//! The line that an alignment's segments describe: curvature along the plan, height along the profile (IFC 4.3 §8.7.3).

use std::f64::consts::PI;

/// How far a chord may lie from its curve, metres.
const CHORD: f64 = 0.005;
/// A turn within which five points of Gauss and Legendre integrate a direction to far below a millimetre, radians.
const PANEL: f64 = 0.1;

/// One segment in plan. Lengths in metres, angles in radians, curvature positive to the left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub start: [f64; 2],
    pub direction: f64,
    pub curvature: [f64; 2],
    pub length: f64,
    pub bend: Bend,
}

/// How curvature goes from a segment's start to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bend {
    Linear,
    Bloss,
    Cosine,
    Sine,
    Helmert,
}

impl Bend {
    /// The part of the curvature's change that is reached by `t` of the length, integrated from 0.
    fn turned(self, t: f64) -> f64 {
        match self {
            Self::Linear => t * t / 2.0,
            Self::Bloss => t.powi(3) - t.powi(4) / 2.0,
            Self::Cosine => t / 2.0 - (PI * t).sin() / (2.0 * PI),
            Self::Sine => t * t / 2.0 + ((2.0 * PI * t).cos() - 1.0) / (4.0 * PI * PI),
            Self::Helmert if t <= 0.5 => 2.0 * t.powi(3) / 3.0,
            Self::Helmert => t - 0.5 + 2.0 * (1.0 - t).powi(3) / 3.0,
        }
    }
}

impl Plan {
    fn direction_at(&self, along: f64) -> f64 {
        let [from, to] = self.curvature;
        let t = along / self.length;
        self.direction + self.length * (from * t + (to - from) * self.bend.turned(t))
    }
    /// The point at `to` along, from that at `from`.
    fn advance(&self, [mut x, mut y]: [f64; 2], from: f64, to: f64) -> [f64; 2] {
        const NODES: [(f64, f64); 5] = [
            (0.046_910_077_030_668, 0.118_463_442_528_095),
            (0.230_765_344_947_158, 0.239_314_335_249_683),
            (0.5, 0.284_444_444_444_444),
            (0.769_234_655_052_842, 0.239_314_335_249_683),
            (0.953_089_922_969_332, 0.118_463_442_528_095),
        ];
        let panels = steps((to - from) * self.bent() / PANEL, 1_000);
        let step = (to - from) / f64::from(panels);
        for panel in 0..panels {
            for (node, weight) in NODES {
                let (sin, cos) = self.direction_at(from + (f64::from(panel) + node) * step).sin_cos();
                (x, y) = (x + weight * step * cos, y + weight * step * sin);
            }
        }
        [x, y]
    }
    /// The sharpest curvature.
    fn bent(&self) -> f64 {
        self.curvature[0].abs().max(self.curvature[1].abs())
    }
}

/// One segment of the profile. Lengths in metres, gradients as ratios.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profile {
    /// From the plan's beginning.
    pub start: f64,
    pub length: f64,
    pub height: f64,
    pub gradient: [f64; 2],
    /// A circle's arc instead of a parabola's.
    pub circle: bool,
}

impl Profile {
    fn height_at(&self, along: f64) -> f64 {
        let (x, [from, to]) = (along - self.start, self.gradient);
        let [a, b] = [from, to].map(|g| g / g.hypot(1.0));
        if self.circle && (b - a).abs() > 1e-12 {
            let radius = self.length / (b - a);
            let cos = |sin: f64| (1.0 - sin * sin).max(0.0).sqrt();
            return self.height + radius * (cos(a) - cos(a + x / radius));
        }
        self.height + from * x + (to - from) / (2.0 * self.length) * x * x
    }
}

/// Whole steps, from 1 to `most`.
fn steps(wanted: f64, most: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let steps = wanted.ceil().clamp(1.0, f64::from(most)) as u32;
    steps
}

/// Distances along the plan and the points there, so close that no chord lies over a centimetre from the curve, as long as
/// `most` points and one more for each segment suffice.
pub(super) fn sample(plan: &[Plan], profile: &[Profile], most: usize) -> Vec<(f64, [f64; 3])> {
    let most = u32::try_from(most / (plan.len() + profile.len()).max(1)).unwrap_or(u32::MAX).max(1);
    let mut along = Vec::new();
    let mut start = 0.0;
    let mut divide = |start: f64, length: f64, bent: f64| {
        let count = steps(length * (bent / (8.0 * CHORD)).sqrt(), most);
        along.extend((0..=count).map(|i| start + length * f64::from(i) / f64::from(count)));
    };
    for segment in plan {
        divide(start, segment.length, segment.bent());
        start += segment.length;
    }
    let whole = start;
    for segment in profile {
        divide(segment.start, segment.length, (segment.gradient[1] - segment.gradient[0]).abs() / segment.length);
    }
    along.retain(|d| (0.0..=whole).contains(d));
    along.sort_by(f64::total_cmp);
    along.dedup_by(|a, b| *a - *b < 1e-6);
    let mut segments = plan.iter().peekable();
    let mut passed = 0.0;
    let mut cursor: Option<(f64, [f64; 2])> = None;
    let mut points = Vec::with_capacity(along.len());
    for d in along {
        while let Some(segment) = segments.peek()
            && d > passed + segment.length
            && passed + segment.length < whole - 1e-9
        {
            passed += segment.length;
            segments.next();
            cursor = None;
        }
        let Some(segment) = segments.peek() else { break };
        let (from, start) = cursor.unwrap_or((0.0, segment.start));
        let to = (d - passed).min(segment.length);
        let [x, y] = segment.advance(start, from, to);
        cursor = Some((to, [x, y]));
        let here = profile.iter().rev().find(|s| s.start <= d + 1e-9).or(profile.first());
        points.push((d, [x, y, here.map_or(0.0, |s| s.height_at(d.clamp(s.start, s.start + s.length)))]));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_circle_ends_where_it_must_and_its_chords_lie_close() {
        let arc =
            Plan { start: [10.0, 0.0], direction: PI / 2.0, curvature: [0.1; 2], length: 5.0 * PI, bend: Bend::Linear };
        let points = sample(std::slice::from_ref(&arc), &[], 10_000);
        let (along, end) = points.last().unwrap();
        assert!((along - 5.0 * PI).abs() < 1e-9 && end[0].abs() < 1e-9 && (end[1] - 10.0).abs() < 1e-9, "{end:?}");
        for pair in points.windows(2) {
            let middle = [0, 1].map(|k| (pair[0].1[k] + pair[1].1[k]) / 2.0);
            assert!(10.0 - middle[0].hypot(middle[1]) < 0.01);
        }
    }

    #[test]
    fn every_bend_reaches_its_end_with_half_the_turn_of_its_end() {
        for bend in [Bend::Linear, Bend::Bloss, Bend::Cosine, Bend::Sine, Bend::Helmert] {
            assert!((bend.turned(1.0) - 0.5).abs() < 1e-12, "{bend:?}");
            assert!((bend.turned(0.5 + 1e-9) - bend.turned(0.5)).abs() < 1e-8, "{bend:?}");
        }
    }

    #[test]
    fn a_profile_climbs_and_rounds_its_summit() {
        let straight = Plan { start: [0.0; 2], direction: 0.0, curvature: [0.0; 2], length: 300.0, bend: Bend::Linear };
        let climb = Profile { start: 0.0, length: 100.0, height: 5.0, gradient: [0.02; 2], circle: false };
        let summit = Profile { start: 100.0, length: 100.0, height: 7.0, gradient: [0.02, -0.02], circle: true };
        let fall = Profile { start: 200.0, length: 100.0, height: 7.0, gradient: [-0.02; 2], circle: false };
        let points = sample(&[straight], &[climb, summit, fall], 10_000);
        let at = |d: f64| points.iter().find(|(along, _)| (along - d).abs() < 1e-6).unwrap().1;
        assert_eq!((at(0.0), at(100.0)[2], at(300.0)[0]), ([0.0, 0.0, 5.0], 7.0, 300.0));
        assert!((at(200.0)[2] - 7.0).abs() < 1e-9 && (at(300.0)[2] - 5.0).abs() < 1e-9);
        let top = points.iter().map(|p| p.1[2]).fold(0.0, f64::max);
        assert!((top - 7.5).abs() < 0.01, "{top}");
    }
}
