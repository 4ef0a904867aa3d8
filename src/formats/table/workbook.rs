//! Excel workbooks (`.xlsx`, ECMA-376): one sheet is a table; formulas count with the values that were saved with them.

use super::rows::{Cell, MOST_COLUMNS, Rows};
use crate::fault::{Fault, Kind, Result};
use crate::formats::reader::{clip, open};
use crate::formats::{ReadOptions, Reader, Sink, SourceItem};
use crate::model::Value;
use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};
use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The reader of workbooks: the first sheet, or the one that a mapping names, as the reader of CSV reads a file.
#[derive(Debug, Clone, Copy)]
pub struct Workbook;

/// Bytes that a workbook's parts may have unpacked, all together.
const LARGEST: u64 = 1 << 30;
/// Parts of a workbook.
const MOST_PARTS: usize = 10_000;

impl Reader for Workbook {
    fn name(&self) -> &'static str {
        "Excel workbook"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["xlsx", "xlsm"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
        head.starts_with(b"PK\x03\x04")
            && (has(b"xl/workbook") || has(b"xl/_rels/") || has(b"xl/worksheets/") || has(b"xl/sharedStrings"))
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        read(file, options, sink).map_err(|e| e.about(file.display().to_string()))
    }
}

/// What a row of the sheet holds by column, and its number from 1.
#[derive(Default)]
struct Row {
    number: u32,
    cells: Vec<Cell>,
}

fn broken(what: &str) -> Fault {
    Fault::bad_input(format!("is no workbook that can be read: {}", what.chars().take(200).collect::<String>()))
        .remedy("open it in a spreadsheet program and save it again as .xlsx or as CSV")
}

/// Runs the library's own code, whose panics are the file's fault.
fn guarded<T>(run: impl FnOnce() -> std::result::Result<T, calamine::XlsxError>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|_| broken("the reader broke down on it"))?
        .map_err(|e| broken(&e.to_string()))
}

fn read(file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    bounded(open(file)?)?;
    let mut book: Xlsx<_> = guarded(|| Xlsx::new(BufReader::new(open(file).map_err(std::io::Error::other)?)))?;
    let names = book.sheet_names();
    let wanted = options.mapping.as_ref().and_then(|m| m.sheet());
    let sheet = match wanted {
        Some(wanted) if names.iter().any(|n| n == wanted) => wanted.to_owned(),
        Some(missing) => {
            return Err(Fault::parameter("map", format!("the mapping names the sheet '{}'", clip(missing)))
                .remedy(format!("the workbook has {}", names.iter().map(|n| clip(n)).collect::<Vec<_>>().join(", "))));
        }
        None => names.first().cloned().ok_or_else(|| broken("it has no sheet"))?,
    };
    // Titles above the header are passed over where a mapping says so.
    let header = options.mapping.as_ref().and_then(|m| m.header()).unwrap_or(1);
    let merged = guarded(|| book.merge_cells_by_sheet_name(&sheet))?;
    let mut cells = guarded(|| book.worksheet_cells_reader(&sheet))?;
    let (mut row, mut rows, mut errors) = (Row::default(), None::<Rows<'_>>, 0_usize);
    loop {
        let cell = guarded(|| cells.next_cell())?;
        let at = cell.as_ref().map(calamine::Cell::get_position);
        // Cells come row by row: the next row's first one ends the row before it.
        if at.is_none_or(|(number, _)| number + 1 != row.number) && row.cells.iter().any(|c| *c != Cell::Empty) {
            let Row { number, cells } = std::mem::take(&mut row);
            match &mut rows {
                Some(rows) => {
                    rows.widen(cells.len());
                    let cells = filled(cells, rows.width());
                    rows.take(cells, &format!("row {number}"), sink)?;
                }
                None => {
                    let begun = Rows::new(cells.into_iter().map(heading).collect(), options)?;
                    sink(SourceItem::Frame(begun.frame()))?;
                    if merged.iter().any(|m| m.start.0 < number && m.end.0 + 1 >= number) {
                        let note = format!(
                            "cells of the header (row {number}) are merged: what stands under a merged one has the name of its first column, the others are called by their number"
                        );
                        sink(SourceItem::Note(note))?;
                    }
                    rows = Some(begun);
                }
            }
        }
        let (Some(cell), Some((number, column))) = (cell, at) else { break };
        if row.number != number + 1 {
            row = Row { number: number + 1, cells: Vec::new() };
        }
        if number + 1 < header {
            continue;
        }
        let value = value(cell.get_value(), &mut errors);
        let column = column as usize;
        if value == Cell::Empty {
            continue;
        }
        if column >= MOST_COLUMNS {
            return Err(Fault::new(Kind::TooLarge, format!("has cells beyond column {MOST_COLUMNS}")));
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, Cell::Empty);
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = value;
        }
    }
    let Some(rows) = rows else { return Err(Fault::bad_input(format!("has nothing on its sheet '{}'", clip(&sheet)))) };
    if names.len() > 1 && wanted.is_none() {
        let others: Vec<_> = names.iter().skip(1).take(20).map(|n| clip(n)).collect();
        sink(SourceItem::Note(format!(
            "only its first sheet '{}' is taken; a mapping may name another of {}",
            clip(&sheet),
            others.join(", ")
        )))?;
    }
    if errors > 0 {
        sink(SourceItem::Note(format!("{errors} cells hold an error such as #N/A and are left out")))?;
    }
    rows.end(sink)
}

/// A row as long as the header; empty cells at its end are not in the file.
fn filled(mut cells: Vec<Cell>, width: usize) -> std::result::Result<Vec<Cell>, (Option<String>, String)> {
    if cells.len() < width {
        cells.resize(width, Cell::Empty);
    }
    Ok(cells)
}

fn heading(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        Cell::Value(value) => crate::formats::feature::as_id(value).unwrap_or_default(),
        Cell::Empty => String::new(),
    }
}

fn value(data: &DataRef<'_>, errors: &mut usize) -> Cell {
    let text = |text: &str| match text.trim() {
        "" => Cell::Empty,
        text => Cell::Value(Value::Text(text.to_owned())),
    };
    match data {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(n) => Cell::Value(Value::Int(*n)),
        // A workbook has one type of number: whole ones are meant as such.
        #[expect(clippy::cast_possible_truncation, reason = "a whole number that a double holds exactly")]
        DataRef::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => Cell::Value(Value::Int(*n as i64)),
        DataRef::Float(n) if n.is_finite() => Cell::Value(Value::Float(*n)),
        DataRef::Float(_) => Cell::Empty,
        DataRef::Bool(b) => Cell::Value(Value::Bool(*b)),
        DataRef::String(s) | DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => text(s),
        DataRef::SharedString(s) => text(s),
        DataRef::DateTime(time) => Cell::Value(Value::Text(iso(time))),
        DataRef::Error(_) => {
            *errors += 1;
            Cell::Empty
        }
    }
}

/// A date, with its time of day where it has one; a duration in days.
fn iso(time: &ExcelDateTime) -> String {
    if time.is_duration() {
        return format!("P{}D", time.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
    }
}

/// Unpacks every part once without keeping it: what a part says of its size may be a lie.
fn bounded(file: File) -> Result<()> {
    let unreadable = |e: &dyn std::fmt::Display| broken(&e.to_string());
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| unreadable(&e))?;
    let too_large = || {
        Fault::new(Kind::TooLarge, format!("unpacks to more than {} MiB", LARGEST >> 20))
            .remedy("save the sheet as CSV")
    };
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut left = LARGEST;
    for i in 0..archive.len() {
        let entry = archive.by_index(i).map_err(|e| unreadable(&e))?;
        let copied = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(|e| unreadable(&e))?;
        left = left.checked_sub(copied).ok_or_else(too_large)?;
    }
    Ok(())
}
