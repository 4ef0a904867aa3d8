//! A smooth operation near one place as polynomials: a city's corners lie close together, and PROJ takes a microsecond for each.

use super::proj;
use crate::fault::Result;
use foldhash::{HashMap, HashMapExt};
use std::cell::RefCell;
use std::collections::hash_map::Entry;

/// Side of a patch, in the units of the source: over so few metres a map projection is all but flat.
const SIDE: f64 = 256.0;
/// Points within one patch below which it costs more than it saves. It is counted by the call, so that equal calls give equal bits.
const FEW: usize = 32;
/// How far the polynomials may be from PROJ: degrees, and metres of height. Half a micrometre.
const NEAR: [f64; 3] = [5e-12, 5e-12, 5e-7];
/// Patches that a thread keeps.
const KEPT: usize = 4096;
/// What pipelines are made of that bend at the lines of a grid.
const BENT: [&str; 4] = ["grid", "defmodel", "deformation", "tinshift"];

type Cell = [i64; 3];

thread_local! {
    /// By pipeline and cell; nothing where PROJ is not smooth.
    static PATCHES: RefCell<HashMap<String, HashMap<Cell, Option<Patch>>>> = RefCell::new(HashMap::new());
}

/// Runs `points` forward through a pipeline, many of one place by polynomials that are within half a micrometre of it.
pub(super) fn run(pipeline: &str, points: &mut [[f64; 3]]) -> Result<()> {
    if points.len() < FEW || BENT.iter().any(|word| pipeline.contains(word)) {
        return proj::run(pipeline, true, points);
    }
    // The cells that there are, how many points each has, and which one each point is in: neighbours mostly in the same.
    let mut cells: Vec<(Cell, usize)> = Vec::new();
    let mut known: HashMap<Cell, usize> = HashMap::new();
    let mut which: Vec<usize> = Vec::with_capacity(points.len());
    for point in points.iter() {
        let cell = cell(point);
        let last = which.last().copied().filter(|at| cells.get(*at).is_some_and(|(last, _)| *last == cell));
        let at = last.unwrap_or_else(|| *known.entry(cell).or_insert(cells.len()));
        match cells.get_mut(at) {
            Some((_, count)) => *count += 1,
            None => cells.push((cell, 1)),
        }
        which.push(at);
    }
    PATCHES.with_borrow_mut(|all| {
        if !all.contains_key(pipeline) {
            all.insert(pipeline.to_owned(), HashMap::new());
        }
        let Some(patches) = all.get_mut(pipeline) else { return Ok(()) };
        if patches.len() > KEPT {
            patches.clear();
        }
        for cell in cells.iter().filter(|(_, count)| *count >= FEW).map(|(cell, _)| *cell) {
            if let Entry::Vacant(place) = patches.entry(cell) {
                place.insert(Patch::new(pipeline, cell)?);
            }
        }
        let of_cell = |(cell, count): &(Cell, usize)| {
            let patch = patches.get(cell).filter(|_| *count >= FEW).and_then(Option::as_ref)?;
            Some((*cell, patch))
        };
        let of_cells: Vec<Option<(Cell, &Patch)>> = cells.iter().map(of_cell).collect();
        let (mut others, mut numbers) = (Vec::new(), Vec::new());
        for (number, (point, at)) in points.iter_mut().zip(&which).enumerate() {
            match of_cells.get(*at) {
                Some(Some((cell, patch))) => *point = patch.at(inside(*cell, *point)),
                _ => {
                    others.push(*point);
                    numbers.push(number);
                }
            }
        }
        proj::run(pipeline, true, &mut others)?;
        numbers.into_iter().zip(others).for_each(|(number, other)| points[number] = other);
        Ok(())
    })
}

fn cell(point: &[f64; 3]) -> Cell {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, where no operation is smooth")]
    let cell = point.map(|v| (v / SIDE).floor() as i64);
    cell
}

/// Where a point is in its cell: -1 to 1 on each axis.
fn inside(cell: Cell, point: [f64; 3]) -> [f64; 3] {
    #[expect(clippy::cast_precision_loss, reason = "the number of a cell that has a point in it")]
    let at = std::array::from_fn(|k| (point[k] - cell[k] as f64 * SIDE) * 2.0 / SIDE - 1.0);
    at
}

/// Of second degree along x and y, of first degree along z.
#[derive(Debug, Clone)]
struct Patch {
    /// By powers of z, y and x.
    terms: [[[[f64; 3]; 3]; 3]; 2],
}

impl Patch {
    /// That of a cell; nothing where it is not near enough to PROJ at places apart from those it is made of.
    fn new(pipeline: &str, cell: Cell) -> Result<Option<Self>> {
        let ends = [-1.0, 0.0, 1.0];
        let nodes = [-1.0, 1.0].into_iter().flat_map(|z| ends.into_iter().flat_map(move |y| ends.map(|x| [x, y, z])));
        let apart = [-0.55, 0.45, 0.8];
        let checks = apart.into_iter().flat_map(|z| apart.map(|x| [x, -x * z, z]));
        let places: Vec<[f64; 3]> = nodes.chain(checks).collect();
        #[expect(clippy::cast_precision_loss, reason = "the number of a cell that has a point in it")]
        let place = |at: &[f64; 3]| std::array::from_fn(|k| cell[k] as f64 * SIDE + (at[k] + 1.0) * SIDE / 2.0);
        let mut found: Vec<[f64; 3]> = places.iter().map(place).collect();
        proj::run(pipeline, true, &mut found)?;
        let (nodes, checks) = found.split_at(18);
        let row = |[a, b, c]: [[f64; 3]; 3]| -> [[f64; 3]; 3] {
            let of = |power: usize, k: usize| match power {
                0 => b[k],
                1 => (c[k] - a[k]) / 2.0,
                _ => (c[k] + a[k]) / 2.0 - b[k],
            };
            std::array::from_fn(|power| std::array::from_fn(|k| of(power, k)))
        };
        // Along x, then along y for each power of x, then along z for each of both.
        let layer = |z: usize| -> [[[f64; 3]; 3]; 3] {
            let rows: [[[f64; 3]; 3]; 3] =
                std::array::from_fn(|y| row(std::array::from_fn(|x| nodes[z * 9 + y * 3 + x])));
            let columns: [[[f64; 3]; 3]; 3] = std::array::from_fn(|x| row(std::array::from_fn(|y| rows[y][x])));
            std::array::from_fn(|y| std::array::from_fn(|x| columns[x][y]))
        };
        let (low, high) = (layer(0), layer(1));
        let term = |y: usize, x: usize, k: usize, sign: f64| (high[y][x][k] + sign * low[y][x][k]) / 2.0;
        let terms = [1.0, -1.0]
            .map(|sign| std::array::from_fn(|y| std::array::from_fn(|x| std::array::from_fn(|k| term(y, x, k, sign)))));
        let patch = Self { terms };
        let near = |(at, truth): (&[f64; 3], &[f64; 3])| {
            let made = patch.at(*at);
            (0..3).all(|k| (made[k] - truth[k]).abs() <= NEAR[k])
        };
        Ok(places.get(18..).unwrap_or_default().iter().zip(checks).all(near).then_some(patch))
    }
    fn at(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| {
            let row = |row: &[[f64; 3]; 3]| row[0][k] + x * (row[1][k] + x * row[2][k]);
            let layer = |[a, b, c]: &[[[f64; 3]; 3]; 3]| row(a) + y * (row(b) + y * row(c));
            layer(&self.terms[0]) + z * layer(&self.terms[1])
        })
    }
}
