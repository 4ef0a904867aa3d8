//! The door by which coordinates come in: a source's own numbers become longitude, latitude and ellipsoidal height.

use super::ImportOptions;
use crate::crs::{Choice, SiteFrame, Transform, is_geographic, is_offset_of, is_wgs84, same_crs, stated_epoch};
use crate::fault::{Fault, Result};
use crate::formats::{Placement, SourceFrame};
use crate::units::Geodetic;

/// Where a model's (0, 0, 0) goes, as the caller says with `--origin LON,LAT,H[,HEADING]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Origin {
    /// WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres).
    pub position: Geodetic,
    /// Compass direction of the model's y axis, degrees clockwise from north; absent: as the model says.
    pub heading: Option<f64>,
}

impl std::str::FromStr for Origin {
    type Err = Fault;
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Fault::parameter("origin", format!("'{text}' is not LON,LAT,H[,HEADING]"))
                .remedy("give degrees east, degrees north and metres above the ellipsoid, such as 118.78,32.04,12")
        };
        let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let numbers = numbers.filter(|n| n.iter().all(|n| n.is_finite())).ok_or_else(wrong)?;
        let (&[lon, lat, h], heading) =
            (numbers.get(..3).and_then(|n| n.first_chunk()).ok_or_else(wrong)?, numbers.get(3));
        if numbers.len() > 4 || lon.abs() > 180.0 || lat.abs() >= 90.0 || !(-12_000.0..=50_000.0).contains(&h) {
            return Err(wrong());
        }
        Ok(Self { position: Geodetic::new(lon, lat, h), heading: heading.copied() })
    }
}

/// How the numbers of one file (or of one object with a CRS of its own) become geodetic.
#[derive(Debug, Clone)]
pub struct Georeference {
    way: Way,
    /// The frame used, for people and for the dataset: a CRS code, or how the model was placed.
    pub label: String,
    /// The operation's accuracy in metres, where known.
    pub accuracy: Option<f64>,
    /// How far `--origin` moved the model from the place that the file claims, metres.
    pub moved: Option<f64>,
    /// Assumptions, for the report.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone)]
enum Way {
    /// Coordinates of a CRS.
    Crs(Transform),
    /// Local metres, turned and scaled into a projected CRS; heights are in metres and shifted only.
    Map { transform: Transform, matrix: [f64; 4], shift: [f64; 3] },
    /// Local metres around a point of the globe; the turn is counter-clockwise, degrees.
    Local { frame: SiteFrame, turn: f64 },
}

impl Georeference {
    /// The way for a file that declares `frame`; `near` is a coordinate of it, and `site` the origin of the site that it goes to,
    /// where they are known.
    ///
    /// # Errors
    /// The file has no place, or one that contradicts the options, or a CRS that cannot be used: each with the remedy.
    pub fn new(
        frame: &SourceFrame,
        options: &ImportOptions,
        near: Option<[f64; 3]>,
        site: Option<Geodetic>,
    ) -> Result<Self> {
        let said =
            frame.crs.as_deref().filter(|_| !(frame.assumed && options.crs.as_deref().is_some_and(is_geographic)));
        let (declared, stated) = said.map(stated_epoch).unzip();
        let crs = frame_crs(declared, options)?.map(|crs| Named { crs, epoch: stated.flatten() });
        let choice = choice(options, near, site);
        match (frame.placement, crs) {
            (None, Some(crs)) => Self::by_crs(&crs, &choice),
            (None, None) => match options.origin {
                Some(origin) => Ok(Self::local(origin.position, origin.heading.unwrap_or(0.0), "--origin")),
                None => Err(Fault::bad_input("names no CRS").remedy(
                    "say which one with --crs EPSG:n (or EPSG:n+m with heights), or place a model in local metres with --origin LON,LAT,H",
                )),
            },
            (Some(placement), crs) => Self::of_model(placement, crs.as_ref(), &choice, options),
        }
    }
    /// The way for one object with a CRS of its own, which of the file's options only those of heights and the leave to take a
    /// ballpark operation touch, and `--epoch` where the CRS is named with an epoch.
    ///
    /// # Errors
    /// As [`Transform::new`].
    pub fn of_crs(crs: &str, options: &ImportOptions, near: [f64; 3], site: Option<Geodetic>) -> Result<Self> {
        let (crs, epoch) = stated_epoch(crs);
        let choice = choice(options, Some(near), site);
        let choice = Choice { helmert: None, epoch: choice.epoch.filter(|_| epoch.is_some()), ..choice };
        Self::by_crs(&Named { crs: crs.to_owned(), epoch }, &choice)
    }
    /// Source coordinates become longitude, latitude (degrees) and ellipsoidal height (metres).
    ///
    /// # Errors
    /// As [`Transform::forward`].
    pub fn to_geodetic(&self, points: &mut [[f64; 3]]) -> Result<()> {
        match &self.way {
            Way::Crs(transform) => transform.forward(points),
            Way::Map { transform, matrix: [a, b, c, d], shift: [e, n, h] } => {
                for [x, y, z] in points.iter_mut() {
                    (*x, *y, *z) = (a * *x + b * *y + e, c * *x + d * *y + n, *z + h);
                }
                transform.forward(points)
            }
            Way::Local { frame, turn } => {
                let (sin, cos) = turn.to_radians().sin_cos();
                for point in points.iter_mut() {
                    let [x, y, z] = *point;
                    // A model's own plane is taken for the tangent plane: buildings and blocks, not provinces.
                    if !point.iter().all(|c| c.abs() < 100_000.0) {
                        return Err(Fault::bad_input(format!(
                            "coordinate ({x:.3}, {y:.3}, {z:.3}) is over 100 km from the model's origin"
                        )));
                    }
                    *point = frame.to_geodetic([x * cos - y * sin, x * sin + y * cos, z]).to_array();
                }
                Ok(())
            }
        }
    }
    /// The conversion, for coordinates of a CRS.
    pub(super) const fn transform(&self) -> Option<&Transform> {
        if let Way::Crs(transform) = &self.way { Some(transform) } else { None }
    }
    /// Where the model's (0, 0, 0) is, for engineering models; a good origin for a new site.
    pub fn model_origin(&self) -> Option<Geodetic> {
        let mut zero = [[0.0; 3]];
        let placed = !matches!(self.way, Way::Crs(_)) && self.to_geodetic(&mut zero).is_ok();
        placed.then(|| zero[0].into())
    }

    fn by_crs(Named { crs, epoch }: &Named, choice: &Choice) -> Result<Self> {
        let (transform, of_epoch) = dated(crs, choice, *epoch)?;
        let operation = transform.operation();
        let (label, accuracy) = (operation.crs.as_str().to_owned(), operation.accuracy);
        let mut notes = vec![format!("from {} by '{}'", operation.crs, operation.name)];
        notes.extend(operation.notes.iter().cloned().chain(of_epoch));
        Ok(Self { way: Way::Crs(transform), label, accuracy, moved: None, notes })
    }
    fn local(origin: Geodetic, turn: f64, label: &str) -> Self {
        let Geodetic { lon, lat, h } = origin;
        // Adding zero takes the sign from a zero.
        let turn = turn + 0.0;
        let notes = vec![format!(
            "local metres around {lon:.7}, {lat:.7}, {h:.3} ({label}), turned by {turn:.3}° counter-clockwise"
        )];
        let way = Way::Local { frame: SiteFrame::new(origin), turn };
        Self { way, label: label.to_owned(), accuracy: None, moved: None, notes }
    }
    fn of_model(placement: Placement, crs: Option<&Named>, choice: &Choice, options: &ImportOptions) -> Result<Self> {
        if let Some(origin) = options.origin {
            let mut placed = Self::local(origin.position, turn(placement, origin.heading), "--origin");
            let claimed = Self::claimed(placement, crs, choice).ok().flatten().and_then(|c| c.model_origin());
            placed.moved =
                claimed.map(|c| SiteFrame::new(origin.position).to_enu(c).iter().map(|d| d * d).sum::<f64>().sqrt());
            placed
                .notes
                .extend(placed.moved.map(|m| format!("--origin is {m:.1} m from the place that the file claims")));
            return Ok(placed);
        }
        Self::claimed(placement, crs, choice)?.ok_or_else(|| {
            Fault::bad_input("says nothing of its place on the globe")
                .remedy("place its (0, 0, 0) with --origin LON,LAT,H[,HEADING], or name its CRS with --crs EPSG:n")
        })
    }
    /// The place that the model itself claims.
    fn claimed(placement: Placement, crs: Option<&Named>, choice: &Choice) -> Result<Option<Self>> {
        match (placement, crs) {
            (Placement::MapConversion { .. }, None) => {
                Err(Fault::bad_input("has a map conversion into a CRS that it does not name")
                    .remedy("name it with --crs EPSG:n, or place the model with --origin LON,LAT,H"))
            }
            (Placement::MapConversion { eastings, northings, height, rotation, scale }, Some(crs)) => {
                let map = Self::by_crs(crs, &Choice { near: Some([eastings, northings, height]), ..choice.clone() })?;
                let Way::Crs(transform) = map.way else { return Ok(None) };
                let (sin, cos) = rotation.to_radians().sin_cos();
                let matrix = [scale * cos, -scale * sin, scale * sin, scale * cos];
                let way = Way::Map { transform, matrix, shift: [eastings, northings, height] };
                Ok(Some(Self { way, ..map }))
            }
            (Placement::Geographic { .. }, Some(Named { crs, .. })) => Err(Fault::parameter(
                "crs",
                format!("'{crs}' cannot be taken: the model stands at its IfcSite's latitude and longitude"),
            )
            .remedy("leave --crs out, or place the model with --origin LON,LAT,H")),
            (Placement::Geographic { mut origin, true_north, accuracy }, None) => {
                let Choice { height_offset, height_grid, .. } = choice.clone();
                let heights = Choice { height_offset, height_grid, ..Choice::default() };
                let mut place = [origin.to_array()];
                Transform::new("EPSG:4326", &heights)?.forward(&mut place)?;
                origin.h = place[0][2];
                // North is `true_north` to the left of y, so turning right by as much brings y where it belongs.
                let mut placed = Self::local(origin, -true_north, "IfcSite");
                placed.accuracy = Some(accuracy).filter(|metres| *metres > 0.0);
                placed.notes.push(match (&choice.height_grid, choice.height_offset) {
                    (Some(grid), _) => {
                        format!("heights: IfcSite's elevation plus the height grid '{}', as told", grid.name())
                    }
                    (None, Some(offset)) => format!("heights: IfcSite's elevation plus {offset} m, as told"),
                    (None, None) => {
                        "heights: IfcSite's elevation is taken as ellipsoidal (--height-offset M would add M metres)"
                            .into()
                    }
                });
                Ok(Some(placed))
            }
            (Placement::Unplaced { .. }, Some(crs)) => Self::by_crs(crs, choice).map(Some),
            (Placement::Unplaced { .. }, None) => Ok(None),
        }
    }
}

/// Degrees counter-clockwise that bring the model's axes to east and north.
fn turn(placement: Placement, heading: Option<f64>) -> f64 {
    match (heading, placement) {
        (Some(heading), _) => -heading,
        (None, Placement::Geographic { true_north, .. } | Placement::Unplaced { true_north }) => -true_north,
        // Grid north stands in for true north: they differ by the meridian's convergence, a degree or two.
        (None, Placement::MapConversion { rotation, .. }) => rotation,
    }
}

/// A CRS, and the epoch that the source names it with.
struct Named {
    crs: String,
    epoch: Option<f64>,
}

fn choice(options: &ImportOptions, near: Option<[f64; 3]>, site: Option<Geodetic>) -> Choice {
    let ImportOptions { height_offset, height_grid, allow_ballpark, helmert, epoch, .. } = options.clone();
    Choice { height_offset, height_grid, allow_ballpark, helmert, epoch, near, site }
}

/// The conversion with the epoch that holds, the caller's before the source's own, and what to tell of it. Where a caller's
/// epoch would be refused, as outside China, the source's is left alone: nobody asked for it.
fn dated(crs: &str, choice: &Choice, stated: Option<f64>) -> Result<(Transform, Option<String>)> {
    let plain = Transform::new(crs, choice)?;
    let note = match (choice.epoch, stated) {
        (None, None) => return Ok((plain, None)),
        (Some(year), None) => format!("the epoch {year} is that of --epoch"),
        (Some(year), Some(stated)) => {
            format!("the epoch {year} is that of --epoch, in place of {stated}, which the source states")
        }
        (None, Some(stated)) => {
            let places = |way: &Transform| choice.near.is_none_or(|near| way.forward(&mut [near]).is_ok());
            let moved = Transform::new(crs, &Choice { epoch: Some(stated), ..choice.clone() });
            // A first coordinate that has no place either way decides nothing.
            if let Some(moved) = moved.ok().filter(|moved| places(moved) || !places(&plain)) {
                return Ok((moved, Some(format!("the epoch {stated} is the one that the source states"))));
            }
            format!(
                "the epoch {stated}, which the source states, moves nothing: plate motion is known for China, 1980 to 2100"
            )
        }
    };
    Ok((plain, Some(note)))
}

/// The CRS to use: the file's, else the caller's, which may not contradict it.
fn frame_crs(declared: Option<&str>, options: &ImportOptions) -> Result<Option<String>> {
    let (Some(declared), Some(given)) = (declared, &options.crs) else {
        return Ok(declared.map(str::to_owned).or_else(|| options.crs.clone()));
    };
    if is_offset_of(given, declared) {
        return Ok(Some(given.clone()));
    }
    match same_crs(declared, given) {
        _ if is_wgs84(declared) && is_wgs84(given) => Ok(Some(declared.to_owned())),
        Ok(true) => Ok(Some(declared.to_owned())),
        Ok(false) => {
            Err(Fault::parameter("crs", format!("'{given}' contradicts '{declared}', which the file declares"))
                .remedy("leave --crs out; it only fills a missing CRS"))
        }
        // What the file calls its CRS is no name of one: the caller's stands in, if it is one itself.
        Err(_) if Transform::new(declared, &Choice::default()).is_err() => Ok(Some(given.clone())),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn east_north(placement: Placement, options: &ImportOptions, local: [f64; 3], at: Geodetic) -> [f64; 3] {
        let georeference = Georeference::new(
            &SourceFrame { crs: None, placement: Some(placement), assumed: false },
            options,
            None,
            None,
        )
        .unwrap();
        let mut point = [local];
        georeference.to_geodetic(&mut point).unwrap();
        SiteFrame::new(at).to_enu(point[0].into())
    }

    #[test]
    fn true_north_and_heading_turn_the_model_the_same_way() {
        let at = Geodetic::new(8.436_539, 49.100_435, 110.0);
        let close = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        // True north lies 90 degrees to the left of y: so y points east.
        let placement = Placement::Geographic { origin: at, true_north: 90.0, accuracy: 0.03 };
        assert!(close(east_north(placement, &ImportOptions::default(), [0.0, 10.0, 1.0], at), [10.0, 0.0, 1.0]));
        let origin = Some(Origin { position: at, heading: Some(90.0) });
        let told = ImportOptions { origin, ..ImportOptions::default() };
        let unplaced = Placement::Unplaced { true_north: 0.0 };
        assert!(close(east_north(unplaced, &told, [0.0, 10.0, 1.0], at), [10.0, 0.0, 1.0]));
    }

    #[test]
    fn a_place_is_asked_for_when_there_is_none_and_a_wrong_origin_is_named() {
        let frame = SourceFrame { crs: None, placement: Some(Placement::Unplaced { true_north: 0.0 }), assumed: false };
        let fault = Georeference::new(&frame, &ImportOptions::default(), None, None).unwrap_err();
        assert!(fault.to_string().contains("--origin"), "{fault}");
        let fault = Georeference::new(&SourceFrame::default(), &ImportOptions::default(), None, None).unwrap_err();
        assert!(fault.to_string().contains("--crs EPSG:n"), "{fault}");
        for wrong in ["", "1,2", "1,2,3,4,5", "x,2,3", "190,2,3", "1,95,3", "1,2,NaN"] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
        assert_eq!("1, 2,3,45".parse::<Origin>().unwrap().heading, Some(45.0));
    }

    #[test]
    fn a_crs_that_contradicts_the_file_is_refused_and_an_equal_one_is_not() {
        let frame = SourceFrame { crs: Some("urn:ogc:def:crs:EPSG::25832".into()), placement: None, assumed: false };
        let with = |crs: &str| {
            let options = ImportOptions { crs: Some(crs.into()), ..ImportOptions::default() };
            Georeference::new(&frame, &options, None, None)
        };
        assert_eq!(with("EPSG:25832").unwrap().label, "EPSG:25832");
        assert!(with("EPSG:25833").unwrap_err().to_string().contains("contradicts"));
        // GeoJSON's, and that of columns lon and lat: the first is WGS 84 by its definition, the second is taken for it.
        for (assumed, given, label) in [
            (false, "EPSG:4490", Some("OGC:CRS84")),
            (false, "EPSG:4979", Some("OGC:CRS84")),
            (false, "EPSG:4214", None),
            (true, "EPSG:4490", Some("EPSG:4490")),
            (true, "EPSG:4326", Some("EPSG:4326")),
            (true, "EPSG:4214", Some("EPSG:4214")),
            (true, "EPSG:4549", None),
        ] {
            let frame = SourceFrame { crs: Some("OGC:CRS84".into()), placement: None, assumed };
            let options = ImportOptions { crs: Some(given.into()), allow_ballpark: true, ..ImportOptions::default() };
            let near = Some([113.0, 31.0, 0.0]);
            let made = Georeference::new(&frame, &options, near, None).map(|made| made.label);
            assert_eq!(made.as_deref().ok(), label, "{given}: {made:?}");
        }
    }

    #[test]
    fn a_map_offset_is_taken_off_what_a_file_calls_wgs_84() {
        let frame = SourceFrame { crs: Some("OGC:CRS84".into()), placement: None, assumed: false };
        let options = ImportOptions { crs: Some("gcj02".into()), ..ImportOptions::default() };
        let mut points = [[118.785_206_460_385_84, 32.037_950_794_073_44, 7.0]];
        let georeference = Georeference::new(&frame, &options, None, None).unwrap();
        georeference.to_geodetic(&mut points).unwrap();
        assert!((points[0][0] - 118.78).abs() < 1e-10 && (points[0][1] - 32.04).abs() < 1e-10, "{points:?}");
        assert!(georeference.label == "GCJ-02" && points[0][2] == 7.0);
        let utm = SourceFrame { crs: Some("EPSG:32650".into()), placement: None, assumed: false };
        assert!(Georeference::new(&utm, &options, None, None).unwrap_err().to_string().contains("contradicts"));
    }

    #[test]
    fn a_map_conversion_turns_scales_and_shifts() {
        let placement = Placement::MapConversion {
            eastings: 458_000.0,
            northings: 5_438_000.0,
            height: 100.0,
            rotation: 90.0,
            scale: 1.0,
        };
        let frame = SourceFrame { crs: Some("EPSG:25832".into()), placement: Some(placement), assumed: false };
        let options = ImportOptions::default();
        let mut points = [[10.0, 0.0, 2.0]];
        Georeference::new(&frame, &options, None, None).unwrap().to_geodetic(&mut points).unwrap();
        let plain = SourceFrame { crs: Some("EPSG:25832".into()), placement: None, assumed: false };
        let mut same = [[458_000.0, 5_438_010.0, 102.0]];
        Georeference::new(&plain, &options, None, None).unwrap().to_geodetic(&mut same).unwrap();
        assert_eq!(points, same);
    }
}
