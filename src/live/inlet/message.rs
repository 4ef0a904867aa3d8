//! The JSON that devices send: one reading, a list of them, or `{"observations": [...]}`.

use crate::fault::{Fault, Kind, Result};
use crate::live::Measurement;
use crate::units::Instant;
use serde_json::Value;

/// The longest message, in bytes.
pub const LONGEST: usize = 256 << 10;
/// The most readings in one message.
pub const MOST: usize = 1_000;

/// What a message holds: its readings, and how many more could not be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// The readings, in order.
    pub measurements: Vec<Measurement>,
    /// How many lack a result, or have a time that is none.
    pub malformed: usize,
}

/// Reads a message. `result` is a number or a truth value (1 or 0); `null` stands for a sensor that has no number.
///
/// # Errors
/// [`Kind::TooLarge`] over 256 KiB or 1,000 readings; [`Kind::BadInput`] for what is not such JSON (serde_json stops at 128
/// levels of nesting).
pub fn read(bytes: &[u8]) -> Result<Message> {
    if bytes.len() > LONGEST {
        return Err(Fault::new(Kind::TooLarge, format!("a message has at most {LONGEST} bytes")));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|e| Fault::bad_input(format!("no JSON: {e}")))?;
    let list = match &value {
        Value::Array(list) => list.as_slice(),
        Value::Object(object) => match object.get("observations") {
            Some(Value::Array(list)) => list.as_slice(),
            Some(_) => return Err(Fault::bad_input("'observations' is no list")),
            None => std::slice::from_ref(&value),
        },
        _ => return Err(Fault::bad_input("a message is an object or a list of objects")),
    };
    if list.len() > MOST {
        return Err(Fault::new(Kind::TooLarge, format!("a message has at most {MOST} readings")));
    }
    let mut message = Message::default();
    for one in list {
        match measurement(one) {
            Some(measurement) => message.measurements.push(measurement),
            None => message.malformed += 1,
        }
    }
    Ok(message)
}

fn measurement(value: &Value) -> Option<Measurement> {
    let object = value.as_object()?;
    let observed_property = match object.get("observedProperty") {
        Some(name) => Some(name.as_str()?.to_owned()),
        None => None,
    };
    let phenomenon_time = match object.get("phenomenonTime") {
        None | Some(Value::Null) => None,
        Some(text) => Some(time(text.as_str()?)?),
    };
    Some(Measurement { observed_property, phenomenon_time, result: number(object.get("result")?)? })
}

/// A result as a number: truth is 1, nothing is not a number.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Null => Some(f64::NAN),
        _ => None,
    }
}

/// An instant. An interval, which OGC 18-088 §8.2.6 allows besides, is none: half of it would say something else.
pub fn time(text: &str) -> Option<Instant> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_say_the_same() {
        let one = r#"{"observedProperty":"smoke","result":0.12,"phenomenonTime":"2026-01-01T08:00:00+08:00"}"#;
        let forms = [one.to_owned(), format!("[{one}]"), format!(r#"{{"observations":[{one}]}}"#)];
        for form in forms {
            let message = read(form.as_bytes()).unwrap();
            let first = message.measurements.first().unwrap();
            assert_eq!(first.observed_property.as_deref(), Some("smoke"), "{form}");
            assert_eq!(first.phenomenon_time, Some(Instant(1_767_225_600_000)));
            assert_eq!((first.result, message.malformed), (0.12, 0));
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted_or_refused() {
        let mixed = r#"[{"result":true},{"result":"x"},{"result":1,"phenomenonTime":"soon"},{"result":1,"phenomenonTime":"2026-01-01T00:00:00Z/2026-01-01T01:00:00Z"},7,{"result":null}]"#;
        let message = read(mixed.as_bytes()).unwrap();
        assert_eq!((message.measurements.len(), message.malformed), (2, 4));
        assert!(message.measurements.last().unwrap().result.is_nan());
        let deep = format!(r#"{{"observations":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        for bad in ["", "3", "{", "{\"observations\":3}", "{\"result\":1e999}", "nul", &deep] {
            assert_eq!(read(bad.as_bytes()).unwrap_err().kind, Kind::BadInput, "{bad:.20}");
        }
        let many = format!("[{}0]", "0,".repeat(MOST));
        assert_eq!(read(many.as_bytes()).unwrap_err().kind, Kind::TooLarge);
        assert_eq!(read(&vec![b' '; LONGEST + 1]).unwrap_err().kind, Kind::TooLarge);
    }
}
