//! Flats and rooms as spaces, and the detectors that hang in the rooms.

use super::super::devices::{Device, DeviceKind};
use super::super::ids::{asset, global_id};
use super::super::tree::{Level as Depth, Node};
use super::super::usage::Usage;
use super::Level;
use super::frame::{Frame, Look};
use super::step::{Ref, label, text};
use crate::fault::Result;
use std::collections::BTreeMap;

const AIR: Look = Look("air", [0.8, 0.9, 1.0], 0.85);
const WHITE: Look = Look("white", [0.97, 0.97, 0.97], 0.0);
const RED: Look = Look("red", [0.8, 0.1, 0.1], 0.0);

/// Storeys by the number of their unit and their place from below.
type Storeys<'a> = BTreeMap<(u32, usize), Level<'a>>;

/// The storey that a node of the tree is on; a lift shaft spans all of its unit and begins on the lowest.
fn storey_of<'s, 'a>(storeys: &'s Storeys<'a>, node: &Node) -> Option<&'s Level<'a>> {
    storeys.get(&(node.unit, node.storey.unwrap_or(0)))
}

/// Writes every flat and room of the tree, then the devices in them.
pub(super) fn write(frame: &mut Frame, storeys: &Storeys<'_>, nodes: &[Node], devices: &[Device]) -> Result<()> {
    let mut spaces: BTreeMap<usize, Ref> = BTreeMap::new();
    // Parts by their whole: storeys by their key, flats by their index.
    let mut in_storey: BTreeMap<&str, (Ref, Vec<Ref>)> = BTreeMap::new();
    let mut in_flat: BTreeMap<usize, Vec<Ref>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        if !matches!(node.level, Depth::Flat | Depth::Room) {
            continue;
        }
        let Some(level) = storey_of(storeys, node) else { continue };
        let made = space(frame, level, node)?;
        spaces.insert(index, made);
        match node.parent.filter(|&p| nodes[p].level == Depth::Flat) {
            Some(flat) => in_flat.entry(flat).or_default().push(made),
            None => in_storey.entry(level.key).or_insert((level.made, Vec::new())).1.push(made),
        }
    }
    for (key, (storey, parts)) in in_storey {
        frame.relate("IFCRELAGGREGATES", key, &storey.to_string(), &parts, true)?;
    }
    for (flat, parts) in in_flat {
        frame.relate("IFCRELAGGREGATES", &nodes[flat].key, &spaces[&flat].to_string(), &parts, true)?;
    }
    let mut in_space: BTreeMap<usize, Vec<Ref>> = BTreeMap::new();
    for device in devices {
        if let (Some(space), Some(made)) = (device.space, detector(frame, storeys, nodes, device)?) {
            in_space.entry(space).or_default().push(made);
        }
    }
    for (space, held) in in_space {
        frame.relate(
            "IFCRELCONTAINEDINSPATIALSTRUCTURE",
            &nodes[space].key,
            &spaces[&space].to_string(),
            &held,
            false,
        )?;
    }
    Ok(())
}

/// An `IfcSpace` with its clear volume, its house code and its floor area.
fn space(frame: &mut Frame, level: &Level<'_>, node: &Node) -> Result<Ref> {
    let height = node.z[1] - node.z[0];
    let [x0, y0, _, _] = node.rect();
    let solid =
        frame.slab(&node.outline.iter().map(|p| [p[0] - x0, p[1] - y0]).collect::<Vec<_>>(), &[], [0, height], AIR)?;
    let shape = frame.shape(solid)?;
    let place = frame.placement(Some(level.origin), [x0, y0, 0], false)?;
    let (composition, kind) = match (node.level, node.usage) {
        (Depth::Flat, _) => ("COMPLEX", "INTERNAL"),
        (_, Some(Usage::Balcony | Usage::Open)) => ("ELEMENT", "EXTERNAL"),
        _ => ("ELEMENT", "INTERNAL"),
    };
    let made = frame.step.add(&format!(
        "IFCSPACE('{}',$,{},$,$,{place},{shape},{},.{composition}.,.{kind}.,0.0)",
        asset(level.structure, node),
        text(&node.zh),
        text(&format!("{} {}", node.zh, node.en))
    ))?;
    let unit = node.unit.to_string();
    let storey = node.storey.and_then(|i| level.structure.storeys.get(i)).map_or("", |s| &s.label);
    let values = [
        ("Unit", label(&unit)),
        ("Storey", label(storey)),
        ("Usage", label(node.usage.map_or("flat", Usage::id))),
        ("HouseCode", node.house.as_deref().and_then(label)),
    ];
    frame.properties(made, &node.key, "Cimbra_Space", &values)?;
    let area = super::super::layout::area(&node.outline);
    let quantity = frame.step.share(format!("IFCQUANTITYAREA('NetFloorArea',$,$,{area:?},$)"))?;
    let id = global_id(&format!("quantities/{}", node.key));
    let set = frame.step.add(&format!("IFCELEMENTQUANTITY('{id}',$,'Qto_SpaceBaseQuantities',$,$,({quantity}))"))?;
    frame.relate("IFCRELDEFINESBYPROPERTIES", &format!("{}/quantities", node.key), &set.to_string(), &[made], false)?;
    Ok(made)
}

/// A detector or call point in its room; other devices are no part of the building.
fn detector(frame: &mut Frame, storeys: &Storeys<'_>, nodes: &[Node], device: &Device) -> Result<Option<Ref>> {
    let (entity, kind, look) = match device.kind {
        DeviceKind::Smoke => ("IFCSENSOR", "SMOKESENSOR", WHITE),
        DeviceKind::Heat => ("IFCSENSOR", "HEATSENSOR", WHITE),
        DeviceKind::Gas => ("IFCSENSOR", "GASSENSOR", WHITE),
        DeviceKind::CallPoint => ("IFCALARM", "BREAKGLASSBUTTON", RED),
        _ => return Ok(None),
    };
    let room = device.space.and_then(|i| nodes.get(i)).filter(|room| room.storey.is_some());
    let Some((level, room)) = room.and_then(|room| Some((storey_of(storeys, room)?, room))) else { return Ok(None) };
    let solid = frame.block([-60, -60, 60, 60], 0, 50, look)?;
    let shape = frame.mapped(solid)?;
    let [x, y, z] = device.local;
    let place = frame.placement(Some(level.origin), [x, y, z - room.z[0]], false)?;
    let made = frame.step.add(&format!(
        "{entity}('{}',$,{},$,$,{place},{shape},{},.{kind}.)",
        global_id(&device.id),
        text(&device.name),
        text(&device.id)
    ))?;
    let [class, ..] = device.kind.words();
    let values = [
        ("DeviceId", label(&device.id)),
        ("Class", label(class)),
        ("PanelText", label(&device.panel_text)),
        ("SerialNumber", label(&device.serial)),
    ];
    frame.properties(made, &device.id, "Cimbra_Device", &values)?;
    Ok(Some(made))
}
