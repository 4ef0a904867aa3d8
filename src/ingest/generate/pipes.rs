//! Pipes of seven kinds under the streets: manholes with rim and invert, valves, and hydrants on the water mains.

use super::ground::on_ground;
use super::layer::{Layer, Shape, ToLonLat};
use super::out::{Entry, Out, csv_row};
use super::site::Site;
use crate::fault::Result;
use serde_json::{Value, json};
use std::path::Path;

/// A network: id, Chinese, English, depth of its start below ground in metres, fall in metres a metre, diameter in
/// millimetres, material.
type Kind = (&'static str, &'static str, &'static str, f64, f64, u32, &'static str);

const NETWORKS: [Kind; 7] = [
    ("water", "给水", "Water supply", 1.2, 0.0, 200, "球墨铸铁"),
    ("sewage", "污水", "Sewage", 1.6, 0.003, 400, "HDPE"),
    ("storm", "雨水", "Storm water", 1.4, 0.002, 600, "钢筋混凝土"),
    ("gas", "燃气", "Gas", 1.0, 0.0, 150, "PE"),
    ("heat", "热力", "District heat", 1.3, 0.0, 250, "钢"),
    ("power", "电力", "Power", 0.8, 0.0, 175, "MPP"),
    ("telecom", "通信", "Telecom", 0.7, 0.0, 110, "PVC"),
];
/// Networks under pressure: they have valves, and a second trunk in the east that closes the streets to loops.
const PRESSED: [&str; 3] = ["water", "gas", "heat"];
/// Distance between manholes, metres.
const SPACING: f64 = 11.0;
/// Of the nodes of a pressed network every so manieth is a valve.
const VALVE_EVERY: u32 = 8;

/// Deepest invert below ground, metres: beyond it a real network pumps.
const DEEPEST: f64 = 8.0;

/// A manhole or valve: its id, its place, and the heights of its rim and invert.
struct Node {
    id: String,
    place: [f64; 3],
    invert: f64,
    is_valve: bool,
}

impl Node {
    fn at(id: String, place: [f64; 2], depth: f64) -> Self {
        let place = on_ground(place);
        Self { id, place, invert: ((place[2] - depth) * 1_000.0).round() / 1_000.0, is_valve: false }
    }
    fn bottom(&self) -> [f64; 3] {
        [self.place[0], self.place[1], self.invert]
    }
}

/// A hydrant in the street: its device's id, its place in the site's frame and its height above ground, metres.
pub(super) struct Hydrant {
    pub(super) id: String,
    pub(super) place: [f64; 2],
    pub(super) up: f64,
}

struct Files<'a> {
    pipes: Layer<'a>,
    nodes: Layer<'a>,
    /// What is joined to what, for whoever judges an import.
    truth: Out,
}

/// Writes `pipes.geojson`, `manholes.geojson` and `.truth/networks.csv`: every street drains west into a trunk, the trunk south.
pub(super) fn write(dir: &Path, site: &Site, hydrants: &[Hydrant], to: &ToLonLat<'_>) -> Result<[Entry; 3]> {
    let mut files = Files {
        pipes: Layer::create(dir, "pipes.geojson", to)?,
        nodes: Layer::create(dir, "manholes.geojson", to)?,
        truth: Out::create(dir, ".truth/networks.csv")?,
    };
    files.truth.put("segment,network,from,to\n")?;
    let [width, depth] = site.size();
    for (lane, network) in (0_u32..).zip(NETWORKS) {
        let (id, _, _, start, fall, _, _) = network;
        let offset = 0.3 + 0.4 * f64::from(lane);
        // The trunk's depth at a street is that of the street's west end: what flows in never has to rise.
        let trunk_depth = |y: f64| (start + fall * (width + depth - y)).min(DEEPEST);
        let street_y = |street: u32| f64::from(street) * site.plot[1] + offset;
        let n = steps(width);
        for street in 0..site.plots[1] {
            let y = street_y(street);
            let run = (0..=n).map(|i| {
                let along = f64::from(n - i) / f64::from(n) * width;
                let deep = start + (trunk_depth(y) - start) * f64::from(i) / f64::from(n);
                let node = if i == n { format!("MH-{id}-T{street}") } else { format!("MH-{id}-{street}-{i}") };
                Node::at(node, [offset + along, y], deep)
            });
            let mut run: Vec<Node> = run.collect();
            valves(id, &mut run);
            files.line(&network, &run, &format!("P-{id}-{street}"), [true, true])?;
            if id == "water" {
                files.hydrants(&network, &run, hydrants, |y| (y / site.plot[1]).floor() == f64::from(street))?;
            }
        }
        for street in 1..site.plots[1] {
            let (from, to) = (street_y(street), street_y(street - 1));
            let n = steps(from - to);
            let along = |i: u32| from + (to - from) * f64::from(i) / f64::from(n);
            let between = |letter: &str, i: u32| match (letter, i) {
                ("T", 0) => format!("MH-{id}-T{street}"),
                ("T", i) if i == n => format!("MH-{id}-T{}", street - 1),
                (_, 0) => format!("MH-{id}-{street}-0"),
                (_, i) if i == n => format!("MH-{id}-{}-0", street - 1),
                (letter, i) => format!("MH-{id}-{letter}{street}-{i}"),
            };
            // A street's ends begin or end the trunks and have been written with it.
            let trunk: Vec<Node> =
                (0..=n).map(|i| Node::at(between("T", i), [offset, along(i)], trunk_depth(along(i)))).collect();
            files.line(&network, &trunk, &format!("P-{id}-T{street}"), [false, false])?;
            if PRESSED.contains(&id) {
                let east: Vec<Node> =
                    (0..=n).map(|i| Node::at(between("E", i), [offset + width, along(i)], start)).collect();
                files.line(&network, &east, &format!("P-{id}-E{street}"), [false, false])?;
            }
        }
    }
    Ok([files.pipes.finish()?, files.nodes.finish()?, files.truth.finish()?])
}

/// Into how many pipes a length is cut.
fn steps(length: f64) -> u32 {
    (1..=100_000_u32).find(|&n| f64::from(n) * SPACING >= length).unwrap_or(1)
}

/// Makes valves of a street's nodes: behind each end, and on the way.
fn valves(network: &str, run: &mut [Node]) {
    let last = run.len().saturating_sub(2);
    for (at, node) in run.iter_mut().enumerate().skip(1).filter(|_| PRESSED.contains(&network)) {
        node.is_valve = at <= last && (at == 1 || at == last || at % VALVE_EVERY as usize == 0);
    }
}

impl Files<'_> {
    /// Writes one run of pipes and its nodes; those at its ends where `ends` says so.
    fn line(&mut self, network: &Kind, run: &[Node], name: &str, ends: [bool; 2]) -> Result<()> {
        let &(id, zh, ..) = network;
        for (i, node) in run.iter().enumerate() {
            if (i == 0 && !ends[0]) || (i + 1 == run.len() && !ends[1]) {
                continue;
            }
            let (class, word) = if node.is_valve { ("valve", "阀门") } else { ("manhole", "检查井") };
            let properties = [
                ("class", json!(class)),
                ("name", json!(format!("{zh}{word}"))),
                ("network", json!(id)),
                ("rim", json!(node.place[2])),
                ("invert", json!(node.invert)),
            ];
            self.nodes.feature(&node.id, &Shape::Point(node.place), &properties)?;
        }
        for (i, pair) in run.windows(2).enumerate() {
            let [from, to] = pair else { continue };
            let heights = [
                ("rim_from", json!(from.place[2])),
                ("rim_to", json!(to.place[2])),
                ("invert_from", json!(from.invert)),
                ("invert_to", json!(to.invert)),
            ];
            let line = [from.bottom(), to.bottom()];
            self.pipe(network, &format!("{name}-{}", i + 1), [&from.id, &to.id], &line, &heights)?;
        }
        Ok(())
    }
    /// Joins the hydrants of a street to the nearest node of its main that is no valve: along the invert, then up.
    fn hydrants(
        &mut self,
        network: &Kind,
        run: &[Node],
        hydrants: &[Hydrant],
        is_here: impl Fn(f64) -> bool,
    ) -> Result<()> {
        for hydrant in hydrants.iter().filter(|h| is_here(h.place[1])) {
            let [e, n, ground] = on_ground(hydrant.place);
            let away = |node: &Node| (node.place[0] - e).hypot(node.place[1] - n);
            let open = run.iter().filter(|node| !node.is_valve);
            let Some(main) = open.min_by(|a, b| away(a).total_cmp(&away(b))) else { continue };
            let line = [main.bottom(), [e, n, main.invert], [e, n, ground + hydrant.up]];
            let heights = [("rim_from", json!(main.place[2])), ("invert_from", json!(main.invert))];
            self.pipe(network, &format!("P-{}", hydrant.id), [&main.id, &hydrant.id], &line, &heights)?;
        }
        Ok(())
    }
    fn pipe(
        &mut self,
        &(network, zh, en, _, _, diameter, material): &Kind,
        id: &str,
        [from, to]: [&str; 2],
        line: &[[f64; 3]],
        heights: &[(&str, Value)],
    ) -> Result<()> {
        let mut properties = vec![
            ("class", json!("pipe")),
            ("name", json!(format!("{zh}管"))),
            ("name_en", json!(en)),
            ("network", json!(network)),
            ("from", json!(from)),
            ("to", json!(to)),
        ];
        properties.extend(heights.iter().cloned());
        properties.extend([("diameter_mm", json!(diameter)), ("material", json!(material)), ("year", json!(2004))]);
        self.pipes.feature(id, &Shape::Line(line), &properties)?;
        self.truth.put(&csv_row(&[id, network, from, to]))
    }
}
