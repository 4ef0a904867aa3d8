//! The walls of a storey, derived from the rooms of its plan, with the holes for doors and windows.

use super::super::layout::{HALF_WALL, Plan};
use super::super::usage::Usage;

/// What fills a hole in a wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    Door,
    Window,
}

/// A hole in a wall, millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) filling: Filling,
    /// From the wall's start to the middle of the hole.
    pub(super) along: i32,
    pub(super) width: i32,
    pub(super) sill: i32,
    pub(super) height: i32,
}

/// A wall along x or y, its ends where its body ends, millimetres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wall {
    pub(super) from: [i32; 2],
    pub(super) to: [i32; 2],
    pub(super) outer: bool,
    pub(super) hole: Option<Hole>,
}

impl Wall {
    pub(super) fn length(&self) -> i32 {
        self.to[0] - self.from[0] + self.to[1] - self.from[1]
    }
    fn is_along_x(&self) -> bool {
        self.from[1] == self.to[1]
    }
}

/// The walls of a plan. `entrance`: the stair has a door to the open.
pub(super) fn walls(plan: &Plan, entrance: bool) -> Vec<Wall> {
    let mut walls = Vec::new();
    let pair_in = |pairs: &[(usize, usize)], a, b| pairs.contains(&(a, b)) || pairs.contains(&(b, a));
    for a in 0..plan.rooms.len() {
        for b in a + 1..plan.rooms.len() {
            let usages = [plan.rooms[a].usage, plan.rooms[b].usage];
            let open = pair_in(&plan.open, a, b) || usages == [Usage::Open; 2] || usages == [Usage::Refuge; 2];
            if let (Some([x0, y0, x1, y1]), false) = (plan.shared(a, b), open) {
                let mut wall = Wall { from: [x0, y0], to: [x1, y1], outer: false, hole: None };
                if pair_in(&plan.doors, a, b) {
                    wall.hole = Some(door(&wall, 900));
                }
                walls.push(wall);
            }
        }
    }
    for room in plan.rooms.iter().filter(|r| r.usage != Usage::Open) {
        let [x0, y0, x1, y1] = room.rect;
        let sides = [
            (y0 == 0, [x0, y0], [x1, y0]),
            (y1 == plan.depth, [x0, y1], [x1, y1]),
            (x0 == 0, [x0, y0], [x0, y1]),
            (x1 == plan.width, [x1, y0], [x1, y1]),
        ];
        for (_, from, to) in sides.into_iter().filter(|s| s.0) {
            let mut wall = Wall { from, to, outer: true, hole: None };
            wall.hole = match room.usage {
                Usage::Stair if entrance && wall.is_along_x() => Some(door(&wall, 1_400)),
                Usage::LiftShaft | Usage::Riser => None,
                usage => window(&wall, usage),
            };
            walls.push(wall);
        }
    }
    join(&mut walls);
    walls
}

/// A door in the middle of a wall, as wide as wanted where there is room.
fn door(wall: &Wall, wanted: i32) -> Hole {
    let width = wanted.min(wall.length() - 300);
    Hole { filling: Filling::Door, along: wall.length() / 2, width, sill: 0, height: 2_100 }
}

/// A window in the middle of an outer wall of a room; the long side of a balcony is nearly all window.
fn window(wall: &Wall, usage: Usage) -> Option<Hole> {
    let length = wall.length();
    let width = if usage == Usage::Balcony { length - 700 } else { (length / 2).min(2_100) / 100 * 100 };
    let sill = if usage == Usage::Balcony { 1_050 } else { 900 };
    (width >= 600).then_some(Hole { filling: Filling::Window, along: length / 2, width, sill, height: 1_400 })
}

/// Lets walls meet without overlap: walls along x run through, walls along y end at their faces.
fn join(walls: &mut [Wall]) {
    let ends: Vec<[i32; 2]> = walls.iter().filter(|w| w.is_along_x()).flat_map(|w| [w.from, w.to]).collect();
    let meeting = |p: [i32; 2]| ends.iter().filter(|&&e| e == p).count();
    for wall in walls {
        let [from, to] = [meeting(wall.from), meeting(wall.to)];
        let moved = if wall.is_along_x() {
            // Nothing goes on beyond this end: run to the far face of the wall across.
            let [west, east] = [from == 1, to == 1].map(|alone| if alone { HALF_WALL } else { 0 });
            wall.from[0] -= west;
            wall.to[0] += east;
            west
        } else {
            let [south, north] = [from > 0, to > 0].map(|met| if met { HALF_WALL } else { 0 });
            wall.from[1] += south;
            wall.to[1] -= north;
            -south
        };
        if let Some(hole) = &mut wall.hole {
            hole.along += moved;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::layout;
    use super::*;

    fn body(w: &Wall) -> [i32; 4] {
        if w.is_along_x() {
            [w.from[0], w.from[1] - HALF_WALL, w.to[0], w.to[1] + HALF_WALL]
        } else {
            [w.from[0] - HALF_WALL, w.from[1], w.to[0] + HALF_WALL, w.to[1]]
        }
    }

    #[test]
    fn walls_overlap_neither_each_other_nor_the_rooms() {
        for plan in [layout::tower().row(2), layout::two_flats(24_000, 14_000, 6_000, true).row(2)] {
            let walls = walls(&plan, true);
            let bodies: Vec<[i32; 4]> = walls.iter().map(body).collect();
            let apart = |a: [i32; 4], b: [i32; 4]| a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            for (i, &a) in bodies.iter().enumerate() {
                assert!(bodies[i + 1..].iter().all(|&b| apart(a, b)), "{a:?}");
                for room in &plan.rooms {
                    let [x0, y0, x1, y1] = room.rect;
                    let clear = [x0 + HALF_WALL, y0 + HALF_WALL, x1 - HALF_WALL, y1 - HALF_WALL];
                    assert!(apart(a, clear), "{a:?} stands in {room:?}");
                }
            }
        }
    }

    #[test]
    fn every_door_of_the_plan_is_a_hole_within_its_wall() {
        let plan = layout::tower().row(2);
        let walls = walls(&plan, false);
        let doors = walls.iter().filter_map(|w| Some((w, w.hole?))).filter(|(_, h)| h.filling == Filling::Door);
        assert_eq!(doors.count(), plan.doors.len());
        for (wall, hole) in walls.iter().filter_map(|w| Some((w, w.hole?))) {
            assert!(hole.along - hole.width / 2 >= 0 && hole.along + hole.width / 2 <= wall.length(), "{wall:?}");
        }
    }
}
