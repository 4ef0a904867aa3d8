//! Flat parts of a surface, each cut into bands that need fewer triangles: a wall with windows is two bands and the piers between.

use super::nearest::{Triangle, normal, sub};
use super::soup::Soup;
use super::triangulate::{cross, dot, length};

/// Corners of a flat part are within this of its plane, and what lies on one level or line within this of it; metres.
const FLAT: f64 = 1e-4;
/// Bands reach this far beyond their sides, along and across, so that no gap shows where a corner of one meets the side of
/// another; metres.
const LAP: f64 = 2e-4;
/// Directions of edges along which a part is tried to be cut.
const DIRECTIONS: usize = 3;
/// A part of more triangles than this stays as it is.
const MOST: usize = 2000;

/// A side of a flat part, or of a band, from its lower to its upper end: across and up.
type Side = [[f64; 2]; 2];

/// The same surface, its flat parts of one group cut into bands where these are fewer triangles; a corner may then lie within the
/// side of another triangle. Nothing where no part has fewer.
pub(super) fn banded(soup: &Soup) -> Option<Soup> {
    let mut out = Soup { points: soup.points.clone(), corners: Vec::new(), groups: Vec::new() };
    for part in soup.flat_parts(FLAT) {
        let group = soup.groups[part[0]];
        let bands = (part.len() > 3).then(|| cut(soup, &part)).flatten();
        match bands {
            Some(bands) => bands.iter().for_each(|band| {
                let first = u32::try_from(out.points.len()).unwrap_or(u32::MAX);
                out.points.extend(band);
                let fan = (2..band.len() as u32).map(|k| [first, first + k - 1, first + k]);
                out.corners.extend(fan);
                out.groups.resize(out.corners.len(), group);
            }),
            None => {
                out.corners.extend(part.iter().map(|t| soup.corners[*t]));
                out.groups.resize(out.corners.len(), group);
            }
        }
    }
    (out.corners.len() < soup.corners.len()).then_some(out)
}

/// The corners of each band of a part, in the sense of its first triangle; nothing where they are no fewer triangles.
fn cut(soup: &Soup, part: &[usize]) -> Option<Vec<Vec<[f64; 3]>>> {
    if part.len() > MOST {
        return None;
    }
    let shapes: Vec<Triangle> = part.iter().map(|t| soup.corners[*t].map(|i| soup.points[i as usize])).collect();
    let (origin, up) = (shapes[0][0], unit(normal(&shapes[0]))?);
    let mut best = None;
    let mut fewest = part.len();
    for along in directions(&shapes) {
        let across = cross(up, along);
        let flat = |p: [f64; 3]| [dot(sub(p, origin), along), dot(sub(p, origin), across)];
        let flat: Vec<[[f64; 2]; 3]> = shapes.iter().map(|t| t.map(flat)).collect();
        let solid = |[x, y]: [f64; 2]| std::array::from_fn(|k| origin[k] + along[k] * x + across[k] * y);
        let corners: Vec<Vec<[f64; 3]>> =
            bands(&flat).iter().map(|band| corners(band).into_iter().map(solid).collect()).collect();
        let count: usize = corners.iter().map(|c| c.len() - 2).sum();
        if count < fewest {
            (fewest, best) = (count, Some(corners));
        }
    }
    best
}

/// The directions in which most of the length of edges runs.
fn directions(shapes: &[Triangle]) -> Vec<[f64; 3]> {
    let mut found: Vec<([f64; 3], f64)> = Vec::new();
    for edge in shapes.iter().flat_map(|t| (0..3).map(|k| sub(t[(k + 1) % 3], t[k]))) {
        let Some(along) = unit(edge) else { continue };
        match found.iter_mut().find(|(d, _)| dot(*d, along).abs() > 1.0 - 1e-6) {
            Some((_, sum)) => *sum += length(edge),
            None => found.push((along, length(edge))),
        }
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.into_iter().take(DIRECTIONS).map(|(d, _)| d).collect()
}

/// The bands that cover `triangles`, between the levels of their corners, each with its left and right side and joined where one
/// goes on in another.
fn bands(triangles: &[[[f64; 2]; 3]]) -> Vec<[Side; 2]> {
    let mut levels: Vec<f64> = triangles.iter().flatten().map(|p| p[1]).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|b, a| *b - *a <= FLAT);
    let (mut done, mut open): (Vec<[Side; 2]>, Vec<[Side; 2]>) = (Vec::new(), Vec::new());
    for level in levels.windows(2) {
        let mut next: Vec<[Side; 2]> = Vec::new();
        for [left, right] in spans(triangles, level[0], level[1]) {
            let goes_on = |band: &[Side; 2]| straight(&band[0], &left) && straight(&band[1], &right);
            next.push(match open.iter().position(goes_on) {
                Some(before) => {
                    let [l, r] = open.swap_remove(before);
                    [[l[0], left[1]], [r[0], right[1]]]
                }
                None => [left, right],
            });
        }
        done.append(&mut open);
        open = next;
    }
    done.append(&mut open);
    done
}

/// What `triangles` cover between two levels that no corner lies between, from left to right.
fn spans(triangles: &[[[f64; 2]; 3]], low: f64, high: f64) -> Vec<[Side; 2]> {
    let middle = (low + high) / 2.0;
    let at = |side: &Side| side[0][0] + side[1][0];
    let across = |t: &[[f64; 2]; 3]| {
        let mut sides =
            (0..3).map(|k| [t[k], t[(k + 1) % 3]]).filter(|[a, b]| (a[1] <= middle) != (b[1] <= middle)).map(
                |[a, b]| [low, high].map(|y| [a[0] + (b[0] - a[0]) * ((y - a[1]) / (b[1] - a[1])).clamp(0.0, 1.0), y]),
            );
        let (one, other) = (sides.next()?, sides.next()?);
        Some(if at(&one) <= at(&other) { [one, other] } else { [other, one] })
    };
    let mut each: Vec<[Side; 2]> = triangles.iter().filter_map(across).collect();
    each.sort_by(|a, b| at(&a[0]).total_cmp(&at(&b[0])));
    let mut spans: Vec<[Side; 2]> = Vec::new();
    for [left, right] in each {
        match spans.last_mut() {
            Some([_, end]) if at(&left) <= at(end) + 2.0 * FLAT => {
                if at(&right) > at(end) {
                    *end = right;
                }
            }
            _ => spans.push([left, right]),
        }
    }
    spans
}

/// Whether `above` goes on where `below` ends, in the same line.
fn straight(below: &Side, above: &Side) -> bool {
    let [a, b] = *below;
    let [c, d] = *above;
    let bend = (b[0] - a[0]) * (d[1] - a[1]) - (d[0] - a[0]) * (b[1] - a[1]);
    (b[0] - c[0]).abs() <= FLAT && (b[1] - c[1]).abs() <= FLAT && bend.abs() <= FLAT * (d[1] - a[1])
}

/// A band's corners, counter-clockwise, with its lap; three where a side of it is a point.
fn corners([left, right]: &[Side; 2]) -> Vec<[f64; 2]> {
    let mut corners = Vec::with_capacity(4);
    for (k, lap) in [(0, -LAP), (1, LAP)] {
        let (l, r) = (left[k], right[k]);
        let pair = [[l[0] - LAP, l[1] + lap], [r[0] + LAP, r[1] + lap]];
        match (r[0] - l[0] <= FLAT, k) {
            (true, _) => corners.push([(l[0] + r[0]) / 2.0, l[1] + lap]),
            (false, 0) => corners.extend(pair),
            (false, _) => corners.extend([pair[1], pair[0]]),
        }
    }
    corners
}

fn unit(v: [f64; 3]) -> Option<[f64; 3]> {
    let size = length(v);
    (size > 0.0).then(|| v.map(|d| d / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wall of 10 by 3 m with `openings` of 1 by 1.5 m, as a grid of rectangles of two triangles each.
    fn wall(openings: usize) -> Soup {
        let mut across = vec![0.0, 10.0];
        across.extend((0..openings).flat_map(|i| [0.5 + 1.5 * i as f64, 1.5 + 1.5 * i as f64]));
        across.sort_by(f64::total_cmp);
        let up = [0.0, 1.0, 2.5, 3.0];
        let points = up.iter().flat_map(|z| across.iter().map(|x| [*x, 7.0, *z])).collect();
        let n = across.len() as u32;
        let cells = (0..3).flat_map(|row| (0..n - 1).map(move |k| (row, k))).filter(|(row, k)| *row != 1 || k % 2 == 0);
        let corners = |(row, k): (u32, u32)| {
            let a = row * n + k;
            [[a, a + 1, a + n + 1], [a, a + n + 1, a + n]]
        };
        let corners: Vec<[u32; 3]> = cells.flat_map(corners).collect();
        Soup { points, groups: vec![3; corners.len()], corners }
    }

    #[test]
    fn a_wall_with_windows_is_two_bands_and_the_piers_between() {
        let wall = wall(6);
        let banded = banded(&wall).unwrap();
        assert_eq!((wall.corners.len(), banded.corners.len()), (66, 2 * (2 + 7)));
        assert!(banded.groups.iter().all(|g| *g == 3));
        let area = |soup: &Soup| soup.triangles().iter().map(|t| length(normal(t)) / 2.0).sum::<f64>();
        let (before, after) = (area(&wall), area(&banded));
        assert!((before - 21.0).abs() < 1e-9 && (after - before).abs() < 0.03, "{before} {after}");
        // They look the way that they looked, and lie in the wall.
        assert!(banded.triangles().iter().all(|t| normal(t)[1] < 0.0 && t.iter().all(|p| (p[1] - 7.0).abs() < 1e-9)));
        assert!(super::banded(&banded).is_none(), "fewer than those there are not");
    }

    #[test]
    fn a_slanted_part_keeps_its_slopes_and_what_is_bent_stays() {
        // A triangle of nine: its bands are itself.
        let points: Vec<[f64; 3]> =
            (0..4).flat_map(|i| (0..=i).map(move |k| [f64::from(k), f64::from(i - k), 0.0])).collect();
        let at = |i: u32, k: u32| i * (i + 1) / 2 + k;
        let ups = (0..3).flat_map(|i| (0..=i).map(move |k| [at(i, k), at(i + 1, k), at(i + 1, k + 1)]));
        let downs = (1..3).flat_map(|i| (0..i).map(move |k| [at(i, k), at(i + 1, k + 1), at(i, k + 1)]));
        let corners: Vec<[u32; 3]> = ups.chain(downs).collect();
        let mut soup = Soup { points, groups: vec![0; corners.len()], corners };
        assert_eq!(banded(&soup).map(|s| s.corners.len()), Some(1));
        soup.points.iter_mut().for_each(|p| p[2] = p[0] * p[0] + p[1] * p[1]);
        assert!(banded(&soup).is_none());
    }
}
