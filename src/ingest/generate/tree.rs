//! A structure as a tree: building, unit (单元), storey, flat (户), room; the one source of keys, names and clear spaces.

use super::layout::{self, HALF_WALL, Plan};
use super::make_up::Kind;
use super::site::{SLAB, Storey, Structure};
use super::usage::{PUBLIC, Usage};

/// The community's 12-digit code: district 320106, street 003, community 001.
pub(super) const SITE_CODE: &str = "320106003001";

/// What the community is called.
pub(super) fn community() -> String {
    format!("社区 {SITE_CODE}")
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Building,
    Unit,
    Storey,
    Flat,
    Room,
}

/// One node; its parent stands before it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Unique in the community, ASCII.
    pub(super) key: String,
    pub(super) level: Level,
    /// Index of the parent in the tree.
    pub(super) parent: Option<usize>,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) usage: Option<Usage>,
    /// Unit number from 1; 0 where there is none.
    pub(super) unit: u32,
    /// Index of the storey in the structure.
    pub(super) storey: Option<usize>,
    /// Clear outline in the structure's frame, millimetres, counter-clockwise.
    pub(super) outline: Vec<[i32; 2]>,
    /// Clear bottom and top above ±0.000, millimetres.
    pub(super) z: [i32; 2],
    /// The house code (房屋编码) of a flat and its rooms.
    pub(super) house: Option<String>,
    /// Index of the room in its storey's plan.
    pub(super) planned: Option<usize>,
    /// The code and the number that a flat had before flats were divided anew.
    pub(super) former: Option<[String; 2]>,
}

impl Node {
    /// The middle of its box in the structure's frame, millimetres.
    pub(super) fn middle(&self) -> [i32; 2] {
        let [x0, y0, x1, y1] = self.rect();
        [(x0 + x1) / 2, (y0 + y1) / 2]
    }
    /// `[x0, y0, x1, y1]` of its outline, millimetres.
    pub(super) fn rect(&self) -> [i32; 4] {
        self.outline.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |b, p| {
            [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
        })
    }
}

/// Grows a structure's tree.
pub(super) fn grow(structure: &Structure) -> Vec<Node> {
    let mut tree = Tree { structure, nodes: Vec::new() };
    let building = tree.building();
    let units = structure.kind.homes()[0];
    let mut lived_in = 0;
    if units == 0 {
        for index in 0..structure.storeys.len() {
            tree.storey(building, 0, index, &mut lived_in);
        }
    }
    for unit in 1..=units {
        let parent = tree.unit(building, unit);
        for index in 0..structure.storeys.len() {
            tree.storey(parent, unit, index, &mut lived_in);
        }
    }
    tree.nodes
}

/// `[Chinese, English]` names of a structure.
pub(super) fn names(structure: &Structure) -> [String; 2] {
    let number = structure.number;
    match structure.kind {
        Kind::Public(use_of) => {
            let (zh, en, _, _) = PUBLIC[use_of as usize % PUBLIC.len()];
            [format!("{zh}（{number}号楼）"), format!("{en} (Building {number})")]
        }
        Kind::Garage => [format!("地下车库（{number}号）"), format!("Garage {number}")],
        _ => [format!("{number}号楼"), format!("Building {number}")],
    }
}

/// The key of a structure.
pub(super) fn key(structure: &Structure) -> String {
    format!("B{:03}", structure.number)
}

struct Tree<'a> {
    structure: &'a Structure,
    nodes: Vec<Node>,
}

impl Tree<'_> {
    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
    fn building(&mut self) -> usize {
        let [zh, en] = names(self.structure);
        let [w, d] = self.structure.size();
        self.push(Node {
            key: key(self.structure),
            level: Level::Building,
            parent: None,
            zh,
            en,
            usage: None,
            unit: 0,
            storey: None,
            outline: layout::corners([0, 0, w, d]),
            z: self.structure.extent(),
            house: None,
            planned: None,
            former: None,
        })
    }
    /// The unit, with its lift shafts, which span its storeys.
    fn unit(&mut self, building: usize, unit: u32) -> usize {
        let plan = self.structure.plan(self.structure.storeys.len().saturating_sub(1));
        let offset = plan.width * i32::try_from(unit - 1).unwrap_or(0);
        let base = self.node(building, Level::Unit, format!("U{unit}"));
        let z = self.structure.extent();
        let unit_node = self.push(Node {
            zh: format!("{unit}单元"),
            en: format!("Unit {unit}"),
            unit,
            outline: layout::corners([offset, 0, offset + plan.width, plan.depth]),
            z,
            ..base
        });
        let shafts = plan.rooms.iter().enumerate().filter(|(_, r)| r.usage == Usage::LiftShaft);
        for (lift, (planned, room)) in (1..).zip(shafts) {
            let base = self.node(unit_node, Level::Room, format!("L{lift}"));
            self.push(Node {
                zh: format!("{lift}号电梯井"),
                en: format!("Lift shaft {lift}"),
                usage: Some(room.usage),
                unit,
                outline: clear(room.rect, offset),
                z: [z[0], z[1] - SLAB],
                planned: Some(planned),
                ..base
            });
        }
        unit_node
    }
    fn storey(&mut self, parent: usize, unit: u32, index: usize, lived_in: &mut u32) {
        let Some(storey) = self.structure.storeys.get(index) else { return };
        let plan = self.structure.plan(index);
        let offset = plan.width * i32::try_from(unit.saturating_sub(1)).unwrap_or(0);
        let base = self.node(parent, Level::Storey, format!("S{:02}", storey.number));
        let [zh, en] = storey.names();
        let storey_node = self.push(Node {
            zh,
            en,
            unit,
            storey: Some(index),
            outline: layout::corners([offset, 0, offset + plan.width, plan.depth]),
            z: [storey.floor, storey.floor + storey.height],
            ..base
        });
        let mut flats = Vec::new();
        if storey.homes {
            for (ring, flat) in plan.flats.iter().zip(0..) {
                // Beyond the last household the flats are the community's own rooms: no house code, no residents.
                let home = *lived_in < self.structure.households;
                *lived_in += u32::from(home);
                let made = self.flat(storey_node, storey, ring, offset, flat, home);
                // One flat in fifty was made of two: the number of the one that is gone is known still.
                if home && *lived_in % 50 == 17 {
                    let (building, number) = (self.structure.number, storey.number);
                    let code = format!("{SITE_CODE}{building:04}{unit:02}{number:02}{:02}", flat + 91);
                    self.nodes[made].former = Some([code, format!("{}{:02}", storey.label, flat + 91)]);
                }
                flats.push(made);
            }
        }
        self.rooms(storey_node, storey, &plan, offset, &flats);
    }
    fn flat(&mut self, parent: usize, storey: &Storey, ring: &[[i32; 2]], offset: i32, flat: u32, home: bool) -> usize {
        let door = format!("{}{:02}", storey.label, flat + 1);
        let (building, unit) = (self.structure.number, self.nodes[parent].unit);
        let base = self.node(parent, Level::Flat, format!("H{}", flat + 1));
        let outline: Vec<[i32; 2]> = ring.iter().map(|&[x, y]| [x + offset, y]).collect();
        self.push(Node {
            zh: if home { format!("{door}室") } else { format!("{door}室（社区用房）") },
            en: if home { format!("Flat {door}") } else { format!("Flat {door} (community use)") },
            unit,
            storey: self.nodes[parent].storey,
            outline: layout::inset(&outline, HALF_WALL / 2),
            z: [storey.floor, storey.floor + storey.height - SLAB],
            house: home.then(|| format!("{SITE_CODE}{building:04}{unit:02}{:02}{:02}", storey.number, flat + 1)),
            ..base
        })
    }
    fn rooms(&mut self, parent: usize, storey: &Storey, plan: &Plan, offset: i32, flats: &[usize]) {
        for (planned, room) in plan.rooms.iter().enumerate().filter(|(_, r)| r.usage != Usage::LiftShaft) {
            let owner = room.flat.and_then(|f| flats.get(f as usize)).copied().unwrap_or(parent);
            let base = self.node(owner, Level::Room, format!("R{:02}", planned + 1));
            self.push(Node {
                zh: room.usage.zh().to_owned(),
                en: room.usage.en().to_owned(),
                usage: Some(room.usage),
                unit: self.nodes[parent].unit,
                storey: self.nodes[parent].storey,
                outline: clear(room.rect, offset),
                z: [storey.floor, storey.floor + storey.height - SLAB],
                house: self.nodes[owner].house.clone(),
                planned: Some(planned),
                ..base
            });
        }
    }
    /// A node under `parent`, its key one part longer.
    fn node(&self, parent: usize, level: Level, part: String) -> Node {
        Node {
            key: format!("{}-{part}", self.nodes[parent].key),
            level,
            parent: Some(parent),
            zh: String::new(),
            en: String::new(),
            usage: None,
            unit: 0,
            storey: None,
            outline: Vec::new(),
            z: [0, 0],
            house: None,
            planned: None,
            former: None,
        }
    }
}

/// A room's clear rectangle: to the faces of its walls.
fn clear([x0, y0, x1, y1]: [i32; 4], offset: i32) -> Vec<[i32; 2]> {
    layout::corners([x0 + offset + HALF_WALL, y0 + HALF_WALL, x1 + offset - HALF_WALL, y1 - HALF_WALL])
}
