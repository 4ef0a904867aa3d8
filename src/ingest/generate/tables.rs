//! The tables: `devices.csv`, which intake reads, and the head counts of the buildings, which stay counts.

use super::devices::{Device, Garage, indoors};
use super::layer::ToLonLat;
use super::make_up::{Kind, MakeUp};
use super::out::{Entry, Out, csv_row};
use super::outdoors::outdoors;
use super::poses::{self, poses};
use super::site::{Site, Structure};
use super::traps::{self, Traps};
use super::tree::{grow, key};
use crate::crs::Offset;
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

/// The files that devices are told in: to intake in the first, what is true in the others.
struct Tables<'a> {
    devices: Out,
    bindings: Out,
    cameras: Out,
    traps: Out,
    setter: Traps,
    seed: u64,
    counts: BTreeMap<&'static str, u64>,
    to_lon_lat: &'a ToLonLat<'a>,
}

/// Writes `devices.csv`, and into `.truth` what is true of them; gives the files and how many devices there are of each class.
pub(super) fn devices(
    dir: &Path,
    make_up: &MakeUp,
    site: &Site,
    structures: &[Structure],
    seed: u64,
    to_lon_lat: &ToLonLat<'_>,
) -> Result<(Vec<Entry>, BTreeMap<&'static str, u64>)> {
    let mut tables = Tables {
        devices: Out::create(dir, "devices.csv")?,
        bindings: Out::create(dir, ".truth/bindings.csv")?,
        cameras: Out::create(dir, ".truth/cameras.csv")?,
        traps: Out::create(dir, ".truth/traps.csv")?,
        setter: Traps::new(seed),
        seed,
        counts: BTreeMap::new(),
        to_lon_lat,
    };
    tables.devices.put(&format!(
        "id,name,class,x,y,z,crs,parent,storey,panel_text,datastreams,serial,network,{}\n",
        poses::COLUMNS
    ))?;
    tables.bindings.put("device,space,storey_number\n")?;
    tables.cameras.put(poses::TRUTH)?;
    tables.traps.put(traps::TRUTH)?;
    let (level, bays) = garage(make_up, structures);
    let mut cameras = 0;
    for structure in structures {
        let nodes = grow(structure);
        let mut devices = indoors(structure, &nodes, seed, level, &mut cameras);
        let told = tables.setter.set(structure, &mut devices);
        tables.traps.put(&told)?;
        for device in devices {
            let node = device.space.and_then(|i| nodes.get(i));
            let space = node.map(|n| super::ids::asset(structure, n)).unwrap_or_default();
            let number =
                node.and_then(|n| n.storey).and_then(|i| structure.storeys.get(i)).map(|s| s.number.to_string());
            tables.bindings.put(&csv_row(&[&device.id, &space, &number.unwrap_or_default()]))?;
            tables.row(device, &space)?;
        }
    }
    outdoors(make_up, site, seed, bays, &mut cameras, |device| tables.row(device, ""))?;
    let Tables { devices, bindings, cameras, traps, counts, .. } = tables;
    Ok((vec![devices.finish()?, bindings.finish()?, cameras.finish()?, traps.finish()?], counts))
}

impl Tables<'_> {
    /// One device, and what is true of it where the table does not say so.
    fn row(&mut self, mut device: Device, parent: &str) -> Result<()> {
        self.traps.put(&self.setter.replace(&mut device))?;
        let [class, _, _, streams] = device.kind.words();
        *self.counts.entry(class).or_default() += 1;
        let [mut x, mut y, z] = device.place.map(|v| format!("{v:.3}"));
        let mut crs = "EPSG:4549";
        if Traps::by_phone(&device) {
            // A centimetre and better, as the other rows.
            let shifted = Offset::Gcj02.put_on((self.to_lon_lat)([device.place[0], device.place[1]])?);
            [x, y] = shifted.map(|degrees| format!("{degrees:.8}"));
            crs = "GCJ-02";
            self.traps.put(&csv_row(&["by_phone", &device.id, "", ""]))?;
        }
        let pose = poses(&device, self.seed);
        if let Some((entered, moved)) = &pose {
            self.cameras.put(&moved.as_ref().unwrap_or(entered).row(&device.id, moved.is_some()))?;
            if moved.is_some() {
                self.traps.put(&csv_row(&["moved", &device.id, "", ""]))?;
            }
        }
        let pose = pose.map_or_else(Default::default, |(entered, _)| entered.cells());
        // Those that stand on a main of the street, so that the network has them.
        let on_main = device.kind == super::devices::DeviceKind::Hydrant && device.space.is_none();
        let mut cells: Vec<&str> = vec![&device.id, &device.name, class, &x, &y, &z, crs, parent, &device.storey];
        let network = if on_main { "water" } else { "" };
        cells.extend([device.panel_text.as_str(), streams, &device.serial, network]);
        cells.extend(pose.iter().map(String::as_str));
        self.devices.put(&csv_row(&cells))
    }
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
