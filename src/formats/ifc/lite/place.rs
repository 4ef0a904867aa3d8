//! Where the model stands: map conversion first, else the site's latitude and longitude, else nowhere.

use super::meshes::Shapes;
use super::records::Site;
use crate::formats::Placement;
use crate::units::Geodetic;
use ifc_lite_core::{EntityDecoder, EntityScanner};
use ifc_lite_processing::{Georeferencing, extract_georeferencing};

/// The unit of a map in feet (international or US survey), metres.
const FOOT: f64 = 0.3048;

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
    unit: f64,
    sites: &[Site],
    shapes: &Shapes,
    decoder: &mut EntityDecoder<'_>,
    notes: &mut Vec<String>,
) -> Place {
    let map = extract_georeferencing(bytes).filter(|g| g.source.as_deref().is_some_and(|s| s != "siteLocation"));
    if let Some(map) = map {
        return by_map(&map, unit, notes);
    }
    let true_north = true_north(bytes, decoder);
    let placed: Vec<Geodetic> = sites.iter().filter_map(position).collect();
    let Some(origin) = placed.first().copied() else {
        if sites.iter().any(|s| s.latitude.is_some() || s.longitude.is_some()) {
            notes.push("the IfcSite's latitude and longitude are zero or out of range: taken as not said".into());
        }
        return Place { crs: None, placement: Placement::Unplaced { true_north }, shift: [0.0; 3], factors: [1.0; 3] };
    };
    let others = placed.iter().filter(|p| (p.lon, p.lat) != (origin.lon, origin.lat)).count();
    if others > 0 {
        notes.push(format!("{others} more IfcSites name other positions: the file's one frame stands at the first"));
    }
    // The reference point is the origin of the site's own placement, not of the file's frame (IfcSite, IFC4 §5.4.3.55).
    Place { crs: None, placement: Placement::Geographic { origin, true_north }, shift: shapes.site, factors: [1.0; 3] }
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

/// The site's position when it is one; (0, 0) is what exporters write for "not set".
fn position(site: &Site) -> Option<Geodetic> {
    let (lat, lon) = (site.latitude?, site.longitude?);
    let set = lat.abs() <= 90.0 && lon.abs() <= 180.0 && (lat, lon) != (0.0, 0.0);
    set.then(|| Geodetic::new(lon, lat, site.elevation.unwrap_or(0.0)))
}

/// Degrees counter-clockwise from the file's y axis to true north; 0 where no context says.
fn true_north(bytes: &[u8], decoder: &mut EntityDecoder<'_>) -> f64 {
    /// `IfcGeometricRepresentationContext.TrueNorth`, the same in every schema.
    const SLOT: usize = 5;
    let mut scanner = EntityScanner::new(bytes);
    while let Some((_, keyword, start, end)) = scanner.next_entity() {
        if !keyword.eq_ignore_ascii_case("IFCGEOMETRICREPRESENTATIONCONTEXT") {
            continue;
        }
        let Ok(context) = decoder.decode_at(start, end) else { continue };
        if let Ok(Some([x, y, _])) = decoder.direction3_at(&context, SLOT)
            && x.hypot(y) > 1e-9
        {
            return (-x).atan2(y).to_degrees();
        }
    }
    0.0
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
    fn map_conversions_come_out_in_metres_whatever_units_the_file_mixes() {
        let close = |(e, s): (f64, f64)| (e - 458_000.0).abs() < 1e-6 && (s - 1.0).abs() < 1e-9;
        assert!(close(placed(&map(1.0, None, 458_000.0), 1.0)), "metres throughout");
        assert!(close(placed(&map(1.0, None, 458_000_000.0), 0.001)), "millimetres throughout");
        assert!(close(placed(&map(0.001, Some(1.0), 458_000.0), 0.001)), "millimetres into a map in metres");
        assert!(close(placed(&map(1.0, Some(1.0), 458_000.0), 0.001)), "the scale forgotten");
        assert_eq!(by_map(&map(1.0, None, 0.0), 1.0, &mut Vec::new()).crs.as_deref(), Some("EPSG:25832+7837"));
    }
}
