//! A threshold with hysteresis: raised where danger begins, cleared only when the value is well back.

use crate::model::{Alarm, Class, Direction, Observation, Rule, Severity};
use crate::store::Verdict;

/// Judges one reading. An alarm that lasts is told again only when its value has moved by half the hysteresis, or by a
/// twentieth of the threshold where there is none: a detector that sends every second must not drown the desk.
pub fn judge(rule: &Rule, reading: &Observation, active: Option<&Alarm>) -> Verdict {
    let value = reading.result;
    let (name, at) = (&rule.observed_property, rule.raise_at);
    let [sign, back] = match rule.direction {
        Direction::Above => ["≥", "<"],
        Direction::Below => ["≤", ">"],
    };
    match active {
        None if rule.enabled && beyond(rule, value) => Verdict::Raise(format!("{name} {value} {sign} {at}")),
        None => Verdict::Stand,
        Some(_) if is_back(rule, value) => Verdict::Clear(format!("{name} {value} {back} {}", rule.clear_at)),
        Some(alarm) if (value - alarm.value).abs() >= step(rule) => Verdict::Update(format!("{name} {value}")),
        Some(_) => Verdict::Stand,
    }
}

fn beyond(rule: &Rule, value: f64) -> bool {
    match rule.direction {
        Direction::Above => value >= rule.raise_at,
        Direction::Below => value <= rule.raise_at,
    }
}

fn is_back(rule: &Rule, value: f64) -> bool {
    match rule.direction {
        Direction::Above => value < rule.clear_at,
        Direction::Below => value > rule.clear_at,
    }
}

fn step(rule: &Rule) -> f64 {
    let half = (rule.raise_at - rule.clear_at).abs() / 2.0;
    let least = rule.raise_at.abs() / 20.0;
    // A threshold of zero without hysteresis: every change counts.
    [half, least, f64::MIN_POSITIVE].into_iter().find(|s| *s > 0.0).unwrap_or(f64::MIN_POSITIVE)
}

/// The rules a new store begins with: id, property, class, direction, raised at, cleared beyond, severity.
type Row = (&'static str, &'static str, Option<Class>, Direction, f64, f64, Severity);
const DEFAULTS: &[Row] = {
    use Class::{HeatDetector, Hydrant, Lift, ManholeSensor, SmokeDetector, WaterPressure};
    use Direction::{Above, Below};
    use Severity::{Critical, Major, Minor, Warning};
    &[
        ("smoke", "smoke", None, Above, 0.1, 0.05, Critical),
        ("gas", "gas", None, Above, 10.0, 5.0, Critical),
        ("call-point", "pressed", None, Above, 1.0, 0.5, Critical),
        ("fire-temperature", "temperature", Some(SmokeDetector), Above, 60.0, 50.0, Major),
        ("heat", "temperature", Some(HeatDetector), Above, 60.0, 50.0, Major),
        ("hydrant-pressure", "pressure", Some(Hydrant), Below, 0.07, 0.1, Major),
        ("water-pressure", "pressure", Some(WaterPressure), Below, 0.07, 0.1, Major),
        ("hydrant-tilt", "tilt", Some(Hydrant), Above, 30.0, 20.0, Minor),
        ("manhole-open", "tilt", Some(ManholeSensor), Above, 15.0, 10.0, Major),
        ("ponding", "depth", None, Above, 0.15, 0.1, Major),
        ("leakage", "leakage", None, Above, 300.0, 200.0, Major),
        ("cable-a", "temperature_a", None, Above, 70.0, 60.0, Major),
        ("cable-b", "temperature_b", None, Above, 70.0, 60.0, Major),
        ("cable-c", "temperature_c", None, Above, 70.0, 60.0, Major),
        ("lift-fault", "fault", Some(Lift), Above, 1.0, 0.5, Major),
        ("pm10", "pm10", None, Above, 250.0, 200.0, Warning),
    ]
};

/// The rules a new store begins with.
pub fn defaults() -> impl Iterator<Item = Rule> {
    DEFAULTS.iter().map(|(id, property, class, direction, raise_at, clear_at, severity)| Rule {
        id: (*id).to_owned(),
        observed_property: (*property).to_owned(),
        class: *class,
        direction: *direction,
        raise_at: *raise_at,
        clear_at: *clear_at,
        severity: *severity,
        enabled: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::check;
    use crate::units::Instant;

    /// What a rule says to a row of values, one letter each: `.` stand, `R` raise, `U` update, `C` clear.
    fn story(rule: &Rule, values: &[f64]) -> String {
        let mut active: Option<f64> = None;
        let mut out = String::new();
        for (n, value) in values.iter().enumerate() {
            let at = Instant(n as i64);
            let reading = Observation { datastream: 1, phenomenon_time: at, result_time: at, result: *value };
            let alarm = active.map(|value| Alarm {
                id: 1,
                rule: rule.id.clone(),
                state: crate::model::AlarmState::Raised,
                severity: rule.severity,
                asset: "a".into(),
                device: "d".into(),
                datastream: 1,
                observed_property: rule.observed_property.clone(),
                value,
                raised_at: at,
                phenomenon_time: at,
                cleared_at: None,
                acknowledged: None,
                message: String::new(),
                comments: Vec::new(),
            });
            out.push(match judge(rule, &reading, alarm.as_ref()) {
                Verdict::Stand => '.',
                Verdict::Raise(_) => {
                    active = Some(*value);
                    'R'
                }
                Verdict::Update(_) => {
                    active = Some(*value);
                    'U'
                }
                Verdict::Clear(_) => {
                    active = None;
                    'C'
                }
            });
        }
        out
    }

    #[test]
    fn raised_once_updated_when_it_moves_cleared_when_well_back() {
        let by_id = |id: &str| defaults().find(|r| r.id == id).unwrap();
        assert_eq!(story(&by_id("smoke"), &[0.0, 0.099, 0.1, 0.1, 0.11, 0.13, 0.06, 0.05, 0.049, 0.2]), "..R..UU.CR");
        assert_eq!(story(&by_id("water-pressure"), &[0.3, 0.07, 0.07, 0.04, 0.1, 0.11, 0.06]), ".R.UUCR");
        let off = Rule { enabled: false, ..by_id("gas") };
        assert_eq!(story(&off, &[50.0, 1.0]), "..");
        let bare = Rule { clear_at: 10.0, ..by_id("gas") };
        assert_eq!(story(&bare, &[10.0, 10.4, 10.5, 9.99]), "R.UC");
    }

    #[test]
    fn the_rules_a_store_begins_with_hold() {
        defaults().for_each(|rule| check(&rule).unwrap());
    }
}
