//! 3D Tiles styles (3D Tiles Styling 1.0, OGC 22-025r4): those of `tiles/styles`, and those made for alarms and for a number.
//!
//! Tiles hold no live state, so the style of alarms names the ids that are in alarm when it is asked for.

use super::colour;
use super::schema::property_name;
use crate::model::Severity;
use serde_json::{Value, json};

/// By what things are.
pub const CLASS: &str = include_str!("../../tiles/styles/class.json");
/// By the year of construction.
pub const AGE: &str = include_str!("../../tiles/styles/age.json");
/// The style of alarms names at most so many ids: a viewer tries each on every feature.
pub const MOST_ALARMED: usize = 2000;

const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::Major, Severity::Minor, Severity::Warning];
/// What encloses others lets them shine through.
const SHELL: &str = "${collection} === 'buildings' || ${collection} === 'storeys' || ${collection} === 'spaces'";

/// What is in alarm in its severity's colour, all else as it is; `alarmed` are ids with their worst alarm.
pub fn alarms(alarmed: &[(&str, Severity)]) -> Value {
    let mut conditions = Vec::new();
    for severity in SEVERITIES {
        let ids: Vec<String> = alarmed.iter().filter(|(_, of)| *of == severity).map(|(id, _)| literally(id)).collect();
        if !ids.is_empty() {
            let [r, g, b] = colour::of_severity(severity);
            let when = format!("regExp('^(?:{})$').test(String(${{id}}))", ids.join("|"));
            conditions.push([when, format!("color('#{r:02x}{g:02x}{b:02x}', ({SHELL}) ? 0.5 : 1.0)")]);
        }
    }
    conditions.push(["true".to_owned(), "color('#ffffff')".to_owned()]);
    json!({ "meta": { "description": "'Active alarms, as they were when this was asked for'" },
        "color": { "conditions": conditions } })
}

/// An id within a regular expression within a quoted text. Readers differ in how they take a backslash, so signs with a meaning
/// stand in brackets; those few that cannot are any sign.
fn literally(id: &str) -> String {
    id.chars().fold(String::with_capacity(id.len()), |mut out, sign| {
        match sign {
            '.' | '+' | '*' | '?' | '(' | ')' | '{' | '}' | '[' | '|' | '$' | '/' => out.extend(['[', sign, ']']),
            '^' | '\\' | ']' | '\'' | '"' => out.push('.'),
            _ => out.push(sign),
        }
        out
    })
}

/// An attribute that is a number, from blue at `min` to red at `max`, grey where there is none. `property` is its own name or its
/// column's.
pub fn ramp(property: &str, min: f64, max: f64) -> Value {
    let number = format!("${{{}}}", property_name(property));
    let conditions = [
        [format!("{number} === null || isNaN(Number({number}))"), "color('#8c9682')".to_owned()],
        ["${share} < 0.5".to_owned(), "mix(color('#2c7bb6'), color('#ffffbf'), ${share} * 2.0)".to_owned()],
        ["true".to_owned(), "mix(color('#ffffbf'), color('#d7191c'), ${share} * 2.0 - 1.0)".to_owned()],
    ];
    let share = format!("clamp((Number({number}) - ({min:?})) / ({:?}), 0.0, 1.0)", max - min);
    json!({ "defines": { "share": share }, "color": { "conditions": conditions } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_for_itself_and_cannot_leave_its_quotes() {
        assert_eq!(literally("2O2Fr$t4X7Zf8NOew3FLOH"), "2O2Fr[$]t4X7Zf8NOew3FLOH");
        assert_eq!(literally("B-12A-厨 (1.2)"), "B-12A-厨 [(]1[.]2[)]");
        assert_eq!(literally("a'b\"\\^]"), "a.b....");
        let style = alarms(&[("a", Severity::Minor), ("b", Severity::Critical), ("c", Severity::Minor)]);
        let conditions = style["color"]["conditions"].as_array().unwrap();
        assert_eq!(conditions.len(), 3, "{style}");
        assert_eq!(conditions[0][0], "regExp('^(?:b)$').test(String(${id}))");
        assert_eq!(conditions[1][0], "regExp('^(?:a|c)$').test(String(${id}))");
        assert_eq!(alarms(&[])["color"]["conditions"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_ramp_names_the_column_of_an_attribute() {
        let style = ramp("楼高 m", -2.0, 8.0);
        assert_eq!(style["defines"]["share"], "clamp((Number(${_u697c_u9ad8_m}) - (-2.0)) / (10.0), 0.0, 1.0)");
    }
}
