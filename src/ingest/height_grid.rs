//! A height grid as a file of the caller's: GTX as it is, GeoTIFF written anew as GTX, for PROJ is built without TIFF.

use crate::crs::HeightGrid;
use crate::fault::{Fault, Result};
use crate::formats::head_of;
use crate::formats::raster::{Content, GeoTiff, is_tiff};
use crate::geom::Affine;
use std::fs::File;
use std::path::Path;

/// What GTX has where there is no value.
const VOID: f32 = -88.8888;
/// Nodes of a GeoTIFF that are taken.
const NODES: u64 = 1 << 26;

/// Reads the grid in `file`, whose path is the caller's own: nothing that comes over a network may choose it.
///
/// # Errors
/// A file that is none, or that cannot be read.
pub fn height_grid(file: &Path) -> Result<HeightGrid> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let read = || {
        if is_tiff(&head_of(file)?) {
            return HeightGrid::from_gtx(&name, &mut of_tiff(file)?.as_slice());
        }
        HeightGrid::from_gtx(&name, &mut File::open(file).map_err(|e| Fault::io("opening", &e))?)
    };
    read().map_err(|fault| {
        let named = Fault { subject: Some(file.display().to_string()), ..fault };
        named.remedy("name a GTX or GeoTIFF of heights that can be opened with --height-grid FILE")
    })
}

/// The heights of a GeoTIFF's first band as GTX.
fn of_tiff(file: &Path) -> Result<Vec<u8>> {
    let unfit = |why: &str| {
        Fault::bad_input(format!("is no height grid: {why}")).remedy(
            "give one band of heights of the (quasi-)geoid above the ellipsoid in metres, over longitude and latitude",
        )
    };
    let mut tiff = GeoTiff::open(file, Some(Content::Heights))?;
    let (width, height, Affine([right, turn, _, lean, down, _])) =
        (tiff.about.width, tiff.about.height, tiff.about.affine);
    if turn != 0.0 || lean != 0.0 || right <= 0.0 || down >= 0.0 {
        return Err(unfit("its rows do not run from west to east, the northernmost first"));
    }
    if u64::from(width) * u64::from(height) > NODES {
        return Err(unfit("it has more than 2^26 nodes"));
    }
    let corner = |u: f64, v: f64| tiff.about.affine.apply(u, v);
    let ([west, south], [east, north]) = (corner(0.5, f64::from(height) - 0.5), corner(f64::from(width) - 0.5, 0.5));
    if ![west, east].iter().all(|lon| lon.abs() <= 540.0) || ![south, north].iter().all(|lat| lat.abs() <= 90.0) {
        return Err(unfit("its corners are no longitudes and latitudes"));
    }
    let mut rows: Vec<Vec<u8>> = Vec::new();
    tiff.heights(&mut |row| {
        let value = |h: &f32| if h.is_nan() { VOID } else { *h }.to_be_bytes();
        rows.push(row.iter().flat_map(value).collect());
        Ok(())
    })?;
    let mut out: Vec<u8> = [south, west, -down, right].iter().flat_map(|n| n.to_be_bytes()).collect();
    out.extend([height, width].iter().flat_map(|n| n.to_be_bytes()));
    rows.iter().rev().for_each(|row| out.extend(row));
    Ok(out)
}
