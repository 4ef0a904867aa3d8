//! Web Mercator (EPSG:3857) in closed form, for tiles of the flat map.

use std::f64::consts::PI;

/// Half the edge of the square that the map covers, metres: half the equator of a sphere of WGS 84's semi-major axis.
pub const HALF_SQUARE: f64 = A * PI;
const A: f64 = 6_378_137.0;

/// Metres east and north (EPSG:3857, method 1024 of EPSG Guidance Note 7-2) of longitude and latitude in degrees. The poles are
/// infinitely far; the square ends at 85.0511 degrees.
pub fn to_web_mercator([lon, lat]: [f64; 2]) -> [f64; 2] {
    [A * lon.to_radians(), A * lat.to_radians().tan().asinh()]
}

/// Longitude and latitude in degrees of metres east and north (EPSG:3857).
pub fn from_web_mercator([x, y]: [f64; 2]) -> [f64; 2] {
    [(x / A).to_degrees(), (y / A).sinh().atan().to_degrees()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_is_square_and_places_come_back() {
        assert!((to_web_mercator([180.0, 85.051_128_779_806_6])[1] - HALF_SQUARE).abs() < 1e-6);
        assert_eq!(to_web_mercator([180.0, 0.0]), [HALF_SQUARE, 0.0]);
        for place in [[0.0, 0.0], [118.78, 32.04], [4.36, 52.01], [-179.9, -84.9]] {
            let back = from_web_mercator(to_web_mercator(place));
            assert!((0..2).all(|k| (back[k] - place[k]).abs() < 1e-12), "{place:?} {back:?}");
        }
    }
}
