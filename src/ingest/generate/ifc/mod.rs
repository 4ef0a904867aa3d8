//! A tower as IFC4: units, storeys, flats, rooms, walls with doors and windows, slabs, stairs, and its detectors.
//!
//! IFC has no entity for a unit (单元): it is a vertical section of a building, which IFC writes as an `IfcBuilding` of
//! composition PARTIAL within the building. Every unit has storeys of its own, as in the community's CityJSON.

mod elements;
mod frame;
mod spaces;
mod step;
mod walls;

use super::devices::Device;
use super::ids::global_id;
use super::out::Entry;
use super::people::People;
use super::site::Structure;
use super::tree::{self, Level as Depth, Node};
use crate::fault::Result;
use frame::Frame;
use std::collections::BTreeMap;
use std::path::Path;
use step::{Ref, Step, count, label, text};

/// Writes a structure with its tree, how many people live in each of its units and its indoor devices as `name`.
pub(super) fn write(
    dir: &Path,
    name: &str,
    structure: &Structure,
    nodes: &[Node],
    people: &BTreeMap<u32, People>,
    devices: &[Device],
) -> Result<Entry> {
    let mut frame = Frame::new(Step::create(dir, name)?, structure)?;
    let key = tree::key(structure);
    let place = frame.placement(None, [0, 0, 0], false)?;
    let site = frame.step.add(&format!(
        "IFCSITE('{}',$,{},$,$,{place},$,$,.ELEMENT.,$,$,$,$,$)",
        global_id("site"),
        text(&tree::community())
    ))?;
    let place = frame.placement(Some(place), [0, 0, 0], false)?;
    let [zh, en] = tree::names(structure);
    let building = frame.step.add(&format!(
        "IFCBUILDING('{}',$,{},{},$,{place},$,{},.ELEMENT.,$,$,$)",
        global_id(&key),
        text(&zh),
        text(&super::addresses::street_address(structure)),
        text(&en)
    ))?;
    let ([above, below], year) = (structure.storeys_apart(), structure.year().to_string());
    let common = [
        ("NumberOfStoreys", count(above + below)),
        ("YearOfConstruction", label(&year)),
        ("OccupancyType", label("residential")),
    ];
    frame.properties(building, &key, "Pset_BuildingCommon", &common)?;
    live_in(&mut frame, building, &key, people.values().copied().sum())?;
    let project = frame.project.to_string();
    frame.relate("IFCRELAGGREGATES", "project", &project, &[site], true)?;
    frame.relate("IFCRELAGGREGATES", "site", &site.to_string(), &[building], true)?;
    // What holds storeys: the units by their number; in a structure without any, the building as number 0.
    let mut wholes = BTreeMap::new();
    for node in nodes.iter().filter(|n| n.level == Depth::Unit) {
        let made = unit(&mut frame, place, node)?;
        live_in(&mut frame, made, &node.key, people.get(&node.unit).copied().unwrap_or_default())?;
        wholes.insert(node.unit, (made, node.key.as_str()));
    }
    let units: Vec<Ref> = wholes.values().map(|(made, _)| *made).collect();
    frame.relate("IFCRELAGGREGATES", "units", &building.to_string(), &units, true)?;
    wholes.entry(0).or_insert((building, &key));
    let mut storeys = BTreeMap::new();
    for node in nodes.iter().filter(|n| n.level == Depth::Storey) {
        let Some(index) = node.storey else { continue };
        let level = storey(&mut frame, place, structure, node, index)?;
        elements::write(&mut frame, &level)?;
        storeys.insert((node.unit, index), level);
    }
    for (number, (whole, key)) in wholes {
        let made: Vec<Ref> = storeys.range((number, 0)..=(number, usize::MAX)).map(|(_, s)| s.made).collect();
        frame.relate("IFCRELAGGREGATES", key, &whole.to_string(), &made, true)?;
    }
    spaces::write(&mut frame, &storeys, nodes, devices)?;
    frame.step.finish()
}

/// Says how many people live in a building or unit.
fn live_in(frame: &mut Frame, whole: Ref, key: &str, people: People) -> Result<()> {
    let People { households, people, children, elderly } = people;
    let counts = [("Households", households), ("People", people), ("Children", children), ("Elderly", elderly)];
    frame.properties(whole, key, "Cimbra_People", &counts.map(|(name, n)| (name, count(n))))
}

/// A unit; its object type is the word that CityJSON has for it, by which a reader knows what kind of part it is.
fn unit(frame: &mut Frame, within: Ref, node: &Node) -> Result<Ref> {
    let place = frame.placement(Some(within), [0, 0, 0], false)?;
    frame.step.add(&format!(
        "IFCBUILDING('{}',$,{},$,'BuildingUnit',{place},$,{},.PARTIAL.,$,$,$)",
        global_id(&node.key),
        text(&node.zh),
        text(&node.en)
    ))
}

/// A storey of a unit, still without anything in it. Its name is the label, as what stands on it says.
fn storey<'a>(
    frame: &mut Frame,
    within: Ref,
    structure: &'a Structure,
    node: &'a Node,
    index: usize,
) -> Result<Level<'a>> {
    let origin = frame.placement(Some(within), [0, 0, node.z[0]], false)?;
    let [said, number] =
        structure.storeys.get(index).map_or_else(Default::default, |s| [s.label.clone(), s.number.to_string()]);
    let made = frame.step.add(&format!(
        "IFCBUILDINGSTOREY('{}',$,{},$,$,{origin},$,{},.ELEMENT.,{})",
        global_id(&node.key),
        text(&said),
        text(&format!("{} {}", node.zh, node.en)),
        step::metres(node.z[0])
    ))?;
    frame.properties(made, &node.key, "Cimbra_Storey", &[("Label", label(&said)), ("Number", label(&number))])?;
    Ok(Level { structure, index, unit: node.unit, key: &node.key, made, origin })
}

/// One storey being written.
struct Level<'a> {
    structure: &'a Structure,
    index: usize,
    /// The number of its unit, from 1; 0 where there is none.
    unit: u32,
    key: &'a str,
    /// The `IfcBuildingStorey`.
    made: Ref,
    /// Its placement.
    origin: Ref,
}

impl Level<'_> {
    /// Whether what reaches from x to x belongs to its unit; what stands on the border belongs to the unit before it.
    fn holds(&self, [from, to]: [i32; 2]) -> bool {
        let width = self.structure.plan(self.index).width.max(1);
        self.unit == 0 || u32::try_from((from + to - 1) / 2 / width) == Ok(self.unit - 1)
    }
}
