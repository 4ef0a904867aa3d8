//! Property tables (`EXT_structural_metadata`): a row's values become the attributes of the feature with its number.

use super::buffers::view;
use super::document::{ClassDefinition, Column, Document, EnumDefinition, Property, Table};
use crate::formats::reader::clip;
use crate::model::{Attributes, Value};

/// The most rows of a table.
const ROWS: usize = 5_000_000;

/// A property table with its columns read.
pub(super) struct Rows {
    /// What the file calls it; its class where it has no name.
    pub name: String,
    pub count: usize,
    /// Name, semantic, and a value for each row; nothing where a row has none.
    columns: Vec<(String, Option<String>, Vec<Option<Value>>)>,
    /// Columns that cannot be read.
    pub unread: Vec<String>,
}

impl Rows {
    /// Reads table `number` of the model.
    pub fn read(document: &Document, buffers: &[Vec<u8>], number: usize) -> Option<Self> {
        let metadata = document.extensions.metadata.as_ref()?;
        let table: &Table = metadata.property_tables.get(number).filter(|t| t.count <= ROWS)?;
        let class: &ClassDefinition = metadata.schema.classes.get(&table.class)?;
        let (mut columns, mut unread) = (Vec::new(), Vec::new());
        for (name, column) in &table.properties {
            let property = class.properties.get(name);
            let reader = property.map(|property| Reader {
                document,
                buffers,
                property,
                column,
                choices: property.enum_type.as_ref().and_then(|e| metadata.schema.enums.get(e)),
            });
            match reader.and_then(|reader| reader.values(table.count)) {
                Some(values) => columns.push((name.clone(), property.and_then(|p| p.semantic.clone()), values)),
                None => unread.push(clip(name)),
            }
        }
        let name = table.name.clone().unwrap_or_else(|| table.class.clone());
        Some(Self { name, count: table.count, columns, unread })
    }
    /// The attributes of a row.
    pub fn row(&self, row: usize) -> Attributes {
        let value = |values: &Vec<Option<Value>>| values.get(row).cloned().flatten();
        self.columns.iter().filter_map(|(name, _, values)| Some((name.clone(), value(values)?))).collect()
    }
    /// The text of a row that its column's semantic (3D Metadata Semantic Reference) makes its id or its name.
    pub fn by_semantic(&self, row: usize, semantic: &str) -> Option<String> {
        let column = self.columns.iter().find(|(_, known, _)| known.as_deref() == Some(semantic))?;
        match column.2.get(row)?.as_ref()? {
            Value::Text(text) => Some(text.clone()),
            Value::Int(n) => Some(n.to_string()),
            _ => None,
        }
    }
}

/// One column on its way out of its buffers.
struct Reader<'a> {
    document: &'a Document,
    buffers: &'a [Vec<u8>],
    property: &'a Property,
    column: &'a Column,
    choices: Option<&'a EnumDefinition>,
}

impl Reader<'_> {
    fn values(&self, count: usize) -> Option<Vec<Option<Value>>> {
        let bytes = view(self.document, self.buffers, self.column.values)?;
        let array_offsets = self.offsets(self.column.array_offsets, self.column.array_offset_type.as_ref());
        let string_offsets = self.offsets(self.column.string_offsets, self.column.string_offset_type.as_ref());
        let mut out = Vec::new();
        for row in 0..count {
            let (first, length) = match (self.property.array, self.property.count, &array_offsets) {
                (false, ..) => (row, None),
                (true, Some(fixed), _) => (row.checked_mul(fixed)?, Some(fixed)),
                (true, None, Some(offsets)) => {
                    let (from, to) = (offsets(row)?, offsets(row + 1)?);
                    (from, Some(to.checked_sub(from)?))
                }
                (true, None, None) => return None,
            };
            let element = |at: usize| self.element(bytes, string_offsets.as_ref(), at);
            let raw = match length {
                None => element(first)?,
                // An array's elements each take a bit at least.
                Some(length) if length > bytes.len().saturating_mul(8) + 1 => return None,
                Some(length) => Value::List((first..first.checked_add(length)?).map(element).collect::<Option<_>>()?),
            };
            let none = self.property.no_data.as_ref().is_some_and(|none| same(&none.0, &raw));
            let default = || self.property.default.as_ref().map(|default| default.0.clone());
            out.push(if none { default() } else { Some(self.scaled(raw)) });
        }
        Some(out)
    }

    /// Reads offsets of the view, where there is one.
    fn offsets<'s>(
        &'s self,
        number: Option<usize>,
        kind: Option<&'s String>,
    ) -> Option<impl Fn(usize) -> Option<usize> + 's> {
        let bytes = view(self.document, self.buffers, number?)?;
        let kind = kind.map_or("UINT32", String::as_str);
        Some(move |at: usize| match integer(bytes, kind, at)? {
            Value::Int(n) => usize::try_from(n).ok(),
            _ => None,
        })
    }

    /// The element numbered `at`, over all rows.
    fn element(&self, bytes: &[u8], strings: Option<&impl Fn(usize) -> Option<usize>>, at: usize) -> Option<Value> {
        let kind = self.property.component_type.as_deref().unwrap_or("FLOAT32");
        let parts = match self.property.kind.as_str() {
            "STRING" => {
                let offsets = strings?;
                let text = bytes.get(offsets(at)?..offsets(at.checked_add(1)?)?)?;
                return Some(Value::Text(String::from_utf8_lossy(text).into_owned()));
            }
            "BOOLEAN" => return Some(Value::Bool(bytes.get(at / 8)? >> (at % 8) & 1 == 1)),
            "ENUM" => {
                let choices = self.choices?;
                let value = integer(bytes, choices.value_type.as_deref().unwrap_or("UINT16"), at)?;
                let Value::Int(value) = value else { return None };
                let name = choices.values.iter().find(|choice| choice.value == value).map(|choice| choice.name.clone());
                return Some(name.map_or(Value::Int(value), Value::Text));
            }
            "SCALAR" => return component(bytes, kind, at),
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" | "MAT2" => 4,
            "MAT3" => 9,
            "MAT4" => 16,
            _ => return None,
        };
        let first = at.checked_mul(parts)?;
        (first..first.checked_add(parts)?).map(|k| component(bytes, kind, k)).collect::<Option<_>>().map(Value::List)
    }

    /// A value as its property's `normalized`, `scale` and `offset` mean it; the column's own win.
    fn scaled(&self, raw: Value) -> Value {
        let pick = |own: &Option<serde_json::Value>, of: &Option<serde_json::Value>| {
            own.as_ref().or(of.as_ref()).and_then(serde_json::Value::as_f64)
        };
        let scale = pick(&self.column.scale, &self.property.scale);
        let offset = pick(&self.column.offset, &self.property.offset);
        let whole = match self.property.component_type.as_deref() {
            Some("INT8") => 127.0,
            Some("UINT8") => 255.0,
            Some("INT16") => 32_767.0,
            Some("UINT16") => 65_535.0,
            Some("INT32") => f64::from(i32::MAX),
            Some("UINT32") => f64::from(u32::MAX),
            Some("INT64") => i64::MAX as f64,
            Some("UINT64") => u64::MAX as f64,
            _ => 1.0,
        };
        if !self.property.normalized && scale.is_none() && offset.is_none() {
            return raw;
        }
        let change = |n: f64| {
            let n = if self.property.normalized { (n / whole).max(-1.0) } else { n };
            Value::Float(n * scale.unwrap_or(1.0) + offset.unwrap_or(0.0))
        };
        each(raw, &change)
    }
}

fn each(value: Value, change: &impl Fn(f64) -> Value) -> Value {
    match value {
        Value::Int(n) => change(n as f64),
        Value::Float(n) => change(n),
        Value::List(list) => Value::List(list.into_iter().map(|one| each(one, change)).collect()),
        other => other,
    }
}

/// Whether two values are one, whole or not.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

fn component(bytes: &[u8], kind: &str, at: usize) -> Option<Value> {
    match kind {
        "FLOAT32" => element::<4>(bytes, at).map(|b| Value::Float(f64::from(f32::from_le_bytes(b)))),
        "FLOAT64" => element::<8>(bytes, at).map(|b| Value::Float(f64::from_le_bytes(b))),
        whole => integer(bytes, whole, at),
    }
}

fn integer(bytes: &[u8], kind: &str, at: usize) -> Option<Value> {
    let number = match kind {
        "INT8" => i64::from(i8::from_le_bytes(element(bytes, at)?)),
        "UINT8" => i64::from(u8::from_le_bytes(element(bytes, at)?)),
        "INT16" => i64::from(i16::from_le_bytes(element(bytes, at)?)),
        "UINT16" => i64::from(u16::from_le_bytes(element(bytes, at)?)),
        "INT32" => i64::from(i32::from_le_bytes(element(bytes, at)?)),
        "UINT32" => i64::from(u32::from_le_bytes(element(bytes, at)?)),
        "INT64" => i64::from_le_bytes(element(bytes, at)?),
        "UINT64" => {
            let number = u64::from_le_bytes(element(bytes, at)?);
            return Some(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int));
        }
        _ => return None,
    };
    Some(Value::Int(number))
}

fn element<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at.checked_mul(N)?..)?.first_chunk::<N>().copied()
}
