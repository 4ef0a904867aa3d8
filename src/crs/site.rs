//! The site's own frames: east-north-up metres for tiles, pictures and analyses; linear metres for the index.

use crate::geom::Bounds;
use crate::units::Geodetic;

/// WGS 84 semi-major axis, metres (EPSG ellipsoid 7030).
const A: f64 = 6_378_137.0;
/// WGS 84 first eccentricity squared, from 1/f = 298.257223563.
const E2: f64 = 6.694_379_990_141_316_5e-3;

/// A site's frames, fixed by its origin for good.
///
/// - **ENU**: Cartesian metres, x east, y north, z along the ellipsoid's normal at the origin. `z` is not height: 50 km
///   away the ellipsoid has fallen by 196 m.
/// - **index**: x, y linear in longitude and latitude and scaled to metres at the origin, z the ellipsoidal height above
///   the origin's. A longitude/latitude/height box is a box in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteFrame {
    origin: Geodetic,
    ecef: [f64; 3],
    east: [f64; 3],
    north: [f64; 3],
    up: [f64; 3],
    metres_per_degree: [f64; 2],
}

impl SiteFrame {
    /// The frames of a site whose origin is `origin`.
    pub fn new(origin: Geodetic) -> Self {
        let (lat, lon) = (origin.lat.to_radians(), origin.lon.to_radians());
        let (sp, cp, sl, cl) = (lat.sin(), lat.cos(), lon.sin(), lon.cos());
        let w2 = 1.0 - E2 * sp * sp;
        let meridian = A * (1.0 - E2) / (w2 * w2.sqrt());
        let prime = A / w2.sqrt();
        Self {
            origin,
            ecef: to_ecef(origin),
            east: [-sl, cl, 0.0],
            north: [-sp * cl, -sp * sl, cp],
            up: [cp * cl, cp * sl, sp],
            metres_per_degree: [(prime * cp).to_radians(), meridian.to_radians()],
        }
    }
    /// The site's origin.
    pub const fn origin(&self) -> Geodetic {
        self.origin
    }
    /// East-north-up metres of a geodetic position.
    pub fn to_enu(&self, position: Geodetic) -> [f64; 3] {
        let p = to_ecef(position);
        let d: [f64; 3] = std::array::from_fn(|k| p[k] - self.ecef[k]);
        [dot(self.east, d), dot(self.north, d), dot(self.up, d)]
    }
    /// The geodetic position of east-north-up metres; exact to well under a millimetre up to orbit heights.
    pub fn to_geodetic(&self, [x, y, z]: [f64; 3]) -> Geodetic {
        from_ecef(std::array::from_fn(|k| self.ecef[k] + self.east[k] * x + self.north[k] * y + self.up[k] * z))
    }
    /// Index-frame metres of a geodetic position.
    pub fn to_index(&self, p: Geodetic) -> [f64; 3] {
        let [kx, ky] = self.metres_per_degree;
        [(p.lon - self.origin.lon) * kx, (p.lat - self.origin.lat) * ky, p.h - self.origin.h]
    }
    /// The index-frame box of a longitude/latitude/height box.
    pub fn bounds_to_index(&self, b: &Bounds) -> Bounds {
        Bounds { min: self.to_index(b.min.into()), max: self.to_index(b.max.into()) }
    }
    /// The column-major 4x4 matrix from ENU to ECEF (EPSG:4978): the `transform` of a 3D Tiles root.
    pub fn enu_to_ecef(&self) -> [f64; 16] {
        let (e, n, u, o) = (self.east, self.north, self.up, self.ecef);
        [e[0], e[1], e[2], 0.0, n[0], n[1], n[2], 0.0, u[0], u[1], u[2], 0.0, o[0], o[1], o[2], 1.0]
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Geocentric metres (EPSG:4978).
pub fn to_ecef(p: Geodetic) -> [f64; 3] {
    let (lat, lon) = (p.lat.to_radians(), p.lon.to_radians());
    let n = A / (1.0 - E2 * lat.sin().powi(2)).sqrt();
    [(n + p.h) * lat.cos() * lon.cos(), (n + p.h) * lat.cos() * lon.sin(), (n * (1.0 - E2) + p.h) * lat.sin()]
}

/// The geodetic position of geocentric metres: Bowring's iteration (EPSG Guidance Note 7-2 §4.1.1), repeated until it stands still.
pub fn from_ecef([x, y, z]: [f64; 3]) -> Geodetic {
    let p = x.hypot(y);
    let mut lat = z.atan2(p * (1.0 - E2));
    for _ in 0..6 {
        let n = A / (1.0 - E2 * lat.sin().powi(2)).sqrt();
        lat = (z + E2 * n * lat.sin()).atan2(p);
    }
    let n = A / (1.0 - E2 * lat.sin().powi(2)).sqrt();
    // Away from the poles p/cos is the better conditioned form; near them z/sin is.
    let h = if lat.abs() < 0.8 { p / lat.cos() - n } else { z / lat.sin() - n * (1.0 - E2) };
    Geodetic::new(y.atan2(x).to_degrees(), lat.to_degrees(), h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_within_a_tenth_of_a_millimetre() {
        let frame = SiteFrame::new(Geodetic::new(118.78, 32.04, 12.0));
        for enu in [[0.0; 3], [300.0, -200.0, 99.0], [50_000.0, 40_000.0, -150.0]] {
            let back = frame.to_enu(frame.to_geodetic(enu));
            assert!((0..3).all(|k| (back[k] - enu[k]).abs() < 1e-4), "{enu:?} {back:?}");
        }
        let far = frame.to_enu(Geodetic::new(118.78, 32.04 + 50_000.0 / 110_900.0, 12.0));
        assert!((far[2] + 196.0).abs() < 1.0, "the ellipsoid falls by 196 m over 50 km: {far:?}");
    }
}
