//! The properties of a feature: the number of a column, then its value, one after the other.

use crate::bytes::Bytes;
use crate::formats::attribute::Attribute;
use crate::model::{Attributes, Value};
use flatgeobuf::{Column, ColumnType};

/// The columns in their order.
pub(super) struct Schema {
    columns: Vec<(String, ColumnType)>,
}

impl Schema {
    pub fn new<'a>(columns: Option<impl IntoIterator<Item = Column<'a>>>) -> Self {
        let columns = columns.into_iter().flatten().map(|c| (c.name().to_owned(), c.type_())).collect();
        Self { columns }
    }
    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }
    /// The values, how many were left out because they are binary, and how many are texts that are not UTF-8.
    pub fn read(&self, bytes: &[u8]) -> Result<(Attributes, [usize; 2]), String> {
        let mut b = Bytes(bytes);
        let (mut attributes, mut binary, mut wrong) = (Attributes::new(), 0, 0);
        while !b.0.is_empty() {
            let index = b.take(2).and_then(|i| i.first_chunk()).map(|i| usize::from(u16::from_le_bytes(*i)));
            let (name, kind) = index
                .and_then(|index| self.columns.get(index))
                .ok_or("its properties name a column that the header does not have")?;
            match value(&mut b, *kind, &mut wrong).ok_or("its properties end within a value")? {
                Some(value) => attributes.push((name.clone(), value)),
                None => binary += 1,
            }
        }
        Ok((attributes, [binary, wrong]))
    }
}

/// The next value; the outer nothing is an end too early, the inner one a value that is left out.
fn value(b: &mut Bytes<'_>, kind: ColumnType, wrong: &mut usize) -> Option<Option<Value>> {
    fn number<const N: usize>(b: &mut Bytes<'_>) -> Option<[u8; N]> {
        b.take(N)?.first_chunk().copied()
    }
    let int = |n: i64| Some(Some(Value::Int(n)));
    match kind {
        ColumnType::Byte => int(i8::from_le_bytes(number(b)?).into()),
        ColumnType::UByte => int(u8::from_le_bytes(number(b)?).into()),
        ColumnType::Bool => Some(Some(Value::Bool(b.u8()? != 0))),
        ColumnType::Short => int(i16::from_le_bytes(number(b)?).into()),
        ColumnType::UShort => int(u16::from_le_bytes(number(b)?).into()),
        ColumnType::Int => int(i32::from_le_bytes(number(b)?).into()),
        ColumnType::UInt => int(u32::from_le_bytes(number(b)?).into()),
        ColumnType::Long => int(i64::from_le_bytes(number(b)?)),
        ColumnType::ULong => {
            let n = u64::from_le_bytes(number(b)?);
            #[expect(clippy::cast_precision_loss, reason = "beyond i64 a number is a double, as in JSON")]
            Some(Some(i64::try_from(n).map_or(Value::Float(n as f64), Value::Int)))
        }
        ColumnType::Float => Some(finite(f32::from_le_bytes(number(b)?).into())),
        ColumnType::Double => Some(finite(b.f64()?)),
        ColumnType::Binary => {
            let length = b.u32()? as usize;
            b.take(length)?;
            Some(None)
        }
        ColumnType::String | ColumnType::Json | ColumnType::DateTime => {
            let length = b.u32()? as usize;
            let text = b.take(length)?;
            *wrong += usize::from(std::str::from_utf8(text).is_err());
            let text = String::from_utf8_lossy(text).into_owned();
            let json =
                (kind == ColumnType::Json).then(|| serde_json::from_str(&text).ok().map(|Attribute(v)| v)).flatten();
            Some(Some(json.unwrap_or(Value::Text(text))))
        }
        _ => None,
    }
}

fn finite(n: f64) -> Option<Value> {
    // What is no number in the source has no value here: JSON could not say it.
    Some(if n.is_finite() { Value::Float(n) } else { Value::Null })
}
