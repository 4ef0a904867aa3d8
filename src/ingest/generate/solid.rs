//! Closed shells, outward oriented, of what the plans say: prisms for rooms, facades with windows for buildings.

use super::make_up::Kind;
use super::site::Structure;

/// What a face is, in CityJSON's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    Ground,
    Roof,
    Wall,
    Window,
}

/// A face: corners counter-clockwise as seen from outside, millimetres in the structure's frame and above ±0.000.
pub(super) type Face = (Surface, Vec<[i32; 3]>);

/// Height of a pitched roof's ridge above the eaves, millimetres.
const RIDGE: i32 = 2_400;

/// The prism over a counter-clockwise outline.
pub(super) fn prism(outline: &[[i32; 2]], [low, high]: [i32; 2]) -> Vec<Face> {
    let lift = |z: i32| move |&[x, y]: &[i32; 2]| [x, y, z];
    let mut faces = vec![
        (Surface::Ground, outline.iter().rev().map(lift(low)).collect()),
        (Surface::Roof, outline.iter().map(lift(high)).collect()),
    ];
    for (i, &[ax, ay]) in outline.iter().enumerate() {
        let [bx, by] = outline[(i + 1) % outline.len()];
        faces.push((Surface::Wall, vec![[ax, ay, low], [bx, by, low], [bx, by, high], [ax, ay, high]]));
    }
    faces
}

/// A structure's outer shell. All faces are quadrilaterals or triangles that meet corner to corner: the long facades are
/// cut into bays and levels, so that windows are faces of their own and the shell still closes edge by edge.
pub(super) fn shell(structure: &Structure) -> Vec<Face> {
    let [width, depth] = structure.size();
    let [low, high] = structure.extent();
    if structure.kind == Kind::Garage {
        return prism(&super::layout::corners([0, 0, width, depth]), [low, high]);
    }
    let bays = width / 4_000;
    let mut xs = vec![0];
    for bay in 0..bays {
        xs.extend([width * bay / bays + 1_200, width * (bay + 1) / bays - 1_200]);
    }
    xs.push(width);
    let mut zs = vec![low];
    for storey in &structure.storeys {
        zs.extend([storey.floor + 900, storey.floor + 2_400]);
    }
    zs.push(high);
    let mut faces = Vec::new();
    for (row, z) in zs.windows(2).enumerate() {
        let (z0, z1) = (z[0], z[1]);
        for (column, x) in xs.windows(2).enumerate() {
            let (x0, x1) = (x[0], x[1]);
            // Odd columns lie within a bay and odd rows within a storey: a window where both are.
            let kind = if row % 2 == 1 && column % 2 == 1 { Surface::Window } else { Surface::Wall };
            faces.push((kind, vec![[x0, 0, z0], [x1, 0, z0], [x1, 0, z1], [x0, 0, z1]]));
            faces.push((kind, vec![[x1, depth, z0], [x0, depth, z0], [x0, depth, z1], [x1, depth, z1]]));
        }
        faces.push((Surface::Wall, vec![[width, 0, z0], [width, depth, z0], [width, depth, z1], [width, 0, z1]]));
        faces.push((Surface::Wall, vec![[0, depth, z0], [0, 0, z0], [0, 0, z1], [0, depth, z1]]));
    }
    lids(&mut faces, &xs, depth, [low, high], structure.kind == Kind::WalkUp);
    faces
}

/// Closes a shell below with the ground and above with a flat or a pitched roof.
fn lids(faces: &mut Vec<Face>, xs: &[i32], depth: i32, [low, high]: [i32; 2], pitched: bool) {
    let (ridge, middle) = (high + RIDGE, depth / 2);
    for x in xs.windows(2) {
        let (x0, x1) = (x[0], x[1]);
        faces.push((Surface::Ground, vec![[x0, depth, low], [x1, depth, low], [x1, 0, low], [x0, 0, low]]));
        if pitched {
            faces.push((Surface::Roof, vec![[x0, 0, high], [x1, 0, high], [x1, middle, ridge], [x0, middle, ridge]]));
            faces.push((
                Surface::Roof,
                vec![[x1, depth, high], [x0, depth, high], [x0, middle, ridge], [x1, middle, ridge]],
            ));
        } else {
            faces.push((Surface::Roof, vec![[x0, 0, high], [x1, 0, high], [x1, depth, high], [x0, depth, high]]));
        }
    }
    if let (true, Some(&west), Some(&east)) = (pitched, xs.first(), xs.last()) {
        faces.push((Surface::Wall, vec![[east, 0, high], [east, depth, high], [east, middle, ridge]]));
        faces.push((Surface::Wall, vec![[west, depth, high], [west, 0, high], [west, middle, ridge]]));
    }
}
