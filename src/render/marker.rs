//! Small solids that stand for what has no mesh of its own: a device at a point, a pipe along a line.

use glam::DVec3;

use crate::geom::Mesh;

/// An octahedron of `radius` metres around a point (metres, east-north-up).
pub fn point_marker(at: [f64; 3], radius: f64) -> Mesh {
    let axes = [DVec3::X, DVec3::Y, DVec3::NEG_X, DVec3::NEG_Y];
    let mut points: Vec<[f64; 3]> = axes.iter().map(|a| (DVec3::from(at) + *a * radius).into()).collect();
    points.push((DVec3::from(at) + DVec3::Z * radius).into());
    points.push((DVec3::from(at) - DVec3::Z * radius).into());
    let triangles = (0..4).flat_map(|i| [[i, (i + 1) % 4, 4], [(i + 1) % 4, i, 5]]).collect();
    Mesh::from_points(&points, triangles, Vec::new())
}

/// A square tube of `radius` metres along a line of points (metres, east-north-up); empty for fewer than two.
pub fn tube(line: &[[f64; 3]], radius: f64) -> Mesh {
    let mut points = Vec::new();
    let mut triangles = Vec::new();
    for pair in line.windows(2) {
        let (a, b) = (DVec3::from(pair[0]), DVec3::from(pair[1]));
        let Some(along) = (b - a).try_normalize() else { continue };
        let aside = along.cross(DVec3::Z).try_normalize().unwrap_or(DVec3::X);
        let over = aside.cross(along);
        #[expect(clippy::cast_possible_truncation, reason = "a line has far fewer than 2^29 points")]
        let base = points.len() as u32;
        for end in [a - along * radius, b + along * radius] {
            for (x, y) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
                points.push((end + aside * (x * radius) + over * (y * radius)).into());
            }
        }
        for i in 0..4 {
            let j = (i + 1) % 4;
            triangles.push([base + i, base + 4 + i, base + j]);
            triangles.push([base + j, base + 4 + i, base + 4 + j]);
        }
        triangles.extend([[base, base + 1, base + 2], [base, base + 2, base + 3]]);
        triangles.extend([[base + 4, base + 6, base + 5], [base + 4, base + 7, base + 6]]);
    }
    Mesh::from_points(&points, triangles, Vec::new())
}
