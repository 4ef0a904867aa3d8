//! Hexagons of equal kind over the globe (H3), to count what lies in each; the only file that knows h3o.

use h3o::{CellIndex, LatLng, Resolution};
use std::fmt;

/// One cell of H3, nearly always a hexagon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hex(CellIndex);

impl Hex {
    /// The finest resolution: edges of half a metre.
    pub const FINEST: u8 = 15;

    /// The cell at a longitude and latitude (degrees); none where these are no numbers or the resolution is over
    /// [`Hex::FINEST`]. Every place is in exactly one cell of a resolution.
    pub fn at([lon, lat]: [f64; 2], resolution: u8) -> Option<Self> {
        let place = LatLng::new(lat, lon).ok()?;
        Some(Self(place.to_cell(Resolution::try_from(resolution).ok()?)))
    }
    /// The middle, longitude and latitude in degrees.
    pub fn center(self) -> [f64; 2] {
        let middle = LatLng::from(self.0);
        [middle.lng(), middle.lat()]
    }
    /// The corners counter-clockwise, not closed, longitude and latitude in degrees. Longitudes are within 180 degrees of the
    /// middle's and leave -180 to 180 where the cell crosses the antimeridian.
    pub fn boundary(self) -> Vec<[f64; 2]> {
        let [middle, _] = self.center();
        let near = |lon: f64| match lon - middle {
            east if east > 180.0 => lon - 360.0,
            east if east < -180.0 => lon + 360.0,
            _ => lon,
        };
        self.0.boundary().iter().map(|corner| [near(corner.lng()), corner.lat()]).collect()
    }
    /// The resolution, 0 to [`Hex::FINEST`].
    pub fn resolution(self) -> u8 {
        self.0.resolution().into()
    }
    /// The index as a number; over what 53 bits hold.
    pub fn number(self) -> u64 {
        self.0.into()
    }
    /// Metres that no two places of a cell of this resolution are apart; half the globe for a resolution there is not.
    pub fn reach(resolution: u8) -> f64 {
        // Two edges across, of a length that differs over the globe by less than half.
        Resolution::try_from(resolution).map_or(2e7, |resolution| 4.0 * resolution.edge_length_m())
    }
    /// The resolution whose cells are about a sixteenth of a tile's edge across at a zoom level of the Web Mercator square.
    pub fn resolution_at(zoom: u8) -> u8 {
        // Tiles halve with each level, edges shrink by the square root of 7.
        let steps = f64::from(zoom) * 2.0_f64.ln() / 7.0_f64.sqrt().ln();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 15")]
        let resolution = steps.round().clamp(0.0, f64::from(Self::FINEST)) as u8;
        resolution
    }
}

impl fmt::Display for Hex {
    /// The index as everybody writes it: 15 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_the_cell_that_uber_s_own_library_says() {
        // h3.latlng_to_cell(37.775938728915946, -122.41795063018799, r), from the documentation of H3's `latLngToCell`.
        let cell = Hex::at([-122.417_950_630_187_99, 37.775_938_728_915_946], 9).unwrap();
        assert_eq!((cell.to_string().as_str(), cell.resolution()), ("8928308280fffff", 9));
        assert!(Hex::at([f64::NAN, 0.0], 9).is_none() && Hex::at([0.0, 0.0], 16).is_none());
    }

    #[test]
    fn no_cell_is_wider_than_its_reach_and_corners_stay_together() {
        for resolution in 0..=Hex::FINEST {
            for place in [[118.78, 32.04], [4.36, 52.01], [180.0, 0.0], [-179.99, 65.0], [0.0, -70.0]] {
                let cell = Hex::at(place, resolution).unwrap();
                let (middle, corners) = (cell.center(), cell.boundary());
                assert!(corners.len() >= 5);
                for [lon, lat] in corners {
                    assert!((lon - middle[0]).abs() <= 180.0);
                    let metres = |degrees: f64| degrees.to_radians() * 6_371_000.0;
                    let (east, north) =
                        (metres(lon - middle[0]) * middle[1].to_radians().cos(), metres(lat - middle[1]));
                    assert!(resolution < 2 || 2.0 * east.hypot(north) <= Hex::reach(resolution), "{cell}");
                }
            }
        }
        assert_eq!([0, 10, 16, 24].map(Hex::resolution_at), [0, 7, 11, 15]);
    }
}
