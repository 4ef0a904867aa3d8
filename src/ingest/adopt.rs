//! A tileset of another tool on its way in: looked through, moved where it is told to, left where it lies.

use super::coverage::save;
use super::intake::Intake;
use super::report::FileReport;
use crate::crs::{SiteFrame, from_ecef};
use crate::fault::{Fault, Result};
use crate::formats::tiles3d::{corners, inside, moved, rebased, survey};
use crate::geom::Bounds;
use crate::geom::matrix::{IDENTITY, Matrix, inverse, times};
use crate::model::{Class, DatasetName, SiteCode};
use crate::store::{Adopted, Form, Site};
use crate::units::Geodetic;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Nearer to the middle of the Earth there is no ground, metres.
const GROUND: f64 = 6_200_000.0;

impl Intake<'_> {
    /// Adopts the tileset whose first JSON is `file` as the dataset `name` of site `code`.
    ///
    /// # Errors
    /// What [`survey`] refuses, a tileset without a place that is given none, an upload, which is a file without its folder.
    pub(super) fn adopt(
        &self,
        file: &Path,
        site: &OnceCell<Arc<Site>>,
        code: &SiteCode,
        name: DatasetName,
        report: &mut FileReport,
    ) -> Result<()> {
        if self.store.is_some_and(|store| file.starts_with(store.dir().join("uploads"))) {
            return Err(Fault::bad_input("is the list of a tileset's files, which are not in the upload")
                .remedy("adopt it where its folder lies, with cimbra import on the server's machine"));
        }
        if self.options.crs.is_some() {
            return Err(Fault::parameter("crs", "a tileset is geocentric (EPSG:4978) by its standard")
                .remedy("leave --crs out; --origin LON,LAT,H[,HEADING] and --height-offset M move a tileset"));
        }
        self.without_grid("a tileset is moved as a whole")?;
        let found = survey(file)?;
        report.frame = Some("EPSG:4978".into());
        report.notes.push(format!(
            "3D Tiles {}: {} tiles, {} files of content; left where it lies and served from there",
            found.version, found.tiles, found.contents
        ));
        if let Some(first) = found.missing.first() {
            report.notes.push(format!("{} files that it names are missing, such as '{first}'", found.missing.len()));
        }
        let shift = self.shift(&found.root, &found.bounds, report)?;
        if shift.is_some() && found.divides_regions {
            return Err(Fault::bad_input("divides a region implicitly, and regions cannot be moved")
                .remedy("adopt it without --origin and --height-offset, or tile it again in boxes"));
        }
        let around = shift.as_ref().map_or(found.bounds, |shift| moved(shift, &found.bounds));
        let bounds = Bounds::of(corners(&around).map(|corner| from_ecef(corner).to_array()));
        if bounds.max[0] - bounds.min[0] > 180.0 {
            return Err(Fault::bad_input("spans the antimeridian or the globe, which is not adopted into a site"));
        }
        let class = self.options.class.unwrap_or(Class::Component);
        report.take_in(class);
        self.not_of_assets(site.get(), &name)?;
        let Some(store) = self.store else { return Ok(()) };
        let written = store.scratch()?;
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().map_err(|e| Fault::io("opening the tileset's folder", &e))?;
        let entry = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(shift) = &shift {
            anew(&folder, &entry, shift, &found.above, written.path())?;
        }
        let [lon, lat, _] = bounds.center();
        let site = self.make_site(site, store, code, Geodetic::new(lon, lat, bounds.min[2]), report)?;
        let source = site.keep_source(file)?;
        let (above, error) = (found.above, found.error);
        let form = Form::Tileset(Adopted { folder, entry, shift, above, around, error, implicit: None });
        self.put(site, name, class, bounds, form, (written, Some(source)), report)
    }

    /// The rigid move that the caller asks for: from where the tileset's origin is, or the middle of its root where that has no
    /// transform.
    fn shift(&self, root: &Matrix, around: &[f64; 12], report: &mut FileReport) -> Result<Option<Matrix>> {
        let [.., x, y, z, _] = *root;
        let [mx, my, mz, ..] = *around;
        let grounded = |p: &[f64; 3]| p.iter().map(|c| c * c).sum::<f64>().sqrt() > GROUND;
        let anchor = [[x, y, z], [mx, my, mz]].into_iter().find(grounded).map(from_ecef);
        let (origin, up) = (self.options.origin, self.options.height_offset);
        let Some(anchor) = anchor else {
            let Some(origin) = origin else {
                return Err(Fault::bad_input("has no place on the globe")
                    .remedy("give it one with --origin LON,LAT,H[,HEADING]"));
            };
            return Ok(Some(standing(origin.position, up, origin.heading)));
        };
        if origin.is_none() && up.is_none() {
            return Ok(None);
        }
        let (to, heading) = origin.map_or((anchor, None), |origin| (origin.position, origin.heading));
        let here = SiteFrame::new(anchor);
        let back = inverse(&here.enu_to_ecef()).ok_or_else(|| Fault::internal("a frame without a way back"))?;
        let metres =
            here.to_enu(Geodetic { h: to.h + up.unwrap_or(0.0), ..to }).iter().map(|d| d * d).sum::<f64>().sqrt();
        report.moved_metres = Some(metres);
        report.notes.push(format!(
            "moved by {metres:.3} m as a whole, from {:.7}, {:.7}, {:.3}, and turned by {}° clockwise",
            anchor.lon,
            anchor.lat,
            anchor.h,
            heading.unwrap_or(0.0)
        ));
        Ok(Some(times(&standing(to, up, heading), &back)))
    }
}

/// Writes the JSON files of a tileset that is moved anew, under their own paths into the folder `to`.
fn anew(from: &Path, entry: &str, shift: &Matrix, above: &BTreeMap<String, Matrix>, to: &Path) -> Result<()> {
    let first = (entry, Some(shift), &IDENTITY);
    let mut folders = BTreeSet::new();
    for (path, shift, above) in above.iter().map(|(path, above)| (path.as_str(), None, above)).chain([first]) {
        let io = |e: std::io::Error| Fault::io("writing a tileset anew", &e).about(path);
        let bytes = std::fs::read(inside(from, path)?).map_err(io)?;
        let place = to.join(path);
        std::fs::create_dir_all(place.parent().unwrap_or(to)).map_err(io)?;
        folders.extend(place.ancestors().skip(1).take_while(|folder| folder.starts_with(to)).map(Path::to_owned));
        save(to, path, &rebased(&bytes, shift, above).map_err(|fault| fault.about(path))?)?;
    }
    let sync = |folder: &Path| std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    let io = |e: std::io::Error| Fault::io("writing a tileset anew", &e);
    folders.iter().try_for_each(|folder| sync(folder).map_err(io))
}

/// East-north-up metres at a place, turned clockwise, between geocentric axes.
fn standing(at: Geodetic, up: Option<f64>, heading: Option<f64>) -> Matrix {
    let (sin, cos) = heading.unwrap_or(0.0).to_radians().sin_cos();
    let turned = [cos, -sin, 0.0, 0.0, sin, cos, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    times(&SiteFrame::new(Geodetic { h: at.h + up.unwrap_or(0.0), ..at }).enu_to_ecef(), &turned)
}
