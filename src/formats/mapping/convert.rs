//! Values of one type made values of another, and lengths brought to metres.

use crate::model::Value;
use jiff::civil::Date;

/// What a mapping may call a field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Date,
}

/// Metres of each unit of length that a mapping may name; the US survey foot is 1200/3937 m by definition.
pub(super) const UNITS: &[(&str, f64)] = &[
    ("m", 1.0),
    ("mm", 0.001),
    ("cm", 0.01),
    ("dm", 0.1),
    ("km", 1000.0),
    ("in", 0.0254),
    ("ft", 0.3048),
    ("us-ft", 1200.0 / 3937.0),
];

impl Kind {
    /// The value as one of this type; nothing when it is none.
    pub fn of(self, value: &Value) -> Option<Value> {
        let said = shown(value);
        Some(match (self, value) {
            (Self::Text, _) => Value::Text(said),
            (Self::Integer, Value::Int(_)) | (Self::Boolean, Value::Bool(_)) => value.clone(),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number within what a double holds exactly")]
            (Self::Integer, Value::Float(n)) if n.fract() == 0.0 && n.abs() < 9e15 => Value::Int(*n as i64),
            (Self::Integer, Value::Text(_)) => Value::Int(said.parse().ok()?),
            (Self::Number, _) => Value::Float(number(value)?),
            (Self::Boolean, _) => match said.to_lowercase().as_str() {
                "1" | "true" | "yes" | "y" | "t" | "是" | "有" => Value::Bool(true),
                "0" | "false" | "no" | "n" | "f" | "否" | "无" => Value::Bool(false),
                _ => return None,
            },
            (Self::Date, _) => Value::Text(date(&said)?.to_string()),
            (Self::Integer, _) => return None,
        })
    }
}

/// A length in metres.
pub(super) fn scaled(value: &Value, factor: f64) -> Option<Value> {
    number(value).map(|n| Value::Float(n * factor))
}

fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a measure, not a code")]
    let number = match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n: &f64| n.is_finite())
}

/// `2024-03-05`, `2024/3/5`, `2024.3.5`, `20240305` or `2024年3月5日`.
fn date(text: &str) -> Option<Date> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && text.len() == 8;
    let parts: Vec<&str> = match digits {
        true => vec![text.get(..4)?, text.get(4..6)?, text.get(6..)?],
        false => text.split(['-', '/', '.', '年', '月', '日', 'T', ' ']).filter(|p| !p.is_empty()).take(3).collect(),
    };
    let [year, month, day] = parts[..] else { return None };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The value as text, for people and as text.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Int(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Null => String::new(),
        Value::List(_) | Value::Map(_) => format!("{value:?}").chars().take(60).collect(),
    }
}
