//! Whether two geometries are one shape, and how far it has moved between them.

use super::{Footprint, Geometry};
use crate::crs::SiteFrame;
use crate::geom::{Bounds, Mesh, Triangle, coincide};

/// Steps of corners that differ by less than this are one step, and surfaces nearer than this one surface, metres: finer than files
/// hold their coordinates, and than a repeated conversion.
const SAME: f64 = 0.001;

impl Geometry {
    /// How far the same shape has moved from here to `other`, metres, in a site's frame; `None` when the shape is another. A surface
    /// is the same whatever triangles it is cut into: what is computed anew in another place, as a wall with its openings is, comes
    /// in other ones. What surfaces look like, their colours and pictures, makes no other shape.
    pub fn shift(&self, other: &Self, frame: &SiteFrame) -> Option<f64> {
        if self == other {
            return Some(0.0);
        }
        match (&self.mesh, &other.mesh) {
            (Some(a), Some(b)) => {
                let corner_by_corner = same_topology(a, b).then(|| along(a.points().zip(b.points()))).flatten();
                corner_by_corner.or_else(|| as_a_whole(surface(a), &surface(b)))
            }
            (None, None) => {
                let (a, b) = (corners(&self.footprint, frame), corners(&other.footprint, frame));
                (a.iter().map(Vec::len).eq(b.iter().map(Vec::len)))
                    .then(|| along(a.into_iter().flatten().zip(b.into_iter().flatten())))?
            }
            _ => None,
        }
    }
}

fn same_topology(a: &Mesh, b: &Mesh) -> bool {
    a.positions.len() == b.positions.len() && a.triangles == b.triangles
}

fn surface(mesh: &Mesh) -> Vec<Triangle> {
    let corners = |[a, b, c]: &[u32; 3]| Some([mesh.point(*a)?, mesh.point(*b)?, mesh.point(*c)?]);
    mesh.triangles.iter().filter_map(corners).collect()
}

/// The length of the step between the middles of two surfaces; `None` when it does not bring the first to the second.
fn as_a_whole(mut a: Vec<Triangle>, b: &[Triangle]) -> Option<f64> {
    let [here, there] = [&a, b].map(|surface: &[Triangle]| Bounds::of(surface.iter().flatten().copied()));
    if here.is_empty() || there.is_empty() || (0..3).any(|k| (here.size()[k] - there.size()[k]).abs() > 2.0 * SAME) {
        return None;
    }
    let step: [f64; 3] = std::array::from_fn(|k| there.center()[k] - here.center()[k]);
    a.iter_mut().flatten().for_each(|p| *p = std::array::from_fn(|k| p[k] + step[k]));
    coincide(&a, b, SAME).then(|| length(step))
}

fn length(v: [f64; 3]) -> f64 {
    v.iter().map(|c| c * c).sum::<f64>().sqrt()
}

/// The length of the one step that brings every first point to its second; `None` when there is no such step.
fn along(mut pairs: impl Iterator<Item = ([f64; 3], [f64; 3])>) -> Option<f64> {
    let step = |(a, b): ([f64; 3], [f64; 3])| -> [f64; 3] { std::array::from_fn(|k| b[k] - a[k]) };
    let Some(first) = pairs.next().map(step) else { return Some(0.0) };
    let same = |pair| {
        let own = step(pair);
        length(std::array::from_fn(|k| own[k] - first[k])) < SAME
    };
    pairs.all(same).then(|| length(first))
}

/// The corners of a footprint in the site's metres, ring by ring.
fn corners(footprint: &Footprint, frame: &SiteFrame) -> Vec<Vec<[f64; 3]>> {
    let metres = |ring: &Vec<[f64; 3]>| ring.iter().map(|p| frame.to_enu((*p).into())).collect();
    match footprint {
        Footprint::None => Vec::new(),
        Footprint::Point(point) => vec![vec![frame.to_enu((*point).into())]],
        Footprint::Lines(lines) => lines.iter().map(metres).collect(),
        Footprint::Areas(areas) => areas.iter().flatten().map(metres).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Geodetic;

    /// A wall of 4 m by 3 m, 0.2 m thick, with an opening 1 m wide and 2 m high that begins `at` metres along it; its faces are cut
    /// into quads from column to column, and into more of them where `more` has another column.
    fn wall(at: f64, more: &[f64], from: [f64; 3]) -> Geometry {
        let mut columns = [&[0.0, at, at + 1.0, 4.0], more].concat();
        columns.sort_by(f64::total_cmp);
        let (mut points, mut triangles) = (Vec::new(), Vec::new());
        let mut quad = |corners: [[f64; 3]; 4]| {
            let first = u32::try_from(points.len()).unwrap();
            points.extend(corners.map(|p| -> [f64; 3] { std::array::from_fn(|k| p[k] + from[k]) }));
            triangles.extend([[first, first + 1, first + 2], [first, first + 2, first + 3]]);
        };
        for pair in columns.windows(2) {
            let (x, u) = (pair[0], pair[1]);
            let open = x >= at && u <= at + 1.0;
            let low = if open { 2.0 } else { 0.0 };
            quad([[x, 0.0, low], [u, 0.0, low], [u, 0.0, 3.0], [x, 0.0, 3.0]]);
            quad([[u, 0.2, low], [x, 0.2, low], [x, 0.2, 3.0], [u, 0.2, 3.0]]);
            quad([[x, 0.0, 3.0], [u, 0.0, 3.0], [u, 0.2, 3.0], [x, 0.2, 3.0]]);
            quad([[x, 0.2, low], [u, 0.2, low], [u, 0.0, low], [x, 0.0, low]]);
        }
        for (x, low, high) in [(0.0, 0.0, 3.0), (4.0, 0.0, 3.0), (at, 0.0, 2.0), (at + 1.0, 0.0, 2.0)] {
            quad([[x, 0.0, low], [x, 0.2, low], [x, 0.2, high], [x, 0.0, high]]);
        }
        let mesh = Mesh::from_points(&points, triangles, Vec::new());
        Geometry { footprint: Footprint::None, mesh: Some(mesh) }
    }

    #[test]
    fn a_wall_is_the_same_elsewhere_whatever_triangles_it_is_cut_into() {
        let frame = SiteFrame::new(Geodetic::new(118.78, 32.04, 12.0));
        let here = wall(1.0, &[], [0.0; 3]);
        let shift = |other: &Geometry| here.shift(other, &frame);
        let near = |told: Option<f64>, metres: f64| told.is_some_and(|told| (told - metres).abs() < 1e-5);
        assert!(near(shift(&wall(1.0, &[], [0.15, 0.0, 0.0])), 0.15));
        for columns in [&[3.0][..], &[0.5, 1.5, 2.5]] {
            assert!(near(shift(&wall(1.0, columns, [0.09, 0.12, 0.0])), 0.15), "{columns:?}");
            assert!(near(shift(&wall(1.0, columns, [0.0; 3])), 0.0), "{columns:?}");
        }
        // Less than a millimetre is none; a hand's breadth within the wall makes it another, though its box and volume stay.
        assert!(near(shift(&wall(1.0005, &[3.0], [0.15, 0.0, 0.0])), 0.15));
        for (at, columns) in [(1.15, &[][..]), (1.15, &[3.0]), (1.002, &[3.0])] {
            assert_eq!(shift(&wall(at, columns, [0.15, 0.0, 0.0])), None, "{at}");
        }
        let closed = Mesh { triangles: Vec::new(), ..here.mesh.clone().unwrap() };
        assert_eq!(shift(&Geometry { footprint: Footprint::None, mesh: Some(closed) }), None, "nothing is no wall");
    }
}
