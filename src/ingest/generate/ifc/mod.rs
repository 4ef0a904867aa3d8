//! A tower as IFC4: storeys, flats, rooms, walls with doors and windows, slabs, stairs, and its detectors.

mod elements;
mod frame;
mod spaces;
mod step;
mod walls;

use super::devices::Device;
use super::ids::{global_id, storey_key};
use super::out::Entry;
use super::people::People;
use super::site::Structure;
use super::tree::{self, Node};
use crate::fault::Result;
use frame::Frame;
use std::path::Path;
use step::{Ref, Step, count, label, text};

/// Writes a structure with its tree, how many people live in it and its indoor devices as `name`.
pub(super) fn write(
    dir: &Path,
    name: &str,
    structure: &Structure,
    nodes: &[Node],
    people: People,
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
    let People { households, people, children, elderly } = people;
    let lived_in = [("Households", households), ("People", people), ("Children", children), ("Elderly", elderly)];
    frame.properties(building, &key, "Cimbra_People", &lived_in.map(|(name, n)| (name, count(n))))?;
    let project = frame.project.to_string();
    frame.relate("IFCRELAGGREGATES", "project", &project, &[site], true)?;
    frame.relate("IFCRELAGGREGATES", "site", &site.to_string(), &[building], true)?;
    let mut storeys = Vec::new();
    for (index, storey) in structure.storeys.iter().enumerate() {
        let key = storey_key(structure, index);
        let origin = frame.placement(Some(place), [0, 0, storey.floor], false)?;
        let [zh, en] = storey.names();
        let made = frame.step.add(&format!(
            "IFCBUILDINGSTOREY('{}',$,{},$,$,{origin},$,{},.ELEMENT.,{})",
            global_id(&key),
            text(&storey.label),
            text(&format!("{zh} {en}")),
            step::metres(storey.floor)
        ))?;
        let number = storey.number.to_string();
        frame.properties(
            made,
            &key,
            "Cimbra_Storey",
            &[("Label", label(&storey.label)), ("Number", label(&number))],
        )?;
        let level = Level { structure, index, key, made, origin };
        elements::write(&mut frame, &level)?;
        storeys.push(level);
    }
    let made: Vec<Ref> = storeys.iter().map(|s| s.made).collect();
    frame.relate("IFCRELAGGREGATES", "building", &building.to_string(), &made, true)?;
    spaces::write(&mut frame, &storeys, nodes, devices)?;
    frame.step.finish()
}

/// One storey being written.
struct Level<'a> {
    structure: &'a Structure,
    index: usize,
    key: String,
    /// The `IfcBuildingStorey`.
    made: Ref,
    /// Its placement.
    origin: Ref,
}
