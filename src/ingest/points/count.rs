//! What a point cloud holds, for the report.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a point cloud holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PointCount {
    /// Points in the file.
    pub read: u64,
    /// Of those, withheld and so left out.
    pub withheld: u64,
    /// Points that came in (or would).
    pub kept: u64,
    /// Points that came in, by the number of their class (LAS 1.4 R15 table 17).
    pub classes: BTreeMap<u8, u64>,
    /// Longitude, latitude, ellipsoidal height: west, south, low, east, north, high.
    pub extent: [f64; 6],
    /// Points for each square metre of the rectangle around them.
    pub density: f64,
}

impl PointCount {
    /// Counts a point at longitude, latitude and height.
    pub(super) fn take(&mut self, class: u8, [lon, lat, h]: [f64; 3]) {
        if self.kept == 0 {
            self.extent = [lon, lat, h, lon, lat, h];
        }
        let [west, south, low, east, north, high] = self.extent;
        self.extent = [west.min(lon), south.min(lat), low.min(h), east.max(lon), north.max(lat), high.max(h)];
        self.kept += 1;
        *self.classes.entry(class).or_default() += 1;
    }
    /// What is known once all are read; `size` is their extent to the east, north and up in metres.
    pub(super) fn finish(&mut self, read: u64, withheld: u64, size: &[f64]) {
        (self.read, self.withheld) = (read, withheld);
        let area: f64 = size.iter().take(2).map(|s| s.max(0.01)).product();
        self.density = self.kept as f64 / area;
    }
    /// Its lines in the report for people.
    pub(in crate::ingest) fn text(&self, out: &mut String) {
        let Self { read, withheld, kept, classes, extent: [west, south, low, east, north, high], density } = self;
        _ = writeln!(out, "  points: {read} in the file, {withheld} withheld and left out, {kept} in");
        _ = writeln!(
            out,
            "  from {west:.7}, {south:.7}, {low:.2} to {east:.7}, {north:.7}, {high:.2}; {density:.1} points on a square metre"
        );
        let named: Vec<_> =
            classes.iter().map(|(class, count)| format!("{count} {} ({class})", name(*class))).collect();
        _ = writeln!(out, "  classes: {}", named.join(", "));
    }
}

/// The name of a class (LAS 1.4 R15 table 17).
const fn name(class: u8) -> &'static str {
    match class {
        0 => "never classified",
        1 => "unclassified",
        2 => "ground",
        3 => "low vegetation",
        4 => "medium vegetation",
        5 => "high vegetation",
        6 => "building",
        7 => "low noise",
        9 => "water",
        10 => "rail",
        11 => "road surface",
        13 => "guard wire",
        14 => "conductor wire",
        15 => "transmission tower",
        16 => "wire connector",
        17 => "bridge deck",
        18 => "high noise",
        64.. => "of the user's own",
        _ => "reserved",
    }
}
