//! The tiles of the Web Mercator square (OGC 17-083r4, WebMercatorQuad), and where places lie in them.

use crate::crs::{HALF_SQUARE, from_web_mercator, to_web_mercator};
use crate::geom::Bounds;

/// Units along a tile's edge.
pub const EXTENT: u32 = 4096;
/// Units that a tile shows around its edges, so that lines and outlines go on.
pub const BUFFER: u32 = 64;

/// One tile: zoom level, row from the north, column from the west.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    z: u8,
    row: u32,
    col: u32,
}

impl Tile {
    /// The deepest level there is.
    pub const DEEPEST: u8 = 24;
    /// The level from which on nothing is made simpler: a unit is at most 4 cm on the ground.
    pub const FULL: u8 = 18;

    /// The tile at a level, row and column; none where the level has no such tile.
    pub const fn new(z: u8, row: u32, col: u32) -> Option<Self> {
        if z <= Self::DEEPEST && row < 1 << z && col < 1 << z { Some(Self { z, row, col }) } else { None }
    }
    /// The tile that a path names in digits.
    pub fn parse(z: &str, row: &str, col: &str) -> Option<Self> {
        let whole = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        Self::new(u8::try_from(whole(z)?).ok()?, whole(row)?, whole(col)?)
    }
    /// The zoom level.
    pub const fn zoom(self) -> u8 {
        self.z
    }
    /// The box of the tile with `buffer` units around it, in longitude and latitude; open in height.
    pub fn bounds(self, buffer: u32) -> Bounds {
        let (edge, around) = (self.edge(), f64::from(buffer) / f64::from(EXTENT));
        let corner = |col: f64, row: f64| from_web_mercator([col * edge - HALF_SQUARE, HALF_SQUARE - row * edge]);
        let (col, row) = (f64::from(self.col), f64::from(self.row));
        let [west, north] = corner(col - around, row - around);
        let [east, south] = corner(col + 1.0 + around, row + 1.0 + around);
        Bounds { min: [west.max(-180.0), south, f64::NEG_INFINITY], max: [east.min(180.0), north, f64::INFINITY] }
    }
    /// A place (longitude, latitude in degrees) in units of this tile from its upper left corner, x to the east and y to the
    /// south, not rounded. A place is in 0 to 4096 (not included) for exactly one tile of a level.
    pub fn units(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        // The poles are far away and not nowhere; the eastern edge is the last column's.
        let [x, y] = to_web_mercator([lon, lat.clamp(-89.9, 89.9)]);
        let across = f64::from(1_u32 << self.z);
        let within = |share: f64, from: u32| (share * across - f64::from(from)) * f64::from(EXTENT);
        let share = |metres: f64| metres / (2.0 * HALF_SQUARE);
        let east = if lon == 180.0 { 1.0 - f64::EPSILON } else { share(x + HALF_SQUARE) };
        [within(east, self.col), within(share(HALF_SQUARE - y), self.row)]
    }
    /// The least and greatest row and column of a level that show a box of longitudes and latitudes: rows first.
    pub fn range(z: u8, bounds: &Bounds) -> [[u32; 2]; 2] {
        let whole = Self { z, row: 0, col: 0 };
        let [west, north] = whole.units([bounds.min[0], bounds.max[1]]);
        let [east, south] = whole.units([bounds.max[0], bounds.min[1]]);
        let last = (1_u32 << z) - 1;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
        let tile = |units: f64| ((units / f64::from(EXTENT)).floor() as u32).min(last);
        [[tile(north), tile(south)], [tile(west), tile(east)]]
    }
    /// Metres of the square along a tile's edge.
    fn edge(self) -> f64 {
        2.0 * HALF_SQUARE / f64::from(1_u32 << self.z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_the_tile_that_everybody_says() {
        // By pyproj's EPSG:3857 the place is 13597.80978 tiles of level 14 from the west and 6651.28632 from the north.
        let tile = Tile::new(14, 6651, 13597).unwrap();
        let [x, y] = tile.units([118.78, 32.04]);
        let within = |v: f64| (0.0..f64::from(EXTENT)).contains(&v);
        assert!((x / 4096.0 - 0.809_78).abs() < 1e-5 && (y / 4096.0 - 0.286_32).abs() < 1e-5, "{x} {y}");
        assert_eq!(Tile::range(14, &Bounds::of([[118.78, 32.04, 0.0]])), [[6651; 2], [13597; 2]]);
        let b = tile.bounds(0);
        assert!(b.min[0] < 118.78 && b.max[0] > 118.78 && b.min[1] < 32.04 && b.max[1] > 32.04);
        for edge in [[b.min[0], 32.04], [b.max[0], 32.04]] {
            let holds = |col| within(Tile::new(14, 6651, col).unwrap().units(edge)[0]);
            assert_eq!((13595..13600).filter(|col| holds(*col)).count(), 1, "an edge belongs to one tile");
        }
    }

    #[test]
    fn what_is_no_tile_is_none() {
        assert!(Tile::new(0, 0, 0).is_some() && Tile::new(24, (1 << 24) - 1, 0).is_some());
        assert!(Tile::new(25, 0, 0).is_none() && Tile::new(3, 8, 0).is_none() && Tile::new(3, 0, 8).is_none());
        assert!(Tile::parse("1", "0", "+1").is_none() && Tile::parse("1", "-0", "0").is_none());
        assert_eq!(Tile::parse("2", "3", "1"), Tile::new(2, 3, 1));
    }
}
