//! GeoJSON (RFC 7946) as it is written: one feature a line, longitude and latitude on WGS 84, heights ellipsoidal.

use super::out::{Entry, Out, json};
use crate::fault::Result;
use serde_json::Value;
use std::path::Path;

/// Turns EPSG:4549 metres east and north into WGS 84 longitude and latitude in degrees.
pub(super) type ToLonLat<'a> = dyn Fn([f64; 2]) -> Result<[f64; 2]> + 'a;

/// What a feature covers, in EPSG:4549 metres and ellipsoidal height.
pub(super) enum Shape<'a> {
    Point([f64; 3]),
    Line(&'a [[f64; 3]]),
    /// One exterior ring, counter-clockwise, its first corner not repeated.
    Area(&'a [[f64; 3]]),
}

/// A GeoJSON file being written.
pub(super) struct Layer<'a> {
    out: Out,
    to_lon_lat: &'a ToLonLat<'a>,
    first: bool,
}

impl<'a> Layer<'a> {
    /// Starts `name` in `dir`.
    pub(super) fn create(dir: &Path, name: &str, to_lon_lat: &'a ToLonLat<'a>) -> Result<Self> {
        let mut out = Out::create(dir, name)?;
        out.put("{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { out, to_lon_lat, first: true })
    }
    /// Appends a feature; properties keep their order.
    pub(super) fn feature(&mut self, id: &str, shape: &Shape<'_>, properties: &[(&str, Value)]) -> Result<()> {
        let geometry = match shape {
            Shape::Point(p) => format!("{{\"type\":\"Point\",\"coordinates\":{}}}", self.position(*p)?),
            Shape::Line(line) => {
                format!("{{\"type\":\"LineString\",\"coordinates\":[{}]}}", self.positions(line.iter())?)
            }
            Shape::Area(ring) => {
                let closed = ring.iter().chain(ring.first());
                format!("{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}", self.positions(closed)?)
            }
        };
        let mut members = Vec::with_capacity(properties.len());
        for (name, value) in properties {
            members.push(format!("{}:{}", json(name)?, json(value)?));
        }
        let comma = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        self.out.put(&format!(
            "{comma}{{\"type\":\"Feature\",\"id\":{},\"geometry\":{geometry},\"properties\":{{{}}}}}",
            json(id)?,
            members.join(",")
        ))
    }
    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<Entry> {
        self.out.put("\n]}\n")?;
        self.out.finish()
    }
    /// A position to 10⁻⁸ degrees (1 mm) and a millimetre of height.
    fn position(&self, [e, n, h]: [f64; 3]) -> Result<String> {
        let [lon, lat] = (self.to_lon_lat)([e, n])?;
        Ok(format!("[{lon:.8},{lat:.8},{h:.3}]"))
    }
    fn positions<'p>(&self, line: impl Iterator<Item = &'p [f64; 3]>) -> Result<String> {
        let positions: Result<Vec<String>> = line.map(|&p| self.position(p)).collect();
        Ok(positions?.join(","))
    }
}
