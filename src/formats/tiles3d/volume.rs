//! Bounding volumes of 3D Tiles (OGC 22-025r4 §6.7.2): boxes, spheres and regions as boxes.

use crate::crs::SiteFrame;
use crate::geom::matrix::{Matrix, apply, turn};
use crate::units::Geodetic;
use serde_json::Value;

/// The middle and three half axes.
pub type Box12 = [f64; 12];

/// Half a turn and what rounding adds to it, radians.
const HALF_TURN: f64 = std::f64::consts::PI + 1e-6;
/// Steps of a region's sides at which its shape is looked at.
const STEPS: u32 = 8;

/// The numbers of a member, as many as it must have.
fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
    let list: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    <[f64; N]>::try_from(list).ok().filter(|list| list.iter().all(|n| n.is_finite()))
}

/// A volume's own box, in the frame of its tile; `None` for a region, which has no frame but the globe's.
pub(super) fn local(volume: &Value) -> Option<Box12> {
    if let Some(own) = numbers::<12>(&volume["box"]) {
        return Some(own);
    }
    let [x, y, z, r] = numbers::<4>(&volume["sphere"])?;
    (r >= 0.0).then_some([x, y, z, r, 0.0, 0.0, 0.0, r, 0.0, 0.0, 0.0, r])
}

/// A region as a box between geocentric axes that holds it.
pub(super) fn region(volume: &Value) -> Option<Box12> {
    let [west, south, east, north, low, high] = numbers::<6>(&volume["region"])?;
    let fits = south <= north
        && low <= high
        && south.abs() <= HALF_TURN / 2.0
        && north.abs() <= HALF_TURN / 2.0
        && west.abs() <= HALF_TURN
        && east.abs() <= HALF_TURN;
    if !fits {
        return None;
    }
    // A region may cross the antimeridian.
    let wide = if east >= west { east - west } else { east - west + std::f64::consts::TAU };
    let middle =
        Geodetic::new((west + wide / 2.0).to_degrees(), ((south + north) / 2.0).to_degrees(), (low + high) / 2.0);
    let frame = SiteFrame::new(middle);
    let (mut min, mut max) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for i in 0..=STEPS {
        for j in 0..=STEPS {
            let share = |k: u32| f64::from(k) / f64::from(STEPS);
            let (lon, lat) = (west + wide * share(i), south + (north - south) * share(j));
            for h in [low, high] {
                let enu = frame.to_enu(Geodetic::new(lon.to_degrees(), lat.to_degrees(), h));
                for ((min, max), c) in min.iter_mut().zip(&mut max).zip(enu) {
                    (*min, *max) = (min.min(c), max.max(c));
                }
            }
        }
    }
    // Between the steps the globe bulges by less than this.
    let slack = 1.0 + 6.4e6 * (wide.max(north - south) / f64::from(STEPS)).powi(2) / 8.0;
    let [a, b, c]: [f64; 3] = std::array::from_fn(|k| {
        let (low, high) = (min.get(k).copied().unwrap_or_default(), max.get(k).copied().unwrap_or_default());
        (high - low) / 2.0 + slack
    });
    let [x, y, z]: [f64; 3] = std::array::from_fn(|k| {
        (min.get(k).copied().unwrap_or_default() + max.get(k).copied().unwrap_or_default()) / 2.0
    });
    Some(moved(&frame.enu_to_ecef(), &[x, y, z, a, 0.0, 0.0, 0.0, b, 0.0, 0.0, 0.0, c]))
}

/// A box where a map puts it.
pub fn moved(m: &Matrix, [x, y, z, a, b, c, d, e, f, g, h, i]: &Box12) -> Box12 {
    let [x, y, z] = apply(m, [*x, *y, *z]);
    let ([a, b, c], [d, e, f], [g, h, i]) = (turn(m, [*a, *b, *c]), turn(m, [*d, *e, *f]), turn(m, [*g, *h, *i]));
    [x, y, z, a, b, c, d, e, f, g, h, i]
}

/// The corners of a box.
pub fn corners([x, y, z, a, b, c, d, e, f, g, h, i]: &Box12) -> [[f64; 3]; 8] {
    let sign = |k: usize, bit: usize| if k >> bit & 1 == 1 { 1.0 } else { -1.0 };
    std::array::from_fn(|k| {
        let (s, t, u) = (sign(k, 0), sign(k, 1), sign(k, 2));
        [x + s * a + t * d + u * g, y + s * b + t * e + u * h, z + s * c + t * f + u * i]
    })
}
