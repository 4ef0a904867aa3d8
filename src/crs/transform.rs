//! From a source's CRS to WGS 84 longitude, latitude and ellipsoidal height, and back, by one operation for a whole file.

use super::code::CrsCode;
use super::proj::{self, Area, Candidate, Vertical};
use crate::fault::{Fault, Result};

/// What the caller decides about a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Choice {
    /// Metres to add to the source's heights to make them ellipsoidal; 0 takes them as ellipsoidal. Without it a vertical
    /// datum that PROJ cannot transform here is refused.
    pub height_offset: Option<f64>,
    /// Take a ballpark operation (no change of datum, tens of metres off) where there is no other.
    pub allow_ballpark: bool,
    /// A coordinate of the source: among operations for several regions the one around it is taken.
    pub near: Option<[f64; 3]>,
}

/// Which operation is used and how good it is, for the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The source CRS in its short form.
    pub crs: CrsCode,
    /// PROJ's name of the operation.
    pub name: String,
    /// Its accuracy in metres, where known.
    pub accuracy: Option<f64>,
    /// What the reader of the report should know: assumptions, heights, accuracy that a grid would give.
    pub notes: Vec<String>,
}

/// A conversion between a source CRS and WGS 84 (EPSG:4979), x-east y-north whatever the authority's axis order.
///
/// It is plain data: PROJ's own objects are kept per thread, so one value serves every thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    pipeline: String,
    heights: Heights,
    /// Where the CRS and the operation are meant for.
    areas: Vec<(String, Area)>,
    operation: Operation,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Heights {
    /// The pipeline converts them; metres are added afterwards.
    Converted { offset: f64 },
    /// They go past the pipeline: `h = z * to_metres + offset`.
    Passed { to_metres: f64, offset: f64 },
}

/// EPSG code of the datum China 2000.
const CHINA_2000: &str = "1043";

impl Transform {
    /// The conversion between the CRS written as `crs` (see [`CrsCode::parse`]) and WGS 84.
    ///
    /// # Errors
    /// The CRS is unknown or places nothing on the globe; its vertical datum cannot be transformed and no offset is given;
    /// only a ballpark operation exists and none is allowed.
    pub fn new(crs: &str, choice: &Choice) -> Result<Self> {
        let code = CrsCode::parse(crs)?;
        let told = proj::describe(code.as_str())?;
        if let Some(axis) = told.axes.iter().find(|a| *a == "west" || *a == "south") {
            return Err(Fault::bad_input(format!("'{code}' counts its coordinates towards the {axis}")).remedy(
                "convert the file to a CRS with eastings and northings; mirrored axes are not taken on trust",
            ));
        }
        let mut notes = Vec::new();
        let offset = choice.height_offset;
        if let Some(offset) = offset.filter(|o| !o.is_finite() || o.abs() > 12_000.0) {
            return Err(Fault::parameter("height-offset", format!("{offset} metres is no height offset")));
        }
        let whole = matches!(told.vertical, Vertical::Ellipsoidal)
            || matches!(told.vertical, Vertical::Datum { .. }) && offset.is_none();
        let china = told.datum.as_deref() == Some(CHINA_2000);
        let to = match (china, whole) {
            (false, true) => "EPSG:4979",
            (false, false) => "EPSG:4326",
            (true, true) => "EPSG:4480",
            (true, false) => "EPSG:4490",
        };
        let found = proj::operations(code.as_str(), !whole, to)?;
        let sound = found.iter().any(|c| c.pipeline.is_some() && !c.ballpark);
        if let (Vertical::Datum { name, .. }, true, false) = (&told.vertical, whole, sound) {
            return Err(untransformable(&code, name, &found));
        }
        let chosen = choose(&code, &found, choice)?;
        let heights = match &told.vertical {
            _ if whole => Heights::Converted { offset: offset.unwrap_or(0.0) },
            Vertical::Datum { name, to_metres } => {
                let metres = offset.unwrap_or(0.0);
                notes.push(format!("heights above {name} become ellipsoidal by adding {metres} m, as told"));
                Heights::Passed { to_metres: *to_metres, offset: metres }
            }
            _ => {
                notes.push(match offset {
                    Some(offset) => {
                        format!("{code} says nothing of heights: the source's heights plus {offset} m, as told")
                    }
                    None => format!("{code} says nothing of heights: the source's heights are taken as ellipsoidal"),
                });
                Heights::Passed { to_metres: 1.0, offset: offset.unwrap_or(0.0) }
            }
        };
        if china {
            notes.push(
                "CGCS2000 and WGS 84 are taken as one: plates have moved about 0.9 m since the epoch 2000.0".into(),
            );
        }
        if chosen.ballpark {
            notes.push("a ballpark operation is used, as allowed: positions may be tens of metres off".into());
        } else if let Some(accuracy) = chosen.accuracy.filter(|a| *a >= 0.5) {
            let grids = found.iter().find(|c| !c.missing_grids.is_empty()).map(|c| c.missing_grids.join(", "));
            let better = grids.map(|g| format!("; a better one needs {g} in the folder that PROJ_DATA names"));
            notes.push(format!("the change of datum is good to about {accuracy} m{}", better.unwrap_or_default()));
        }
        let mut areas = Vec::new();
        areas.extend(told.area.map(|a| (code.to_string(), a)));
        areas.extend(chosen.area.map(|a| (format!("'{}'", chosen.name), a)));
        let operation = Operation { crs: code, name: chosen.name.clone(), accuracy: chosen.accuracy, notes };
        Ok(Self { pipeline: chosen.pipeline.clone().unwrap_or_default(), heights, areas, operation })
    }
    /// Which operation this is.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }
    /// Source coordinates (x-east, y-north, z) become WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres).
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) naming the first coordinate that is not a number, cannot be converted or lies outside the area that the
    /// CRS is made for (widened by half of its own extent on each side); `points` are then of no use.
    pub fn forward(&self, points: &mut [[f64; 3]]) -> Result<()> {
        let sources = points.to_vec();
        if let Heights::Passed { .. } = self.heights {
            points.iter_mut().for_each(|p| p[2] = 0.0);
        }
        proj::run(&self.pipeline, true, points)?;
        for (point, source) in points.iter_mut().zip(&sources) {
            point[2] = match self.heights {
                Heights::Converted { offset } => point[2] + offset,
                Heights::Passed { to_metres, offset } => source[2] * to_metres + offset,
            };
            self.check(*point, *source)?;
        }
        Ok(())
    }
    /// WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres) become source coordinates.
    ///
    /// # Errors
    /// As [`Transform::forward`].
    pub fn inverse(&self, points: &mut [[f64; 3]]) -> Result<()> {
        let sources = points.to_vec();
        for point in points.iter_mut() {
            self.check(*point, *point)?;
            match self.heights {
                Heights::Converted { offset } => point[2] -= offset,
                Heights::Passed { .. } => point[2] = 0.0,
            }
        }
        let wanted = points.to_vec();
        proj::run(&self.pipeline, false, points)?;
        if let Heights::Passed { .. } = self.heights {
            // A change of datum without heights is not quite its own inverse (a millimetre): one correction makes it so.
            let mut back = points.to_vec();
            back.iter_mut().for_each(|p| p[2] = 0.0);
            proj::run(&self.pipeline, true, &mut back)?;
            for ((point, back), wanted) in points.iter_mut().zip(&back).zip(&wanted) {
                *point = std::array::from_fn(|k| if k < 2 { 2.0 * wanted[k] - back[k] } else { 0.0 });
            }
            proj::run(&self.pipeline, false, points)?;
        }
        for (point, source) in points.iter_mut().zip(&sources) {
            if let Heights::Passed { to_metres, offset } = self.heights {
                point[2] = (source[2] - offset) / to_metres;
            }
            if point.iter().any(|v| !v.is_finite()) {
                return Err(unusable(*source, "cannot be converted"));
            }
        }
        Ok(())
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
    Ok(a == b || proj::equivalent(a.as_str(), b.as_str())?)
}

fn unusable([x, y, z]: [f64; 3], why: &str) -> Fault {
    Fault::bad_input(format!("coordinate ({x:.3}, {y:.3}, {z:.3}) {why}"))
}

fn untransformable(code: &CrsCode, datum: &str, found: &[Candidate]) -> Fault {
    let grids = found.iter().find(|c| !c.ballpark && !c.missing_grids.is_empty()).map(|c| c.missing_grids.join(", "));
    let install = grids.map(|g| format!(", or put {g} in the folder that PROJ_DATA names")).unwrap_or_default();
    let detail = format!("heights of {code} are above '{datum}' and cannot be made ellipsoidal here");
    Fault::bad_input(detail)
        .remedy(format!("pass --height-offset M, the metres to add to them (0 takes them as ellipsoidal){install}"))
}

fn choose<'c>(code: &CrsCode, found: &'c [Candidate], choice: &Choice) -> Result<&'c Candidate> {
    let all: Vec<_> = found.iter().filter(|c| c.pipeline.is_some()).collect();
    let sound: Vec<_> = all.iter().copied().filter(|c| !c.ballpark).collect();
    let usable = if sound.is_empty() && choice.allow_ballpark { all } else { sound };
    let covers = |c: &Candidate| {
        let (Some(near), Some(area), Some(pipeline)) = (choice.near, c.area, &c.pipeline) else { return true };
        let mut point = [near];
        proj::run(pipeline, true, &mut point).is_ok() && inside(&area, point[0][0], point[0][1], [0.0; 2])
    };
    // Most accurate first; PROJ's own order stands among equals.
    let best = usable.iter().filter(|c| covers(c)).min_by(|a, b| {
        let rank = |c: &Candidate| c.accuracy.unwrap_or(f64::INFINITY);
        if choice.near.is_some() { rank(a).total_cmp(&rank(b)) } else { std::cmp::Ordering::Equal }
    });
    best.or(usable.first()).copied().ok_or_else(|| {
        Fault::bad_input(format!("from {code} to WGS 84 there is only a ballpark operation, tens of metres off"))
            .remedy(
                "convert the file to a CRS with a known datum, or install the grids it needs where PROJ_DATA points",
            )
    })
}

/// Inside `area` widened by half of its own extent, at least half a degree.
fn around(area: &Area, lon: f64, lat: f64) -> bool {
    let width = if area.west <= area.east { area.east - area.west } else { area.east + 360.0 - area.west };
    inside(area, lon, lat, [(width / 2.0).max(0.5), ((area.north - area.south) / 2.0).max(0.5)])
}

fn inside(area: &Area, lon: f64, lat: f64, [dx, dy]: [f64; 2]) -> bool {
    let east = if area.west <= area.east { area.east } else { area.east + 360.0 };
    let turns = [lon - 360.0, lon, lon + 360.0];
    (area.south - dy..=area.north + dy).contains(&lat)
        && turns.iter().any(|lon| (area.west - dx..=east + dx).contains(lon))
}
