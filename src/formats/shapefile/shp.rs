//! The main file (`.shp`) by Esri's "Shapefile Technical Description" of July 1998: records of a shape each.

use crate::bytes::Bytes;
use crate::fault::{Fault, Kind, Result};
use crate::formats::feature::{Parts, Ring, areas};
use crate::geom::{SurfaceKind, turning};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

/// Bytes of the header of `.shp` and `.shx`.
const HEADER: u64 = 100;
/// The largest record, bytes.
const LARGEST: u64 = 64 << 20;
/// Measures below this are none (p. 2).
const NO_DATA: f64 = -1e38;

/// The records of a `.shp`, one after the other or where the index says.
pub(super) struct Records {
    input: BufReader<File>,
    /// Where the records begin, of the `.shx`.
    index: Option<Vec<u64>>,
    at: u64,
    end: u64,
    number: usize,
}

/// A shape, or why it is not taken.
pub(super) struct Record {
    pub parts: std::result::Result<Parts, String>,
    /// Whether it has measures (M), which are left out.
    pub measured: bool,
    /// Whether its rings turn the wrong way.
    pub turned: bool,
}

/// Whether bytes begin as a `.shp` does.
pub(super) fn is_one(head: &[u8]) -> bool {
    // The file code 9994, five unused numbers, and the version 1000 (p. 3).
    head.starts_with(&[0, 0, 0x27, 0x0a]) && head.get(28..32) == Some(&[0xe8, 3, 0, 0][..])
}

/// The header's length of the file, bytes, which may not be beyond its end.
fn length(input: &mut BufReader<File>, what: &str) -> Result<u64> {
    let io = |e: std::io::Error| Fault::io(&format!("reading the {what}"), &e);
    let there = input.get_ref().metadata().map_err(io)?.len();
    let mut head = [0; HEADER as usize];
    let short = |e: std::io::Error| match e.kind() {
        ErrorKind::UnexpectedEof => {
            Fault::bad_input(format!("has a {what} that ends within its header: it is not whole"))
        }
        _ => Fault::io(&format!("reading the {what}"), &e),
    };
    input.read_exact(&mut head).map_err(short)?;
    if !is_one(&head) {
        return Err(Fault::bad_input(format!("has a {what} that does not begin as one")));
    }
    let words = head.get(24..28).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_be_bytes(*b));
    let said = u64::from(words) * 2;
    if said > there {
        return Err(Fault::bad_input(format!(
            "has a {what} of {there} bytes where {said} are announced: it is not whole"
        )));
    }
    Ok(said)
}

impl Records {
    /// Begins to read; `index` is the `.shx`.
    ///
    /// # Errors
    /// A header that is none, or a file shorter than it says.
    pub fn new(shp: File, index: Option<File>) -> Result<Self> {
        let mut input = BufReader::with_capacity(1 << 16, shp);
        let end = length(&mut input, ".shp")?;
        let index = index.map(|shx| {
            let mut input = BufReader::new(shx);
            let entries = length(&mut input, ".shx")?.saturating_sub(HEADER) / 8;
            let entry = |_| {
                let mut entry = [0; 8];
                input.read_exact(&mut entry).map_err(|e| Fault::io("reading the .shx", &e))?;
                let [a, b, c, d, ..] = entry;
                Ok(u64::from(u32::from_be_bytes([a, b, c, d])) * 2)
            };
            (0..entries).map(entry).collect::<Result<Vec<_>>>()
        });
        Ok(Self { input, index: index.transpose()?, at: HEADER, end, number: 0 })
    }
    /// The next record's shape; nothing at the end.
    ///
    /// # Errors
    /// A record that is not whole, or larger than any shape.
    pub fn next(&mut self) -> Result<Option<Record>> {
        let at = match &self.index {
            Some(index) => match index.get(self.number) {
                Some(at) => *at,
                None => return Ok(None),
            },
            None if self.at + 8 > self.end => return Ok(None),
            None => self.at,
        };
        self.number += 1;
        let number = self.number;
        let indexed = self.index.is_some();
        let torn = || {
            let fault = Fault::bad_input(format!("has a record {number} that reaches beyond its end: it is not whole"));
            if indexed { fault.remedy("if it is the .shx that is wrong, import it without it") } else { fault }
        };
        if at < HEADER || at + 8 > self.end {
            return Err(torn());
        }
        let io = |e: std::io::Error| Fault::io("reading the .shp", &e);
        if at != self.at {
            self.input.seek(SeekFrom::Start(at)).map_err(io)?;
        }
        let mut head = [0; 8];
        self.input.read_exact(&mut head).map_err(io)?;
        let [.., a, b, c, d] = head;
        let size = u64::from(u32::from_be_bytes([a, b, c, d])) * 2;
        self.at = at + 8 + size;
        if self.at > self.end {
            return Err(torn());
        }
        if size > LARGEST {
            return Err(Fault::new(Kind::TooLarge, format!("record {number} is larger than {} MiB", LARGEST >> 20)));
        }
        let mut content = Vec::new();
        (&mut self.input).take(size).read_to_end(&mut content).map_err(io)?;
        let mut record = Record { parts: Ok(Parts::default()), measured: false, turned: false };
        let torn = "the record is shorter than its shape, or its parts are not in order";
        record.parts = record.shape(&content).unwrap_or_else(|| Err(torn.into()));
        Ok(Some(record))
    }
}

impl Record {
    /// Nothing when the record does not hold what its numbers announce.
    fn shape(&mut self, content: &[u8]) -> Option<std::result::Result<Parts, String>> {
        let mut b = Bytes(content);
        let kind = b.u32()?;
        // 11, 13, … have Z and M, 21, 23, … M only (p. 4).
        let (base, has_z) = (kind % 10, (11..=18).contains(&kind) || kind == 31);
        let mut parts = Parts::default();
        match kind {
            0 => {}
            1 | 11 | 21 => {
                let [x, y] = b.f64s()?;
                let z = if has_z { Some(b.f64()?) } else { None };
                self.measured = kind != 1 && b.f64().is_some_and(|m| m > NO_DATA);
                let point = parts.at(([x, y], z));
                parts.point(point);
            }
            3 | 5 | 8 | 13 | 15 | 18 | 23 | 25 | 28 | 31 => {
                b.take(32)?;
                let rows = if base == 8 { 0 } else { b.u32()? as usize };
                let count = b.u32()? as usize;
                let starts = numbers(&mut b, rows)?;
                let kinds = if kind == 31 { numbers(&mut b, rows)? } else { Vec::new() };
                let mut at: Vec<([f64; 2], Option<f64>)> =
                    (b.0.len() >= count.checked_mul(16)?).then(|| Vec::with_capacity(count))?;
                for _ in 0..count {
                    at.push((b.f64s()?, None));
                }
                if has_z {
                    b.take(16)?;
                    for (_, z) in &mut at {
                        *z = Some(b.f64()?);
                    }
                }
                // The measures are optional (p. 15): present when there is room for them.
                if (has_z || kind > 20) && b.0.len() >= 16 + count * 8 {
                    b.take(16)?;
                    self.measured = (0..count).filter_map(|_| b.f64()).any(|m| m > NO_DATA);
                }
                let points: Ring = at.into_iter().map(|p| parts.at(p)).collect();
                if base == 8 {
                    points.into_iter().for_each(|p| parts.point(p));
                    return Some(Ok(parts));
                }
                let rows = split(&points, &starts)?;
                let done = match (kind, base) {
                    (31, _) => patches(&mut parts, rows, &kinds),
                    (_, 3) => {
                        rows.into_iter().for_each(|line| parts.line(line));
                        Ok(())
                    }
                    _ => self.rings(&mut parts, rows),
                };
                return Some(done.map(|()| parts));
            }
            other => return Some(Err(format!("shape type {other} is none of the technical description"))),
        }
        Some(Ok(parts))
    }
    /// Outer rings turn clockwise and holes the other way (p. 8).
    fn rings(&mut self, parts: &mut Parts, rows: Vec<Ring>) -> std::result::Result<(), String> {
        let none = rows.is_empty();
        let mut rows: Vec<Ring> = rows.into_iter().filter(|r| turning(r) != 0.0).collect();
        if rows.is_empty() {
            return if none { Ok(()) } else { Err("the outline has no area".into()) };
        }
        let (outers, holes): (Vec<Ring>, Vec<Ring>) = rows.drain(..).partition(|r| turning(r) < 0.0);
        self.turned = outers.is_empty();
        let (mut all, stray) = areas(outers, holes)?;
        // What turns as a hole and lies in no outline was meant as an outline.
        self.turned |= !stray.is_empty();
        all.extend(stray.into_iter().map(|ring| vec![ring]));
        all.into_iter().try_for_each(|rings| parts.area(rings))
    }
}

fn numbers(b: &mut Bytes<'_>, count: usize) -> Option<Vec<u32>> {
    (b.0.len() >= count.checked_mul(4)?).then(|| (0..count).map_while(|_| b.u32()).collect())
}

/// The points cut at where the parts begin.
fn split(points: &[[f64; 3]], starts: &[u32]) -> Option<Vec<Ring>> {
    let ends = starts.iter().skip(1).map(|e| *e as usize).chain([points.len()]);
    starts.iter().zip(ends).map(|(start, end)| points.get(*start as usize..end).map(<[_]>::to_vec)).collect()
}

/// The parts of a MultiPatch (p. 20): strips and fans of triangles, and rings.
fn patches(parts: &mut Parts, rows: Vec<Ring>, kinds: &[u32]) -> std::result::Result<(), String> {
    let mut face: Vec<Ring> = Vec::new();
    let close = |face: &mut Vec<Ring>, parts: &mut Parts| {
        if !face.is_empty() {
            parts.face(std::mem::take(face), SurfaceKind::Other);
        }
    };
    for (row, kind) in rows.into_iter().zip(kinds) {
        // An outer ring is followed by its inner ones, a first ring by others of which nobody says what they are.
        if !matches!(kind, 3 | 5) {
            close(&mut face, parts);
        }
        match kind {
            0 => {
                for (i, corners) in row.windows(3).enumerate() {
                    let mut corners = corners.to_vec();
                    if i % 2 == 1 {
                        corners.reverse();
                    }
                    parts.face([corners], SurfaceKind::Other);
                }
            }
            1 => {
                let Some((hub, rim)) = row.split_first() else { continue };
                for edge in rim.windows(2) {
                    parts.face([[&[*hub], edge].concat()], SurfaceKind::Other);
                }
            }
            2..=5 => face.push(row),
            other => return Err(format!("part type {other} is none of a MultiPatch")),
        }
    }
    close(&mut face, parts);
    Ok(())
}
