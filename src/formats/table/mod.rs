//! CSV tables of devices and other points: a header row, then one object a row.

use super::attribute::text;
use super::reader::{clip, open};
use super::taken::{Taken, Word, take_text};
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem, SourceObject};
use crate::fault::{Fault, Result};
use crate::geom::Shape;
use crate::model::{Attributes, Class, Value};
use csv::ByteRecord;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The reader of CSV tables (RFC 4180, UTF-8, with or without a byte order mark; `,`, `;` or tab between cells).
///
/// Columns: `id`, `name`, `class`, a place as `x`, `y`, `z` in the CRS of the column `crs`, or as `lon`, `lat`, `h` in
/// WGS 84, then `parent` and `storey`. Other columns (`panel_text`, `datastreams`, …) are attributes under their own names:
/// numbers and true/false where the cell is written as one, else text; empty cells are left out. A row without a class is
/// a device; a class word that is none of Cimbra's makes a device that keeps the word as `kind`.
#[derive(Debug, Clone, Copy)]
pub struct Table;

/// Columns that take part in telling a table from other text.
const KNOWN: &[&str] =
    &["id", "name", "class", "x", "y", "z", "lon", "lat", "h", "crs", "parent", "storey", "datastreams"];
/// Columns that stay text whatever is in them: codes are not numbers, `12` is a label and `1e5` a serial.
const TEXTS: &[&str] = &["panel_text", "datastreams", "serial", "code", "label", "phone", "address"];
/// The longest cell, in bytes.
const LONGEST_CELL: usize = 1 << 20;
/// The most columns.
const MOST_COLUMNS: usize = 1000;
/// WGS 84 with ellipsoidal heights, x-east: the frame of `lon`, `lat`, `h`.
const LON_LAT_H: &str = "EPSG:4979";

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
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let Some(first) = head.split(|b| *b == b'\n').next().filter(|l| l.len() < 16_384) else { return false };
        let Ok(first) = std::str::from_utf8(first) else { return false };
        let cells: Vec<_> = cells(first).iter().map(|c| c.to_lowercase()).collect();
        let has = |name: &str| cells.iter().any(|c| c == name);
        let known = KNOWN.iter().filter(|k| has(k)).count();
        known >= 3 && (has("id") || has("x") || has("lon"))
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        read(open(file)?, options, sink).map_err(|e| e.about(file.display().to_string()))
    }
}

/// The cells of a header line, for a first look.
fn cells(line: &str) -> Vec<&str> {
    line.split([',', ';', '\t']).map(|c| c.trim().trim_matches('"').trim()).collect()
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Column {
    X,
    Y,
    Z,
    Lon,
    Lat,
    H,
    Crs,
    Other,
}

fn read(input: impl Read, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    // A cell that never ends (a quote that is never closed) must not take the memory: each row has a budget.
    let mut input = BufReader::new(input);
    let head = input.fill_buf().map_err(|e| Fault::io("reading", &e))?;
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |b: u8| first.iter().filter(|c| **c == b).count();
    let delimiter = *[b',', b';', b'\t'].iter().max_by_key(|b| (count(**b), **b == b',')).unwrap_or(&b',');
    let budget = std::rc::Rc::new(std::cell::Cell::new(0));
    let metered = Metered { input, left: budget.clone() };
    let mut rows =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(metered);
    let mut row = ByteRecord::new();
    let mut next = |row: &mut ByteRecord| {
        budget.set((LONGEST_CELL * 8) as u64);
        rows.read_byte_record(row).map_err(|e| unreadable(&e))
    };
    if !next(&mut row)? {
        return Err(Fault::bad_input("is empty"));
    }
    let names: Vec<String> = row.iter().map(name).collect::<Result<_>>()?;
    let columns = columns(&names)?;
    // A table says its CRS row by row or, by lon and lat, with its header; x and y without either need --crs.
    let crs = columns.contains(&Column::Lon).then(|| LON_LAT_H.to_owned());
    sink(SourceItem::Frame(SourceFrame { crs, placement: None }))?;
    let mut taken = Taken::default();
    let mut line = 1_u64;
    while next(&mut row)? {
        line += 1;
        let at = row.position().map_or(line, csv::Position::line);
        if row.iter().all(|c| c.trim_ascii().is_empty()) {
            continue;
        }
        match object(&row, &names, &columns, &mut taken, options) {
            Ok(object) => sink(SourceItem::Object(Box::new(object)))?,
            Err((id, reason)) => {
                let object = id.map_or_else(|| format!("line {at}"), |id| id.chars().take(512).collect());
                sink(SourceItem::Refused { object, reason })?;
            }
        }
    }
    taken.end(sink)
}

fn name(cell: &[u8]) -> Result<String> {
    let text =
        std::str::from_utf8(cell).map_err(|_| Fault::bad_input("is not UTF-8").remedy("save the table as UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let known = KNOWN.iter().find(|k| k.eq_ignore_ascii_case(text));
    Ok((*known.unwrap_or(&text)).to_owned())
}

fn columns(names: &[String]) -> Result<Vec<Column>> {
    if names.len() > MOST_COLUMNS {
        return Err(Fault::bad_input(format!("has {} columns, more than {MOST_COLUMNS}", names.len())));
    }
    if let Some(twice) = names.iter().enumerate().find(|(i, n)| !n.is_empty() && names.iter().take(*i).any(|m| m == *n))
    {
        return Err(Fault::bad_input(format!("has two columns '{}'", clip(twice.1))));
    }
    let of = |n: &String| match n.as_str() {
        "x" => Column::X,
        "y" => Column::Y,
        "z" => Column::Z,
        "lon" => Column::Lon,
        "lat" => Column::Lat,
        "h" => Column::H,
        "crs" => Column::Crs,
        _ => Column::Other,
    };
    let columns: Vec<_> = names.iter().map(of).collect();
    let has = |c| columns.contains(&c);
    match (has(Column::X) && has(Column::Y), has(Column::Lon) && has(Column::Lat)) {
        (true, false) | (false, true) => Ok(columns),
        (true, true) => Err(Fault::bad_input("has both x, y and lon, lat").remedy("keep one pair")),
        (false, false) => {
            let found = names.iter().take(20).map(|n| clip(n)).collect::<Vec<_>>().join(", ");
            Err(Fault::bad_input(format!("has no columns x, y or lon, lat (it has {found})"))
                .remedy("name them in the first row, beside id, name, class, z or h, crs, parent, storey"))
        }
    }
}

type Refusal = (Option<String>, String);

fn object(
    row: &ByteRecord,
    names: &[String],
    columns: &[Column],
    taken: &mut Taken,
    options: &ReadOptions,
) -> std::result::Result<SourceObject, Refusal> {
    let mut attributes = Attributes::new();
    let (mut place, mut crs) = ([None; 3], None);
    let mut wrong: Option<String> = None;
    for ((cell, name), column) in row.iter().zip(names).zip(columns) {
        if cell.len() > LONGEST_CELL {
            return Err((None, format!("a cell of '{}' is longer than 1 MiB", clip(name))));
        }
        let Ok(cell) = std::str::from_utf8(cell) else {
            return Err((None, format!("the cell of '{}' is not UTF-8", clip(name))));
        };
        let cell = cell.trim();
        let axis = match column {
            Column::X | Column::Lon => 0,
            Column::Y | Column::Lat => 1,
            Column::Z | Column::H => 2,
            Column::Crs => {
                crs = Some(cell).filter(|c| !c.is_empty()).map(Into::into);
                continue;
            }
            Column::Other => {
                if !cell.is_empty() && !name.is_empty() {
                    attributes.push((name.clone(), value(name, cell)));
                }
                continue;
            }
        };
        let number = cell.parse::<f64>().ok().filter(|n| n.is_finite());
        if number.is_none() && !cell.is_empty() {
            wrong.get_or_insert_with(|| format!("'{}' in column {name} is not a number", clip(cell)));
        }
        if let Some(axis) = place.get_mut(axis) {
            *axis = number;
        }
    }
    let given = take_text(&mut attributes, &["id"]);
    let refuse = |reason: String| (given.clone(), reason);
    // Fewer cells than the header are a row cut short, or one that ends in a quote that is never closed.
    if row.len() != names.len() {
        return Err(refuse(format!("the row has {} cells and the header {}", row.len(), names.len())));
    }
    if let Some(wrong) = wrong {
        return Err(refuse(wrong));
    }
    let shape = match place {
        [Some(x), Some(y), z] => Shape::Points(vec![[x, y, z.unwrap_or(0.0)]]),
        // Known to exist, not yet placed: its parent and storey may say where it is.
        [None, None, None] => Shape::Empty,
        _ => return Err(refuse("only some of its coordinates are given".into())),
    };
    let id = match &given {
        Some(id) => taken.id(id).map_err(refuse)?,
        None => taken.make_id(&format!("{attributes:?}{shape:?}")),
    };
    let class = match (taken.class(&mut attributes), options.class) {
        (Some(Word::Known(class)), _) => class,
        (Some(Word::Unknown), _) => Class::Device,
        (None, Some(class)) => class,
        (None, None) => taken.assumed(Class::Device),
    };
    let name = take_text(&mut attributes, &["name"]).unwrap_or_default();
    let parent = take_text(&mut attributes, &["parent"]).map(Into::into);
    let storey = take_text(&mut attributes, &["storey"]).map(Into::into);
    debug_assert!(text(&attributes, &["id"]).is_none());
    Ok(SourceObject { id, class, name, parent, storey, layer: None, attributes, shape, footprint: Vec::new(), crs })
}

/// A cell as the value it is written as; a leading zero or plus makes a code, not a number.
fn value(name: &str, cell: &str) -> Value {
    let code =
        cell.trim_start_matches('-').len() > 1 && cell.trim_start_matches('-').starts_with('0') && !cell.contains('.')
            || cell.starts_with('+');
    let is_text = KNOWN.contains(&name) || TEXTS.contains(&name) || code || cell.len() > 40;
    match cell {
        _ if is_text => Value::Text(cell.to_owned()),
        "true" | "TRUE" | "True" => Value::Bool(true),
        "false" | "FALSE" | "False" => Value::Bool(false),
        _ => match (cell.parse(), cell.parse::<f64>()) {
            (Ok(n), _) => Value::Int(n),
            // Words such as `nan` and `inf` are text.
            (_, Ok(n)) if n.is_finite() => Value::Float(n),
            _ => Value::Text(cell.to_owned()),
        },
    }
}

fn unreadable(e: &csv::Error) -> Fault {
    let at = e.position().map_or_else(String::new, |p| format!(" at line {}", p.line()));
    if e.to_string().contains(METER) {
        return Fault::new(crate::fault::Kind::TooLarge, format!("{METER}{at}: a quote may not be closed"));
    }
    Fault::bad_input(format!("is not a CSV table{at}: {e}"))
}

const METER: &str = "a row is larger than 8 MiB";

/// Ends reading when one row takes more than its budget.
struct Metered<R> {
    input: R,
    left: std::rc::Rc<std::cell::Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        let Some(left) = self.left.get().checked_sub(read as u64) else { return Err(std::io::Error::other(METER)) };
        self.left.set(left);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
