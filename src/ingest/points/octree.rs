//! An octree over a point cloud: each point in exactly one tile, a tile's own points evenly spread over its cube (refine ADD).
//!
//! A tile of more than [`TILE`] points keeps the first point of each cell of a grid over its cube, the finest of 256, 128, 64 or
//! 32 cells along an edge that leaves it half of that; the others go down to its eighths. Memory is bounded by
//! [`heap::IN_MEMORY`](super::heap::IN_MEMORY), whatever the cloud's size; the same points in the same order give the same bytes.

use super::heap::{Growing, Heap, Spot};
use super::tile::{At, Node, Tiles};
use crate::fault::Result;
use crate::geom::Bounds;

/// The most points of a tile.
pub(super) const TILE: usize = 50_000;
/// Cells along an edge, as powers of two.
const FINEST: u32 = 8;
const COARSEST: u32 = 5;
/// Cubes of 2.56 cm are not divided.
const SMALLEST: u32 = 8;
/// Cubes of over 26.8 km have no points of their own: `f32` would put them over a millimetre off.
const WIDEST: u32 = 28;
/// Metres in a unit of a point's place.
pub(super) const UNIT: f64 = 1e-4;

/// A cube: its least corner, its edge as a power of two, and where it is in the whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cube {
    pub least: [i64; 3],
    pub power: u32,
    pub at: At,
}

impl Cube {
    /// The cube that holds the box from `min` to `max`.
    pub fn around(min: [i32; 3], max: [i32; 3]) -> Self {
        let widest = min.iter().zip(max).map(|(min, max)| i64::from(max) - i64::from(*min)).max().unwrap_or_default();
        let power = (SMALLEST..34).find(|power| widest < 1 << power).unwrap_or(34);
        Self { least: min.map(i64::from), power, at: At::WHOLE }
    }
    /// Which of `2^bits` cells along each edge a point is in.
    fn cell(&self, spot: &Spot, bits: u32) -> [u32; 3] {
        let mut at = [0; 3];
        for ((at, place), least) in at.iter_mut().zip(spot.place).zip(self.least) {
            *at = u32::try_from((i64::from(place) - least) >> (self.power - bits)).unwrap_or_default();
        }
        at
    }
    /// Its eighth number `k`: bit 0 east, bit 1 north, bit 2 up.
    fn eighth(&self, k: usize) -> Self {
        let half = 1_i64 << (self.power - 1);
        let [x, y, z] = self.least;
        let step = |bit: usize| if k >> bit & 1 == 1 { half } else { 0 };
        Self { least: [x + step(0), y + step(1), z + step(2)], power: self.power - 1, at: self.at.eighth(k) }
    }
    fn metres(&self) -> f64 {
        UNIT * 2_f64.powi(self.power.cast_signed())
    }
    /// Its box, east-north-up metres.
    pub fn bounds(&self) -> Bounds {
        let min = self.least.map(|c| c as f64 * UNIT);
        Bounds { min, max: min.map(|c| c + self.metres()) }
    }
}

/// Cells of a cube, `2^bits` along each edge, that are taken.
struct Taken {
    bits: u32,
    words: Vec<u64>,
}

impl Taken {
    fn new(bits: u32) -> Self {
        Self { bits, words: vec![0; (1_usize << (3 * bits)).div_ceil(64)] }
    }
    /// Whether the cell was free, which it is no longer.
    fn take(&mut self, [x, y, z]: [u32; 3]) -> bool {
        let at = ((x as usize) << self.bits | y as usize) << self.bits | z as usize;
        let Some(word) = self.words.get_mut(at / 64) else { return false };
        let free = *word >> (at % 64) & 1 == 0;
        *word |= 1 << (at % 64);
        free
    }
    fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
    /// The same in cells twice as wide.
    fn coarser(&self) -> Self {
        let mut out = Self::new(self.bits - 1);
        let mask = (1_usize << self.bits) - 1;
        for (at, word) in self.words.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                let cell = at * 64 + word.trailing_zeros() as usize;
                word &= word - 1;
                let part = |by: u32| u32::try_from(cell >> by & mask).unwrap_or_default() / 2;
                out.take([part(2 * self.bits), part(self.bits), part(0)]);
            }
        }
        out
    }
}

/// The grid over a cube whose taken cells are few enough, as a power of two.
fn fineness(cube: &Cube, points: &Heap) -> Result<u32> {
    let mut taken = Taken::new(FINEST.min(cube.power));
    points.each(&mut |spot| {
        taken.take(cube.cell(spot, taken.bits));
        Ok(())
    })?;
    while taken.count() > TILE / 2 && taken.bits > COARSEST {
        taken = taken.coarser();
    }
    Ok(taken.bits)
}

/// Writes the tiles of `points`, all of which lie in `cube`; errors are at most `above` metres.
///
/// # Errors
/// The disk refuses.
pub(super) fn build(tiles: &mut Tiles, cube: Cube, points: Heap, above: f64) -> Result<Node> {
    (tiles.go_on)()?;
    let points = points.settled(tiles.in_memory)?;
    if points.len() <= TILE as u64 || cube.power <= SMALLEST {
        return leaf(tiles, cube.at, &points, above.min(cube.metres()));
    }
    let wide = cube.power > WIDEST;
    let bits = if wide { 0 } else { fineness(&cube, &points)? };
    let error = above.min(cube.metres() / f64::from(1_u32 << bits));
    let (mut taken, mut own) = (Taken::new(bits), Vec::new());
    let in_memory = points.len() <= tiles.in_memory;
    let mut eighths = Vec::with_capacity(8);
    for k in 0..8 {
        eighths.push(if in_memory {
            Growing::Memory(Vec::new())
        } else {
            Growing::file(tiles.spill(cube.at.eighth(k)))?
        });
    }
    points.each(&mut |spot| {
        if !wide && taken.take(cube.cell(spot, bits)) {
            own.push(*spot);
            return Ok(());
        }
        let [x, y, z] = cube.cell(spot, 1);
        let eighth = eighths.get_mut((x | y << 1 | z << 2) as usize);
        eighth.map_or(Ok(()), |eighth| eighth.push(spot))
    })?;
    drop((points, taken));
    let mut node = tiles.write(cube.at, &own, error)?;
    drop(own);
    for (k, eighth) in eighths.into_iter().map(Growing::done).collect::<Result<Vec<_>>>()?.into_iter().enumerate() {
        if eighth.len() > 0 {
            node.adopt(build(tiles, cube.eighth(k), eighth, error)?);
        }
    }
    Ok(node)
}

/// A tile that is not divided. More points than a tile may have, which is so where they lie on one another, go to tiles below it, which
/// are called as its eighths and theirs are, wherever in it their points lie.
fn leaf(tiles: &mut Tiles, at: At, points: &Heap, error: f64) -> Result<Node> {
    let (mut some, mut parts): (Vec<Spot>, Vec<Node>) = (Vec::new(), Vec::new());
    let mut flush = |some: &mut Vec<Spot>| -> Result<()> {
        // The tile number p is an eighth of the one number (p - 1) / 8.
        let above = parts.len().checked_sub(1).and_then(|last| parts.get(last / 8));
        let at = above.map_or(at, |above| above.at.eighth((parts.len() - 1) % 8));
        parts.push(tiles.write(at, some, 0.0)?);
        some.clear();
        Ok(())
    };
    points.each(&mut |spot| {
        if some.len() == TILE {
            flush(&mut some)?;
        }
        some.push(*spot);
        Ok(())
    })?;
    flush(&mut some)?;
    while let Some(last) = parts.pop() {
        let above = parts.len().checked_sub(1).and_then(|before| parts.get_mut(before / 8));
        let Some(above) = above else { return Ok(last) };
        above.error = error;
        above.adopt(last);
    }
    Err(crate::fault::Fault::internal("a tile without points"))
}

#[cfg(test)]
mod tests {
    use super::super::bits;
    use super::super::heap::IN_MEMORY;
    use super::super::tile::Colours;
    use super::*;
    use crate::formats::tiles3d::check::{CheckLimits, check};
    use crate::geom::matrix::IDENTITY;
    use crate::store::IMPLICIT;
    use std::collections::BTreeMap;

    /// The tree of a slope of points with a heap of equal ones, and its files; the checker finds nothing wrong either way it is told.
    fn tree(in_memory: u64) -> (String, BTreeMap<String, Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        let (folder, scratch) = (dir.path().join("tiles"), dir.path().join("waiting"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(&scratch).unwrap();
        let mut points = Growing::file(scratch.join("points")).unwrap();
        let (mut min, mut max) = ([i32::MAX; 3], [i32::MIN; 3]);
        for k in 0..260_000_i32 {
            // Two in five lie on one another.
            let strewn = |step: i64, most: i64| i32::try_from(i64::from(k) * step % most).unwrap();
            let (x, y) = if k % 5 < 2 { (7, 7) } else { (strewn(7919, 4_000_037), strewn(104_729, 3_999_971)) };
            let place = [x - 2_000_000, y, (x + y) / 9];
            let spot = Spot { place, colour: [1, 2, 3], intensity: 4, class: 2, returns: [1, 1], spare: 0 };
            points.push(&spot).unwrap();
            (min, max) = (std::array::from_fn(|i| min[i].min(place[i])), std::array::from_fn(|i| max[i].max(place[i])));
        }
        let (colours, go_on) = (Colours::Classes, &|| Ok(()));
        let mut tiles = Tiles { folder: &folder, scratch: &scratch, colours, written: 0, in_memory, go_on };
        let cube = Cube::around(min, max);
        let root = build(&mut tiles, cube, points.done().unwrap(), f64::INFINITY).unwrap();
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "nothing waits any longer");
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
        });
        let files: BTreeMap<String, Vec<u8>> = files.collect();
        bits::write(&folder, &root, &cube.bounds(), bits::halved(&root), &IDENTITY).unwrap();
        let mut top = root.json();
        top["refine"] = "ADD".into();
        let explicit = serde_json::json!({ "asset": { "version": "1.1" }, "geometricError": root.error, "root": top });
        std::fs::write(folder.join("tileset.json"), explicit.to_string()).unwrap();
        for name in ["tileset.json", IMPLICIT] {
            let report = check(&folder.join(name), &CheckLimits::default(), &|_| {}).unwrap();
            assert!(report.is_clean() && report.counts.vertices == 260_000, "{}", report.text());
            assert_eq!((report.counts.contents, report.counts.subtrees > 3), (files.len(), name == IMPLICIT));
        }
        (root.json().to_string(), files)
    }

    #[test]
    fn sorting_stops_when_there_is_no_time_left() {
        use crate::fault::{Fault, Kind};
        use std::cell::Cell;
        let dir = tempfile::tempdir().unwrap();
        let spot = |k: i32| Spot { place: [k; 3], colour: [0; 3], intensity: 0, class: 0, returns: [1, 1], spare: 0 };
        let points = Heap::Memory((0..200_000).map(spot).collect());
        let left = Cell::new(3);
        let go_on = || {
            left.set(left.get() - 1);
            if left.get() < 0 { Err(Fault::new(Kind::TooLarge, "enough")) } else { Ok(()) }
        };
        let (folder, colours) = (dir.path(), Colours::Classes);
        let mut tiles = Tiles { folder, scratch: folder, colours, written: 0, in_memory: IN_MEMORY, go_on: &go_on };
        let done = build(&mut tiles, Cube::around([0; 3], [200_000; 3]), points, f64::INFINITY);
        assert!(done.unwrap_err().kind == Kind::TooLarge && left.get() == -1 && tiles.written <= 3);
    }

    #[test]
    fn points_in_files_and_in_memory_become_the_same_tiles_and_points_on_one_another_find_an_end() {
        let (in_memory, spilled) = (tree(IN_MEMORY), tree(20_000));
        assert!(in_memory == spilled && in_memory.1.len() > 10, "{} and {}", in_memory.1.len(), spilled.1.len());
        let counts = in_memory.1.values().map(|glb| {
            let text = String::from_utf8_lossy(glb);
            let (_, count) = text.split_once("\"count\":").unwrap();
            count.split([',', '}']).next().unwrap().parse::<usize>().unwrap()
        });
        let counts: Vec<usize> = counts.collect();
        assert!(counts.iter().sum::<usize>() == 260_000 && counts.iter().all(|count| *count <= TILE), "{counts:?}");
        // The cube of 419.4304 m has been halved 14 times where it is not divided any more.
        assert!(in_memory.1.keys().any(|name| name.starts_with("15-")), "{:?}", in_memory.1.keys());
    }
}
