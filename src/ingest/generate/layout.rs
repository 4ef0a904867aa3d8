//! Floor plans: which rooms one storey of one unit has, which of them are joined by a door, and which are open to each other.
//!
//! Lengths are whole millimetres in the unit's own frame: x along the facade, y from the south facade northwards. Rectangles
//! run to the middle of the walls, so neighbours share edges exactly and walls can be derived from them.

use super::usage::Usage;

/// Half the thickness of a wall, in millimetres: what a room's clear space loses on each side.
pub(super) const HALF_WALL: i32 = 100;

/// `[x0, y0, x1, y1]` in millimetres.
pub(super) type Rect = [i32; 4];

/// One room of a plan.
#[derive(Debug, Clone)]
pub(super) struct RoomPlan {
    pub(super) usage: Usage,
    /// The flat on this storey that it belongs to, from 0; `None` for what all share.
    pub(super) flat: Option<u32>,
    pub(super) rect: Rect,
}

/// One storey of one unit, or of a building without units.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) width: i32,
    pub(super) depth: i32,
    pub(super) rooms: Vec<RoomPlan>,
    /// Pairs of rooms with a door between them.
    pub(super) doors: Vec<(usize, usize)>,
    /// Pairs of rooms with nothing between them.
    pub(super) open: Vec<(usize, usize)>,
    /// Outline of each flat, counter-clockwise.
    pub(super) flats: Vec<Vec<[i32; 2]>>,
}

impl Plan {
    fn new(width: i32, depth: i32) -> Self {
        Self { width, depth, ..Self::default() }
    }
    fn room(&mut self, usage: Usage, flat: Option<u32>, rect: Rect) -> usize {
        self.rooms.push(RoomPlan { usage, flat, rect });
        self.rooms.len() - 1
    }
    /// Adds a flat's rooms, mirrored about the unit's middle when `mirror`; gives the index of its first room.
    fn flat(
        &mut self,
        mirror: bool,
        rooms: &[(Usage, Rect)],
        outline: &[[i32; 2]],
        doors: &[(usize, usize)],
        open: &[(usize, usize)],
    ) -> usize {
        let flat = u32::try_from(self.flats.len()).ok();
        let (first, width) = (self.rooms.len(), self.width);
        for &(usage, [x0, y0, x1, y1]) in rooms {
            let rect = if mirror { [width - x1, y0, width - x0, y1] } else { [x0, y0, x1, y1] };
            self.room(usage, flat, rect);
        }
        let mut ring: Vec<[i32; 2]> = outline.iter().map(|&[x, y]| [if mirror { width - x } else { x }, y]).collect();
        if mirror {
            ring.reverse();
        }
        self.flats.push(ring);
        self.doors.extend(doors.iter().map(|&(a, b)| (first + a, first + b)));
        self.open.extend(open.iter().map(|&(a, b)| (first + a, first + b)));
        first
    }

    /// This plan `units` times side by side: a storey of the whole building. The flats' outlines stay with the unit.
    pub(super) fn row(&self, units: u32) -> Self {
        let mut row = Self::new(0, self.depth);
        for _ in 0..units.max(1) {
            let (first, offset) = (row.rooms.len(), row.width);
            row.rooms.extend(self.rooms.iter().map(|room| {
                let [x0, y0, x1, y1] = room.rect;
                RoomPlan { rect: [x0 + offset, y0, x1 + offset, y1], ..room.clone() }
            }));
            row.doors.extend(self.doors.iter().map(|&(a, b)| (first + a, first + b)));
            row.open.extend(self.open.iter().map(|&(a, b)| (first + a, first + b)));
            row.width += self.width;
        }
        row
    }

    /// The shared edge of two rooms as `[x0, y0, x1, y1]` (one of the differences is 0), or `None`.
    pub(super) fn shared(&self, a: usize, b: usize) -> Option<Rect> {
        let ([ax0, ay0, ax1, ay1], [bx0, by0, bx1, by1]) = (self.rooms.get(a)?.rect, self.rooms.get(b)?.rect);
        let (x0, x1, y0, y1) = (ax0.max(bx0), ax1.min(bx1), ay0.max(by0), ay1.min(by1));
        ((x0 == x1 && y0 < y1) || (y0 == y1 && x0 < x1)).then_some([x0, y0, x1, y1])
    }
}

/// A storey of a tower's unit: three flats about a core with two lifts.
pub(super) fn tower() -> Plan {
    use Usage::*;
    let mut plan = Plan::new(28_000, 16_000);
    let side = [
        (Balcony, [0, 0, 4_900, 1_500]),
        (Living, [0, 1_500, 4_900, 7_500]),
        (Master, [4_900, 0, 9_500, 5_700]),
        (Bedroom, [4_900, 5_700, 9_500, 9_400]),
        (Hall, [4_900, 9_400, 9_500, 12_000]),
        (Dining, [0, 7_500, 4_900, 12_000]),
        (Kitchen, [0, 12_000, 3_400, 16_000]),
        (Bathroom, [3_400, 12_000, 5_800, 16_000]),
        (Bedroom, [5_800, 12_000, 9_500, 16_000]),
    ];
    let middle = [
        (Balcony, [9_500, 0, 14_000, 1_500]),
        (Living, [9_500, 1_500, 14_000, 6_500]),
        (Master, [14_000, 0, 18_500, 5_000]),
        (Store, [14_000, 5_000, 18_500, 6_500]),
        (Kitchen, [9_500, 6_500, 12_000, 10_000]),
        (Hall, [12_000, 6_500, 15_000, 10_000]),
        (Bathroom, [15_000, 6_500, 18_500, 10_000]),
    ];
    let side_doors = [(0, 1), (1, 2), (3, 4), (8, 4), (7, 5), (6, 5)];
    let side_open = [(1, 5), (4, 5)];
    let side_ring = [[0, 0], [9_500, 0], [9_500, 16_000], [0, 16_000]];
    let west = plan.flat(false, &side, &side_ring, &side_doors, &side_open);
    let south = plan.flat(
        false,
        &middle,
        &[[9_500, 0], [18_500, 0], [18_500, 10_000], [9_500, 10_000]],
        &[(0, 1), (1, 2), (3, 5), (4, 5), (6, 5)],
        &[(1, 5)],
    );
    let east = plan.flat(true, &side, &side_ring, &side_doors, &side_open);
    let corridor = plan.tower_core();
    plan.doors.extend([(west + 4, corridor), (south + 5, corridor), (east + 4, corridor)]);
    plan
}

impl Plan {
    /// The tower's core; gives the corridor.
    fn tower_core(&mut self) -> usize {
        let corridor = self.room(Usage::Corridor, None, [9_500, 10_000, 18_500, 12_000]);
        let stair = self.room(Usage::Stair, None, [9_500, 12_000, 12_300, 16_000]);
        let lobby = self.room(Usage::Lobby, None, [12_300, 12_000, 16_700, 13_800]);
        let lift_1 = self.room(Usage::LiftShaft, None, [12_300, 13_800, 14_500, 16_000]);
        let lift_2 = self.room(Usage::LiftShaft, None, [14_500, 13_800, 16_700, 16_000]);
        let riser = self.room(Usage::Riser, None, [16_700, 12_000, 18_500, 16_000]);
        self.doors.extend([(stair, corridor), (lift_1, lobby), (lift_2, lobby), (riser, corridor)]);
        self.open.push((lobby, corridor));
        corridor
    }
}

/// The tower's storey without flats: the open ground storey (架空层) or a refuge storey (避难层).
pub(super) fn tower_open(usage: Usage) -> Plan {
    let mut plan = Plan::new(28_000, 16_000);
    let corridor = plan.tower_core();
    let parts = [[0, 0, 9_500, 16_000], [9_500, 0, 18_500, 10_000], [18_500, 0, 28_000, 16_000]];
    for rect in parts {
        let part = plan.room(usage, None, rect);
        plan.doors.push((part, corridor));
    }
    plan
}

/// A storey of a unit with two flats either side of a stair, with a lift or without.
pub(super) fn two_flats(width: i32, depth: i32, core: i32, lift: bool) -> Plan {
    use Usage::*;
    let mut plan = Plan::new(width, depth);
    let side = (width - core) / 2;
    let cut = |length: i32, percent: i32| length * percent / 10_000 * 100;
    let middle = cut(side, 52);
    let landing = cut(depth, 62);
    let (hall, back) = (landing - 500, landing + 1_800);
    let (living, master, kitchen, bath) = (cut(depth, 45), cut(depth, 36), cut(side, 36), cut(side, 62));
    let rooms = [
        (Balcony, [0, 0, middle, 1_400]),
        (Living, [0, 1_400, middle, living]),
        (Master, [middle, 0, side, master]),
        (Bedroom, [middle, master, side, hall]),
        (Hall, [middle, hall, side, back]),
        (Dining, [0, living, middle, back]),
        (Kitchen, [0, back, kitchen, depth]),
        (Bathroom, [kitchen, back, bath, depth]),
        (Bedroom, [bath, back, side, depth]),
        (Study, [side, 0, side + core / 2, landing]),
    ];
    let outline =
        [[0, 0], [side + core / 2, 0], [side + core / 2, landing], [side, landing], [side, depth], [0, depth]];
    let doors = [(0, 1), (1, 2), (3, 4), (8, 4), (7, 5), (6, 5), (9, 3)];
    let west = plan.flat(false, &rooms, &outline, &doors, &[(1, 5), (4, 5)]);
    let east = plan.flat(true, &rooms, &outline, &doors, &[(1, 5), (4, 5)]);
    let corridor = plan.room(Corridor, None, [side, landing, side + core, back]);
    let stair = plan.room(Stair, None, [side, back, side + 2_800, depth]);
    plan.doors.extend([(west + 4, corridor), (east + 4, corridor), (stair, corridor)]);
    let riser = if lift {
        let shaft = plan.room(LiftShaft, None, [side + 2_800, back, side + 5_000, depth]);
        plan.doors.push((shaft, corridor));
        plan.room(Riser, None, [side + 5_000, back, side + core, depth])
    } else {
        plan.room(Riser, None, [side + 2_800, back, side + core, depth])
    };
    plan.doors.push((riser, corridor));
    plan
}

/// A storey of a public building: rooms either side of a corridor.
pub(super) fn public(usage: Usage) -> Plan {
    let mut plan = Plan::new(40_000, 18_000);
    let corridor = plan.room(Usage::Corridor, None, [0, 8_000, 40_000, 10_000]);
    let mut join = |usage, rect| {
        let room = plan.room(usage, None, rect);
        plan.doors.push((room, corridor));
    };
    join(Usage::Stair, [0, 10_000, 4_000, 18_000]);
    join(Usage::Bathroom, [4_000, 10_000, 8_000, 18_000]);
    for i in 0..5 {
        join(usage, [i * 8_000, 0, (i + 1) * 8_000, 8_000]);
    }
    for i in 1..5 {
        join(usage, [i * 8_000, 10_000, (i + 1) * 8_000, 18_000]);
    }
    plan
}

/// A level of a garage: the parking hall, a stair and two plant rooms.
pub(super) fn garage() -> Plan {
    let mut plan = Plan::new(62_000, 50_000);
    let hall = plan.room(Usage::Parking, None, [0, 0, 54_000, 50_000]);
    for (usage, y0, y1) in [(Usage::Stair, 0, 8_000), (Usage::Plant, 8_000, 26_000), (Usage::Plant, 26_000, 50_000)] {
        let room = plan.room(usage, None, [54_000, y0, 62_000, y1]);
        plan.doors.push((room, hall));
    }
    plan
}

/// Lower left corners of the parking bays of a garage level, each 2.45 m by 5.3 m.
pub(super) fn bays() -> impl Iterator<Item = [i32; 2]> {
    [100, 11_400, 16_700, 28_000, 33_300, 44_600].into_iter().flat_map(|y| (0..22).map(move |i| [i * 2_450 + 50, y]))
}

/// A counter-clockwise outline of edges along x and y, moved inwards by `by` millimetres.
pub(super) fn inset(ring: &[[i32; 2]], by: i32) -> Vec<[i32; 2]> {
    let n = ring.len();
    let turn = |a: [i32; 2], b: [i32; 2]| [-(b[1] - a[1]).signum() * by, (b[0] - a[0]).signum() * by];
    (0..n)
        .map(|i| {
            let (before, here, after) = (ring[(i + n - 1) % n], ring[i], ring[(i + 1) % n]);
            let (u, v) = (turn(before, here), turn(here, after));
            [here[0] + u[0] + v[0], here[1] + u[1] + v[1]]
        })
        .collect()
}

/// The area of a counter-clockwise outline in square metres.
pub(super) fn area(ring: &[[i32; 2]]) -> f64 {
    let wide = |v: i32| i64::from(v);
    let next = ring.iter().cycle().skip(1);
    let twice: i64 = ring.iter().zip(next).map(|(a, b)| wide(a[0]) * wide(b[1]) - wide(b[0]) * wide(a[1])).sum();
    twice as f64 / 2e6
}

/// The four corners of a rectangle, counter-clockwise.
pub(super) fn corners([x0, y0, x1, y1]: Rect) -> Vec<[i32; 2]> {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area([x0, y0, x1, y1]: Rect) -> i64 {
        i64::from(x1 - x0) * i64::from(y1 - y0)
    }

    fn plans() -> Vec<Plan> {
        vec![
            tower(),
            tower_open(Usage::Refuge),
            two_flats(24_000, 14_000, 6_000, true),
            two_flats(19_000, 12_000, 4_000, false),
            public(Usage::Office),
            garage(),
        ]
    }

    #[test]
    fn rooms_fill_the_storey_without_overlap() {
        for plan in plans() {
            let total: i64 = plan.rooms.iter().map(|r| area(r.rect)).sum();
            assert_eq!(total, i64::from(plan.width) * i64::from(plan.depth));
            for (i, a) in plan.rooms.iter().enumerate() {
                for b in &plan.rooms[i + 1..] {
                    let (a, b) = (a.rect, b.rect);
                    let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                    assert!(apart, "{a:?} overlaps {b:?}");
                }
            }
        }
    }

    #[test]
    fn every_door_stands_in_a_wall_wide_enough() {
        for plan in plans() {
            for &(a, b) in plan.doors.iter().chain(&plan.open) {
                let Some([x0, y0, x1, y1]) = plan.shared(a, b) else {
                    panic!("{:?} and {:?} do not touch", plan.rooms[a], plan.rooms[b]);
                };
                assert!(x1 - x0 + y1 - y0 >= 1_000, "{:?} {:?}", plan.rooms[a], plan.rooms[b]);
            }
        }
    }

    #[test]
    fn a_flat_outline_holds_its_rooms() {
        for plan in plans() {
            for (flat, ring) in plan.flats.iter().enumerate() {
                let rooms: i64 = plan.rooms.iter().filter(|r| r.flat == Some(flat as u32)).map(|r| area(r.rect)).sum();
                let n = ring.len();
                let twice: i64 = (0..n)
                    .map(|i| {
                        let (a, b) = (ring[i], ring[(i + 1) % n]);
                        i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1])
                    })
                    .sum();
                assert_eq!(twice, 2 * rooms, "outline is counter-clockwise and as large as its rooms");
            }
        }
    }

    #[test]
    fn inset_moves_every_edge_inwards() {
        let ring = [[0, 0], [10, 0], [10, 5], [4, 5], [4, 9], [0, 9]];
        assert_eq!(inset(&ring, 1), [[1, 1], [9, 1], [9, 4], [3, 4], [3, 8], [1, 8]]);
    }
}
