//! The tables: `devices.csv`, which intake reads, and the head counts of the buildings, which stay counts.

use super::devices::{Device, Garage, indoors};
use super::make_up::{Kind, MakeUp};
use super::out::{Entry, Out, csv_row};
use super::outdoors::outdoors;
use super::site::{Site, Structure};
use super::tree::{grow, key};
use crate::fault::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// Bays on a garage's level, at most.
const BAYS: u32 = 132;

/// What each garage level takes, and the bays left for the open air.
pub(super) fn garage(make_up: &MakeUp, structures: &[Structure]) -> (Garage, u32) {
    let garages = structures.iter().filter(|s| s.kind == Kind::Garage).count();
    let levels = 2 * u32::try_from(garages).unwrap_or(u32::MAX);
    let share = |reference: u32| make_up.count(reference).checked_div(levels).unwrap_or(0).min(BAYS);
    let level = Garage { bays: share(3_500), chargers: share(900) };
    (level, make_up.count(3_500).saturating_sub(level.bays * levels))
}

/// Writes `devices.csv` and `.truth/bindings.csv`; gives the files and how many devices there are of each class.
pub(super) fn devices(
    dir: &Path,
    make_up: &MakeUp,
    site: &Site,
    structures: &[Structure],
    seed: u64,
) -> Result<(Vec<Entry>, BTreeMap<&'static str, u64>)> {
    let mut out = Out::create(dir, "devices.csv")?;
    let mut truth = Out::create(dir, ".truth/bindings.csv")?;
    out.put("id,name,class,x,y,z,crs,parent,storey,panel_text,datastreams,serial\n")?;
    truth.put("device,space,storey_number\n")?;
    let (level, bays) = garage(make_up, structures);
    let mut cameras = 0;
    let mut counts = BTreeMap::new();
    let mut row = |device: &Device, parent: &str| {
        let [class, _, _, streams] = device.kind.words();
        *counts.entry(class).or_default() += 1;
        let [x, y, z] = device.place.map(|v| format!("{v:.3}"));
        out.put(&csv_row(&[
            &device.id,
            &device.name,
            class,
            &x,
            &y,
            &z,
            "EPSG:4549",
            parent,
            &device.storey,
            &device.panel_text,
            streams,
            &device.serial,
        ]))
    };
    for structure in structures {
        let nodes = grow(structure);
        for device in indoors(structure, &nodes, seed, level, &mut cameras) {
            let node = device.space.and_then(|i| nodes.get(i));
            let space = node.map(|n| super::ids::asset(structure, n)).unwrap_or_default();
            row(&device, &space)?;
            let number =
                node.and_then(|n| n.storey).and_then(|i| structure.storeys.get(i)).map(|s| s.number.to_string());
            truth.put(&csv_row(&[&device.id, &space, &number.unwrap_or_default()]))?;
        }
    }
    outdoors(make_up, site, seed, bays, &mut cameras, |device| row(&device, ""))?;
    Ok((vec![out.finish()?, truth.finish()?], counts))
}

/// Writes the structures that are delivered as IFC, their detectors in them.
pub(super) fn tower(dir: &Path, make_up: &MakeUp, structures: &[Structure], seed: u64) -> Result<Option<Entry>> {
    let Some(structure) = structures.iter().find(|s| s.is_bim()) else { return Ok(None) };
    let nodes = grow(structure);
    let (level, _) = garage(make_up, structures);
    let devices = indoors(structure, &nodes, seed, level, &mut 0);
    let people = super::people::count(structure, &nodes, seed);
    super::ifc::write(dir, "tower-1.ifc", structure, &nodes, &people, &devices).map(Some)
}

/// Writes `.truth/people.csv`: how many live in each unit, never who.
pub(super) fn people(dir: &Path, structures: &[Structure], seed: u64) -> Result<Entry> {
    let mut out = Out::create(dir, ".truth/people.csv")?;
    out.put("building,unit,households,people,children,elderly\n")?;
    for structure in structures {
        for (unit, counts) in super::people::count(structure, &grow(structure), seed) {
            let super::people::People { households, people, children, elderly } = counts;
            let cells = [unit, households, people, children, elderly].map(|n| n.to_string());
            out.put(&csv_row(&[&key(structure), &cells[0], &cells[1], &cells[2], &cells[3], &cells[4]]))?;
        }
    }
    out.finish()
}
