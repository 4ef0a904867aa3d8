//! Shapes made for drawing: markers for points, tubes for lines, blocks that stand in for buildings.

use crate::crs::SiteFrame;
use crate::geom::{Bounds, Face, Mesh, Polygon, Surface, SurfaceKind, faces_to_mesh};
use crate::model::Footprint;

/// What draws a footprint in the metres of `frame`: a marker whose tips are `marker` metres from its middle, tubes of
/// half-width `tube`, or flat areas; nothing for no place.
pub fn of_footprint(footprint: &Footprint, frame: &SiteFrame, marker: f64, tube: f64) -> Option<Mesh> {
    let enu = |line: &[[f64; 3]]| -> Vec<[f64; 3]> { line.iter().map(|p| frame.to_enu((*p).into())).collect() };
    Some(match footprint {
        Footprint::None => return None,
        Footprint::Point(p) => octahedron(frame.to_enu((*p).into()), marker),
        Footprint::Lines(lines) => self::tube(&lines.iter().map(|l| enu(l)).collect::<Vec<_>>(), tube),
        Footprint::Areas(areas) => {
            // A ring's first position stands again at its end; a polygon's corners stand once.
            let open = |ring: &Vec<[f64; 3]>| match ring.split_last() {
                Some((last, rest)) if rest.first() == Some(last) => enu(rest),
                _ => enu(ring),
            };
            let face = |area: &Vec<Vec<[f64; 3]>>| {
                let mut rings = area.iter().map(open);
                let polygon = Polygon { exterior: rings.next().unwrap_or_default(), interiors: rings.collect() };
                Face::plain(polygon, SurfaceKind::Other, None)
            };
            faces_to_mesh(&areas.iter().map(face).collect::<Vec<_>>())
        }
    })
}

/// A regular octahedron: eight triangles around `middle`, tips `radius` metres away on the axes.
pub fn octahedron(middle: [f64; 3], radius: f64) -> Mesh {
    let tip = |axis: usize, sign: f64| std::array::from_fn(|k| middle[k] + if k == axis { sign * radius } else { 0.0 });
    let points: Vec<[f64; 3]> = (0..6).map(|i| tip(i / 2, if i % 2 == 0 { 1.0 } else { -1.0 })).collect();
    let triangles = vec![[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]];
    Mesh::from_points(&points, triangles, Vec::new())
}

/// An upright prism over a ring given counter-clockwise from above, from height `low` to `high`: walls, a roof and a
/// ground. The ring must be convex.
pub fn prism(ring: &[[f64; 2]], low: f64, high: f64) -> Mesh {
    let at = |height: f64| ring.iter().map(move |[x, y]| [*x, *y, height]);
    let points: Vec<[f64; 3]> = at(low).chain(at(high)).collect();
    let n = u32::try_from(ring.len()).unwrap_or(0);
    let mut triangles = Vec::with_capacity(ring.len() * 4);
    for i in 0..n {
        let j = (i + 1) % n;
        triangles.push([i, j, j + n]);
        triangles.push([i, j + n, i + n]);
    }
    let walls = triangles.len();
    triangles.extend((2..n).map(|i| [n, n + i - 1, n + i]));
    let roof = triangles.len();
    triangles.extend((2..n).map(|i| [0, i, i - 1]));
    let surface = |first: usize, kind| Surface { first: u32::try_from(first).unwrap_or(0), kind, colour: None };
    let surfaces =
        vec![surface(0, SurfaceKind::Wall), surface(walls, SurfaceKind::Roof), surface(roof, SurfaceKind::Ground)];
    Mesh::from_points(&points, triangles, surfaces)
}

/// The upright box itself.
pub fn cuboid(bounds: &Bounds) -> Mesh {
    let ([x, y, low], [u, v, high]) = (bounds.min, bounds.max);
    prism(&[[x, y], [u, y], [u, v], [x, v]], low, high)
}

/// A square tube of half-width `radius` around each line, open at its ends; points that repeat are passed over.
pub fn tube(lines: &[Vec<[f64; 3]>], radius: f64) -> Mesh {
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    for segment in lines.iter().flat_map(|line| line.windows(2)) {
        let (a, b) = (segment[0], segment[1]);
        let along: [f64; 3] = std::array::from_fn(|k| b[k] - a[k]);
        let Some(along) = unit(along) else { continue };
        // Any direction that is not along the segment gives the two others.
        let up = if along[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
        let Some(side) = unit(cross(along, up)) else { continue };
        let top = cross(side, along);
        let base = u32::try_from(points.len()).unwrap_or(0);
        for end in [a, b] {
            for (s, t) in [(1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0)] {
                points.push(std::array::from_fn(|k| end[k] + radius * (s * side[k] + t * top[k])));
            }
        }
        for i in 0..4 {
            let j = (i + 1) % 4;
            triangles.push([base + i, base + j, base + j + 4]);
            triangles.push([base + i, base + j + 4, base + i + 4]);
        }
    }
    Mesh::from_points(&points, triangles, Vec::new())
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = v.iter().map(|d| d * d).sum::<f64>().sqrt();
    length.is_normal().then(|| v.map(|d| d / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six times the volume that the triangles enclose; positive when they face outward.
    fn volume6(mesh: &Mesh) -> f64 {
        let at = |i: u32| mesh.point(i).unwrap();
        mesh.triangles
            .iter()
            .map(|[a, b, c]| {
                let (a, n) = (at(*a), cross(at(*b), at(*c)));
                a[0] * n[0] + a[1] * n[1] + a[2] * n[2]
            })
            .sum()
    }

    #[test]
    fn made_solids_face_outward_and_have_their_volume() {
        let far = [100.0, -50.0, 7.0];
        assert!((volume6(&octahedron(far, 0.5)) / 6.0 - 4.0 / 3.0 * 0.125).abs() < 1e-5);
        let square = [[10.0, 10.0], [14.0, 10.0], [14.0, 13.0], [10.0, 13.0]];
        assert!((volume6(&prism(&square, -1.0, 4.0)) / 6.0 - 60.0).abs() < 1e-3);
        let mesh = tube(&[vec![[0.0; 3], [0.0; 3], [10.0, 0.0, 0.0]]], 0.1);
        assert_eq!(mesh.triangles.len(), 8, "a repeated point makes no segment");
        let outward = mesh.triangles.iter().all(|t| {
            let [a, b, c] = t.map(|i| mesh.point(i).unwrap());
            let n = cross(std::array::from_fn(|k| b[k] - a[k]), std::array::from_fn(|k| c[k] - a[k]));
            n[1] * a[1] + n[2] * a[2] > 0.0
        });
        assert!(outward, "a tube's faces look away from its line");
    }
}
