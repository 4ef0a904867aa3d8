//! A point cloud on its way in: read once, sorted into an octree of tiles, committed as one dataset beside the assets.

mod bits;
mod count;
mod heap;
mod octree;
mod tile;

pub use count::PointCount;

use super::coverage::{hash, remark_distance, save};
use super::georeference::Georeference;
use super::intake::{Intake, Progress};
use super::report::FileReport;
use crate::crs::{SiteFrame, from_ecef};
use crate::fault::{Fault, Kind, Result};
use crate::formats::SourceFrame;
use crate::formats::points::{Cloud, Point};
use crate::formats::tiles3d::{corners, moved};
use crate::geom::Bounds;
use crate::model::{Class, DatasetName, SiteCode};
use crate::store::{Adopted, Form, Site};
use crate::units::Geodetic;
use heap::{Growing, IN_MEMORY, Spot};
use octree::{Cube, UNIT, build};
use serde_json::json;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tile::{Colours, Tiles, around};

/// The first JSON of a cloud's tileset.
const ENTRY: &str = "tileset.json";
/// Metres from the first point within which a place fits in 32 bits.
const REACH: f64 = 200_000.0;

/// What was seen of the points on the way in.
struct Seen {
    frame: Option<SiteFrame>,
    /// In the frame, units of a tenth of a millimetre.
    min: [i32; 3],
    max: [i32; 3],
    /// The largest red, green or blue.
    brightest: u16,
    count: PointCount,
}

impl Intake<'_> {
    /// Takes a LAS or LAZ file as the dataset `name` of site `code`.
    ///
    /// # Errors
    /// What refuses the file: not whole, no CRS, no point that is not withheld, points over 200 km apart.
    pub(super) fn cloud(
        &self,
        file: &Path,
        site: &OnceCell<Arc<Site>>,
        code: &SiteCode,
        name: DatasetName,
        report: &mut FileReport,
    ) -> Result<()> {
        let begun = Instant::now();
        let worker = self.for_every_file();
        let mut cloud = worker.map_or_else(|| Cloud::open(file), |worker| Cloud::open_in(worker, file))?;
        report.format = Some(cloud.about.form.clone());
        report.notes.extend(cloud.about.notes.iter().chain(&self.options.remarks).cloned());
        let class = self.options.class.unwrap_or(Class::Component);
        let source = hash(file)?;
        // Both folders are gone with what is in them, if anything fails.
        let waiting = self.store.map(crate::store::Store::scratch).transpose()?;
        let mut spilled = waiting.as_ref().map(|f| Growing::file(f.path().join("points"))).transpose()?;
        let seen = self.spots(&mut cloud, spilled.as_mut(), site.get().map(|site| site.frame().origin()), report)?;
        let Some(frame) = seen.frame else {
            let why = if cloud.about.points == 0 { "has no points" } else { "has no point that is not withheld" };
            return Err(Fault::bad_input(why));
        };
        let colours = match (cloud.about.has_colour, seen.brightest) {
            (false, _) | (true, 0) => Colours::Classes,
            (true, ..=255) => Colours::Eight,
            (true, _) => Colours::Sixteen,
        };
        if colours == Colours::Classes {
            report.notes.push("its points have no colours: they are shown in the colours of their classes".into());
        }
        report.points = Some(seen.count);
        report.take_in(class);
        let Some((store, (waiting, spilled))) = self.store.zip(waiting.zip(spilled)) else { return Ok(()) };
        self.not_of_assets(site.get(), &name)?;
        let folder = store.scratch()?;
        let (folder_of, scratch) = (folder.path(), waiting.path());
        let go_on = || worker.map_or(Ok(()), |worker| worker.limits.go_on(begun));
        let mut tiles = Tiles { folder: folder_of, scratch, colours, written: 0, in_memory: IN_MEMORY, go_on: &go_on };
        let cube = Cube::around(seen.min, seen.max);
        let root = build(&mut tiles, cube, spilled.done()?, f64::INFINITY)?;
        let size = root.bounds.size().iter().map(|s| s * s).sum::<f64>().sqrt();
        let (error, transform) = (size.max(1.0).max(bits::halved(&root)), frame.enu_to_ecef());
        let implicit = bits::write(folder.path(), &root, &cube.bounds(), error, &transform)?;
        let mut top = root.json();
        (top["refine"], top["transform"]) = (json!("ADD"), json!(transform));
        let document = json!({ "asset": { "version": "1.1" }, "geometricError": error, "root": top });
        save(folder.path(), ENTRY, document.to_string().as_bytes())?;
        std::fs::File::open(folder.path())
            .and_then(|f| f.sync_all())
            .map_err(|e| Fault::io("writing a tileset", &e))?;
        report.notes.push(format!("{} tiles of at most {} points", tiles.written, octree::TILE));
        let around = moved(&transform, &around(&root.bounds));
        let bounds = Bounds::of(corners(&around).map(|corner| from_ecef(corner).to_array()));
        if bounds.max[0] - bounds.min[0] > 180.0 {
            return Err(Fault::bad_input("spans the antimeridian").remedy("cut it there"));
        }
        let [lon, lat, _] = bounds.center();
        let site = self.make_site(site, store, code, Geodetic::new(lon, lat, bounds.min[2]), report)?;
        remark_distance(site.frame(), &bounds, report);
        if site.keep_source(file)? != source {
            return Err(
                Fault::new(Kind::Conflict, "changed while it was read").remedy("import it again when it stands still")
            );
        }
        let form = Form::Tileset(Adopted {
            folder: PathBuf::new(),
            entry: ENTRY.into(),
            shift: None,
            above: BTreeMap::new(),
            around,
            error,
            implicit: Some(Box::new(moved(&transform, &implicit))),
        });
        self.put(site, name, class, bounds, form, (folder, Some(source)), report)
    }

    /// Reads all points, into `spilled` where there is one.
    fn spots(
        &self,
        cloud: &mut Cloud,
        mut spilled: Option<&mut Growing>,
        site: Option<Geodetic>,
        report: &mut FileReport,
    ) -> Result<Seen> {
        let crs = self.with_heights(cloud.about.crs.as_deref());
        let mut way: Option<Georeference> = None;
        let (mut seen, mut places, mut taken) = (Seen::new(), Vec::new(), 0);
        cloud.read(&mut |batch| {
            let Some(first) = batch.first() else { return Ok(()) };
            let way = match &mut way {
                Some(way) => way,
                empty => {
                    let frame = SourceFrame { crs: crs.clone(), placement: None, assumed: false };
                    let found = Georeference::new(&frame, &self.options, Some(first.place), site)?;
                    report.frame = Some(found.label.clone());
                    report.accuracy_metres = found.accuracy;
                    report.notes.extend(found.notes.iter().cloned());
                    empty.insert(found)
                }
            };
            places.clear();
            places.extend(batch.iter().map(|point| point.place));
            way.to_geodetic(&mut places)?;
            for (point, place) in batch.iter().zip(&places) {
                let spot = seen.take(point, *place)?;
                spilled.as_mut().map_or(Ok(()), |out| out.push(&spot))?;
            }
            taken += batch.len();
            (self.progress)(Progress::Objects(taken));
            Ok(())
        })?;
        let (min, max) = (seen.min, seen.max);
        let metres = |(min, max): (&i32, &i32)| (f64::from(*max) - f64::from(*min)) * UNIT;
        let size: Vec<f64> = min.iter().zip(&max).map(metres).collect();
        seen.count.finish(cloud.about.points, cloud.withheld, &size);
        Ok(seen)
    }
}

impl Seen {
    fn new() -> Self {
        Self { frame: None, min: [i32::MAX; 3], max: [i32::MIN; 3], brightest: 0, count: PointCount::default() }
    }
    /// A point at `place`, longitude, latitude and height, as it is kept.
    fn take(&mut self, point: &Point, place: [f64; 3]) -> Result<Spot> {
        let frame = self.frame.get_or_insert_with(|| SiteFrame::new(place.into()));
        let enu = frame.to_enu(place.into());
        if !enu.iter().all(|c| c.abs() < REACH) {
            let [x, y, z] = point.place;
            return Err(Fault::bad_input(format!(
                "has a point at ({x:.3}, {y:.3}, {z:.3}), over 200 km from its first"
            ))
            .remedy("leave the stray point out, or cut the file into parts"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "within 200 km")]
        let spot = enu.map(|c| (c / UNIT).round() as i32);
        for ((min, max), c) in self.min.iter_mut().zip(&mut self.max).zip(spot) {
            (*min, *max) = ((*min).min(c), (*max).max(c));
        }
        self.brightest = point.colour.into_iter().fold(self.brightest, u16::max);
        self.count.take(point.class, place);
        let Point { colour, class, intensity, returns, .. } = *point;
        Ok(Spot { place: spot, colour, intensity, class, returns, spare: 0 })
    }
}
