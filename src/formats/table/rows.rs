//! What rows of a table become, whatever file they stand in: a header of names, then one object a row.

use crate::fault::{Fault, Result};
use crate::formats::feature::as_id;
use crate::formats::mapping::Mapping;
use crate::formats::reader::clip;
use crate::formats::taken::{Taken, Word, take_text};
use crate::formats::{ReadOptions, Sink, SourceFrame, SourceItem, SourceObject};
use crate::geom::Shape;
use crate::model::{Attributes, Class, Value};
use std::sync::Arc;

/// Columns that take part in telling a table from other text.
pub(super) const KNOWN: &[&str] =
    &["id", "name", "class", "x", "y", "z", "lon", "lat", "h", "crs", "parent", "storey", "datastreams"];
/// Columns that stay text whatever is in them: codes are not numbers, `12` is a label and `1e5` a serial.
const TEXTS: &[&str] = &["panel_text", "datastreams", "serial", "code", "label", "phone", "address", "house_code"];
/// The longest cell, in bytes.
pub(super) const LONGEST_CELL: usize = 1 << 20;
/// The most columns.
pub(super) const MOST_COLUMNS: usize = 1000;
/// WGS 84 with ellipsoidal heights, x-east: the frame of `lon`, `lat`, `h`.
const LON_LAT_H: &str = "EPSG:4979";

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

/// A cell as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Text, of which nobody says what it is.
    Text(String),
    /// A value with a type.
    Value(Value),
    /// Nothing.
    Empty,
}

/// The rows of one table on their way to being objects.
pub(super) struct Rows<'o> {
    names: Vec<String>,
    columns: Vec<Column>,
    taken: Taken,
    options: &'o ReadOptions,
    mapping: Option<&'o Mapping>,
    /// The class of rows that say none.
    default: Class,
}

type Refusal = (Option<String>, String);

impl<'o> Rows<'o> {
    /// Rows under a header.
    ///
    /// # Errors
    /// Columns that come twice, too many of them, or none that says where or what a row is; a mapping that names others.
    pub fn new(header: Vec<String>, options: &'o ReadOptions) -> Result<Self> {
        let mapping = options.mapping.as_deref();
        if header.len() > MOST_COLUMNS {
            return Err(Fault::bad_input(format!("has {} columns, more than {MOST_COLUMNS}", header.len())));
        }
        let own: Vec<String> = header.iter().enumerate().map(|(i, n)| name(n, i)).collect();
        if let Some(mapping) = mapping {
            mapping.check(&own.iter().map(String::as_str).collect::<Vec<_>>(), true)?;
        }
        let names: Vec<String> =
            own.iter().map(|n| mapping.map_or(n.as_str(), |mapping| mapping.column(n)).to_owned()).collect();
        let before = |i: usize, name: &String| names.iter().take(i).any(|m| m == name);
        if let Some((_, twice)) = names.iter().enumerate().find(|(i, n)| before(*i, n)) {
            return Err(Fault::bad_input(format!("has two columns '{}'", clip(twice))));
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
        let said = |word: &str| names.iter().any(|n| n == word) || mapping.is_some_and(|m| m.fills(word));
        let default = match (has(Column::X) && has(Column::Y), has(Column::Lon) && has(Column::Lat)) {
            (true, false) | (false, true) => Class::Device,
            (true, true) => return Err(Fault::bad_input("has both x, y and lon, lat").remedy("keep one pair")),
            // Rows of house codes, counts and persons have no place but the one they are bound to.
            (false, false) if said("id") || said("parent") => Class::Address,
            (false, false) => {
                let found = own.iter().take(20).map(|n| clip(n)).collect::<Vec<_>>().join(", ");
                return Err(Fault::bad_input(format!("has no columns x, y or lon, lat, nor id or parent (it has {found})"))
                    .remedy("name them in the first row, beside name, class, z or h, crs, storey, or say with --map which columns they are, and with 'header = n' in it in which row their names stand"));
            }
        };
        Ok(Self { names, columns, taken: Taken::default(), options, mapping, default })
    }
    /// A table says its CRS row by row or, by lon and lat, with its header; x and y without either need `--crs`.
    pub fn frame(&self) -> SourceFrame {
        let crs = self.columns.contains(&Column::Lon).then(|| LON_LAT_H.to_owned());
        SourceFrame { crs, placement: None, assumed: true }
    }
    /// Makes room for cells beyond the header, in columns that have a number for a name.
    pub fn widen(&mut self, width: usize) {
        for i in self.names.len()..width {
            self.names.push(name("", i));
            self.columns.push(Column::Other);
        }
    }
    /// How many cells a row has.
    pub fn width(&self) -> usize {
        self.names.len()
    }
    /// Hands a row on; `at` is where it stands, such as `line 7`.
    ///
    /// # Errors
    /// The sink's.
    pub fn take(&mut self, cells: std::result::Result<Vec<Cell>, Refusal>, at: &str, sink: &mut Sink) -> Result<()> {
        match cells.and_then(|cells| self.object(cells)) {
            Ok(object) => sink(SourceItem::Object(Box::new(object))),
            Err((id, reason)) => {
                let object = id.map_or_else(|| at.to_owned(), |id| id.chars().take(512).collect());
                sink(SourceItem::Refused { object, reason })
            }
        }
    }
    fn object(&mut self, cells: Vec<Cell>) -> std::result::Result<SourceObject, Refusal> {
        let mut attributes = Attributes::new();
        let (mut place, mut crs) = ([None; 3], None::<Arc<str>>);
        let mut wrong: Option<String> = None;
        let count = cells.len();
        for ((cell, name), column) in cells.into_iter().zip(&self.names).zip(&self.columns) {
            let axis = match column {
                Column::X | Column::Lon => 0,
                Column::Y | Column::Lat => 1,
                Column::Z | Column::H => 2,
                Column::Crs => {
                    crs = shown(cell).map(Into::into);
                    continue;
                }
                Column::Other => {
                    let text = self.mapping.is_some_and(|m| m.keeps_text(name));
                    attributes.extend(value(name, cell, text).map(|value| (name.clone(), value)));
                    continue;
                }
            };
            let number = number(&cell);
            if number.is_none() && cell != Cell::Empty {
                let cell = shown(cell).unwrap_or_default();
                wrong.get_or_insert_with(|| format!("'{}' in column {name} is not a number", clip(&cell)));
            }
            if let Some(axis) = place.get_mut(axis) {
                *axis = number;
            }
        }
        let mapped = self.mapping.map_or(Ok(false), |m| m.apply(&mut attributes));
        let given = take_text(&mut attributes, &["id"]);
        let refuse = |reason: String| (given.clone(), reason);
        // Fewer cells than the header are a row cut short, or one that ends in a quote that is never closed.
        if count != self.names.len() {
            return Err(refuse(format!("the row has {count} cells and the header {}", self.names.len())));
        }
        mapped.map_err(refuse)?;
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
            Some(id) => self.taken.id(id).map_err(refuse)?,
            None => self.taken.make_id(&format!("{attributes:?}{shape:?}")),
        };
        let class = match (self.taken.class(&mut attributes), self.options.class) {
            (Some(Word::Known(class)), _) => class,
            (Some(Word::Unknown), _) => self.default,
            (None, Some(class)) => class,
            (None, None) => self.taken.assumed(self.default),
        };
        let name = take_text(&mut attributes, &["name"]).unwrap_or_default();
        let parent = take_text(&mut attributes, &["parent"]).map(Into::into);
        let storey = take_text(&mut attributes, &["storey"]).map(Into::into);
        Ok(SourceObject { id, class, name, parent, storey, layer: None, attributes, shape, footprint: Vec::new(), crs })
    }
    /// Tells what was decided.
    ///
    /// # Errors
    /// The sink's.
    pub fn end(self, sink: &mut Sink) -> Result<()> {
        self.taken.end(sink)
    }
}

/// A column's name; a known one whatever its letter case, and one that has none by its number.
fn name(cell: &str, index: usize) -> String {
    let text = cell.trim_start_matches('\u{feff}').trim();
    match KNOWN.iter().find(|k| k.eq_ignore_ascii_case(text)) {
        Some(known) => (*known).to_owned(),
        None if text.is_empty() => format!("column {}", index + 1),
        None => text.to_owned(),
    }
}

fn shown(cell: Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Value(value) => as_id(value),
        Cell::Empty => None,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a coordinate is a double")]
    let number = match cell {
        Cell::Text(text) => text.parse().ok(),
        Cell::Value(Value::Float(n)) => Some(*n),
        Cell::Value(Value::Int(n)) => Some(*n as f64),
        _ => None,
    };
    number.filter(|n: &f64| n.is_finite())
}

/// A cell as the value it is written as; a leading zero or plus makes a code, not a number.
fn value(name: &str, cell: Cell, text: bool) -> Option<Value> {
    let as_text = text || KNOWN.contains(&name) || TEXTS.contains(&name);
    let cell = match cell {
        Cell::Empty => return None,
        Cell::Value(value) if as_text => return as_id(value).map(Value::Text),
        Cell::Value(value) => return Some(value),
        Cell::Text(text) => text,
    };
    let digits = cell.trim_start_matches('-');
    let code = digits.len() > 1 && digits.starts_with('0') && !cell.contains('.') || cell.starts_with('+');
    Some(match cell.as_str() {
        _ if as_text || code || cell.len() > 40 => Value::Text(cell),
        "true" | "TRUE" | "True" => Value::Bool(true),
        "false" | "FALSE" | "False" => Value::Bool(false),
        _ => match (cell.parse(), cell.parse::<f64>()) {
            (Ok(n), _) => Value::Int(n),
            // Words such as `nan` and `inf` are text.
            (_, Ok(n)) if n.is_finite() => Value::Float(n),
            _ => Value::Text(cell),
        },
    })
}
