//! From a source's CRS to WGS 84 longitude, latitude and ellipsoidal height, and back, by one operation for a whole file.

use super::code::CrsCode;
use super::datum::{EPOCH, Offset, drift};
use super::height_grid::HeightGrid;
use super::helmert::Similarity;
use super::operation::{Operation, grid};
use super::patch;
use super::proj::{self, Area};
use crate::fault::{Fault, Result};

/// A conversion between a source CRS and WGS 84 (EPSG:4979), x-east y-north whatever the authority's axis order.
///
/// It is plain data: PROJ's own objects are kept per thread, so one value serves every thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    /// First of all, a local grid becomes the CRS's plane.
    pub(super) plane: Option<Similarity>,
    /// A map offset to be taken off, in place of pipelines.
    pub(super) offset: Option<Offset>,
    /// PROJ's pipelines, one after the other.
    pub(super) pipelines: Vec<String>,
    pub(super) heights: Heights,
    /// What is added to heights besides, place by place.
    pub(super) grid: Option<HeightGrid>,
    /// Last of all, positions of this year become those of 2000.0.
    pub(super) epoch: Option<f64>,
    /// Where the CRS and the operation are meant for.
    pub(super) areas: Vec<(String, Area)>,
    pub(super) operation: Operation,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Heights {
    /// The pipelines convert them; metres are added afterwards.
    Converted { offset: f64 },
    /// They go past the pipelines: `h = z * to_metres + offset`.
    Passed { to_metres: f64, offset: f64 },
}

impl Transform {
    /// Which operation this is.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }
    /// The decimal year whose positions are brought to 2000.0, where they are.
    pub const fn epoch(&self) -> Option<f64> {
        self.epoch
    }
    /// Source coordinates (x-east, y-north, z) become WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres).
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) naming the first coordinate that is not a number, cannot be converted or lies outside the area that the
    /// CRS is made for (widened by half of its own extent on each side) or outside the height grid; `points` are then of no use.
    pub fn forward(&self, points: &mut [[f64; 3]]) -> Result<()> {
        let sources = points.to_vec();
        if let Some(plane) = &self.plane {
            points.iter_mut().for_each(|p| *p = grid(plane, *p));
        }
        if let Heights::Passed { .. } = self.heights {
            points.iter_mut().for_each(|p| p[2] = 0.0);
        }
        self.run(true, points)?;
        let above = self.above(points, &sources)?;
        for (number, (point, source)) in points.iter_mut().zip(&sources).enumerate() {
            point[2] = match self.heights {
                Heights::Converted { offset } => point[2] + offset,
                Heights::Passed { to_metres, offset } => source[2] * to_metres + offset,
            };
            point[2] += above.as_ref().map_or(0.0, |above| above[number]);
            if let Some(epoch) = self.epoch {
                *point = drift((*point).into(), epoch, EPOCH).to_array();
            }
            self.check(*point, *source)?;
        }
        Ok(())
    }
    /// WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres) become source coordinates.
    ///
    /// # Errors
    /// As [`Transform::forward`].
    pub fn inverse(&self, points: &mut [[f64; 3]]) -> Result<()> {
        for point in points.iter_mut() {
            self.check(*point, *point)?;
            if let Some(epoch) = self.epoch {
                *point = drift((*point).into(), EPOCH, epoch).to_array();
            }
        }
        let sources = points.to_vec();
        let above = self.above(points, &sources)?;
        for point in points.iter_mut() {
            match self.heights {
                Heights::Converted { offset } => point[2] -= offset,
                Heights::Passed { .. } => point[2] = 0.0,
            }
        }
        let wanted = points.to_vec();
        self.run(false, points)?;
        if let Heights::Passed { .. } = self.heights {
            // A change of datum without heights is not quite its own inverse (a millimetre): one correction makes it so.
            let mut back = points.to_vec();
            back.iter_mut().for_each(|p| p[2] = 0.0);
            self.run(true, &mut back)?;
            for ((point, back), wanted) in points.iter_mut().zip(&back).zip(&wanted) {
                *point = std::array::from_fn(|k| if k < 2 { 2.0 * wanted[k] - back[k] } else { 0.0 });
            }
            self.run(false, points)?;
        }
        for (number, (point, source)) in points.iter_mut().zip(&sources).enumerate() {
            if let Heights::Passed { to_metres, offset } = self.heights {
                let above = above.as_ref().map_or(0.0, |above| above[number]);
                point[2] = (source[2] - above - offset) / to_metres;
            }
            if let Some(plane) = &self.plane {
                let [x, y] = plane.inverse([point[0], point[1]]);
                (point[0], point[1]) = (x, y);
            }
            if point.iter().any(|v| !v.is_finite()) {
                return Err(unusable(*source, "cannot be converted"));
            }
        }
        Ok(())
    }
    /// The CRS's own coordinates to degrees of WGS 84, or back.
    fn run(&self, forward: bool, points: &mut [[f64; 3]]) -> Result<()> {
        if let Some(offset) = self.offset {
            for [x, y, _] in points.iter_mut() {
                [*x, *y] = if forward { offset.take_off([*x, *y]) } else { offset.put_on([*x, *y]) };
            }
        }
        match forward {
            true => self.pipelines.iter().try_for_each(|pipeline| patch::run(pipeline, points)),
            false => self.pipelines.iter().rev().try_for_each(|pipeline| proj::run(pipeline, false, points)),
        }
    }
    /// What the height grid has at places on WGS 84, where there is one.
    fn above(&self, places: &[[f64; 3]], sources: &[[f64; 3]]) -> Result<Option<Vec<f64>>> {
        let Some(grid) = &self.grid else { return Ok(None) };
        let above = grid.heights(places)?;
        for ((height, place), source) in above.iter().zip(places).zip(sources) {
            // What is no place at all is told as such.
            if !height.is_finite() && place[0].is_finite() && place[1].is_finite() {
                let why = format!("is outside the height grid '{}', or where that has no value", grid.name());
                return Err(unusable(*source, &why));
            }
        }
        Ok(Some(above))
    }
    fn check(&self, [lon, lat, h]: [f64; 3], source: [f64; 3]) -> Result<()> {
        if source.iter().any(|v| !v.is_finite()) {
            return Err(unusable(source, "is not made of numbers"));
        }
        if !(h.is_finite() && lon.is_finite() && lon.abs() <= 180.0 + 1e-9 && lat.abs() <= 90.0 + 1e-9) {
            return Err(unusable(source, &format!("is no place in {}", self.operation.crs)));
        }
        if !(-12_000.0..=50_000.0).contains(&h) {
            return Err(unusable(source, "is not near the ground: its height is beyond -12 to 50 km"));
        }
        match self.areas.iter().find(|(_, area)| !around(area, lon, lat)) {
            None => Ok(()),
            Some((name, a)) => {
                let Area { west, south, east, north } = a;
                let area = format!("longitude {west} to {east}, latitude {south} to {north}");
                Err(unusable(source, &format!("is outside the area of {name} ({area})")))
            }
        }
    }
}

/// Whether two names of a CRS mean one system, but for the order of axes.
///
/// # Errors
/// One of them names none.
pub fn same_crs(a: &str, b: &str) -> Result<bool> {
    let (a, b) = (CrsCode::parse(a)?, CrsCode::parse(b)?);
    let shifted = [&a, &b].iter().any(|code| Offset::from_name(code.as_str()).is_some());
    Ok(a == b || !shifted && proj::equivalent(a.as_str(), b.as_str())?)
}

/// Whether `offset` names a map offset and `declared` longitude and latitude of WGS 84 or CGCS2000, which files declare under
/// the offset too.
pub fn is_offset_of(offset: &str, declared: &str) -> bool {
    Offset::from_name(offset).is_some() && is_wgs84(declared)
}

/// Whether `crs` names longitude and latitude of WGS 84 or CGCS2000, which are one here, with ellipsoidal heights or without.
pub fn is_wgs84(crs: &str) -> bool {
    let all = ["EPSG:4326", "EPSG:4979", "EPSG:4490", "EPSG:4480", "OGC:CRS84"];
    all.iter().any(|one| same_crs(crs, one).unwrap_or(false))
}

/// Whether the coordinates of `crs` are longitudes and latitudes, of any datum and with any heights; false for what names none.
pub fn is_geographic(crs: &str) -> bool {
    let Ok(code) = CrsCode::parse(crs) else { return false };
    Offset::from_name(code.as_str()).is_some() || proj::describe(code.as_str()).is_ok_and(|it| it.degrees)
}

fn unusable([x, y, z]: [f64; 3], why: &str) -> Fault {
    Fault::bad_input(format!("coordinate ({x:.3}, {y:.3}, {z:.3}) {why}"))
}

/// Inside `area` widened by half of its own extent, at least half a degree.
pub(super) fn around(area: &Area, lon: f64, lat: f64) -> bool {
    let width = if area.west <= area.east { area.east - area.west } else { area.east + 360.0 - area.west };
    inside(area, lon, lat, [(width / 2.0).max(0.5), ((area.north - area.south) / 2.0).max(0.5)])
}

pub(super) fn inside(area: &Area, lon: f64, lat: f64, [dx, dy]: [f64; 2]) -> bool {
    let east = if area.west <= area.east { area.east } else { area.east + 360.0 };
    let turns = [lon - 360.0, lon, lon + 360.0];
    (area.south - dy..=area.north + dy).contains(&lat)
        && turns.iter().any(|lon| (area.west - dx..=east + dx).contains(lon))
}
