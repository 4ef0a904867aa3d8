//! Attributes as bytes: every type of value comes back as it went in, numbers to the bit.

use super::bytes::{Bytes, Sink};
use crate::fault::{Fault, Kind, Result};
use crate::model::{Attributes, Value};

/// How deep lists and maps may nest.
const DEPTH: usize = 64;

/// Appends `attributes` to `out`.
///
/// # Errors
/// [`Kind::TooLarge`] when they nest deeper than 64.
pub(crate) fn encode_attributes(attributes: &Attributes, out: &mut Vec<u8>) -> Result<()> {
    map(attributes, out, DEPTH)
}

fn map(entries: &Attributes, out: &mut Vec<u8>, depth: usize) -> Result<()> {
    out.u32(entries.len() as u32);
    entries.iter().try_for_each(|(name, v)| {
        out.text(name);
        value(v, out, depth)
    })
}

fn value(value_: &Value, out: &mut Vec<u8>, depth: usize) -> Result<()> {
    let deeper = || depth.checked_sub(1).ok_or_else(|| Fault::new(Kind::TooLarge, "attributes nest deeper than 64"));
    match value_ {
        Value::Null => out.u8(0),
        Value::Bool(false) => out.u8(1),
        Value::Bool(true) => out.u8(2),
        Value::Int(v) => {
            out.u8(3);
            out.i64(*v);
        }
        Value::Float(v) => {
            out.u8(4);
            out.f64(*v);
        }
        Value::Text(v) => {
            out.u8(5);
            out.text(v);
        }
        Value::List(values) => {
            out.u8(6);
            out.u32(values.len() as u32);
            let depth = deeper()?;
            values.iter().try_for_each(|v| value(v, out, depth))?;
        }
        Value::Map(entries) => {
            out.u8(7);
            map(entries, out, deeper()?)?;
        }
    }
    Ok(())
}

/// The attributes in `bytes`, or `None` when these are not what [`encode_attributes`] writes.
pub(crate) fn decode_attributes(bytes: &[u8]) -> Option<Attributes> {
    let mut bytes = Bytes(bytes);
    let attributes = read_map(&mut bytes, DEPTH)?;
    bytes.end().map(|()| attributes)
}

fn read_map(bytes: &mut Bytes, depth: usize) -> Option<Attributes> {
    let count = bytes.count(5)?;
    (0..count).map(|_| Some((bytes.text()?.to_owned(), read_value(bytes, depth)?))).collect()
}

fn read_value(bytes: &mut Bytes, depth: usize) -> Option<Value> {
    Some(match bytes.u8()? {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(bytes.i64()?),
        4 => Value::Float(bytes.f64()?),
        5 => Value::Text(bytes.text()?.to_owned()),
        6 => {
            let (count, depth) = (bytes.count(1)?, depth.checked_sub(1)?);
            Value::List((0..count).map(|_| read_value(bytes, depth)).collect::<Option<_>>()?)
        }
        7 => Value::Map(read_map(bytes, depth.checked_sub(1)?)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_a_nesting_bomb_is_refused() {
        let attributes = vec![
            ("名称".to_owned(), Value::Text("三号楼".to_owned())),
            ("n".to_owned(), Value::Int(i64::MIN)),
            ("x".to_owned(), Value::Float(-0.0)),
            ("l".to_owned(), Value::List(vec![Value::Null, Value::Bool(true), Value::Map(vec![])])),
        ];
        let mut bytes = vec![];
        encode_attributes(&attributes, &mut bytes).expect("shallow");
        assert_eq!(decode_attributes(&bytes), Some(attributes));
        assert!((0..bytes.len()).all(|n| decode_attributes(&bytes[..n]).is_none()));
        let deep = (0..70).fold(Value::Null, |v, _| Value::List(vec![v]));
        assert_eq!(
            encode_attributes(&vec![("d".into(), deep)], &mut vec![]).expect_err("too deep").kind,
            Kind::TooLarge
        );
        let mut bomb = vec![1, 0, 0, 0, 0, 0, 0, 0];
        bomb.extend([6, 1, 0, 0, 0].repeat(100_000));
        assert_eq!(decode_attributes(&bomb), None);
    }
}
