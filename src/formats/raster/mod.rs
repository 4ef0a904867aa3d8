//! GeoTIFF rasters (OGC 19-008r4): where the grid lies, and its rows as heights or as colours, read piece by piece.
//!
//! TIFF and BigTIFF, strips and tiles, bands together or apart; uncompressed, LZW, Deflate, PackBits or JPEG, with any
//! predictor. The first image of the file is read; a file's own overviews are passed over.

mod geo;
mod rows;

use super::ReadOptions;
use super::reader::open;
use super::worker::{Word, Words, Worker};
use crate::fault::{Fault, Kind, Result};
use crate::geom::Affine;
use geo::Tags;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tiff::ColorType;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::Tag;

/// The most pixels of a raster: 65,536 in both directions.
const PIXELS: u64 = 1 << 32;
/// The most pixels of one row.
const WIDEST: u32 = 1 << 20;
/// The most pixels of a strip or of a row of tiles.
const ROW_OF_CHUNKS: u64 = 1 << 28;
/// The most bytes of one strip or tile, decoded.
const CHUNK_BYTES: usize = 512 << 20;

/// What the pixels say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Heights of the ground, one band.
    Heights,
    /// A picture seen from above.
    Colours,
}

/// What a raster's header says.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Pixels from west to east.
    pub width: u32,
    /// Pixels from north to south.
    pub height: u32,
    /// The CRS as `EPSG:n` or `EPSG:n+m`, with `@` and the year of its epoch where the file has one; absent where the file names none by its code.
    pub crs: Option<String>,
    /// From pixels counted from the grid's upper left corner to the CRS: the middle of the first pixel is at (0.5, 0.5),
    /// whichever way the file counts (GTRasterTypeGeoKey).
    pub affine: Affine,
    /// What the pixels say.
    pub content: Content,
    /// What was assumed or left out.
    pub notes: Vec<String>,
}

/// A GeoTIFF whose header has been read.
pub struct GeoTiff {
    /// What the header says.
    pub about: About,
    pixels: Pixels,
}

/// Where the pixels come from.
enum Pixels {
    Here(Box<Decoder<BufReader<File>>>, rows::Layout),
    Worker(Words),
}

/// Whether a file that begins with `head` is TIFF or BigTIFF.
pub fn is_tiff(head: &[u8]) -> bool {
    [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(magic))
}

impl GeoTiff {
    /// Reads the header of `file`; `content` decides where one band of numbers could be both, and is refused where it cannot be.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for a file that is no TIFF, has no place on a map, or whose samples are
    /// of no kind that is read: each with the remedy. [`Kind::TooLarge`] beyond 2^32 pixels.
    pub fn open(file: &Path, content: Option<Content>) -> Result<Self> {
        let about = |fault: Fault| fault.about(file.display().to_string());
        let source = BufReader::new(open(file)?);
        guarded(|| Self::read(source, content)).map_err(about)
    }

    /// As [`GeoTiff::open`], the file being read by `worker`.
    ///
    /// # Errors
    /// As [`GeoTiff::open`]'s, and as [`Worker::read`]'s for what befalls the worker.
    pub fn open_in(worker: &Worker, file: &Path, content: Option<Content>) -> Result<Self> {
        let mut words = worker.start(file, &ReadOptions::default(), content)?;
        match words.next()? {
            Word::Raster(about) if u64::from(about.width) * u64::from(about.height) <= PIXELS => {
                // A row's length, its kind and its pixels of four bytes.
                words.expect(u64::from(about.height) * (u64::from(about.width) * 4 + 5));
                Ok(Self { about, pixels: Pixels::Worker(words) })
            }
            _ => Err(words.nonsense()),
        }
    }

    /// Says all of it as a worker does.
    pub(super) fn tell(mut self, say: &mut dyn FnMut(Word) -> Result<()>) -> Result<()> {
        say(Word::Raster(self.about.clone()))?;
        match self.about.content {
            Content::Heights => self.heights(&mut |row| say(Word::Heights(row.to_vec()))),
            Content::Colours => self.colours(&mut |row| say(Word::Colours(row.to_vec()))),
        }
    }

    fn read(source: BufReader<File>, wanted: Option<Content>) -> Result<Self> {
        let mut limits = Limits::default();
        (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (CHUNK_BYTES, CHUNK_BYTES);
        limits.ifd_value_size = 64 << 20;
        let mut decoder = Decoder::new(source).map_err(unreadable)?.with_limits(limits);
        let (width, height) = decoder.dimensions().map_err(unreadable)?;
        if u64::from(width) * u64::from(height) > PIXELS || width > WIDEST {
            let detail = format!("has {width} by {height} pixels; at most 2^32, and 2^20 in a row, are read");
            return Err(Fault::new(Kind::TooLarge, detail).remedy("cut it into parts with gdal_retile"));
        }
        if width == 0 || height == 0 {
            return Err(Fault::bad_input("has no pixels"));
        }
        let mut tags = Tags(&mut decoder);
        let mut place = tags.place()?;
        let colour = tags.0.colortype().map_err(unreadable)?;
        let mut layout = rows::Layout::read(&mut tags, colour)?;
        let found = content(&layout, colour, wanted)?;
        if found == Content::Heights {
            layout.scale = tags.scale(place.metres)?;
            if tags.number(Tag::PhotometricInterpretation)? == Some(0.0) {
                return Err(Fault::bad_input("has heights with its white at zero (PhotometricInterpretation 0)")
                    .remedy("write it again with gdal_translate -co PHOTOMETRIC=MINISBLACK"));
            }
        } else if layout.bits == 16 {
            place.notes.push("colours of 16 bits are kept with 8".into());
        }
        place.notes.append(&mut layout.notes);
        let geo::Place { crs, affine, notes, .. } = place;
        let about = About { width, height, crs, affine, content: found, notes };
        Ok(Self { about, pixels: Pixels::Here(Box::new(decoder), layout) })
    }

    /// Gives the rows from north to south as heights in the vertical unit of the CRS; `NaN` where the file has no value.
    ///
    /// # Errors
    /// A piece that cannot be decoded: the file is not whole. Also the sink's error.
    pub fn heights(&mut self, sink: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        match &mut self.pixels {
            Pixels::Here(decoder, layout) => rows::rows(decoder, layout, f32::NAN, &|band| layout.height(band), sink),
            Pixels::Worker(words) => {
                let row = |word| if let Word::Heights(row) = word { Some(row) } else { None };
                from_worker(words, &self.about, &row, sink)
            }
        }
    }

    /// Gives the rows from north to south as red, green, blue (sRGB) and straight alpha; alpha is 0 where the file has no value.
    ///
    /// # Errors
    /// As [`GeoTiff::heights`].
    pub fn colours(&mut self, sink: &mut dyn FnMut(&[[u8; 4]]) -> Result<()>) -> Result<()> {
        match &mut self.pixels {
            Pixels::Here(decoder, layout) => rows::rows(decoder, layout, [0; 4], &|band| layout.colour(band), sink),
            Pixels::Worker(words) => {
                let row = |word| if let Word::Colours(row) = word { Some(row) } else { None };
                from_worker(words, &self.about, &row, sink)
            }
        }
    }
}

/// Gives the rows that a worker says, as many and as long as its header has them.
fn from_worker<T>(
    words: &mut Words,
    about: &About,
    row: &dyn Fn(Word) -> Option<Vec<T>>,
    sink: &mut dyn FnMut(&[T]) -> Result<()>,
) -> Result<()> {
    for _ in 0..about.height {
        match row(words.next()?).filter(|row| row.len() == about.width as usize) {
            Some(row) => sink(&row)?,
            None => return Err(words.nonsense()),
        }
    }
    if words.next()? == Word::Done { Ok(()) } else { Err(words.nonsense()) }
}

/// What the samples mean, as their form says.
fn content(layout: &rows::Layout, colour: ColorType, wanted: Option<Content>) -> Result<Content> {
    let bits = layout.bits;
    let refuse =
        |what: String| Err(Fault::bad_input(what).remedy("convert it with gdal_translate to grey, RGB or RGBA"));
    let by_form = match colour {
        ColorType::Gray(8) if layout.is_unsigned => Content::Colours,
        ColorType::Gray(8 | 16 | 32 | 64) => Content::Heights,
        ColorType::RGB(8 | 16) | ColorType::RGBA(8 | 16) | ColorType::GrayA(8 | 16) if layout.is_unsigned => {
            Content::Colours
        }
        ColorType::YCbCr(8) if layout.is_jpeg => Content::Colours,
        ColorType::Multiband { bit_depth: 8, .. } | ColorType::Multiband { bit_depth: 16, num_samples: 3.. }
            if layout.is_unsigned =>
        {
            Content::Colours
        }
        // Of several bands of numbers the first is the height; the report says what is left out.
        ColorType::Multiband { bit_depth: 16 | 32 | 64, .. } => Content::Heights,
        _ => return refuse(format!("has samples of the form {colour:?}, which are not read")),
    };
    let single = matches!(colour, ColorType::Gray(_));
    match wanted {
        Some(wanted) if wanted != by_form && !single => refuse(format!("is a picture ({colour:?}), not heights")),
        Some(Content::Colours) if !(layout.is_unsigned && bits <= 16) => {
            refuse(format!("has one band of {bits} bits, which is no picture"))
        }
        Some(wanted) => Ok(wanted),
        None => Ok(by_form),
    }
}

/// Runs the decoder so that its panic is one refusal.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Fault::bad_input("is broken in a way that the TIFF decoder does not survive")))
}

fn too_large() -> Fault {
    Fault::new(Kind::TooLarge, "has a strip or a row of tiles over 2^28 pixels, or one of over 512 MiB")
        .remedy("write it again in tiles, such as with gdal_translate -co TILED=YES")
}

fn unreadable(error: tiff::TiffError) -> Fault {
    let said: String = error.to_string().chars().take(200).collect();
    match error {
        tiff::TiffError::LimitsExceeded => too_large(),
        tiff::TiffError::UnsupportedError(_) if said.contains("RGBPalette") => {
            Fault::bad_input("has its colours in a palette (PhotometricInterpretation 3), which is not read")
                .remedy("write them out with gdal_translate -expand rgb")
        }
        tiff::TiffError::UnsupportedError(_) => Fault::bad_input(format!("is a TIFF that is not read: {said}"))
            .remedy("write it again with gdal_translate -co COMPRESS=DEFLATE -co TILED=YES"),
        tiff::TiffError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::bad_input("ends in the middle: it is not whole")
        }
        _ => Fault::bad_input(format!("is no sound TIFF: {said}")),
    }
}
