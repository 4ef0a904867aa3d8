//! Footprints as ISO well-known binary (OGC 06-103r4 §8), little-endian, with heights.

use crate::bytes::Sink;
use crate::model::Footprint;

/// Adds heights to a geometry's number.
const Z: u32 = 1000;

/// The geometry's name for GeoParquet and its bytes; nothing without a place.
pub(super) fn encode(footprint: &Footprint) -> Option<(&'static str, Vec<u8>)> {
    let mut out = Vec::new();
    let name = match footprint {
        Footprint::None => return None,
        Footprint::Point(position) => {
            head(&mut out, 1);
            out.f64s(position);
            "Point Z"
        }
        Footprint::Lines(lines) => match lines.as_slice() {
            [line] => {
                head(&mut out, 2);
                points(&mut out, line);
                "LineString Z"
            }
            lines => {
                head(&mut out, 5);
                count(&mut out, lines.len());
                for line in lines {
                    head(&mut out, 2);
                    points(&mut out, line);
                }
                "MultiLineString Z"
            }
        },
        Footprint::Areas(areas) => match areas.as_slice() {
            [area] => {
                polygon(&mut out, area);
                "Polygon Z"
            }
            areas => {
                head(&mut out, 6);
                count(&mut out, areas.len());
                areas.iter().for_each(|area| polygon(&mut out, area));
                "MultiPolygon Z"
            }
        },
    };
    Some((name, out))
}

fn head(out: &mut Vec<u8>, kind: u32) {
    out.u8(1);
    out.u32(Z + kind);
}

fn count(out: &mut Vec<u8>, number: usize) {
    out.u32(u32::try_from(number).unwrap_or(u32::MAX));
}

fn points(out: &mut Vec<u8>, line: &[[f64; 3]]) {
    count(out, line.len());
    line.iter().for_each(|p| out.f64s(p));
}

fn polygon(out: &mut Vec<u8>, rings: &[Vec<[f64; 3]>]) {
    head(out, 3);
    count(out, rings.len());
    rings.iter().for_each(|ring| points(out, ring));
}
