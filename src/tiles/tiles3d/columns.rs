//! One column of a property table: the narrowest type that holds its values, its bytes, and what the schema says of it.

use super::buffer::Buffer;
use crate::model::Value as Cell;
use crate::tiles::schema::{Kind, NO_BOOL, NO_FLOAT, NO_SHORT_FLOAT};
use foldhash::{HashMap, HashMapExt};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A column as written (`EXT_structural_metadata`).
pub(super) struct Written {
    /// Its type in the schema's class.
    pub property: Value,
    /// Its values in the property table.
    pub column: Value,
    /// The names behind its numbers, where it is an enumeration; the schema keeps them under the column's own name.
    pub names: Option<Value>,
}

impl Written {
    const fn plain(property: Value, column: Value) -> Self {
        Self { property, column, names: None }
    }
}

/// Writes the values of a column of `kind`; `property` is its name in the schema.
pub(super) fn write(buffer: &mut Buffer, property: &str, kind: Kind, cells: &[Option<&Cell>]) -> Written {
    match kind {
        Kind::Text => {
            let texts: Vec<Option<Cow<'_, str>>> = cells.iter().map(|cell| cell.map(text)).collect();
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let mut written = self::texts(buffer, property, &texts);
            if let Some(described) = times(&texts) {
                written.property["description"] = json!(described);
            }
            written
        }
        Kind::Bool => booleans(buffer, cells),
        Kind::Int => integers(buffer, cells),
        Kind::Float => floats(buffer, cells),
    }
}

/// Texts as an enumeration where that takes fewer bytes, else one after the other. No value is an empty text.
pub(super) fn texts(buffer: &mut Buffer, property: &str, texts: &[Option<&str>]) -> Written {
    let has_none = texts.iter().any(Option::is_none);
    let mut written = enumeration(buffer, property, texts).unwrap_or_else(|| strings(buffer, texts));
    if has_none {
        written.property["noData"] = json!("");
    }
    written
}

/// Texts one after the other, with the narrowest offsets. No value is an empty text.
pub(super) fn strings(buffer: &mut Buffer, texts: &[Option<&str>]) -> Written {
    let mut bytes = Vec::with_capacity(length(texts));
    let mut offsets = Vec::with_capacity(texts.len() + 1);
    offsets.push(0u32);
    for text in texts {
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        offsets.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    }
    let (width, named) = offset_width(bytes.len());
    let mut column = json!({ "values": buffer.view(&bytes), "stringOffsets": buffer.view(&narrow(&offsets, width)) });
    // 32 bits is what is meant when nothing is said.
    if width < 4 {
        column["stringOffsetType"] = json!(named);
    }
    Written::plain(json!({ "type": "STRING" }), column)
}

fn length(texts: &[Option<&str>]) -> usize {
    texts.iter().flatten().map(|text| text.len()).sum()
}

const fn offset_width(bytes: usize) -> (usize, &'static str) {
    match bytes {
        0..0x100 => (1, "UINT8"),
        0x100..0x1_0000 => (2, "UINT16"),
        _ => (4, "UINT32"),
    }
}

/// The low bytes of each number.
fn narrow(numbers: &[u32], width: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len() * width);
    numbers.iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()[..width]));
    bytes
}

/// What one name takes in the schema, beside itself, and what an enumeration takes, bytes.
const NAME: usize = 24;
const ENUMERATION: usize = 80;

/// Texts as numbers of names, in the order of their first appearance; nothing where that takes no fewer bytes.
fn enumeration(buffer: &mut Buffer, property: &str, texts: &[Option<&str>]) -> Option<Written> {
    let bytes = length(texts);
    let most = (bytes + (texts.len() + 1) * offset_width(bytes).0).checked_sub(ENUMERATION + texts.len())?;
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    let (mut taken, mut values) = (0, Vec::with_capacity(texts.len()));
    // Neighbours are often alike.
    let mut last = None;
    for text in texts.iter().map(|text| text.unwrap_or_default()) {
        let number = match last {
            Some((known, number)) if known == text => number,
            _ => *numbers.entry(text).or_insert_with(|| {
                names.push(text);
                taken += text.len() + NAME;
                u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
            }),
        };
        if taken > most || number > u32::from(u16::MAX) {
            return None;
        }
        last = Some((text, number));
        values.push(number);
    }
    let (width, named) = if names.len() <= 0x100 { (1, "UINT8") } else { (2, "UINT16") };
    if taken + (width - 1) * texts.len() > most {
        return None;
    }
    let values = buffer.view(&narrow(&values, width));
    let names: Vec<Value> = (0u32..).zip(&names).map(|(value, name)| json!({ "name": name, "value": value })).collect();
    Some(Written {
        property: json!({ "type": "ENUM", "enumType": property }),
        column: json!({ "values": values }),
        names: Some(json!({ "valueType": named, "values": names })),
    })
}

/// A byte each: `BOOLEAN` has no bit for "no value", and loaders.gl (4.3) reads no tile that has one.
fn booleans(buffer: &mut Buffer, cells: &[Option<&Cell>]) -> Written {
    let byte = |cell: &Option<&Cell>| if let Some(Cell::Bool(b)) = cell { u8::from(*b) } else { NO_BOOL };
    let bytes: Vec<u8> = cells.iter().map(byte).collect();
    let mut property = json!({ "type": "SCALAR", "componentType": "UINT8", "description": "1 is true, 0 is false" });
    if bytes.contains(&NO_BOOL) {
        property["noData"] = json!(NO_BOOL);
    }
    Written::plain(property, json!({ "values": buffer.view(&bytes) }))
}

/// Types of whole numbers from the narrowest on: name, bytes, least and greatest.
const INTEGERS: [(&str, usize, i64, i64); 6] = [
    ("UINT8", 1, 0, 0xff),
    ("INT8", 1, -0x80, 0x7f),
    ("UINT16", 2, 0, 0xffff),
    ("INT16", 2, -0x8000, 0x7fff),
    ("UINT32", 4, 0, 0xffff_ffff),
    ("INT32", 4, -0x8000_0000, 0x7fff_ffff),
];

/// Whole numbers; beyond 32 bits as floats, for scripts read no wider ones. "No value" is a number of the type that none has.
fn integers(buffer: &mut Buffer, cells: &[Option<&Cell>]) -> Written {
    let values: Vec<Option<i64>> =
        cells.iter().map(|cell| if let Some(Cell::Int(i)) = cell { Some(*i) } else { None }).collect();
    let (min, max) = values.iter().flatten().fold((i64::MAX, i64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
    let has_none = values.iter().any(Option::is_none);
    // The unsigned ones' greatest and the signed ones' least is for "no value".
    let fits = |(_, _, least, most): &&(&str, usize, i64, i64)| {
        let (spare_low, spare_high) = (i64::from(has_none && *least < 0), i64::from(has_none && *least == 0));
        min >= least + spare_low && max <= most - spare_high
    };
    let Some((named, width, least, most)) = INTEGERS.iter().find(fits) else { return floats(buffer, cells) };
    let none = if *least < 0 { *least } else { *most };
    let mut bytes = Vec::with_capacity(values.len() * width);
    values.iter().for_each(|v| bytes.extend_from_slice(&v.unwrap_or(none).to_le_bytes()[..*width]));
    let mut property = json!({ "type": "SCALAR", "componentType": named });
    if has_none {
        property["noData"] = json!(none);
    }
    Written::plain(property, json!({ "values": buffer.view(&bytes), "min": min, "max": max }))
}

/// Numbers, in 32 bits where that changes none.
fn floats(buffer: &mut Buffer, cells: &[Option<&Cell>]) -> Written {
    let values: Vec<Option<f64>> = cells.iter().map(|cell| cell.and_then(float)).collect();
    let (min, max) = values.iter().flatten().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
    let has_none = values.iter().any(Option::is_none);
    #[expect(clippy::cast_possible_truncation, reason = "it is compared with what it was")]
    let short = |v: f64| v as f32;
    let is_short = |v: &f64| f64::from(short(*v)).to_bits() == v.to_bits() && short(*v) != NO_SHORT_FLOAT;
    let (named, none, bytes): (_, f64, Vec<u8>) = if values.iter().flatten().all(is_short) {
        let bytes = values.iter().flat_map(|v| v.map_or(NO_SHORT_FLOAT, short).to_le_bytes()).collect();
        ("FLOAT32", NO_SHORT_FLOAT.into(), bytes)
    } else {
        ("FLOAT64", NO_FLOAT, values.iter().flat_map(|v| v.unwrap_or(NO_FLOAT).to_le_bytes()).collect())
    };
    let mut property = json!({ "type": "SCALAR", "componentType": named });
    if has_none {
        property["noData"] = json!(none);
    }
    Written::plain(property, json!({ "values": buffer.view(&bytes), "min": min, "max": max }))
}

fn float(value: &Cell) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "columns of numbers hold whole numbers up to 2^53 only")]
        Cell::Int(i) => Some(*i as f64),
        Cell::Float(f) => Some(*f),
        _ => None,
    }
}

/// What a column's texts are, where all are dates, or all dates with times (ISO 8601-1:2019 §5.2.2, §5.4). Metadata has no type for
/// them, so its readers are told in words.
fn times(texts: &[Option<&str>]) -> Option<&'static str> {
    let mut texts = texts.iter().flatten().filter(|text| !text.is_empty()).peekable();
    texts.peek()?;
    let (mut dates, mut times) = (true, true);
    for text in texts {
        let date = text.get(..10).is_some_and(is_date);
        dates &= date && text.len() == 10;
        times &= date && text.get(10..).is_some_and(is_time);
        if !dates && !times {
            return None;
        }
    }
    Some(if dates { "Dates (ISO 8601)" } else { "Dates with times (ISO 8601)" })
}

fn is_date(text: &str) -> bool {
    let dashes = |at: usize| text.as_bytes().get(at) == Some(&b'-');
    dashes(4) && dashes(7) && !text.starts_with(['+', '-']) && text.parse::<jiff::civil::Date>().is_ok()
}

/// Whether it is `Thh:mm:ss`, with a fraction or without, with a zone or without.
fn is_time(text: &str) -> bool {
    let Some(clock) = text.strip_prefix('T') else { return false };
    let (clock, zone) = clock.split_at(clock.find(['Z', '+', '-']).unwrap_or(clock.len()));
    let digits = |text: &str, most: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|n| n <= most);
    let is_zone = match zone.strip_prefix(['+', '-']).map(|zone| zone.split_once(':')) {
        Some(Some((hours, minutes))) => digits(hours, 23) && digits(minutes, 59),
        Some(None) => false,
        None => zone.is_empty() || zone == "Z",
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.split(':');
    let mut next = |most| parts.next().is_some_and(|part| digits(part, most));
    let is_clock = next(23) && next(59) && next(60) && parts.next().is_none();
    is_zone && is_clock && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())
}

/// A value in a column of text: text as it is, all else as JSON.
fn text(value: &Cell) -> Cow<'_, str> {
    if let Cell::Text(text) = value { Cow::Borrowed(text) } else { Cow::Owned(to_json(value).to_string()) }
}

/// A value as JSON.
pub(super) fn to_json(value: &Cell) -> Value {
    match value {
        Cell::Null => Value::Null,
        Cell::Bool(b) => json!(b),
        Cell::Int(i) => json!(i),
        Cell::Float(f) => json!(f),
        Cell::Text(t) => json!(t),
        Cell::List(items) => items.iter().map(to_json).collect(),
        Cell::Map(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), to_json(v))).collect()),
    }
}
