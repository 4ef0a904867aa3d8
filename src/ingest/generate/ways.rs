//! Where one can walk: through doors, along corridors, up stairs and lifts, out of entrances, along the streets, through gates.
//!
//! Every way is an edge between two nodes: a room is a node by its own id, a place in the open by a name of its own.

use super::ground::on_ground;
use super::ids;
use super::layer::{Layer, Shape, ToLonLat};
use super::layout::Plan;
use super::make_up::Kind;
use super::out::Entry;
use super::site::{Site, Structure};
use super::tree::{Level, Node, grow};
use super::usage::Usage;
use crate::fault::Result;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Middle of a street, metres north of a plot's south side.
const STREET: f64 = 1.5;

/// A way: what it is, its two nodes, its width in metres and whether it can be shut.
struct Way<'a> {
    id: String,
    kind: &'a str,
    ends: [&'a str; 2],
    width: f64,
    closable: bool,
}

struct Ways<'a> {
    layer: Layer<'a>,
}

/// Writes `ways.geojson`.
pub(super) fn write(dir: &Path, site: &Site, structures: &[Structure], to: &ToLonLat<'_>) -> Result<Entry> {
    let mut ways = Ways { layer: Layer::create(dir, "ways.geojson", to)? };
    ways.streets(site)?;
    for structure in structures {
        ways.indoors(site, structure)?;
    }
    ways.layer.finish()
}

/// The name of the place in street `row` before column `column` of plots.
fn crossing(row: u32, column: u32) -> String {
    format!("X-{row}-{column}")
}

impl Ways<'_> {
    fn put(&mut self, way: &Way<'_>, line: &[[f64; 3]], more: &[(&str, Value)]) -> Result<()> {
        let Way { id, kind, ends: [from, to], width, closable } = way;
        let mut properties = vec![
            ("class", json!("way")),
            ("kind", json!(kind)),
            ("from", json!(from)),
            ("to", json!(to)),
            ("width", json!(width)),
            ("closable", json!(closable)),
        ];
        properties.extend(more.iter().cloned());
        self.layer.feature(id, &Shape::Line(line), &properties)
    }
    /// The streets between the plots, with one more beyond the last row; those in the west and east join them. Every second
    /// street leaves the community in the west, by a gate.
    fn streets(&mut self, site: &Site) -> Result<()> {
        let [columns, rows] = site.plots;
        let place = |row: u32, column: u32| {
            on_ground([f64::from(column) * site.plot[0], f64::from(row) * site.plot[1] + STREET])
        };
        for row in 0..=rows {
            for column in 0..columns {
                let (from, to) = (crossing(row, column), crossing(row, column + 1));
                let id = format!("W-street-{row}-{column}");
                let way = Way { id, kind: "path", ends: [&from, &to], width: 4.0, closable: false };
                self.put(&way, &[place(row, column), place(row, column + 1)], &[])?;
            }
            for (side, column) in [("west", 0), ("east", columns)].into_iter().filter(|_| row < rows) {
                let (from, to) = (crossing(row, column), crossing(row + 1, column));
                let id = format!("W-{side}-{row}");
                let way = Way { id, kind: "path", ends: [&from, &to], width: 4.0, closable: false };
                self.put(&way, &[place(row, column), place(row + 1, column)], &[])?;
            }
            if row % 2 == 0 {
                let (from, to) = (crossing(row, 0), format!("OUT-{row}"));
                let way =
                    Way { id: format!("W-gate-{row}"), kind: "gate", ends: [&from, &to], width: 3.5, closable: true };
                let [_, y] = [0.0, f64::from(row) * site.plot[1] + STREET];
                self.put(
                    &way,
                    &[place(row, 0), on_ground([-12.0, y])],
                    &[("name", json!(format!("西门{}", row / 2 + 1)))],
                )?;
            }
        }
        Ok(())
    }
    fn indoors(&mut self, site: &Site, structure: &Structure) -> Result<()> {
        let nodes = grow(structure);
        // Rooms by unit, storey and place in the plan; a lift shaft is one room for all storeys.
        let all = || nodes.iter().filter(|n| n.level == Level::Room);
        let rooms: HashMap<(u32, usize, usize), &Node> =
            all().filter_map(|n| Some(((n.unit, n.storey?, n.planned?), n))).collect();
        let units = structure.kind.homes()[0];
        for unit in if units == 0 { 0..=0 } else { 1..=units } {
            let shafts: Vec<&Node> = all().filter(|n| n.unit == unit && n.storey.is_none()).collect();
            let room = |storey: usize, planned: usize| {
                let plan = structure.plan(storey);
                let is_shaft = |r: &super::layout::RoomPlan| r.usage == Usage::LiftShaft;
                if plan.rooms.get(planned).is_some_and(is_shaft) {
                    let before = plan.rooms.iter().take(planned).filter(|r| is_shaft(r)).count();
                    return shafts.get(before).copied();
                }
                rooms.get(&(unit, storey, planned)).copied()
            };
            for index in 0..structure.storeys.len() {
                let plan = structure.plan(index);
                self.storey(structure, unit, index, &plan, &|planned| room(index, planned))?;
                let stair = |index: usize| {
                    let at = structure.plan(index).rooms.iter().position(|r| r.usage == Usage::Stair)?;
                    room(index, at)
                };
                if let Some((below, above)) =
                    stair(index).zip(stair(index + 1).filter(|_| index + 1 < structure.storeys.len()))
                {
                    self.flight(structure, unit, index, below, above)?;
                }
            }
            self.entrance(site, structure, unit, &room)?;
        }
        Ok(())
    }
    /// The doors and openings of one storey of one unit.
    fn storey<'n>(
        &mut self,
        structure: &Structure,
        unit: u32,
        index: usize,
        plan: &Plan,
        room: &dyn Fn(usize) -> Option<&'n Node>,
    ) -> Result<()> {
        let Some(storey) = structure.storeys.get(index) else { return Ok(()) };
        let offset = plan.width * i32::try_from(unit.saturating_sub(1)).unwrap_or(0);
        let doors = plan.doors.iter().map(|pair| (pair, true)).chain(plan.open.iter().map(|pair| (pair, false)));
        for (number, (&(a, b), is_door)) in (1..).zip(doors) {
            let (Some(from), Some(to), Some([x0, y0, x1, y1])) = (room(a), room(b), plan.shared(a, b)) else {
                continue;
            };
            let lift = [from, to].iter().any(|node| node.usage == Some(Usage::LiftShaft));
            let (kind, width) = match (lift, is_door) {
                (true, _) => ("lift_door", 0.9),
                (_, true) => ("door", 0.9),
                _ => ("opening", f64::from(x1 - x0 + y1 - y0) / 1_000.0),
            };
            let at = |[x, y]: [i32; 2]| {
                let [e, n] = structure.project([x, y]);
                [e, n, structure.height(storey.floor)]
            };
            let line = [at(from.middle()), at([(x0 + x1) / 2 + offset, (y0 + y1) / 2]), at(to.middle())];
            let ends = [ids::asset(structure, from), ids::asset(structure, to)];
            let id = format!("W-{}-{unit}-{}-{number:02}", structure.number, storey.number);
            let way = Way { id, kind, ends: [&ends[0], &ends[1]], width, closable: is_door };
            self.put(&way, &line, &[("building", json!(structure.number)), ("storey", json!(storey.label))])?;
        }
        Ok(())
    }
    /// A stair from one storey to the next.
    fn flight(&mut self, structure: &Structure, unit: u32, index: usize, below: &Node, above: &Node) -> Result<()> {
        let Some(storey) = structure.storeys.get(index) else { return Ok(()) };
        let at = |node: &Node| {
            let [e, n] = structure.project(node.middle());
            [e, n, structure.height(node.z[0])]
        };
        let ends = [ids::asset(structure, below), ids::asset(structure, above)];
        let id = format!("W-{}-{unit}-{}-stair", structure.number, storey.number);
        let way = Way { id, kind: "stair", ends: [&ends[0], &ends[1]], width: 1.2, closable: false };
        let more = [
            ("building", json!(structure.number)),
            ("storey", json!(storey.label)),
            ("steps", json!(storey.height / 170)),
        ];
        self.put(&way, &[at(below), at(above)], &more)
    }
    /// The way from the corridor of the entrance storey to the street north of the building; a garage's from its stair.
    fn entrance<'n>(
        &mut self,
        site: &Site,
        structure: &Structure,
        unit: u32,
        room: &dyn Fn(usize, usize) -> Option<&'n Node>,
    ) -> Result<()> {
        let garage = structure.kind == Kind::Garage;
        // The lowest storey above ground, or the highest below where there is none.
        let Some(index) =
            structure.storeys.iter().position(|s| s.number >= 0).or(structure.storeys.len().checked_sub(1))
        else {
            return Ok(());
        };
        let wanted = if garage { Usage::Stair } else { Usage::Corridor };
        let Some(planned) = structure.plan(index).rooms.iter().position(|r| r.usage == wanted) else { return Ok(()) };
        let Some(inside) = room(index, planned) else { return Ok(()) };
        let [x, _] = inside.middle();
        let [_, depth] = structure.size();
        let own = [structure.corner[0] + f64::from(x) / 1_000.0, structure.corner[1] + f64::from(depth) / 1_000.0];
        let door = on_ground(own);
        let [e, n] = structure.project(inside.middle());
        let start = [e, n, structure.height(inside.z[0])];
        let outside = format!("E-{}-{unit}", structure.number);
        let from = ids::asset(structure, inside);
        let id = format!("W-{}-{unit}-entrance", structure.number);
        let kind = if garage { "stair" } else { "entrance" };
        let way = Way { id, kind, ends: [&from, &outside], width: 1.5, closable: true };
        self.put(&way, &[start, door], &[("building", json!(structure.number))])?;
        // North to the next street, then to its nearer crossing.
        let row = ((own[1] / site.plot[1]).floor() + 1.0).min(f64::from(site.plots[1]));
        let street = row * site.plot[1] + STREET;
        let column = (own[0] / site.plot[0]).round().clamp(0.0, f64::from(site.plots[0]));
        let number = |v: f64, most: u32| (0..=most).find(|n| f64::from(*n) >= v).unwrap_or(most);
        let crossing = crossing(number(row, site.plots[1]), number(column, site.plots[0]));
        let line = [door, on_ground([own[0], street]), on_ground([column * site.plot[0], street])];
        let id = format!("W-{}-{unit}-path", structure.number);
        let way = Way { id, kind: "path", ends: [&outside, &crossing], width: 2.0, closable: false };
        self.put(&way, &line, &[("building", json!(structure.number))])
    }
}
