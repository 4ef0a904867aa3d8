//! Footprints in the units of a tile: made simpler, cut at its edges, rounded, and never lost for being small.

use super::clip::{Window, line_within, ring_within};
use super::grid::{BUFFER, EXTENT, Tile};
use crate::geom::Bounds;
use crate::model::Footprint;

type Place = [f64; 2];
type Unit = [i32; 2];

/// A shape in whole units of a tile, x to the east and y to the south; of one kind, and never empty.
#[derive(Debug, Clone, PartialEq)]
pub enum Drawn {
    /// A place.
    Point(Unit),
    /// Lines of two different places or more.
    Lines(Vec<Vec<Unit>>),
    /// Polygons: an exterior ring whose area is positive by the surveyor's formula (§4.3.4.4), then holes, whose area is negative.
    /// Rings are not closed.
    Areas(Vec<Vec<Vec<Unit>>>),
}

impl Drawn {
    /// The most bytes that it can take in a layer.
    pub fn weight(&self) -> usize {
        // Two numbers of three bytes for a place, nine for the commands of a path.
        let path = |places: &Vec<Unit>| 6 * places.len() + 9;
        match self {
            Self::Point(_) => 15,
            Self::Lines(lines) => lines.iter().map(path).sum(),
            Self::Areas(areas) => areas.iter().flatten().map(path).sum(),
        }
    }
}

/// How much is left out at a level.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Units that a line may be moved when it is made simpler.
    tolerance: f64,
    /// The edge of what stands for a thing that is smaller, units.
    pixel: i32,
}

impl Detail {
    fn of(tile: Tile) -> Self {
        // A pixel of a map of 512 to a tile is eight units.
        if tile.zoom() < Tile::FULL { Self { tolerance: 4.0, pixel: 8 } } else { Self { tolerance: 0.25, pixel: 1 } }
    }
}

/// What a tile shows of a footprint; nothing where it lies outside. A point belongs to one tile of a level, lines and areas to all
/// that they touch. What is smaller than a pixel, or has nothing left between its sides, becomes a square or a strip a pixel wide.
pub fn draw(footprint: &Footprint, tile: Tile) -> Option<Drawn> {
    let detail = Detail::of(tile);
    let flat = |ring: &[[f64; 3]]| -> Vec<Place> { ring.iter().map(|p| tile.units([p[0], p[1]])).collect() };
    match footprint {
        Footprint::None => None,
        Footprint::Point([lon, lat, _]) => {
            let place = tile.units([*lon, *lat]);
            let within = place.iter().all(|c| (0.0..f64::from(EXTENT)).contains(c));
            within.then(|| Drawn::Point(place.map(|c| units(c.floor()))))
        }
        Footprint::Lines(all) => {
            let lines: Vec<_> = all.iter().flat_map(|line| lines(&flat(line), detail)).collect();
            (!lines.is_empty()).then_some(Drawn::Lines(lines))
        }
        Footprint::Areas(areas) => {
            polygons(areas.iter().map(|rings| rings.iter().map(|ring| flat(ring)).collect()), detail)
        }
    }
}

/// What a tile shows of a box without a footprint, as an area.
pub fn draw_box(bounds: &Bounds, tile: Tile) -> Option<Drawn> {
    let ([west, south, _], [east, north, _]) = (bounds.min, bounds.max);
    draw_ring(&[[west, south], [east, south], [east, north], [west, north]], tile)
}

/// What a tile shows of one ring of longitudes and latitudes that is not closed.
pub fn draw_ring(ring: &[Place], tile: Tile) -> Option<Drawn> {
    let flat = ring.iter().map(|place| tile.units(*place)).collect();
    polygons(std::iter::once(vec![flat]), Detail::of(tile))
}

fn window() -> Window {
    Window { least: -f64::from(BUFFER), most: f64::from(EXTENT + BUFFER) }
}

fn polygons(areas: impl Iterator<Item = Vec<Vec<Place>>>, detail: Detail) -> Option<Drawn> {
    let mut drawn: Vec<Vec<Vec<Unit>>> = Vec::new();
    for rings in areas {
        let part = polygon(&rings, detail);
        // Many small parts in one pixel are one square.
        drawn.extend(part.filter(|part| part.len() > 1 || drawn.last() != Some(part)));
    }
    (!drawn.is_empty()).then_some(Drawn::Areas(drawn))
}

fn polygon(rings: &[Vec<Place>], detail: Detail) -> Option<Vec<Vec<Unit>>> {
    let (exterior, holes) = rings.split_first()?;
    let around = reach(exterior)?;
    if !window().meets(&around) {
        return None;
    }
    let small = |[least, most]: &[Place; 2]| (0..2).all(|k| most[k] - least[k] < f64::from(detail.pixel));
    if small(&around) {
        return Some(vec![square(around, detail)]);
    }
    let simple = simplified(exterior, detail);
    let cut = ring_within(&simple, window());
    let Some(outer) = turned(&rounded(&cut), true) else {
        // It touches the tile with a part, or there is nothing between its sides in whole units.
        let left = reach(&ring_within(exterior, window()))?;
        return Some(vec![strip(&cut, left, detail)]);
    };
    let holes = holes.iter().filter(|hole| reach(hole).is_some_and(|around| !small(&around)));
    let holes = holes.filter_map(|hole| turned(&rounded(&ring_within(&simplified(hole, detail), window())), false));
    Some(std::iter::once(outer).chain(holes).collect())
}

fn lines(line: &[Place], detail: Detail) -> Vec<Vec<Unit>> {
    let Some(around) = reach(line).filter(|around| window().meets(around)) else { return Vec::new() };
    let pieces = line_within(&peucker(line, detail.tolerance), window());
    let kept: Vec<Vec<Unit>> = pieces.iter().map(|piece| rounded_line(piece)).filter(|p| p.len() > 1).collect();
    if !kept.is_empty() || pieces.is_empty() {
        return kept;
    }
    // A dash of a pixel stands for what is shorter than a unit.
    let [x, y] = middle(around).map(units);
    let half = (detail.pixel / 2).max(1);
    vec![vec![[x - half, y], [x + half, y]]]
}

/// The box around places; none without any.
fn reach(places: &[Place]) -> Option<[Place; 2]> {
    let first = *places.first()?;
    Some(places.iter().fold([first; 2], |[least, most], p| {
        [[least[0].min(p[0]), least[1].min(p[1])], [most[0].max(p[0]), most[1].max(p[1])]]
    }))
}

fn middle([least, most]: [Place; 2]) -> Place {
    [(least[0] + most[0]) / 2.0, (least[1] + most[1]) / 2.0]
}

/// A square a pixel wide around the middle of a box.
fn square(around: [Place; 2], detail: Detail) -> Vec<Unit> {
    let [x, y] = middle(around).map(|c| units((c - f64::from(detail.pixel) / 2.0).round()));
    let p = detail.pixel;
    vec![[x, y], [x + p, y], [x + p, y + p], [x, y + p]]
}

/// A strip a pixel wide along the longest way through a ring that has no area left.
fn strip(ring: &[Place], around: [Place; 2], detail: Detail) -> Vec<Unit> {
    let first = ring.first().copied().unwrap_or_else(|| middle(around));
    let far = |from: Place| ring.iter().copied().max_by(|a, b| away(from, *a).total_cmp(&away(from, *b)));
    let end = far(first).unwrap_or(first);
    let start = far(end).unwrap_or(first);
    let (a, b) = (start.map(|c| units(c.round())), end.map(|c| units(c.round())));
    if a == b {
        return square(around, detail);
    }
    let flat = (b[0] - a[0]).abs() >= (b[1] - a[1]).abs();
    let [dx, dy] = if flat { [0, detail.pixel] } else { [detail.pixel, 0] };
    let ring = [a, b, [b[0] + dx, b[1] + dy], [a[0] + dx, a[1] + dy]];
    turned(&ring, true).unwrap_or_else(|| square(around, detail))
}

fn away(a: Place, b: Place) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// A closed ring made simpler: the way to its farthest corner and the way back, each by itself.
fn simplified(ring: &[Place], detail: Detail) -> Vec<Place> {
    let open = if ring.len() > 1 && ring.first() == ring.last() { &ring[..ring.len() - 1] } else { ring };
    let Some(first) = open.first().copied() else { return Vec::new() };
    let far = (0..open.len()).max_by(|a, b| away(first, open[*a]).total_cmp(&away(first, open[*b]))).unwrap_or(0);
    let mut back = open[far..].to_vec();
    back.push(first);
    let mut out = peucker(&open[..=far], detail.tolerance);
    out.pop();
    out.extend(peucker(&back, detail.tolerance));
    out.pop();
    out
}

/// Ramer, Douglas and Peucker: no place that is left out is farther than `tolerance` from the line that is left.
fn peucker(line: &[Place], tolerance: f64) -> Vec<Place> {
    let Some(last) = line.len().checked_sub(1) else { return Vec::new() };
    let mut keep = vec![false; line.len()];
    (keep[0], keep[last]) = (true, true);
    let mut waiting = vec![(0, last)];
    while let Some((from, to)) = waiting.pop() {
        let off = |i: &usize| distance(line[*i], line[from], line[to]);
        let farthest = (from + 1..to).max_by(|a, b| off(a).total_cmp(&off(b)));
        if let Some(i) = farthest.filter(|i| off(i) > tolerance) {
            keep[i] = true;
            waiting.extend([(from, i), (i, to)]);
        }
    }
    line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(place, _)| *place).collect()
}

/// How far a place is from the piece of a line between two others.
fn distance(p: Place, a: Place, b: Place) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let square = dx * dx + dy * dy;
    let along = if square > 0.0 { ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    away(p, [a[0] + along * dx, a[1] + along * dy])
}

#[expect(clippy::cast_possible_truncation, reason = "within a tile and its buffer; a cast saturates")]
fn units(c: f64) -> i32 {
    c as i32
}

fn rounded_line(line: &[Place]) -> Vec<Unit> {
    let mut out: Vec<Unit> = line.iter().map(|p| p.map(|c| units(c.round()))).collect();
    out.dedup();
    out
}

/// A ring in whole units without doubled corners and without needles.
fn rounded(ring: &[Place]) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(ring.len());
    for place in rounded_line(ring) {
        while out.len() > 1 && flat(out[out.len() - 2], out[out.len() - 1], place) {
            out.pop();
        }
        if out.last() != Some(&place) {
            out.push(place);
        }
    }
    // The same around the seam.
    while out.len() > 2 && (out.first() == out.last() || flat(out[out.len() - 2], out[out.len() - 1], out[0])) {
        out.pop();
    }
    while out.len() > 2 && flat(out[out.len() - 1], out[0], out[1]) {
        out.remove(0);
    }
    out
}

/// Whether `b` adds nothing between `a` and `c`, or is the tip of a needle.
fn flat(a: Unit, b: Unit, c: Unit) -> bool {
    let [ux, uy, vx, vy] = [b[0] - a[0], b[1] - a[1], c[0] - b[0], c[1] - b[1]].map(i64::from);
    ux * vy == uy * vx
}

/// Twice the area of a ring by the surveyor's formula; positive where it runs clockwise as seen on the map.
pub fn twice_area(ring: &[Unit]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1])).sum()
}

/// The ring with an area of this sign; none without an area.
fn turned(ring: &[Unit], positive: bool) -> Option<Vec<Unit>> {
    let area = twice_area(ring);
    if ring.len() < 3 || area == 0 {
        return None;
    }
    let mut out = ring.to_vec();
    if (area > 0) != positive {
        out.reverse();
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footprint whose corners are given in units of a tile.
    fn areas(tile: Tile, rings: &[&[Place]]) -> Footprint {
        let bounds = tile.bounds(0);
        // By bisection over the tile's own projection, so that this holds whatever that is.
        let solve = |k: usize, units: f64| {
            let (mut low, mut high) = (bounds.min[k] - 1.0, bounds.max[k] + 1.0);
            for _ in 0..80 {
                let mid = (low + high) / 2.0;
                let place = if k == 0 { [mid, bounds.min[1]] } else { [bounds.min[0], mid] };
                let less = tile.units(place)[k] < units;
                if less == (k == 0) { low = mid } else { high = mid }
            }
            (low + high) / 2.0
        };
        let ring = |ring: &&[Place]| {
            let closed = ring.iter().chain(ring.first());
            closed.map(|p| [solve(0, p[0]), solve(1, p[1]), 3.0]).collect()
        };
        Footprint::Areas(vec![rings.iter().map(ring).collect()])
    }

    fn rings(drawn: Option<Drawn>) -> Vec<Vec<Unit>> {
        match drawn {
            Some(Drawn::Areas(areas)) => areas.into_iter().flatten().collect(),
            other => panic!("{other:?} is no area"),
        }
    }

    #[test]
    fn an_exterior_has_a_positive_area_and_a_hole_a_negative_one_whatever_the_source_s_sense() {
        let tile = Tile::new(15, 13296, 27194).unwrap();
        let outer: &[Place] = &[[100.0, 100.0], [900.0, 100.0], [900.0, 900.0], [100.0, 900.0]];
        let hole: &[Place] = &[[300.0, 300.0], [600.0, 300.0], [600.0, 600.0], [300.0, 600.0]];
        let back = |ring: &[Place]| ring.iter().rev().copied().collect::<Vec<_>>();
        for pair in [[outer.to_vec(), hole.to_vec()], [back(outer), hole.to_vec()], [back(outer), back(hole)]] {
            let drawn = rings(draw(&areas(tile, &[&pair[0], &pair[1]]), tile));
            assert_eq!(drawn.iter().map(|r| twice_area(r)).collect::<Vec<_>>(), [2 * 800 * 800, -2 * 300 * 300]);
        }
    }

    #[test]
    fn what_is_small_or_thin_stays_and_what_is_outside_does_not_come() {
        let tile = Tile::new(15, 13296, 27194).unwrap();
        let of = |ring: &[Place]| draw(&areas(tile, &[ring]), tile);
        let tiny = rings(of(&[[500.0, 500.0], [501.0, 500.0], [501.0, 501.0]]));
        assert_eq!((tiny.len(), twice_area(&tiny[0])), (1, 2 * 8 * 8), "a square a pixel wide");
        let thin = rings(of(&[[500.0, 500.0], [900.0, 500.2], [900.0, 500.4], [500.0, 500.3]]));
        assert!(twice_area(&thin[0]) >= 2 * 390 * 8, "a strip a pixel wide: {thin:?}");
        assert_eq!(of(&[[5000.0, 500.0], [5100.0, 500.0], [5100.0, 600.0]]), None);
        let across = rings(of(&[[-3000.0, 1000.0], [9000.0, 1000.0], [9000.0, 2000.0], [-3000.0, 2000.0]]));
        assert!(across[0].iter().all(|[x, _]| [-64, 4160].contains(x)), "cut at the buffer: {across:?}");
        let crooked = rings(of(&[[100.0, 100.0], [500.0, 101.0], [900.0, 100.0], [900.0, 900.0], [100.0, 900.0]]));
        assert_eq!(crooked[0].len(), 4, "a corner within half a pixel of its line is left out");
    }

    #[test]
    fn a_point_is_in_one_tile_and_a_short_line_is_a_dash() {
        let place = [118.78, 32.04, 5.0];
        let holds = |col| draw(&Footprint::Point(place), Tile::new(10, 415, col).unwrap()).is_some();
        assert_eq!((845..855).filter(|col| holds(*col)).count(), 1);
        let line = Footprint::Lines(vec![vec![place, [118.780_000_1, 32.04, 5.0]]]);
        let Some(Drawn::Lines(lines)) = draw(&line, Tile::new(10, 415, 849).unwrap()) else { panic!("no line") };
        assert_eq!((lines.len(), lines[0][1][0] - lines[0][0][0]), (1, 8));
    }
}
