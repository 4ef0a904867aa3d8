//! Pipes of seven kinds under the streets, and the manholes that join them, each with its rim and its invert.

use super::ground::on_ground;
use super::layer::{Layer, Shape, ToLonLat};
use super::out::Entry;
use super::site::Site;
use crate::fault::Result;
use serde_json::{Value, json};
use std::path::Path;

/// A network: id, Chinese, English, depth of its start below ground in metres, fall in metres a metre, diameter in
/// millimetres, material.
const NETWORKS: [(&str, &str, &str, f64, f64, u32, &str); 7] = [
    ("water", "给水", "Water supply", 1.2, 0.0, 200, "球墨铸铁"),
    ("sewage", "污水", "Sewage", 1.6, 0.003, 400, "HDPE"),
    ("storm", "雨水", "Storm water", 1.4, 0.002, 600, "钢筋混凝土"),
    ("gas", "燃气", "Gas", 1.0, 0.0, 150, "PE"),
    ("heat", "热力", "District heat", 1.3, 0.0, 250, "钢"),
    ("power", "电力", "Power", 0.8, 0.0, 175, "MPP"),
    ("telecom", "通信", "Telecom", 0.7, 0.0, 110, "PVC"),
];
/// Distance between manholes, metres.
const SPACING: f64 = 11.0;

/// Deepest invert below ground, metres: beyond it a real network pumps.
const DEEPEST: f64 = 8.0;

/// A manhole: its id, its place, and the heights of its rim and invert.
struct Manhole {
    id: String,
    place: [f64; 3],
    invert: f64,
}

impl Manhole {
    fn at(id: String, place: [f64; 2], depth: f64) -> Self {
        let place = on_ground(place);
        Self { id, place, invert: ((place[2] - depth) * 1_000.0).round() / 1_000.0 }
    }
}

/// Writes `pipes.geojson` and `manholes.geojson`: every street drains west into a trunk, the trunk south.
pub(super) fn write(dir: &Path, site: &Site, to: &ToLonLat<'_>) -> Result<[Entry; 2]> {
    let mut pipes = Layer::create(dir, "pipes.geojson", to)?;
    let mut holes = Layer::create(dir, "manholes.geojson", to)?;
    let [width, depth] = site.size();
    let steps = |length: f64| (1..=100_000_u32).find(|&n| f64::from(n) * SPACING >= length).unwrap_or(1);
    for (lane, network) in (0_u32..).zip(NETWORKS) {
        let (id, _, _, start, fall, _, _) = network;
        let offset = 0.3 + 0.4 * f64::from(lane);
        // The trunk's depth at a street is that of the street's west end: what flows in never has to rise.
        let trunk_depth = |y: f64| (start + fall * (width + depth - y)).min(DEEPEST);
        let n = steps(width);
        for street in 0..site.plots[1] {
            let y = f64::from(street) * site.plot[1] + offset;
            let run = (0..=n).map(|i| {
                let along = f64::from(n - i) / f64::from(n) * width;
                let deep = start + (trunk_depth(y) - start) * f64::from(i) / f64::from(n);
                let hole = if i == n { format!("MH-{id}-T{street}") } else { format!("MH-{id}-{street}-{i}") };
                Manhole::at(hole, [offset + along, y], deep)
            });
            line(&mut pipes, &mut holes, &network, run.collect(), &format!("P-{id}-{street}"))?;
        }
        for street in 1..site.plots[1] {
            let (from, to) = (f64::from(street) * site.plot[1] + offset, f64::from(street - 1) * site.plot[1] + offset);
            let n = steps(from - to);
            let run = (0..=n).map(|i| {
                let y = from + (to - from) * f64::from(i) / f64::from(n);
                let hole = match i {
                    0 => format!("MH-{id}-T{street}"),
                    i if i == n => format!("MH-{id}-T{}", street - 1),
                    i => format!("MH-{id}-T{street}-{i}"),
                };
                Manhole::at(hole, [offset, y], trunk_depth(y))
            });
            line(&mut pipes, &mut holes, &network, run.collect(), &format!("P-{id}-T{street}"))?;
        }
    }
    Ok([pipes.finish()?, holes.finish()?])
}

/// Writes one run of pipes and the manholes that it is the first to reach.
fn line(
    pipes: &mut Layer<'_>,
    holes: &mut Layer<'_>,
    &(id, zh, en, _, _, diameter, material): &(&str, &str, &str, f64, f64, u32, &str),
    run: Vec<Manhole>,
    name: &str,
) -> Result<()> {
    let trunk = name.contains("-T");
    for (i, hole) in run.iter().enumerate() {
        // A street's last manhole begins or ends the trunk, which is drawn later.
        if !trunk || (i > 0 && i + 1 < run.len()) {
            let properties = [
                ("class", json!("manhole")),
                ("name", json!(format!("{zh}检查井"))),
                ("network", json!(id)),
                ("rim", json!(hole.place[2])),
                ("invert", json!(hole.invert)),
            ];
            holes.feature(&hole.id, &Shape::Point(hole.place), &properties)?;
        }
    }
    for (i, ends) in run.windows(2).enumerate() {
        let [from, to] = ends else { continue };
        let at = |hole: &Manhole| [hole.place[0], hole.place[1], hole.invert];
        let properties: [(&str, Value); 13] = [
            ("class", json!("pipe")),
            ("name", json!(format!("{zh}管"))),
            ("name_en", json!(en)),
            ("network", json!(id)),
            ("from", json!(from.id)),
            ("to", json!(to.id)),
            ("rim_from", json!(from.place[2])),
            ("rim_to", json!(to.place[2])),
            ("invert_from", json!(from.invert)),
            ("invert_to", json!(to.invert)),
            ("diameter_mm", json!(diameter)),
            ("material", json!(material)),
            ("year", json!(2004)),
        ];
        pipes.feature(&format!("{name}-{}", i + 1), &Shape::Line(&[at(from), at(to)]), &properties)?;
    }
    Ok(())
}
