//! Bounding volumes (OGC 22-025r4 §6.7.2): sound ones, how far points lie outside them, and their parts in implicit tilings.

use super::report::Log;
use super::rule::Rule;
use crate::crs::{from_ecef, to_ecef};
use crate::geom::matrix::{Matrix, apply, turn};
use crate::units::Geodetic;
use serde_json::Value;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Metres of a radian on the ground, nearly.
const RADIUS: f64 = 6_378_137.0;
/// What rounding may add to an angle, radians.
const ROUNDING: f64 = 1e-9;

/// A sound volume, in its tile's frame; a region in no frame but the globe's (§6.7.2.2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Volume {
    /// The middle and three half axes.
    Box([f64; 3], [[f64; 3]; 3]),
    /// The middle and the radius.
    Sphere([f64; 3], f64),
    /// West, south, east, north (radians), lowest, highest (metres above the ellipsoid).
    Region([f64; 6]),
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn length(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

fn less(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// As many finite numbers as there must be.
pub(super) fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
    let list: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    <[f64; N]>::try_from(list).ok().filter(|list| list.iter().all(|n| n.is_finite()))
}

impl Volume {
    /// Reads a volume and finds what is wrong with it; `None` for one that cannot be used.
    pub fn read(value: &Value, place: &str, log: &mut Log) -> Option<Self> {
        if let Some(list) = value.get("box") {
            let rule = |log: &mut Log, what: &str| log.find(Rule::Box, format!("{place}/box"), what);
            let Some([x, y, z, a, b, c, d, e, f, g, h, i]) = numbers::<12>(list) else {
                rule(log, "is not twelve finite numbers");
                return None;
            };
            let axes = [[a, b, c], [d, e, f], [g, h, i]];
            let [p, q, r] = axes.map(length);
            if p <= 0.0 || q <= 0.0 || r <= 0.0 {
                rule(log, &format!("is flat: its half axes are {p}, {q} and {r} m long"));
                return None;
            }
            let [u, v, w] = axes;
            let slant = (dot(u, v) / (p * q)).abs().max((dot(v, w) / (q * r)).abs()).max((dot(u, w) / (p * r)).abs());
            if slant > 1e-6 {
                rule(log, &format!("has axes that are not orthogonal: the cosine between two of them is {slant:.2e}"));
                return None;
            }
            return Some(Self::Box([x, y, z], axes));
        }
        if let Some(list) = value.get("sphere") {
            let sound = numbers::<4>(list).filter(|[.., r]| *r > 0.0);
            if sound.is_none() {
                log.find(Rule::Sphere, format!("{place}/sphere"), "is not a middle and a radius above 0");
            }
            return sound.map(|[x, y, z, r]| Self::Sphere([x, y, z], r));
        }
        if let Some(list) = value.get("region") {
            let wrong = match numbers::<6>(list) {
                None => Some("is not six finite numbers".to_owned()),
                Some([w, s, e, n, ..])
                    if [w, e].iter().any(|l| l.abs() > PI + ROUNDING)
                        || [s, n].iter().any(|l| l.abs() > FRAC_PI_2 + ROUNDING) =>
                {
                    Some(format!("has angles beyond the globe ({w}, {s}, {e}, {n}), as degrees would"))
                }
                Some([_, s, _, n, low, high]) if s > n || low > high => {
                    Some("has its south above its north, or its lowest above its highest".to_owned())
                }
                Some([w, s, e, n, ..]) if w == e || s == n => Some("is flat".to_owned()),
                Some(_) => None,
            };
            return match wrong {
                Some(what) => {
                    log.find(Rule::Region, format!("{place}/region"), what);
                    None
                }
                None => numbers::<6>(list).map(Self::Region),
            };
        }
        match value.get("extensions").and_then(Value::as_object).and_then(|all| all.keys().next()) {
            Some(name) => log.unseen(format!("bounding volumes of {}", super::clip(name))),
            None => log.find(Rule::Member, place, "has no box, sphere or region"),
        }
        None
    }

    /// How many metres the point `at` (in the volume's frame; geocentric for a region) lies outside; `scale` metres a unit.
    pub fn outside(&self, at: [f64; 3], scale: f64) -> f64 {
        // What transforms blow up beyond all numbers is inside of nothing.
        if at.iter().any(|c| !c.is_finite()) {
            return f64::INFINITY;
        }
        match self {
            Self::Box(middle, axes) => {
                let from = less(at, *middle);
                let over = axes.map(|axis| {
                    let half = length(axis);
                    (dot(from, axis).abs() / half - half).max(0.0)
                });
                length(over) * scale
            }
            Self::Sphere(middle, radius) => (length(less(at, *middle)) - radius).max(0.0) * scale,
            Self::Region([west, south, east, north, low, high]) => {
                let Geodetic { lon, lat, h } = from_ecef(at);
                let (lon, lat) = (lon.to_radians(), lat.to_radians());
                let wide = (east - west).rem_euclid(TAU);
                let along = (lon - west).rem_euclid(TAU);
                // East of the east side or west of the west side, whichever is nearer.
                let over = if along <= wide { 0.0 } else { (along - wide).min(TAU - along) };
                let across = (south - lat).max(lat - north).max(0.0);
                let upright = (low - h).max(h - high).max(0.0);
                length([over * lat.cos() * RADIUS, across * RADIUS, upright])
            }
        }
    }

    /// By how many metres everything between eight points of which each is inside could still be outside: straight lines leave
    /// a region's curved sides, and nothing else.
    pub fn bulge(&self, across: f64) -> f64 {
        match self {
            Self::Region([_, south, _, north, ..]) if south.abs().max(north.abs()) < 1.4 => across * across / RADIUS,
            Self::Region(_) => f64::INFINITY,
            _ => 0.0,
        }
    }

    /// This volume made smaller by `margin` on every side, for [`bulge`](Self::bulge); `None` when nothing is left of it.
    pub fn shrunk(&self, margin: f64) -> Option<Self> {
        match *self {
            Self::Region([west, south, east, north, low, high]) if margin > 0.0 => {
                let (up, along) = (margin / RADIUS, margin / RADIUS / south.abs().max(north.abs()).cos());
                let left = [west + along, south + up, east - along, north - up, low + margin, high - margin];
                let [w, s, e, n, l, h] = left;
                (w < e && s < n && l < h).then_some(Self::Region(left))
            }
            other => Some(other),
        }
    }

    /// Points at its ends, in its frame (geocentric for a region).
    pub fn ends(&self) -> Vec<[f64; 3]> {
        let signs = (0..8).map(|k: u32| [0, 1, 2].map(|bit| if k >> bit & 1 == 1 { 1.0 } else { -1.0 }));
        match *self {
            Self::Box(m, [u, v, w]) => {
                let at = |[a, b, c]: [f64; 3]| {
                    [0, 1, 2].map(|k: usize| pick(m, k) + a * pick(u, k) + b * pick(v, k) + c * pick(w, k))
                };
                signs.map(at).collect()
            }
            Self::Sphere([x, y, z], r) => {
                vec![[x - r, y, z], [x + r, y, z], [x, y - r, z], [x, y + r, z], [x, y, z - r], [x, y, z + r]]
            }
            Self::Region([west, south, east, north, low, high]) => signs
                .map(|[a, b, c]| {
                    let (lon, lat) = (if a > 0.0 { east } else { west }, if b > 0.0 { north } else { south });
                    to_ecef(Geodetic::new(lon.to_degrees(), lat.to_degrees(), if c > 0.0 { high } else { low }))
                })
                .collect(),
        }
    }

    /// The part at `at` of level `level` (§7.4); `z` counts in octrees only.
    pub fn part(&self, level: u32, [x, y, z]: [u64; 3], octree: bool) -> Self {
        let share = 0.5_f64.powi(level.min(1000) as i32);
        let middle = |k: u64| (2.0 * k as f64 + 1.0) * share - 1.0;
        match *self {
            Self::Box(m, [u, v, w]) => {
                let (a, b, c) = (middle(x), middle(y), if octree { middle(z) } else { 0.0 });
                let at = [0, 1, 2].map(|k: usize| pick(m, k) + a * pick(u, k) + b * pick(v, k) + c * pick(w, k));
                Self::Box(
                    at,
                    [u.map(|n| n * share), v.map(|n| n * share), if octree { w.map(|n| n * share) } else { w }],
                )
            }
            Self::Region([west, south, east, north, low, high]) => {
                let east = if east < west { east + TAU } else { east };
                let cut = |from: f64, to: f64, k: u64| {
                    let size = (to - from) * share;
                    (from + size * k as f64, from + size * (k + 1) as f64)
                };
                let ((w, e), (s, n)) = (cut(west, east, x), cut(south, north, y));
                let (l, h) = if octree { cut(low, high, z) } else { (low, high) };
                Self::Region([w, s, e, n, l, h])
            }
            sphere => sphere,
        }
    }

    /// What the volume is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Box(..) => "box",
            Self::Sphere(..) => "sphere",
            Self::Region(_) => "region",
        }
    }
}

fn pick(of: [f64; 3], k: usize) -> f64 {
    of.get(k).copied().unwrap_or_default()
}

/// The greatest number of metres that a unit becomes under `m`.
pub(super) fn stretch(m: &Matrix) -> f64 {
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        .map(|axis| length(turn(m, axis)))
        .into_iter()
        .fold(0.0, f64::max)
}

/// Whether the volume `own` lies within `around`, each under its map, up to `slack` metres at its ends.
pub(super) fn beyond(own: &Volume, around: &Volume, world: &Matrix) -> f64 {
    let scale = stretch(world);
    let place = |at: [f64; 3]| match (own, around) {
        (Volume::Region(_), Volume::Region(_)) => (at, 1.0),
        (_, Volume::Region(_)) => (apply(world, at), 1.0),
        (Volume::Region(_), _) => match crate::geom::matrix::inverse(world) {
            Some(back) => (apply(&back, at), scale),
            None => (at, 0.0),
        },
        _ => (at, scale),
    };
    own.ends().into_iter().map(place).map(|(at, scale)| around.outside(at, scale)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::SiteFrame;

    #[test]
    fn distances_are_metres() {
        let volume = Volume::Box([10.0, 0.0, 0.0], [[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0]]);
        assert_eq!(volume.outside([12.0, 3.0, -4.0], 1.0), 0.0);
        assert_eq!(volume.outside([15.0, 7.0, 0.0], 2.0), 10.0);
        let frame = SiteFrame::new(Geodetic::new(118.78, 32.04, 12.0));
        let (lon, lat) = (118.78_f64.to_radians(), 32.04_f64.to_radians());
        let region = Volume::Region([lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5, 0.0, 20.0]);
        let at = |enu| region.outside(apply(&frame.enu_to_ecef(), enu), 1.0);
        assert_eq!(at([0.0, 0.0, 7.9]), 0.0);
        assert!((at([0.0, 0.0, 10.0]) - 2.0).abs() < 1e-6);
        assert!((at([60.0, 0.0, 0.0]) - (60.0 - 1e-5 * RADIUS * lat.cos())).abs() < 0.1);
        let globe = Volume::Region([3.0, -0.1, -3.0, 0.1, 0.0, 9.0]);
        assert_eq!(globe.outside(to_ecef(Geodetic::new(179.0, 0.0, 1.0)), 1.0), 0.0);
        assert!(globe.outside(to_ecef(Geodetic::new(160.0, 0.0, 1.0)), 1.0) > 1e6);
    }

    #[test]
    fn parts_fill_the_whole() {
        let whole = Volume::Box([0.0; 3], [[8.0, 0.0, 0.0], [0.0, 8.0, 0.0], [0.0, 0.0, 8.0]]);
        let Volume::Box(middle, axes) = whole.part(2, [3, 0, 1], true) else { panic!() };
        assert_eq!((middle, axes[0][0], axes[2][2]), ([6.0, -6.0, -2.0], 2.0, 2.0));
        let Volume::Box(middle, axes) = whole.part(1, [0, 1, 0], false) else { panic!() };
        assert_eq!((middle, axes[1][1], axes[2][2]), ([-4.0, 4.0, 0.0], 4.0, 8.0));
    }
}
