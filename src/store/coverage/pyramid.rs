//! The pixels of a raster in blocks, at full size and at halves of it, compressed in one file and read through a bounded cache.

use super::super::archive::embedded::sync_dir;
use crate::fault::{Fault, Kind, Result};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Pixels along a block's edge.
pub const EDGE: usize = 256;
/// One pixel: a height (`f32`, little endian), or red, green, blue, alpha.
pub type Pixel = [u8; 4];

/// The pixels of one block, row by row.
type Block = Arc<[Pixel]>;
/// Blocks of all rasters of a store: the raster, the level, the block.
pub(in crate::store) type Blocks = Cache<(u64, u8, u32), Block, Weigh>;

/// What blocks of all rasters may weigh together, bytes.
const CACHED: u64 = 128 << 20;

/// Weighs a block.
#[derive(Debug, Clone)]
pub(in crate::store) struct Weigh;

impl Weighter<(u64, u8, u32), Block> for Weigh {
    fn weight(&self, _: &(u64, u8, u32), block: &Block) -> u64 {
        (block.len() * size_of::<Pixel>()) as u64
    }
}

/// An empty cache of blocks.
pub(in crate::store) fn blocks() -> Blocks {
    Cache::with_weighter(512, CACHED, Weigh)
}

/// A level: how many blocks, and where each lies in the file; one without length is void.
#[derive(Debug)]
struct Level {
    size: [u32; 2],
    blocks: Vec<(u64, u32)>,
}

impl Level {
    fn columns(&self) -> u32 {
        self.size[0].div_ceil(EDGE as u32)
    }
    fn place(&self, x: u32, y: u32) -> u32 {
        y * self.columns() + x
    }
}

/// The levels of a raster of this size, the full one first; the last is one block.
fn levels(width: u32, height: u32) -> Vec<Level> {
    let halves = std::iter::successors(Some([width, height]), |size| {
        let more = size.iter().any(|n| *n as usize > EDGE);
        more.then(|| size.map(|n| n.div_ceil(2)))
    });
    halves
        .map(|size| {
            let count = size.map(|n| n.div_ceil(EDGE as u32) as usize).iter().product();
            Level { size, blocks: vec![(0, 0); count] }
        })
        .collect()
}

/// How pixels of a kind are made smaller.
pub trait PixelKind: Copy {
    /// The pixel that says nothing.
    const VOID: Pixel;
    /// Four neighbours as one.
    fn merge(four: [Pixel; 4]) -> Pixel;
}

/// Heights: their mean.
#[derive(Debug, Clone, Copy)]
pub struct OfHeights;

impl PixelKind for OfHeights {
    const VOID: Pixel = f32::NAN.to_le_bytes();
    fn merge(four: [Pixel; 4]) -> Pixel {
        let (mut sum, mut count) = (0.0, 0_u32);
        for height in four.map(f32::from_le_bytes).into_iter().filter(|h| !h.is_nan()) {
            sum += f64::from(height);
            count += 1;
        }
        if count == 0 { Self::VOID } else { ((sum / f64::from(count)) as f32).to_le_bytes() }
    }
}

/// Colours: their mean as far as they are seen.
#[derive(Debug, Clone, Copy)]
pub struct OfColours;

impl PixelKind for OfColours {
    const VOID: Pixel = [0; 4];
    fn merge(four: [Pixel; 4]) -> Pixel {
        let seen: u32 = four.iter().map(|p| u32::from(p[3])).sum();
        if seen == 0 {
            return Self::VOID;
        }
        let mean = |k: usize| {
            let sum: u32 = four.iter().map(|p| u32::from(p[k]) * u32::from(p[3])).sum();
            ((sum + seen / 2) / seen) as u8
        };
        [mean(0), mean(1), mean(2), ((seen + 2) / 4) as u8]
    }
}

/// Writes a pyramid into a folder, from rows as they come.
pub struct PyramidWriter {
    file: File,
    at: u64,
    levels: Vec<Level>,
    void: Pixel,
    /// Rows that wait until a row of blocks is full.
    band: Vec<Pixel>,
    /// Rows of blocks written.
    done: u32,
}

impl PyramidWriter {
    /// A pyramid of a raster of this size in `folder`.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses.
    pub fn new<K: PixelKind>(folder: &Path, width: u32, height: u32, _: K) -> Result<Self> {
        let path = folder.join(PIXELS);
        let made = File::options().create_new(true).read(true).write(true).open(&path);
        let file = made.map_err(|e| Fault::io(&format!("making {}", path.display()), &e))?;
        Ok(Self { file, at: 0, levels: levels(width, height), void: K::VOID, band: Vec::new(), done: 0 })
    }
    /// Takes the next row from north to south.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses.
    pub fn row(&mut self, row: impl Iterator<Item = Pixel>) -> Result<()> {
        self.band.extend(row);
        let width = self.levels.first().map_or(0, |level| level.size[0] as usize);
        if self.band.len() >= width * EDGE { self.flush(width) } else { Ok(()) }
    }
    fn flush(&mut self, width: usize) -> Result<()> {
        let band = std::mem::take(&mut self.band);
        for (x, left) in (0..width).step_by(EDGE).enumerate() {
            let mut block = vec![self.void; EDGE * EDGE];
            for (line, row) in block.chunks_exact_mut(EDGE).zip(band.chunks_exact(width)) {
                let part = row.get(left..(left + EDGE).min(width)).unwrap_or_default();
                line.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            }
            self.write(0, x as u32, self.done, &block)?;
        }
        self.done += 1;
        self.band = band;
        self.band.clear();
        Ok(())
    }
    fn write(&mut self, level: usize, x: u32, y: u32, block: &[Pixel]) -> Result<()> {
        let is_void = |p: &Pixel| *p == self.void || self.void != [0; 4] && f32::from_le_bytes(*p).is_nan();
        if block.iter().all(is_void) {
            return Ok(());
        }
        let io = |e: std::io::Error| Fault::io("writing a raster", &e);
        let mut packer = zstd::bulk::Compressor::new(1).map_err(io)?;
        packer.include_checksum(true).map_err(io)?;
        let packed = packer.compress(block.as_flattened()).map_err(io)?;
        self.file.write_all_at(&packed, self.at).map_err(io)?;
        let Some(place) = self.levels.get_mut(level).and_then(|l| {
            let place = l.place(x, y) as usize;
            l.blocks.get_mut(place)
        }) else {
            return Err(Fault::internal("a raster has more rows than it said"));
        };
        *place = (self.at, packed.len() as u32);
        self.at += packed.len() as u64;
        Ok(())
    }
    /// Makes the halves and brings all of it to disk.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses.
    pub fn finish<K: PixelKind>(mut self, folder: &Path, _: K) -> Result<()> {
        let width = self.levels.first().map_or(0, |level| level.size[0] as usize);
        if !self.band.is_empty() {
            self.flush(width)?;
        }
        for level in 1..self.levels.len() {
            let Some(size) = self.levels.get(level).map(|l| l.size) else { continue };
            let [columns, rows] = size.map(|n| n.div_ceil(EDGE as u32));
            for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                let block = self.half::<K>(level - 1, x, y)?;
                self.write(level, x, y, &block)?;
            }
        }
        let io = |e: std::io::Error| Fault::io("writing a raster", &e);
        self.file.sync_all().map_err(io)?;
        let mut index = Vec::new();
        for (offset, length) in self.levels.iter().flat_map(|level| &level.blocks) {
            index.extend(offset.to_le_bytes());
            index.extend(length.to_le_bytes());
        }
        let path = folder.join(INDEX);
        std::fs::write(&path, &index).map_err(io)?;
        File::open(&path).and_then(|f| f.sync_all()).map_err(io)?;
        sync_dir(folder)
    }
    /// The block of the next level that four blocks of `level` make.
    fn half<K: PixelKind>(&self, level: usize, x: u32, y: u32) -> Result<Vec<Pixel>> {
        let mut out = vec![K::VOID; EDGE * EDGE];
        let Some(from) = self.levels.get(level) else { return Ok(out) };
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (bx, by) = (2 * x + dx, 2 * y + dy);
            if bx >= from.columns() || by * EDGE as u32 >= from.size[1] {
                continue;
            }
            let Some(block) = read(&self.file, from, bx, by)? else { continue };
            let half = EDGE / 2;
            for (row, pair) in block.chunks_exact(2 * EDGE).enumerate() {
                let (upper, lower) = pair.split_at(EDGE);
                let start = (dy as usize * half + row) * EDGE + dx as usize * half;
                let line = out.get_mut(start..start + half).unwrap_or_default();
                for ((to, up), low) in line.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
                    if let (&[a, b], &[c, d]) = (up, low) {
                        *to = K::merge([a, b, c, d]);
                    }
                }
            }
        }
        Ok(out)
    }
}

const PIXELS: &str = "pixels";
const INDEX: &str = "index";

/// One block; nothing where it is void.
fn read(file: &File, level: &Level, x: u32, y: u32) -> Result<Option<Vec<Pixel>>> {
    let Some(&(offset, length)) = level.blocks.get(level.place(x, y) as usize).filter(|(_, length)| *length > 0) else {
        return Ok(None);
    };
    let mut packed = vec![0; length as usize];
    file.read_exact_at(&mut packed, offset).map_err(|e| Fault::io("reading a raster", &e))?;
    let corrupt = || Fault::new(Kind::Corrupt, "a block of a raster is not what was written").remedy("import it again");
    let bytes = zstd::bulk::decompress(&packed, EDGE * EDGE * size_of::<Pixel>()).map_err(|_| corrupt())?;
    let (pixels, rest) = bytes.as_chunks::<4>();
    if pixels.len() == EDGE * EDGE && rest.is_empty() { Ok(Some(pixels.to_vec())) } else { Err(corrupt()) }
}

/// A pyramid that is read.
#[derive(Debug)]
pub struct Pyramid {
    file: File,
    levels: Vec<Level>,
    id: u64,
    cache: Arc<Blocks>,
}

impl Pyramid {
    /// Opens the pyramid of a raster of this size in `folder`; `id` is its own among those that share `cache`.
    pub(in crate::store) fn open(folder: &Path, size: [u32; 2], id: u64, cache: Arc<Blocks>) -> Result<Self> {
        let about = |e: &std::io::Error| Fault::io(&format!("opening the raster in {}", folder.display()), e);
        let file = File::open(folder.join(PIXELS)).map_err(|e| about(&e))?;
        let index = std::fs::read(folder.join(INDEX)).map_err(|e| about(&e))?;
        let mut levels = levels(size[0], size[1]);
        let (entries, rest) = index.as_chunks::<12>();
        if entries.len() != levels.iter().map(|l| l.blocks.len()).sum::<usize>() || !rest.is_empty() {
            return Err(
                Fault::new(Kind::Corrupt, "the index of a raster is not what was written").remedy("import it again")
            );
        }
        let places = levels.iter_mut().flat_map(|l| l.blocks.iter_mut());
        for (place, &[a, b, c, d, e, f, g, h, i, j, k, l]) in places.zip(entries) {
            *place = (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u32::from_le_bytes([i, j, k, l]));
        }
        Ok(Self { file, levels, id, cache })
    }
    /// How many levels there are; each has half of the pixels of the one before in both directions.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }
    /// Pixels from west to east and from north to south at a level.
    pub fn size(&self, level: usize) -> [u32; 2] {
        self.levels.get(level).map_or([0; 2], |l| l.size)
    }
    /// A reader of single pixels of one level.
    pub fn reader(&self, level: usize) -> PixelReader<'_> {
        PixelReader { pyramid: self, level: level.min(self.levels.len().saturating_sub(1)), last: None }
    }
    fn block(&self, level: usize, x: u32, y: u32) -> Result<Option<Block>> {
        let Some(of) = self.levels.get(level) else { return Ok(None) };
        let place = of.place(x, y);
        if of.blocks.get(place as usize).is_none_or(|(_, length)| *length == 0) {
            return Ok(None);
        }
        let load = || read(&self.file, of, x, y).map(|block| block.unwrap_or_default().into());
        self.cache.get_or_insert_with(&(self.id, level as u8, place), load).map(Some)
    }
}

/// Reads single pixels, keeping the block of the last.
pub struct PixelReader<'p> {
    pyramid: &'p Pyramid,
    level: usize,
    last: Option<((u32, u32), Option<Block>)>,
}

impl PixelReader<'_> {
    /// The pixel in this column and row; nothing where the raster has none.
    ///
    /// # Errors
    /// [`Kind::Io`] or [`Kind::Corrupt`].
    pub fn pixel(&mut self, column: u32, row: u32) -> Result<Option<Pixel>> {
        let edge = EDGE as u32;
        let at = (column / edge, row / edge);
        if self.last.as_ref().is_none_or(|(place, _)| *place != at) {
            self.last = Some((at, self.pyramid.block(self.level, at.0, at.1)?));
        }
        let block = self.last.as_ref().and_then(|(_, block)| block.as_ref());
        Ok(block.and_then(|b| b.get(((row % edge) * edge + column % edge) as usize)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_is_read_back_and_halves_are_means_of_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (width, height) = (600_u32, 515_u32);
        let value = |x: u32, y: u32| if x == 3 && y == 5 { f32::NAN } else { (x * 1000 + y) as f32 };
        let mut writer = PyramidWriter::new(dir.path(), width, height, OfHeights).unwrap();
        for y in 0..height {
            writer.row((0..width).map(|x| value(x, y).to_le_bytes())).unwrap();
        }
        writer.finish(dir.path(), OfHeights).unwrap();
        let pyramid = Pyramid::open(dir.path(), [width, height], 1, Arc::new(blocks())).unwrap();
        assert_eq!((pyramid.levels(), pyramid.size(1), pyramid.size(2)), (3, [300, 258], [150, 129]));
        let mut full = pyramid.reader(0);
        for (x, y) in [(0, 0), (255, 255), (256, 256), (599, 514), (599, 0), (300, 514)] {
            assert_eq!(full.pixel(x, y).unwrap().map(f32::from_le_bytes), Some(value(x, y)), "{x} {y}");
        }
        assert!(f32::from_le_bytes(full.pixel(3, 5).unwrap().unwrap()).is_nan());
        let mut half = pyramid.reader(1);
        let mean = |x, y| (value(x, y) + value(x + 1, y) + value(x, y + 1) + value(x + 1, y + 1)) / 4.0;
        assert_eq!(half.pixel(128, 200).unwrap().map(f32::from_le_bytes), Some(mean(256, 400)));
        let beside_void = (value(2, 4) + value(3, 4) + value(2, 5)) / 3.0;
        assert_eq!(half.pixel(1, 2).unwrap().map(f32::from_le_bytes), Some(beside_void));
        assert_eq!(half.pixel(0, 257).unwrap().map(f32::from_le_bytes), Some((value(0, 514) + value(1, 514)) / 2.0));
        assert_eq!(OfColours::merge([[200, 0, 0, 255], [0; 4], [100, 0, 0, 255], [9, 9, 9, 0]]), [150, 0, 0, 128]);
    }

    #[test]
    fn a_damaged_block_is_told_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = PyramidWriter::new(dir.path(), 10, 10, OfColours).unwrap();
        (0..10_u8).for_each(|y| writer.row((0..10_u8).map(|x| [x, y, 7, 255])).unwrap());
        writer.finish(dir.path(), OfColours).unwrap();
        let path = dir.path().join(PIXELS);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        std::fs::write(&path, bytes).unwrap();
        let pyramid = Pyramid::open(dir.path(), [10, 10], 1, Arc::new(blocks())).unwrap();
        assert_eq!(pyramid.reader(0).pixel(5, 5).unwrap_err().kind, Kind::Corrupt);
        assert!(Pyramid::open(dir.path(), [1000, 10], 1, Arc::new(blocks())).is_err());
    }
}
