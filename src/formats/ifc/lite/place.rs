//! Where the model stands: map conversion first, else the site's latitude and longitude, else nowhere.

use super::book::Book;
use super::meshes::Shapes;
use super::records::Site;
use crate::formats::Placement;
use crate::units::Geodetic;
use ifc_lite_core::{EntityDecoder, EntityIndex, EntityScanner};
use ifc_lite_processing::{Georeferencing, extract_georeferencing_with_index};
use std::sync::Arc;

/// The unit of a map in feet (international or US survey), metres.
const FOOT: f64 = 0.3048;
/// A site placed farther than this from the file's origin is placed twice where there is a coordinate operation, metres.
const FAR: f64 = 10_000.0;
/// Coordinates farther than this from a model's origin are no local ones, metres.
const REACH: f64 = 100_000.0;
/// Of latitude.
const METRES_PER_DEGREE: f64 = 111_320.0;

/// A model's place, and what its coordinates need first.
pub(super) struct Place {
    /// `IfcProjectedCRS.Name`, with the vertical datum where both are EPSG codes.
    pub crs: Option<String>,
    /// How local metres sit in the world.
    pub placement: Placement,
    /// Taken from every coordinate, metres: what the place names is not the file's origin but the site's.
    pub shift: [f64; 3],
    /// `IfcMapConversionScaled`'s factor of each axis.
    pub factors: [f64; 3],
}

pub(super) fn find(
    bytes: &[u8],
    index: &Arc<EntityIndex>,
    unit: f64,
    sites: &[Site],
    shapes: &Shapes,
    book: &mut Book,
    notes: &mut Vec<String>,
) -> Place {
    let map = declared(bytes, index, book, notes);
    let placed: Vec<(Geodetic, f64)> = sites.iter().filter_map(position).collect();
    if let Some(map) = map {
        let far = shapes.site.iter().take(2).fold(0.0, |far: f64, c| far.max(c.abs()));
        if far > FAR {
            notes.push(format!(
                "the IfcSite is placed {far:.0} m from the file's origin and a coordinate operation exists too: where the model comes out far off, the two say the same shift twice"
            ));
        }
        return if map.geographic { by_angles(&map, notes) } else { by_map(&map.said, unit, notes) };
    }
    let north = true_north(bytes, &mut book.decoder, notes);
    let true_north = north.unwrap_or(0.0);
    let nowhere =
        Place { crs: None, placement: Placement::Unplaced { true_north }, shift: [0.0; 3], factors: [1.0; 3] };
    if let Some(far) = shapes.beyond(REACH, if placed.is_empty() { [0.0; 3] } else { shapes.site }) {
        notes.push(format!(
            "coordinates lie up to {:.0} km from the file's origin and no IfcMapConversion says why: they look projected already (name their CRS with --crs EPSG:n)",
            far / 1000.0
        ));
        return nowhere;
    }
    let Some((origin, accuracy)) = placed.first().copied() else {
        if sites.iter().any(|s| s.latitude.is_some() || s.longitude.is_some()) {
            notes.push("the IfcSite's latitude and longitude are zero or out of range: taken as not said".into());
        }
        return nowhere;
    };
    let others = placed.iter().filter(|(p, _)| (p.lon, p.lat) != (origin.lon, origin.lat)).count();
    if others > 0 {
        notes.push(format!("{others} more IfcSites name other positions: the file's one frame stands at the first"));
    }
    notes.push(format!(
        "the file's place: IfcSite's latitude and longitude, written to {} and no surer than who wrote them; true north {}",
        match accuracy {
            ..0.01 => "under a centimetre".into(),
            0.01..1.0 => format!("about {:.0} cm", accuracy * 100.0),
            _ => format!("about {accuracy:.0} m"),
        },
        if north.is_some() { "as a context says" } else { "not given: y is taken for it" },
    ));
    // The reference point is the origin of the site's own placement, not of the file's frame (IfcSite, IFC4 §5.4.3.55).
    let placement = Placement::Geographic { origin, true_north, accuracy };
    Place { crs: None, placement, shift: shapes.site, factors: [1.0; 3] }
}

/// A coordinate operation as the file declares it.
struct Declared {
    said: Georeferencing,
    /// Its numbers are degrees.
    geographic: bool,
}

fn declared(bytes: &[u8], index: &Arc<EntityIndex>, book: &mut Book, notes: &mut Vec<String>) -> Option<Declared> {
    let mut kinds = Vec::new();
    let mut texts = Vec::new();
    let mut scanner = EntityScanner::new(bytes);
    while let Some((number, keyword, ..)) = scanner.next_entity() {
        if ["IFCMAPCONVERSION", "IFCMAPCONVERSIONSCALED", "IFCRIGIDOPERATION"]
            .iter()
            .any(|k| keyword.eq_ignore_ascii_case(k))
        {
            kinds.push(number);
        } else if keyword.eq_ignore_ascii_case("IFCWELLKNOWNTEXT") {
            texts.push(number);
        }
    }
    let mut said =
        extract_georeferencing_with_index(bytes, index).filter(|g| g.source.as_deref() != Some("siteLocation"))?;
    let crs = said.crs_name.clone();
    let source = said.source.clone();
    let Some(source) = source else {
        let crs = super::short(crs.as_deref().unwrap_or_default().trim());
        notes.push(format!("the file names the CRS '{crs}' and no operation into it that can be taken"));
        return None;
    };
    // Well-known text is authoritative where there is some, and the code that it ends in says as much.
    let text = texts.first().and_then(|number| book.record(*number)).and_then(|t| book.text(&t, "WellKnownText"));
    if let Some(named) = text.as_deref().and_then(named_by) {
        said.crs_name = Some(named);
    }
    let word = match source.as_str() {
        "rigidOperation" => "IfcRigidOperation",
        "ePSetMapConversion" => "ePSet_MapConversion (IFC 2x3)",
        _ => "IfcMapConversion",
    };
    let into = super::short(said.crs_name.as_deref().unwrap_or("a CRS that it does not name").trim());
    notes.push(format!("the file's place: {word} into {into}, as declared"));
    if kinds.len() > 1 {
        notes.push(format!("{} coordinate operations are given: the first is taken", kinds.len()));
    }
    let geographic = source == "rigidOperation" && said.map_unit.as_deref() == Some("DEGREE");
    Some(Declared { said, geographic })
}

/// The CRS that well-known text defines: by the code that its outermost level ends in, else by its name.
fn named_by(text: &str) -> Option<String> {
    let upper = text.trim_end_matches(|c: char| c == ']' || c.is_whitespace()).to_ascii_uppercase();
    let (before, last) = upper.rsplit_once('[')?;
    let before = before.trim_end();
    let code: String = last.split_once(',')?.1.chars().filter(char::is_ascii_digit).collect();
    let own = last.trim_start().starts_with("\"EPSG\"") && (before.ends_with("ID") || before.ends_with("AUTHORITY"));
    // Two brackets close after the code of the whole, three or more after that of a part.
    let closing =
        text.trim_end().chars().rev().take_while(|c| *c == ']' || c.is_whitespace()).filter(|c| *c == ']').count();
    if own && closing == 2 && !code.is_empty() {
        return Some(format!("EPSG:{code}"));
    }
    let name = text.split('"').nth(1)?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// An `IfcRigidOperation` by angles: local axes are parallel to east and north at that longitude and latitude.
fn by_angles(map: &Declared, notes: &mut Vec<String>) -> Place {
    let Georeferencing { eastings, northings, orthogonal_height, crs_name, .. } = &map.said;
    if let Some(name) = crs_name.as_deref().filter(|name| code(name) != Some(4326)) {
        notes.push(format!("longitude and latitude of '{}' are taken as WGS 84's", super::short(name)));
    }
    let origin = Geodetic::new(*eastings, *northings, *orthogonal_height);
    let placement = Placement::Geographic { origin, true_north: 0.0, accuracy: 0.0 };
    Place { crs: None, placement, shift: [0.0; 3], factors: [1.0; 3] }
}

fn by_map(map: &Georeferencing, unit: f64, notes: &mut Vec<String>) -> Place {
    // Offsets are in the map's unit, else in the project's; the CRS itself counts in metres unless the map is in feet.
    let map_unit = map.map_unit_scale.unwrap_or(unit);
    let to_crs = if (map_unit / FOOT - 1.0).abs() < 0.01 { 1.0 } else { map_unit };
    let mut scale = map.scale * to_crs / unit;
    if map.scale == 1.0 && map.map_unit_scale.is_some_and(|m| m != unit) && to_crs != 1.0 / FOOT {
        // An omitted scale beside two units would make a house a thousand times too large: exporters mean metre for metre.
        scale = to_crs / map_unit;
        notes.push(
            "IfcMapConversion has no scale between the project's unit and the map's: taken as metre for metre".into(),
        );
    }
    let crs = map.crs_name.as_deref().map(|name| match map.vertical_datum.as_deref().and_then(code) {
        Some(vertical) if code(name).is_some() => format!("{}+{vertical}", name.trim()),
        _ => super::short(name.trim()),
    });
    if let Some(datum) = map.vertical_datum.as_deref().filter(|d| code(d).is_none()) {
        let datum = super::short(datum);
        notes.push(format!("the vertical datum '{datum}' is not an EPSG code: heights are taken as the CRS has them"));
    }
    let placement = Placement::MapConversion {
        eastings: map.eastings * to_crs,
        northings: map.northings * to_crs,
        height: map.orthogonal_height * map_unit,
        rotation: map.rotation_degrees,
        scale,
    };
    Place { crs, placement, shift: [0.0; 3], factors: [map.factor_x, map.factor_y, map.factor_z] }
}

/// The number in `EPSG:n`.
fn code(name: &str) -> Option<u32> {
    let (authority, number) = name.trim().split_once(':')?;
    authority.eq_ignore_ascii_case("EPSG").then(|| number.trim().parse().ok())?
}

/// The site's position when it is one, and to how many metres it is written; (0, 0) is what exporters write for "not set".
fn position(site: &Site) -> Option<(Geodetic, f64)> {
    let (lat, lon) = (site.latitude?, site.longitude?);
    let set = lat.degrees.abs() <= 90.0 && lon.degrees.abs() <= 180.0 && (lat.degrees, lon.degrees) != (0.0, 0.0);
    // The finer of the two says what the writer had: a figure that ends in zeros may do so by chance.
    let written = f64::min(lat.written, lon.written) * METRES_PER_DEGREE;
    set.then(|| (Geodetic::new(lon.degrees, lat.degrees, site.elevation.unwrap_or(0.0)), written))
}

/// Degrees counter-clockwise from the file's y axis to true north, where a context says.
fn true_north(bytes: &[u8], decoder: &mut EntityDecoder<'_>, notes: &mut Vec<String>) -> Option<f64> {
    /// `IfcGeometricRepresentationContext.TrueNorth`, the same in every schema.
    const SLOT: usize = 5;
    let (mut scanner, mut odd) = (EntityScanner::new(bytes), false);
    while let Some((_, keyword, start, end)) = scanner.next_entity() {
        if !keyword.eq_ignore_ascii_case("IFCGEOMETRICREPRESENTATIONCONTEXT") {
            continue;
        }
        let Ok(context) = decoder.decode_at(start, end) else { continue };
        let Ok(Some([x, y, z])) = decoder.direction3_at(&context, SLOT) else { continue };
        // The direction lies in the plane of the map; one exporter writes a count before its two numbers.
        if z.abs() > 1e-6 * x.hypot(y) {
            odd = true;
        } else if x.hypot(y) > 1e-9 {
            return Some((-x).atan2(y).to_degrees());
        }
    }
    if odd {
        notes.push("a context's true north points out of the plane: it is taken as not given".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(scale: f64, map_unit_scale: Option<f64>, eastings: f64) -> Georeferencing {
        Georeferencing {
            crs_name: Some("EPSG:25832".into()),
            vertical_datum: Some("EPSG:7837".into()),
            eastings,
            scale,
            map_unit_scale,
            ..Georeferencing::default()
        }
    }

    fn placed(g: &Georeferencing, unit: f64) -> (f64, f64) {
        match by_map(g, unit, &mut Vec::new()).placement {
            Placement::MapConversion { eastings, scale, .. } => (eastings, scale),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn well_known_text_names_its_crs_by_its_own_code_and_not_by_a_parts() {
        let whole = r#"PROJCRS["ETRS89 / UTM zone 32N",BASEGEOGCRS["ETRS89",ID["EPSG",4258]],ID["EPSG",25832]]"#;
        assert_eq!(named_by(whole).as_deref(), Some("EPSG:25832"));
        let part = r#"PROJCRS["My grid",CS[Cartesian,2],BASEGEOGCRS["ETRS89",ID["EPSG",4258]]]"#;
        assert_eq!(named_by(part).as_deref(), Some("My grid"));
        assert_eq!(named_by(r#"PROJCS["x",AUTHORITY["EPSG","31467"]]"#).as_deref(), Some("EPSG:31467"));
        assert_eq!(named_by("nonsense"), None);
    }

    #[test]
    fn map_conversions_come_out_in_metres_whatever_units_the_file_mixes() {
        let close = |(e, s): (f64, f64)| (e - 458_000.0).abs() < 1e-6 && (s - 1.0).abs() < 1e-9;
        assert!(close(placed(&map(1.0, None, 458_000.0), 1.0)), "metres throughout");
        assert!(close(placed(&map(1.0, None, 458_000_000.0), 0.001)), "millimetres throughout");
        assert!(close(placed(&map(0.001, Some(1.0), 458_000.0), 0.001)), "millimetres into a map in metres");
        assert!(close(placed(&map(1.0, Some(1.0), 458_000.0), 0.001)), "the scale forgotten");
        assert_eq!(by_map(&map(1.0, None, 0.0), 1.0, &mut Vec::new()).crs.as_deref(), Some("EPSG:25832+7837"));
    }
}
