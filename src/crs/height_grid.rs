//! A site's own height grid: how far the surface that its heights count from lies above the ellipsoid, place by place.

use super::proj;
use crate::fault::{Fault, Kind, Result};
use std::io::Read;
use std::sync::Arc;

/// Bytes of the header of a GTX file.
const HEADER: usize = 40;
/// The largest grid, bytes: all of the globe at two and a half minutes takes 150 MB.
const MOST: u64 = 256 << 20;

/// Heights of a (quasi-)geoid above the ellipsoid, metres, in a grid of longitude and latitude; between its nodes bilinear, as
/// PROJ's `vgridshift` has it.
///
/// It is a copy of what was read, in a file of its own that goes with the last clone: PROJ reads a piece when it needs it, and
/// the caller's file may change or be called anything meanwhile.
#[derive(Debug, Clone)]
pub struct HeightGrid(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    pipeline: String,
    _copy: tempfile::NamedTempFile,
}

impl PartialEq for HeightGrid {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl HeightGrid {
    /// Reads a grid in NOAA's GTX form, which PROJ knows: latitude and longitude of the lower left node and the steps between
    /// nodes, degrees; rows and columns; then the heights row by row from the south, all big-endian. `name` is what the report
    /// calls it.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for what is no such file or is not whole;
    /// [`Kind::TooLarge`] beyond 256 MiB; [`Kind::Io`] when it cannot be read or copied.
    pub fn from_gtx(name: &str, source: &mut dyn Read) -> Result<Self> {
        let io = |e: std::io::Error| Fault::io("copying a height grid", &e).about(name);
        let unfit = |why: &str| {
            Fault::bad_input(format!("is no height grid: {why}")).about(name).remedy(
                "give heights of the (quasi-)geoid above the ellipsoid in metres, over longitude and latitude, as GTX or GeoTIFF (gdal_translate -of GTX writes one)",
            )
        };
        let mut copy = tempfile::Builder::new().suffix(".gtx").tempfile().map_err(io)?;
        let mut source = source.take(MOST + 1);
        let mut head = Vec::new();
        source.by_ref().take(HEADER as u64).read_to_end(&mut head).map_err(io)?;
        let length = std::io::copy(&mut head.as_slice().chain(source), copy.as_file_mut()).map_err(io)?;
        if length > MOST {
            let fault =
                Fault::new(Kind::TooLarge, "is larger than 256 MiB, more than a height grid may take").about(name);
            return Err(fault.remedy("cut the site out of it"));
        }
        let head: [u8; HEADER] = head.try_into().map_err(|_| unfit("it is shorter than the header of a GTX file"))?;
        let numbers = head.as_chunks::<8>().0;
        let [south, west, up, right] = [0, 1, 2, 3].map(|k| f64::from_be_bytes(numbers[k]));
        let size = u64::from_be_bytes(numbers[4]);
        let (rows, columns) = (size >> 32, size & 0xffff_ffff);
        let sound = (-90.0..=90.0).contains(&south)
            && (-360.0..=360.0).contains(&west)
            && [up, right].iter().all(|step| (1e-9..=90.0).contains(step));
        if !sound || rows < 2 || columns < 2 {
            return Err(unfit("its first 40 bytes are not the place, steps and size of a GTX file"));
        }
        // At most 2^64: both counts are of 32 bits.
        if u128::from(rows) * u128::from(columns) * 4 + HEADER as u128 != u128::from(length) {
            return Err(unfit(&format!(
                "its header counts {rows} rows of {columns} nodes, which do not take its {length} bytes"
            )));
        }
        let path = copy.path().to_string_lossy().replace('"', "\"\"");
        let pipeline = format!(
            "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad \
             +step +proj=vgridshift +grids=\"{path}\" +multiplier=1 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
        );
        let grid = Self(Arc::new(Inner { name: name.to_owned(), pipeline, _copy: copy }));
        // PROJ looks at the file when it takes the pipeline.
        match grid.heights(&[[west, south, 0.0]]) {
            Ok(_) => Ok(grid),
            Err(_) => Err(unfit("PROJ does not take it")),
        }
    }
    /// What the report calls it.
    pub fn name(&self) -> &str {
        &self.0.name
    }
    /// Metres above the ellipsoid at longitudes and latitudes (degrees); infinite outside the grid and where it has no value.
    pub(super) fn heights(&self, places: &[[f64; 3]]) -> Result<Vec<f64>> {
        let mut points: Vec<[f64; 3]> = places.iter().map(|[lon, lat, _]| [*lon, *lat, 0.0]).collect();
        proj::run(&self.0.pipeline, true, &mut points)?;
        Ok(points.iter().map(|[.., height]| *height).collect())
    }
}
