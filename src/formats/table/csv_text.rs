//! CSV: a header row, then one object a row.

use super::decode::decoded;
use super::rows::{Cell, KNOWN, LONGEST_CELL, Rows};
use crate::fault::{Fault, Kind, Result};
use crate::formats::reader::{clip, open};
use crate::formats::{ReadOptions, Reader, Sink, SourceItem};
use csv::ByteRecord;
use encoding_rs::Encoding;
use std::cell::Cell as Counter;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

/// The reader of CSV tables (RFC 4180, with or without a byte order mark; `,`, `;` or tab between cells; UTF-8, UTF-16 with
/// its mark, or GBK).
///
/// Columns: `id`, `name`, `class`, a place as `x`, `y`, `z` in the CRS of the column `crs`, or as `lon`, `lat`, `h` in
/// WGS 84, then `parent` and `storey`; a mapping says which others stand for these. Other columns (`panel_text`,
/// `datastreams`, …) are attributes under their own names: numbers and true/false where the cell is written as one, else
/// text; empty cells are left out. A row without a class is a device; a class word that is none of Cimbra's makes a device
/// that keeps the word as `kind`. A table without places has an `id` or a `parent`: its rows are objects without a shape,
/// addresses where they say no class.
#[derive(Debug, Clone, Copy)]
pub struct Table;

impl Reader for Table {
    fn name(&self) -> &'static str {
        "CSV table"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["csv", "tsv"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding.decode(head).0);
        let head = marked.as_ref().map_or(head, |text| text.as_bytes());
        let Some(first) = head.split(|b| *b == b'\n').next().filter(|l| l.len() < 16_384) else { return false };
        let Ok(first) = std::str::from_utf8(first) else { return false };
        let cells: Vec<_> = cells(first).iter().map(|c| c.to_lowercase()).collect();
        let has = |name: &str| cells.iter().any(|c| c == name);
        let known = KNOWN.iter().filter(|k| has(k)).count();
        known >= 3 && (has("id") || has("x") || has("lon"))
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        let decoded = decoded(open(file)?).map_err(|e| e.about(file.display().to_string()));
        decoded
            .and_then(|(text, note)| read(text, note, options, sink).map_err(|e| e.about(file.display().to_string())))
    }
}

/// The cells of a header line, for a first look.
fn cells(line: &str) -> Vec<&str> {
    line.split([',', ';', '\t']).map(|c| c.trim().trim_matches('"').trim()).collect()
}

pub(super) fn read(input: impl Read, note: Option<String>, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    // A cell that never ends (a quote that is never closed) must not take the memory: each row has a budget.
    let mut input = BufReader::new(input);
    let head = input.fill_buf().map_err(|e| Fault::io("reading", &e))?;
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |b: u8| first.iter().filter(|c| **c == b).count();
    let delimiter = *[b',', b';', b'\t'].iter().max_by_key(|b| (count(**b), **b == b',')).unwrap_or(&b',');
    let budget = Rc::new(Counter::new(0));
    let metered = Metered { input, left: budget.clone() };
    let mut records =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(metered);
    let mut row = ByteRecord::new();
    let mut next = |row: &mut ByteRecord| {
        budget.set((LONGEST_CELL * 8) as u64);
        records.read_byte_record(row).map_err(|e| unreadable(&e))
    };
    // Titles above the header are passed over where a mapping says so.
    for _ in 0..options.mapping.as_ref().and_then(|m| m.header()).unwrap_or(1) {
        if !next(&mut row)? {
            return Err(Fault::bad_input("is empty"));
        }
    }
    let header: Option<Vec<String>> = row.iter().map(|c| std::str::from_utf8(c).ok().map(str::to_owned)).collect();
    let header = header.ok_or_else(|| Fault::bad_input("is not UTF-8").remedy("save the table as UTF-8"))?;
    let mut rows = Rows::new(header, options)?;
    sink(SourceItem::Frame(rows.frame()))?;
    note.map_or(Ok(()), |note| sink(SourceItem::Note(note)))?;
    let mut line = 1_u64;
    while next(&mut row)? {
        line += 1;
        let at = row.position().map_or(line, csv::Position::line);
        if row.iter().any(|c| !c.trim_ascii().is_empty()) {
            rows.take(row.iter().map(cell).collect(), &format!("line {at}"), sink)?;
        }
    }
    rows.end(sink)
}

fn cell(bytes: &[u8]) -> std::result::Result<Cell, (Option<String>, String)> {
    if bytes.len() > LONGEST_CELL {
        let beginning = String::from_utf8_lossy(bytes.get(..40).unwrap_or_default()).into_owned();
        return Err((None, format!("the cell that begins '{}' is longer than 1 MiB", clip(&beginning))));
    }
    match std::str::from_utf8(bytes).map(str::trim) {
        Ok("") => Ok(Cell::Empty),
        Ok(text) => Ok(Cell::Text(text.to_owned())),
        Err(_) => Err((None, "a cell is not UTF-8".into())),
    }
}

fn unreadable(e: &csv::Error) -> Fault {
    let at = e.position().map_or_else(String::new, |p| format!(" at line {}", p.line()));
    if e.to_string().contains(METER) {
        return Fault::new(Kind::TooLarge, format!("{METER}{at}: a quote may not be closed"));
    }
    Fault::bad_input(format!("is not a CSV table{at}: {e}"))
}

const METER: &str = "a row is larger than 8 MiB";

/// Ends reading when one row takes more than its budget.
struct Metered<R> {
    input: R,
    left: Rc<Counter<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        let Some(left) = self.left.get().checked_sub(read as u64) else { return Err(std::io::Error::other(METER)) };
        self.left.set(left);
        Ok(read)
    }
}
