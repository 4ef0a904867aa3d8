//! An attribute under any of the names that sources give it.

use super::{Attributes, Value};

/// The first attribute called by one of `names`, whatever its letter case, that is no null and no empty text.
pub fn find<'a>(attributes: &'a Attributes, names: &[&str]) -> Option<&'a (String, Value)> {
    let filled = |value: &Value| match value {
        Value::Null => false,
        Value::Text(text) => !text.trim().is_empty(),
        _ => true,
    };
    names.iter().find_map(|name| attributes.iter().find(|(known, v)| known.eq_ignore_ascii_case(name) && filled(v)))
}

/// Its value as text; a whole number as its digits.
pub fn text(attributes: &Attributes, names: &[&str]) -> Option<String> {
    match &find(attributes, names)?.1 {
        Value::Text(text) => Some(text.trim().to_owned()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Its value as a finite number; a text that is one, too.
#[expect(clippy::cast_precision_loss, reason = "measures, not counts")]
pub fn number(attributes: &Attributes, names: &[&str]) -> Option<f64> {
    let found = match &find(attributes, names)?.1 {
        Value::Float(number) => *number,
        Value::Int(number) => *number as f64,
        Value::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    found.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_spelling_that_holds_something_counts() {
        let attributes = vec![
            ("heading".to_owned(), Value::Text(" ".into())),
            ("Azimuth".to_owned(), Value::Text("12.5".into())),
            ("code".to_owned(), Value::Int(320_106)),
            ("flag".to_owned(), Value::Bool(true)),
        ];
        assert_eq!(number(&attributes, &["heading", "azimuth"]), Some(12.5));
        assert_eq!(text(&attributes, &["code"]).as_deref(), Some("320106"));
        assert_eq!(number(&attributes, &["flag"]), None);
        assert_eq!(number(&attributes, &["pitch"]), None);
    }
}
