//! What a conversion is made of: which of PROJ's operations, how heights come along, and what the report is told of it.

use super::code::CrsCode;
use super::datum::{EPOCH, Offset};
use super::height_grid::HeightGrid;
use super::helmert::{Helmert, Similarity};
use super::proj::{self, Area, Candidate, Vertical};
use super::site::SiteFrame;
use super::transform::{Heights, Transform, around, inside};
use crate::fault::{Fault, Result};
use crate::units::Geodetic;

/// What the caller decides about a conversion.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// Metres to add to the source's heights to make them ellipsoidal; 0 takes them as ellipsoidal. Without it a vertical
    /// datum that PROJ cannot transform here is refused.
    pub height_offset: Option<f64>,
    /// What lies between the surface that the source's heights count from and the ellipsoid, in place of one number for all
    /// places: `h = z * to_metres + N(longitude, latitude)` at the place on WGS 84.
    pub height_grid: Option<HeightGrid>,
    /// Take a ballpark operation (no change of datum, tens of metres off) where there is no other.
    pub allow_ballpark: bool,
    /// How the source's grid sits in the CRS that is named for it.
    pub helmert: Option<Helmert>,
    /// The decimal year at which the source's positions hold, for sources of WGS 84 or ITRF on the Eurasian plate; absent:
    /// they are taken as of 2000.0.
    pub epoch: Option<f64>,
    /// A coordinate of the source: among operations for several regions the one around it is taken.
    pub near: Option<[f64; 3]>,
    /// Where the source should be, WGS 84: a `near` over 300 km away is a stray, and this place decides instead of it.
    pub site: Option<Geodetic>,
}

/// Farther than this from the site a coordinate tells nothing of where the source is; metres.
const STRAY: f64 = 300_000.0;

/// Which operation is used and how good it is, for the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The source CRS in its short form.
    pub crs: CrsCode,
    /// The name of the operation: PROJ's, where it is PROJ's.
    pub name: String,
    /// Its accuracy in metres, where known.
    pub accuracy: Option<f64>,
    /// What the reader of the report should know: assumptions, heights, accuracy that a grid would give.
    pub notes: Vec<String>,
}

/// What lies so little outside an operation's area is taken by it; degrees.
const BEYOND: f64 = 0.5;
/// Operations that a refusal names at most.
const NAMED: usize = 4;
/// EPSG code of the datum China 2000.
const CHINA_2000: &str = "1043";
/// Where China's own frames are meant for (the area of EPSG:4490).
const CHINA: Area = Area { west: 73.62, south: 16.7, east: 134.77, north: 53.56 };

impl Transform {
    /// The conversion between the CRS written as `crs` (see [`CrsCode::parse`]) and WGS 84.
    ///
    /// # Errors
    /// The CRS is unknown or places nothing on the globe; its vertical datum cannot be transformed and no offset is given;
    /// only a ballpark operation exists and none is allowed; a choice that does not fit the CRS.
    pub fn new(crs: &str, choice: &Choice) -> Result<Self> {
        let code = CrsCode::parse(crs)?;
        if let Some(offset) = choice.height_offset.filter(|o| !o.is_finite() || o.abs() > 12_000.0) {
            return Err(Fault::parameter("height-offset", format!("{offset} metres is no height offset")));
        }
        if let (Some(grid), Some(_)) = (&choice.height_grid, choice.height_offset) {
            let says = format!("is one number for all places, and the grid '{}' has one for each", grid.name());
            return Err(Fault::parameter("height-offset", says).remedy("give either --height-grid or --height-offset"));
        }
        if let Some(epoch) = choice.epoch.filter(|e| !(1980.0..=2100.0).contains(e)) {
            return Err(Fault::parameter("epoch", format!("{epoch} is no year between 1980 and 2100")));
        }
        let mut made = match Offset::from_name(code.as_str()) {
            Some(offset) => shifted(code, offset, choice)?,
            None => projected(code, choice)?,
        };
        if let Some(epoch) = choice.epoch {
            made.epoch = Some(epoch);
            made.areas.push(("the plate motion that the epoch asks for".to_owned(), CHINA));
            made.operation.notes.push(format!(
                "positions of {epoch} are brought to {EPOCH} as the Eurasian plate moves (ITRF2014), good to about a centimetre a year"
            ));
        }
        Ok(made)
    }
}

/// Longitude and latitude under one of China's map offsets.
fn shifted(code: CrsCode, offset: Offset, choice: &Choice) -> Result<Transform> {
    if choice.helmert.is_some() {
        return Err(Fault::parameter("helmert", format!("{code} is no grid that parameters could place")));
    }
    let mut notes = vec![format!("the map offset {code} is taken off; it is known to about half a metre")];
    notes.push(unspoken(&code, choice));
    let operation = Operation { name: format!("{code} taken off"), accuracy: Some(0.5), notes, crs: code };
    let heights = Heights::Passed { to_metres: 1.0, offset: choice.height_offset.unwrap_or(0.0) };
    let areas = vec![(operation.crs.to_string(), CHINA)];
    let grid = choice.height_grid.clone();
    Ok(Transform {
        plane: None,
        offset: Some(offset),
        pipelines: Vec::new(),
        heights,
        grid,
        epoch: None,
        areas,
        operation,
    })
}

/// A CRS of PROJ's database.
fn projected(code: CrsCode, choice: &Choice) -> Result<Transform> {
    let told = proj::describe(code.as_str())?;
    if let Some(axis) = told.axes.iter().find(|a| *a == "west" || *a == "south") {
        return Err(Fault::bad_input(format!("'{code}' counts its coordinates towards the {axis}"))
            .remedy("convert the file to a CRS with eastings and northings; mirrored axes are not taken on trust"));
    }
    if let (Vertical::Ellipsoidal, Some(grid)) = (&told.vertical, &choice.height_grid) {
        let says = format!("'{}' cannot be taken: heights of {code} are above the ellipsoid already", grid.name());
        return Err(Fault::parameter("height-grid", says)
            .remedy("leave --height-grid out, or name the CRS that the heights are in with --crs EPSG:n+m"));
    }
    let (mut notes, offset) = (Vec::new(), choice.height_offset);
    let by_caller = offset.is_some() || choice.height_grid.is_some();
    let by_seven = matches!(choice.helmert, Some(Helmert::Datum { .. }));
    let whole = !by_seven
        && (matches!(told.vertical, Vertical::Ellipsoidal)
            || matches!(told.vertical, Vertical::Datum { .. }) && !by_caller);
    let china = told.datum.as_deref() == Some(CHINA_2000);
    let mut areas = Vec::new();
    areas.extend(told.area.map(|a| (code.to_string(), a)));
    let (pipelines, name, accuracy) = match choice.helmert {
        Some(seven @ Helmert::Datum { .. }) => {
            if let (Vertical::Datum { name, .. }, false) = (&told.vertical, by_caller) {
                return Err(untransformable(&code, name, &[]));
            }
            notes.push(format!("the change of datum is the one told: --helmert {seven}"));
            let (to_datum, semi_axes) = proj::to_own_datum(code.as_str())?;
            (vec![to_datum, between_datums(&seven, semi_axes)], "seven parameters".to_owned(), None)
        }
        plane => {
            let to = match (china, whole) {
                (false, true) => "EPSG:4979",
                (false, false) => "EPSG:4326",
                (true, true) => "EPSG:4480",
                (true, false) => "EPSG:4490",
            };
            let found = proj::operations(code.as_str(), !whole, to)?;
            let local = |near: [f64; 3]| match plane {
                Some(Helmert::Plane(plane)) => grid(&plane, near),
                _ => near,
            };
            let places = places(&code, &found, choice.near.map(local), choice.site);
            let sound = found.iter().any(|c| c.pipeline.is_some() && !c.ballpark);
            if let (Vertical::Datum { name, .. }, true, false) = (&told.vertical, whole, sound) {
                return Err(untransformable(&code, name, &about(&found, &places)));
            }
            let (chosen, place) = choose(&code, &found, &places, told.area, choice.allow_ballpark)?;
            if let Some([lon, lat]) = place.filter(|place| !covers(chosen, *place)) {
                notes.push(format!("{lon:.2}, {lat:.2} is outside the area that '{}' is made for", chosen.name));
            }
            if chosen.ballpark {
                notes.push("a ballpark operation is used, as allowed: positions may be tens of metres off".into());
            } else if let Some(accuracy) = chosen.accuracy.filter(|a| *a >= 0.5) {
                let here = place.map_or_else(Vec::new, |place| vec![place]);
                let better = |c: &&Candidate| c.accuracy.is_some_and(|a| a < accuracy);
                let lacking = about(&found, &here).into_iter().filter(better).map(|c| &c.missing_grids);
                let lacking = lacking.into_iter().find(|grids| !grids.is_empty());
                let better = lacking.map(|grids| match is_tiff(grids) {
                    true => format!(
                        "; a better one needs {}, and PROJ is built here without GeoTIFF: convert the source with it before (cs2cs, ogr2ogr -t_srs)",
                        grids.join(", ")
                    ),
                    false => format!("; a better one needs {} in the folder that PROJ_DATA names", grids.join(", ")),
                });
                notes.push(format!("the change of datum is good to about {accuracy} m{}", better.unwrap_or_default()));
            }
            areas.extend(chosen.area.map(|a| (format!("'{}'", chosen.name), a)));
            (vec![chosen.pipeline.clone().unwrap_or_default()], chosen.name.clone(), chosen.accuracy)
        }
    };
    let plane = match choice.helmert {
        Some(Helmert::Plane(_)) if told.degrees => {
            return Err(Fault::parameter("helmert", format!("four parameters turn a plane, and {code} has degrees"))
                .remedy("name the projected CRS in which the local grid sits with --crs EPSG:n"));
        }
        Some(four @ Helmert::Plane(plane)) => {
            notes.push(format!("the local grid is placed in {code} by --helmert {four}"));
            Some(plane)
        }
        _ => None,
    };
    let heights = match &told.vertical {
        _ if whole => Heights::Converted { offset: offset.unwrap_or(0.0) },
        Vertical::Datum { name, to_metres } => {
            let metres = offset.unwrap_or(0.0);
            notes.push(match &choice.height_grid {
                Some(grid) => {
                    format!("heights above {name} become ellipsoidal by the height grid '{}', as told", grid.name())
                }
                None => format!("heights above {name} become ellipsoidal by adding {metres} m, as told"),
            });
            Heights::Passed { to_metres: *to_metres, offset: metres }
        }
        _ => {
            notes.push(unspoken(&code, choice));
            Heights::Passed { to_metres: 1.0, offset: offset.unwrap_or(0.0) }
        }
    };
    if china && choice.epoch.is_none() {
        notes.push(
            "CGCS2000 and WGS 84 are taken as one: since the epoch 2000.0 the plate has moved by about 0.9 m (3.4 cm a year); --epoch YEAR brings positions of another year to it"
                .into(),
        );
    }
    let operation = Operation { crs: code, name, accuracy, notes };
    let grid = choice.height_grid.clone();
    Ok(Transform { plane, offset: None, pipelines, heights, grid, epoch: None, areas, operation })
}

/// A coordinate of a local grid in the CRS that it is placed in.
pub(super) fn grid(plane: &Similarity, [x, y, z]: [f64; 3]) -> [f64; 3] {
    let [x, y] = plane.forward([x, y]);
    [x, y, z]
}

fn unspoken(code: &CrsCode, choice: &Choice) -> String {
    match (&choice.height_grid, choice.height_offset) {
        (Some(grid), _) => {
            format!(
                "{code} says nothing of heights: the source's heights plus the height grid '{}', as told",
                grid.name()
            )
        }
        (None, Some(offset)) => {
            format!("{code} says nothing of heights: the source's heights plus {offset} m, as told")
        }
        (None, None) => format!("{code} says nothing of heights: the source's heights are taken as ellipsoidal"),
    }
}

/// Longitude and latitude on an ellipsoid of semi-axes `a` and `b` become those of WGS 84.
fn between_datums(helmert: &Helmert, [a, b]: [f64; 2]) -> String {
    let Helmert::Datum { shift: [x, y, z], rotation: [rx, ry, rz], scale, position_vector } = helmert else {
        return String::new();
    };
    let convention = if *position_vector { "position_vector" } else { "coordinate_frame" };
    format!(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +a={a} +b={b} \
         +step +proj=helmert +x={x} +y={y} +z={z} +rx={rx} +ry={ry} +rz={rz} +s={scale} +convention={convention} \
         +step +inv +proj=cart +ellps=WGS84 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
}

fn untransformable(code: &CrsCode, datum: &str, found: &[&Candidate]) -> Fault {
    let lacking = found.iter().filter(|c| !c.ballpark).map(|c| &c.missing_grids).find(|grids| !grids.is_empty());
    // What PROJ cannot read may be read by the intake, where it is the one grid that is asked for.
    let proj_s = lacking.map_or(String::new(), |grids| match (is_tiff(grids), grids.as_slice()) {
        (true, [grid]) => format!("; {grid} of PROJ's own is one"),
        (true, _) => {
            format!("; PROJ's own way, by {}, is closed, for it is built here without GeoTIFF", grids.join(", "))
        }
        (false, _) => format!("; or put {} in the folder that PROJ_DATA names", grids.join(", ")),
    });
    Fault::bad_input(format!("heights of {code} are above '{datum}' and cannot be made ellipsoidal here"))
        .remedy(format!("pass --height-offset M, the metres to add to them (0 takes them as ellipsoidal), or on the command line --height-grid FILE, heights of the geoid above the ellipsoid as GTX or GeoTIFF{proj_s}"))
}

/// Whether one of these grids is of the kind that PROJ, as it is built here, does not read.
fn is_tiff(grids: &[String]) -> bool {
    grids.iter().any(|name| name.to_ascii_lowercase().ends_with(".tif"))
}

/// Where the source is, best guess first: longitude and latitude near those of WGS 84, in degrees.
fn places(code: &CrsCode, found: &[Candidate], near: Option<[f64; 3]>, site: Option<Geodetic>) -> Vec<[f64; 2]> {
    let run = |pipeline: &str| {
        let mut point = [near?];
        proj::run(pipeline, true, &mut point).ok()?;
        let [lon, lat, _] = point[0];
        (lon.is_finite() && lat.is_finite()).then_some([lon, lat])
    };
    // The datums' own longitudes and latitudes are within a kilometre of each other.
    let own = || proj::to_own_datum(code.as_str()).ok().and_then(|(pipeline, _)| run(&pipeline));
    let near = found.iter().filter_map(|c| c.pipeline.as_deref()).find_map(run).or_else(own);
    let stray = |site: &Geodetic| {
        let apart = |[lon, lat]: [f64; 2]| SiteFrame::new(*site).to_enu(Geodetic::new(lon, lat, site.h));
        near.is_none_or(|near| apart(near).iter().map(|d| d * d).sum::<f64>().sqrt() > STRAY)
    };
    let site = site.filter(stray).map(|site| [site.lon, site.lat]);
    site.into_iter().chain(near).collect()
}

/// Whether an operation is made for a place.
fn covers(candidate: &Candidate, [lon, lat]: [f64; 2]) -> bool {
    candidate.area.is_none_or(|area| inside(&area, lon, lat, [0.0; 2]))
}

/// The operations that are made for one of the places; all of them where none is known.
fn about<'c>(found: &'c [Candidate], places: &[[f64; 2]]) -> Vec<&'c Candidate> {
    found.iter().filter(|c| places.is_empty() || places.iter().any(|place| covers(c, *place))).collect()
}

/// The operation to use, and the place that it was chosen for, where one is known.
fn choose<'c>(
    code: &CrsCode,
    found: &'c [Candidate],
    places: &[[f64; 2]],
    area: Option<Area>,
    allow_ballpark: bool,
) -> Result<(&'c Candidate, Option<[f64; 2]>)> {
    let all: Vec<_> = found.iter().filter(|c| c.pipeline.is_some()).collect();
    let sound: Vec<_> = all.iter().copied().filter(|c| !c.ballpark).collect();
    let remedy = "convert the file to a CRS with a known datum, give the datum's seven parameters with --helmert, or take it as it is with --allow-ballpark";
    if sound.is_empty() && !allow_ballpark {
        let says = format!("from {code} to WGS 84 there is only a ballpark operation, tens of metres off");
        return Err(Fault::bad_input(says).remedy(remedy));
    }
    let rank = |c: &Candidate| c.accuracy.unwrap_or(f64::INFINITY);
    // Most accurate first; PROJ's own order stands among equals.
    let best = |of: &[&'c Candidate], place: [f64; 2]| {
        of.iter().copied().filter(|c| covers(c, place)).min_by(|a, b| rank(a).total_cmp(&rank(b)))
    };
    let Some(here) = places.last().copied() else {
        let first = sound.first().or(all.first()).copied();
        return first.map(|c| (c, None)).ok_or_else(|| Fault::internal("no operation to choose from"));
    };
    if let Some(found) = places.iter().find_map(|place| Some((best(&sound, *place)?, Some(*place)))) {
        return Ok(found);
    }
    // What lies a little beyond an operation's area is still taken by it, and farther by one that is made for all of the CRS.
    let [lon, lat] = here;
    let for_all = |of: &Area| {
        area.is_none_or(|crs| {
            [[crs.west, crs.south], [crs.east, crs.north]].iter().all(|[x, y]| inside(of, *x, *y, [0.0; 2]))
        })
    };
    let near = |of: Area| if for_all(&of) { around(&of, lon, lat) } else { inside(&of, lon, lat, [BEYOND; 2]) };
    if let Some(near) = sound.iter().find(|c| c.area.is_none_or(near)) {
        return Ok((near, Some(here)));
    }
    if let Some(ballpark) = best(&all, here).filter(|_| allow_ballpark) {
        return Ok((ballpark, Some(here)));
    }
    // A place where the CRS itself is not used is refused as such, object by object.
    if let Some(first) = sound.first().filter(|_| area.is_some_and(|area| !around(&area, lon, lat))) {
        return Ok((first, Some(here)));
    }
    let made_for: Vec<_> = sound.iter().filter_map(|c| Some((c.name.as_str(), c.area?))).take(NAMED).collect();
    let made_for = made_for.iter().map(|(name, Area { west, south, east, north })| {
        format!("'{name}' (longitude {west} to {east}, latitude {south} to {north})")
    });
    let made_for = made_for.collect::<Vec<_>>().join(", ");
    let says = format!("from {code} to WGS 84 no operation is known for {lon:.2}, {lat:.2}; there are {made_for}");
    Err(Fault::bad_input(says).remedy(remedy))
}
