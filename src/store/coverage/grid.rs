//! A raster where it lies: places on the globe to pixels, and what the pixels say there.

use super::pyramid::{Pixel, Pyramid};
use crate::crs::{Choice, Transform};
use crate::fault::{Fault, Kind, Result};
use crate::geom::{Affine, Bounds};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

use super::pyramid::Blocks;

/// A raster's size, place and frame, as its manifest keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridSpec {
    /// Pixels from west to east and from north to south.
    pub size: [u32; 2],
    /// From pixels, counted from the upper left corner of the grid, to the CRS: the numbers of an [`Affine`].
    pub affine: [f64; 6],
    /// The source's CRS, and what the importer chose about the way from it.
    pub crs: String,
    /// See [`Choice::height_offset`].
    pub height_offset: Option<f64>,
    /// See [`Choice::allow_ballpark`].
    pub allow_ballpark: bool,
    /// See [`Choice::helmert`], in its text form.
    pub helmert: Option<String>,
    /// See [`Choice::epoch`].
    pub epoch: Option<f64>,
    /// See [`Choice::near`].
    pub near: Option<[f64; 3]>,
    /// Metres on the ground between pixels, the larger of both directions, in the middle of the raster.
    pub resolution: f64,
}

impl GridSpec {
    /// A raster of `size` that `affine` puts into `crs`, which `choice` brings to the globe; without a height grid, which is a
    /// file and has no place here.
    pub fn new(size: [u32; 2], affine: Affine, crs: String, choice: &Choice, resolution: f64) -> Self {
        let Choice { height_offset, allow_ballpark, helmert, epoch, near, .. } = *choice;
        let helmert = helmert.map(|h| h.to_string());
        Self { size, affine: affine.0, crs, height_offset, allow_ballpark, helmert, epoch, near, resolution }
    }
    /// The way from its CRS to the globe.
    ///
    /// # Errors
    /// As [`Transform::new`].
    pub fn transform(&self) -> Result<Transform> {
        let helmert = self.helmert.as_deref().map(str::parse).transpose()?;
        let Self { height_offset, allow_ballpark, epoch, near, .. } = *self;
        let choice = Choice { height_offset, allow_ballpark, helmert, epoch, near, ..Choice::default() };
        Transform::new(&self.crs, &choice)
    }
}

/// A raster that is read.
#[derive(Debug)]
pub struct Grid {
    spec: GridSpec,
    back: Affine,
    transform: Transform,
    pyramid: Pyramid,
    bounds: Bounds,
}

/// The ground at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    /// Metres above the WGS 84 ellipsoid.
    pub height: f64,
    /// The source's own number, in the unit and above the datum of its CRS.
    pub source: f64,
}

impl Grid {
    pub(super) fn open(folder: &Path, spec: GridSpec, bounds: Bounds, id: u64, cache: Arc<Blocks>) -> Result<Self> {
        let unfit = || Fault::new(Kind::Corrupt, "a raster's manifest places nothing").remedy("import it again");
        let back = Affine(spec.affine).inverse().ok_or_else(unfit)?;
        let pyramid = Pyramid::open(folder, spec.size, id, cache)?;
        Ok(Self { back, transform: spec.transform()?, pyramid, bounds, spec })
    }
    /// Size, place and frame.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }
    /// The level whose pixels are at most `metres` apart, as near to it as there is; 0 is the full one.
    pub fn level(&self, metres: f64) -> usize {
        let halvings = (metres / self.spec.resolution).log2().floor().max(0.0);
        (halvings as usize).min(self.pyramid.levels().saturating_sub(1))
    }

    /// The ground at `places` (longitude, latitude), bilinear between the middles of the four pixels around each; nothing
    /// outside the raster and where the nearest pixel has no value. A neighbour without a value has no part in it.
    ///
    /// # Errors
    /// As [`Pyramid`]'s, and a conversion that PROJ refuses.
    pub fn ground(&self, places: &[[f64; 2]], level: usize) -> Result<Vec<Option<Ground>>> {
        let mut out = vec![None; places.len()];
        let inside: Vec<usize> = (0..places.len()).filter(|i| self.covers(places[*i])).collect();
        let mut guess: Vec<[f64; 3]> =
            inside.iter().map(|i| [places[*i][0], places[*i][1], self.bounds.center()[2]]).collect();
        // The way back depends on the height, a little and in some systems: the second round has it.
        let rounds = if level == 0 { 2 } else { 1 };
        let mut grounds = vec![None; guess.len()];
        for _ in 0..rounds {
            let mut points = guess.clone();
            self.transform.inverse(&mut points)?;
            let mut reader = self.pyramid.reader(level);
            let mut raised = Vec::with_capacity(points.len());
            for (at, [x, y, _]) in points.iter().enumerate() {
                let [u, v] = self.back.apply(*x, *y);
                if let Some(source) = self.bilinear(&mut reader, level, u, v)? {
                    raised.push((at, [*x, *y, source]));
                }
            }
            let mut heights: Vec<[f64; 3]> = raised.iter().map(|(_, p)| *p).collect();
            self.transform.forward(&mut heights)?;
            grounds.fill(None);
            for ((at, [.., source]), [.., height]) in raised.into_iter().zip(heights) {
                grounds[at] = Some(Ground { height, source });
                guess[at][2] = height;
            }
        }
        for (at, ground) in inside.into_iter().zip(grounds) {
            out[at] = ground;
        }
        Ok(out)
    }

    /// Whether a place may lie in the raster.
    pub fn covers(&self, [lon, lat]: [f64; 2]) -> bool {
        let Bounds { min, max } = self.bounds;
        (min[0]..=max[0]).contains(&lon) && (min[1]..=max[1]).contains(&lat)
    }

    /// Where places (longitude, latitude) lie in the raster, in pixels of the full level from its upper left corner.
    ///
    /// # Errors
    /// A conversion that PROJ refuses.
    pub fn pixels(&self, places: &[[f64; 2]]) -> Result<Vec<[f64; 2]>> {
        let middle = self.bounds.center()[2];
        let mut points: Vec<[f64; 3]> = places.iter().map(|[lon, lat]| [*lon, *lat, middle]).collect();
        self.transform.inverse(&mut points)?;
        Ok(points.iter().map(|[x, y, _]| self.back.apply(*x, *y)).collect())
    }
    /// The pixels.
    pub fn pyramid(&self) -> &Pyramid {
        &self.pyramid
    }

    /// The height at `(u, v)`, pixels of the full level from the upper left corner.
    fn bilinear(&self, reader: &mut super::PixelReader, level: usize, u: f64, v: f64) -> Result<Option<f64>> {
        let [width, height] = self.spec.size.map(f64::from);
        if !((0.0..=width).contains(&u) && (0.0..=height).contains(&v)) {
            return Ok(None);
        }
        let scale = 0.5_f64.powi(level as i32);
        let [columns, rows] = self.pyramid.size(level);
        // From middle to middle; in the outer half of an outer pixel that pixel stands alone.
        let place = |w: f64, count: u32| {
            let w = (w * scale - 0.5).clamp(0.0, f64::from(count.saturating_sub(1)));
            (w.floor() as u32, w - w.floor())
        };
        let ((x, fx), (y, fy)) = (place(u, columns), place(v, rows));
        let nearest = [u32::from(fx >= 0.5), u32::from(fy >= 0.5)];
        let (mut sum, mut weight, mut there) = (0.0, 0.0, false);
        for (dx, wx) in [(0, 1.0 - fx), (1, fx)] {
            for (dy, wy) in [(0, 1.0 - fy), (1, fy)] {
                let share = wx * wy;
                if share == 0.0 {
                    continue;
                }
                let pixel: Option<Pixel> = reader.pixel(x + dx, y + dy)?;
                if let Some(h) = pixel.map(f32::from_le_bytes).filter(|h| !h.is_nan()) {
                    sum += f64::from(h) * share;
                    weight += share;
                    there |= [dx, dy] == nearest;
                }
            }
        }
        Ok(there.then(|| sum / weight))
    }
}
