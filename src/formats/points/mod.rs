//! LAS and LAZ point clouds (LAS 1.0 to 1.4, point formats 0 to 10), read batch by batch.
//!
//! Coordinates are scaled integers as the file has them, in its own CRS; heights become metres where the geo keys give them
//! another unit and no vertical CRS. Withheld points are left out and counted (LAS 1.4 R15 §2.6: not to be included in
//! processing). Waveforms, GPS times, scan angles, near infrared and extra bytes are not taken.

mod header;
mod packed;

use super::ReadOptions;
use super::reader::open;
use super::worker::{POINT, Word, Words, Worker};
use crate::fault::{Fault, Result};
use header::Header;
use las::{PointData, PointDataBuilder, Reader};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;

/// Points of one batch.
const BATCH: u64 = 1 << 16;

/// One point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// In the file's CRS.
    pub place: [f64; 3],
    /// Red, green and blue as the file has them, of 16 bits or of 8.
    pub colour: [u16; 3],
    /// Its class (LAS 1.4 R15 table 17).
    pub class: u8,
    /// Its intensity.
    pub intensity: u16,
    /// Which return of its pulse it is, and of how many.
    pub returns: [u8; 2],
}

/// What a point cloud's header says.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// `LAS 1.4, point format 6`, or with LAZ.
    pub form: String,
    /// Points in the file, withheld ones included.
    pub points: u64,
    /// Whether points have a colour of their own.
    pub has_colour: bool,
    /// The CRS as the file has it: `EPSG:n`, `EPSG:n+m` or well-known text.
    pub crs: Option<String>,
    /// What was assumed or left out.
    pub notes: Vec<String>,
}

/// A point cloud whose header has been read.
pub struct Cloud {
    /// What the header says.
    pub about: About,
    source: Source,
    /// Points that are withheld, of those read so far.
    pub withheld: u64,
}

/// Where the points come from.
enum Source {
    Here(Box<Reader>, Header),
    Worker(Words),
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud").field("about", &self.about).field("withheld", &self.withheld).finish_non_exhaustive()
    }
}

/// Whether a file that begins with `head` is LAS or LAZ.
pub fn is_las(head: &[u8]) -> bool {
    head.starts_with(b"LASF")
}

impl Cloud {
    /// Reads the header of `file`.
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) for a file that is not whole or of a kind that is not read;
    /// [`Kind::TooLarge`](crate::fault::Kind::TooLarge) beyond 2^33 points, 10,000 records or 64 MiB before the points.
    pub fn open(file: &Path) -> Result<Self> {
        let about = |fault: Fault| fault.about(file.display().to_string());
        let source = open(file)?;
        guarded(|| {
            let header = Header::read(&source)?;
            let end = if header.is_laz { packed::check(&source, &header)? } else { u64::MAX };
            let (bounded, limit) = packed::Bounded::new(source, header.minor);
            let reader = Reader::new(bounded).map_err(unreadable)?;
            limit.store(end, Ordering::Relaxed);
            if reader.header().number_of_points() != header.points {
                return Err(not_whole("its counts of points contradict each other"));
            }
            let kind = if header.is_laz { "LAZ, " } else { "" };
            let about = About {
                form: format!("{kind}LAS 1.{}, point format {}", header.minor, header.format),
                points: header.points,
                has_colour: matches!(header.format, 2 | 3 | 5 | 7 | 8 | 10),
                crs: header.crs.clone(),
                notes: header.notes.clone(),
            };
            Ok(Self { about, source: Source::Here(Box::new(reader), header), withheld: 0 })
        })
        .map_err(about)
    }

    /// As [`Cloud::open`], the file being read by `worker`.
    ///
    /// # Errors
    /// As [`Cloud::open`]'s, and as [`Worker::read`]'s for what befalls the worker.
    pub fn open_in(worker: &Worker, file: &Path) -> Result<Self> {
        let mut words = worker.start(file, &ReadOptions::default(), None)?;
        match words.next()? {
            Word::Cloud(about) if about.points <= header::POINTS => {
                // Its points, and what stands around each batch.
                words.expect(about.points * POINT as u64 + (about.points / BATCH + 2) * 64);
                Ok(Self { about, source: Source::Worker(words), withheld: 0 })
            }
            _ => Err(words.nonsense()),
        }
    }

    /// Says all of it as a worker does.
    pub(super) fn tell(mut self, say: &mut dyn FnMut(Word) -> Result<()>) -> Result<()> {
        say(Word::Cloud(self.about.clone()))?;
        self.read_counting(&mut |points, withheld| say(Word::Points(points.to_vec(), withheld)))
    }
    /// Gives all points in the file's order, batch by batch; to be called once.
    ///
    /// # Errors
    /// Points that cannot be decoded: the file is not whole. Also the sink's error.
    pub fn read(&mut self, sink: &mut dyn FnMut(&[Point]) -> Result<()>) -> Result<()> {
        let mut all = 0;
        let done = self.read_counting(&mut |points, withheld| {
            all += withheld;
            sink(points)
        });
        self.withheld += all;
        done
    }

    /// As [`Cloud::read`], telling with each batch how many of its points were withheld.
    fn read_counting(&mut self, sink: &mut dyn FnMut(&[Point], u64) -> Result<()>) -> Result<()> {
        let mut left = self.about.points;
        let (reader, header) = match &mut self.source {
            Source::Here(reader, header) => (reader, header),
            Source::Worker(words) => loop {
                match words.next()? {
                    Word::Done if left == 0 => return Ok(()),
                    Word::Points(points, withheld) => {
                        match left.checked_sub((points.len() as u64).saturating_add(withheld)) {
                            Some(fewer) => {
                                left = fewer;
                                sink(&points, withheld)?;
                            }
                            None => return Err(words.nonsense()),
                        }
                    }
                    _ => return Err(words.nonsense()),
                }
            },
        };
        let mut data = PointDataBuilder::new().for_header(reader.header()).build();
        let mut batch = Vec::new();
        while left > 0 {
            let read = guarded(|| reader.fill_points(BATCH, &mut data).map_err(unreadable))?;
            if read == 0 || read > left {
                return Err(not_whole("it gives out before all points are read"));
            }
            left -= read;
            batch.clear();
            let withheld = decode(&data, header.format >= 6, header.metres, &mut batch);
            sink(&batch, withheld)?;
        }
        Ok(())
    }
}

/// The points of a batch but the withheld ones, whose number it gives.
fn decode(data: &PointData, is_extended: bool, metres: f64, out: &mut Vec<Point>) -> u64 {
    let mut withheld = 0;
    let mut colours = data.rgb();
    let places = data.x().zip(data.y()).zip(data.z());
    let returns = data.return_number().zip(data.number_of_returns());
    let others = data.intensity().zip(data.classification()).zip(returns);
    // Byte 15 has the flag in both families of formats, at bits of their own (§2.6.1, §2.6.7).
    let flags = data.raw_bytes().chunks_exact(data.record_len()).map(|record| record.get(15).copied().unwrap_or(0));
    let bit = if is_extended { 4 } else { 128 };
    for (((x_y, z), ((intensity, class), (number, of))), flags) in places.zip(others).zip(flags) {
        let (r, g, b) = colours.as_mut().and_then(Iterator::next).unwrap_or_default();
        if flags & bit != 0 {
            withheld += 1;
            continue;
        }
        let place = [x_y.0, x_y.1, z * metres];
        out.push(Point { place, colour: [r, g, b], class, intensity, returns: [number, of] });
    }
    withheld
}

/// Runs the decoder so that its panic is one refusal.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Fault::bad_input("is broken in a way that the LAS decoder does not survive")))
}

fn not_whole(why: &str) -> Fault {
    Fault::bad_input(format!("is not whole: {why}"))
        .remedy("copy it again from where it came, or have lasinfo look at it")
}

fn unreadable(error: las::Error) -> Fault {
    let said: String = error.to_string().chars().take(200).collect();
    match error {
        las::Error::Io(e) if e.kind() == ErrorKind::UnexpectedEof => not_whole("it ends in the middle"),
        _ => Fault::bad_input(format!("is no sound LAS file: {said}")),
    }
}
