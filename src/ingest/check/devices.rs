//! Devices and rooms: which room each device is in, by its place.

use super::super::finding;
use super::{ModelCheck, Seen, Tell, label};
use crate::crs::SiteFrame;
use crate::geom::{Bounds, Mesh, inside};
use crate::model::{Class, Collection, DatasetName};
use crate::store::{AssetRef, Snapshot};
use std::collections::HashMap;

/// A device this near to a room hangs on its wall or ceiling; metres.
const NEAR: f64 = 0.5;
/// A room higher than this may reach through the storey above its own, as a stairwell or a foyer does; metres.
const TALL: f64 = 4.5;
/// Side of the squares by which rooms are found; metres.
const CELL: f64 = 16.0;
/// Squares that a room may cover before it is looked at for every device.
const CELLS: f64 = 256.0;

/// Rooms of the file by the ground they cover.
struct Rooms<'a> {
    cells: HashMap<[i64; 2], Vec<&'a (usize, Mesh)>>,
    large: Vec<&'a (usize, Mesh)>,
}

impl<'a> Rooms<'a> {
    fn new(spaces: &'a [(usize, Mesh)]) -> Self {
        let mut rooms = Self { cells: HashMap::new(), large: Vec::new() };
        for space in spaces {
            let Bounds { min, max } = space.1.bounds();
            let (low, high) = (min.map(|v| v - NEAR), max.map(|v| v + NEAR));
            let across = |k: usize| (high[k] - low[k]) / CELL + 2.0;
            let across = across(0) * across(1);
            if across.is_nan() || across >= CELLS {
                rooms.large.push(space);
                continue;
            }
            let ([x, y], [u, v]) = (cell(low), cell(high));
            for i in x..=u {
                (y..=v).for_each(|j| rooms.cells.entry([i, j]).or_default().push(space));
            }
        }
        rooms
    }
    fn around(&self, p: [f64; 3]) -> impl Iterator<Item = &'a (usize, Mesh)> {
        self.cells.get(&cell(p)).into_iter().flatten().chain(&self.large).copied()
    }
}

fn cell(p: [f64; 3]) -> [i64; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far from any site")]
    let cell = [p[0], p[1]].map(|v| (v / CELL).floor() as i64);
    cell
}

/// A room that a device may be in.
struct Room {
    inside: bool,
    distance: f64,
    /// The only storey that it is in.
    storey: Option<String>,
}

impl ModelCheck {
    pub(super) fn devices(
        &self,
        dataset: &DatasetName,
        frame: &SiteFrame,
        there: Option<&Snapshot>,
        tell: &mut Tell<'_>,
    ) {
        // Rooms come with the file, are in the site already, or both: an electrical model has the roof and no other room. What
        // the dataset had before is about to be replaced.
        let is_room = |a: &AssetRef<'_>| a.class().collection() == Collection::Spaces && a.dataset() != dataset;
        let there = there.filter(|s| s.count(Collection::Spaces) > s.count_in(dataset, Collection::Spaces));
        if self.spaces.is_empty() && there.is_none() {
            return;
        }
        let rooms = Rooms::new(&self.spaces);
        for (i, device) in self.seen.iter().enumerate() {
            let indoors = matches!(device.class.collection(), Collection::Devices | Collection::Cameras);
            // A lift is in a shaft, and a shaft is rarely a room.
            if !indoors || device.class == Class::Lift || device.bounds.is_empty() {
                continue;
            }
            let at = frame.to_enu(device.bounds.center().into());
            let mut near = self.near(&rooms, at);
            if let Some(snapshot) = there.filter(|_| !near.iter().any(|room| room.inside)) {
                near.extend(stored(snapshot, &is_room, device, at));
            }
            near.sort_by(|a, b| b.inside.cmp(&a.inside).then(a.distance.total_cmp(&b.distance)));
            let says =
                self.storey_of(device).or_else(|| self.chain(i).find_map(|s| Some(self.level_of(s)?.name.as_str())));
            let in_room = || self.chain(i).skip(1).any(|s| s.class.collection() == Collection::Spaces);
            match (near.first(), says) {
                (None, says) if says.is_some() || in_room() => {
                    let said = "says that it is indoors and lies in no room, nor half a metre from one";
                    tell(finding::OUTSIDE_SPACES, self.finding(device, finding::OUTSIDE_SPACES, said));
                }
                (Some(Room { storey: Some(storey), inside: true, .. }), Some(says)) if !label::same(storey, says) => {
                    let said = format!("says storey {says} and lies in a room of storey {storey}");
                    tell(finding::OTHER_STOREY, self.finding(device, finding::OTHER_STOREY, said));
                }
                _ => {}
            }
        }
    }

    fn near(&self, rooms: &Rooms<'_>, at: [f64; 3]) -> Vec<Room> {
        let grown = Bounds { min: at.map(|v| v - NEAR), max: at.map(|v| v + NEAR) };
        let each = rooms.around(at).filter(|(_, mesh)| mesh.bounds().intersects(&grown));
        each.filter_map(|(number, mesh)| {
            let level = || self.chain(*number).find_map(|s| Some(self.level_of(s)?.name.clone()));
            let storey = self.seen.get(*number).and_then(|s| self.storey_of(s)).map(str::to_owned);
            room(mesh, at, storey.or_else(level))
        })
        .collect()
    }
}

fn room(mesh: &Mesh, at: [f64; 3], storey: Option<String>) -> Option<Room> {
    let found = inside(mesh, at);
    let storey = storey.filter(|_| mesh.bounds().size()[2] <= TALL);
    (found.inside || found.distance <= NEAR).then_some(Room { inside: found.inside, distance: found.distance, storey })
}

/// Rooms of the site around a device; one whose shape cannot be read is passed over, for the store says so elsewhere.
fn stored(snapshot: &Snapshot, is_room: &dyn Fn(&AssetRef<'_>) -> bool, device: &Seen, at: [f64; 3]) -> Vec<Room> {
    // A metre is about a hundred-thousandth of a degree; at 80° of latitude six times as much of longitude.
    let margin = [6e-5, 1e-5, 1.0];
    let bounds = Bounds {
        min: std::array::from_fn(|k| device.bounds.min[k] - margin[k]),
        max: std::array::from_fn(|k| device.bounds.max[k] + margin[k]),
    };
    let rows = snapshot.in_box(&bounds, None).into_iter().filter_map(|row| snapshot.asset(row));
    rows.filter(|a| a.has_mesh() && is_room(a))
        .filter_map(|asset| {
            let geometry = snapshot.geometry(asset.row()).ok()?;
            room(geometry.mesh.as_ref()?, at, asset.storey().map(str::to_owned))
        })
        .collect()
}
