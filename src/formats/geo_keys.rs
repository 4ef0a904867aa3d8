//! GeoTIFF keys (OGC 19-008r4 §7.1), of rasters and of LAS files alike: which CRS they name.

use crate::fault::{Fault, Result};

/// The value of a key whose meaning is in the file's own words (§7.4).
const USER_DEFINED: u16 = 32_767;

/// The geo keys (§7.1.1).
pub(super) struct GeoKeys {
    /// Key, the tag that holds its value (0: the entry itself), how many, the value or its place.
    entries: Vec<[u16; 4]>,
    ascii: String,
    doubles: Vec<f64>,
}

/// The CRS that keys name.
pub(super) struct System {
    /// `EPSG:n` or `EPSG:n+m`, where there is a code; with `@` and the year of its epoch behind it, where that is given.
    pub crs: Option<String>,
    /// Metres in a unit of height, where the CRS does not say.
    pub metres: f64,
}

impl GeoKeys {
    /// The keys of a directory, the header of four numbers first, with the texts and the numbers of 64 bits that they
    /// point into.
    pub fn new(directory: &[u16], ascii: String, doubles: Vec<f64>) -> Self {
        let entries = directory.chunks_exact(4).skip(1).filter_map(|e| <[u16; 4]>::try_from(e).ok());
        Self { entries: entries.collect(), ascii, doubles }
    }
    /// A key whose value is a number.
    pub fn short(&self, key: u16) -> Option<u16> {
        self.entries.iter().find(|[k, tag, ..]| *k == key && *tag == 0).map(|[.., value]| *value)
    }
    fn ascii(&self, key: u16) -> Option<&str> {
        let [_, _, count, start] = self.entries.iter().find(|[k, tag, ..]| *k == key && *tag == 34_737)?;
        let (start, count) = (usize::from(*start), usize::from(*count));
        self.ascii.get(start..start + count).map(|text| text.trim_end_matches('|'))
    }
    /// The decimal year at which coordinates hold (CoordinateEpochGeoKey, as GDAL and libgeotiff have it).
    fn epoch(&self) -> Option<f64> {
        let [.., place] = self.entries.iter().find(|[key, tag, ..]| *key == 5120 && *tag == 34_736)?;
        self.doubles.get(usize::from(*place)).copied().filter(|year| year.is_finite())
    }
    /// The CRS; what of it is passed over goes to `notes`.
    ///
    /// # Errors
    /// Geocentric coordinates, and heights in a unit that is not read.
    pub fn system(&self, notes: &mut Vec<String>) -> Result<System> {
        let horizontal = match self.short(1024) {
            Some(2) => self.short(2048),
            Some(3) => return Err(Fault::bad_input("has geocentric coordinates (GTModelType 3): it lies on no map")),
            _ => self.short(3072).or_else(|| self.short(2048)),
        };
        let named = horizontal.filter(|code| *code != USER_DEFINED && *code != 0);
        if horizontal == Some(USER_DEFINED) {
            let said: String =
                self.ascii(3073).or_else(|| self.ascii(1026)).unwrap_or_default().chars().take(80).collect();
            notes.push(format!("its CRS has no code, only words: '{said}'"));
        }
        let vertical = self.short(4096).filter(|code| *code != 0);
        // 5001 to 5099 are the ellipsoids of GeoTIFF 1.0 (its §6.3.4.1); 5030 is that of WGS 84.
        let ellipsoidal = vertical.is_some_and(|code| (5001..=5099).contains(&code));
        let datum = vertical.filter(|code| *code != USER_DEFINED && !ellipsoidal);
        let crs = match (named, datum) {
            (Some(h), Some(v)) => Some(format!("EPSG:{h}+{v}")),
            (Some(h), None) => Some(format!("EPSG:{h}")),
            (None, _) => None,
        };
        let crs = match (crs, self.epoch()) {
            (Some(crs), Some(year)) => Some(format!("{crs}@{year}")),
            (None, Some(year)) => {
                notes
                    .push(format!("its epoch {year} is passed over, for its CRS has no code: --epoch {year} takes it"));
                None
            }
            (crs, None) => crs,
        };
        if ellipsoidal {
            notes.push("its heights are above the ellipsoid".into());
        }
        if vertical == Some(USER_DEFINED) {
            notes.push("its vertical CRS has no code and is passed over".into());
        }
        let metres = match (datum, self.short(4099)) {
            (Some(_), _) | (None, None | Some(9001)) => 1.0,
            (None, Some(9002)) => 0.304_8,
            (None, Some(9003)) => 1200.0 / 3937.0,
            (None, Some(unit)) => {
                return Err(Fault::bad_input(format!("has heights in the unit EPSG:{unit}, which is not read"))
                    .remedy("convert the heights to metres"));
            }
        };
        Ok(System { crs, metres })
    }
}
