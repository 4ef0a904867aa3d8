//! A footprint and a height become a closed solid.

use super::{Face, Polygon, SurfaceKind};

/// The prism over `footprint` from `base` to `base + height`: a ground, a roof and a wall for every edge, of holes too.
///
/// The rings' sense does not matter and their own z is not used. Holes without area are left out; nothing comes of an
/// exterior without area, of a height that is not above zero or of a coordinate that is not a number.
pub fn extrude(footprint: &Polygon, base: f64, height: f64) -> Vec<Face> {
    let top = base + height;
    if !(height > 0.0 && top > base && top.is_finite()) || footprint.points().any(|p| p.iter().any(|v| !v.is_finite()))
    {
        return Vec::new();
    }
    let rings =
        |left: bool, ring: &[[f64; 3]]| turned(ring, left).map(|r| r.iter().map(|p| [p[0], p[1], base]).collect());
    let Some(exterior) = rings(true, &footprint.exterior) else { return Vec::new() };
    let interiors: Vec<Vec<[f64; 3]>> = footprint.interiors.iter().filter_map(|r| rings(false, r)).collect();
    let lifted = |ring: &Vec<[f64; 3]>| ring.iter().map(|p| [p[0], p[1], top]).collect::<Vec<_>>();
    let reversed = |ring: &Vec<[f64; 3]>| ring.iter().rev().copied().collect::<Vec<_>>();
    let face = |kind, polygon| Face::plain(polygon, kind, None);
    let ground = Polygon { exterior: reversed(&exterior), interiors: interiors.iter().map(reversed).collect() };
    let roof = Polygon { exterior: lifted(&exterior), interiors: interiors.iter().map(lifted).collect() };
    let mut faces = vec![face(SurfaceKind::Ground, ground), face(SurfaceKind::Roof, roof)];
    for ring in std::iter::once(&exterior).chain(&interiors) {
        for (i, a) in ring.iter().enumerate() {
            let b = ring[(i + 1) % ring.len()];
            let quad = vec![*a, b, [b[0], b[1], top], [a[0], a[1], top]];
            faces.push(face(SurfaceKind::Wall, Polygon { exterior: quad, interiors: Vec::new() }));
        }
    }
    faces
}

/// Twice the area of a ring seen from above; positive when it turns left (counter-clockwise).
pub fn turning(ring: &[[f64; 3]]) -> f64 {
    let Some(o) = ring.first() else { return 0.0 };
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1])).sum()
}

/// The ring without repeated points and turning left or right as asked; nothing when it has no area.
fn turned(ring: &[[f64; 3]], left: bool) -> Option<Vec<[f64; 3]>> {
    let mut ring = ring.to_vec();
    ring.dedup_by(|a, b| a[..2] == b[..2]);
    while ring.len() > 1 && ring.first().map(|p| &p[..2]) == ring.last().map(|p| &p[..2]) {
        ring.pop();
    }
    let twice = turning(&ring);
    if ring.len() < 3 || twice == 0.0 || !twice.is_finite() {
        return None;
    }
    if (twice > 0.0) != left {
        ring.reverse();
    }
    Some(ring)
}
