//! What a device measures at a time of day: quiet, plausible values; whatever is dangerous comes from a story.

use crate::units::Instant;
use std::f64::consts::TAU;

/// How often a device of a class reports of itself, in seconds.
pub(super) fn period(class: &str) -> f64 {
    match class {
        "lift" => 1.0,
        "electrical_safety" => 30.0,
        "camera" | "door_controller" | "barrier" | "charger" | "lamp_pole" | "noise_station" => 60.0,
        "air_station" | "water_station" | "water_pressure" | "ponding_sensor" => 60.0,
        "water_meter" | "power_meter" | "gas_meter" => 3_600.0,
        "hydrant" | "parking_bay" | "manhole_sensor" | "bin" => 300.0,
        _ => 120.0,
    }
}

/// The value of a property; `own` is the device's constant and `noise` the moment's, both from 0 to 1.
pub(super) fn value(class: &str, property: &str, now: Instant, own: f64, noise: f64) -> f64 {
    let seconds = now.0 as f64 / 1_000.0;
    // China's clock is eight hours ahead; the height of the day is at 14 o'clock, of the evening at 20.
    let hour = (seconds / 3_600.0 + 8.0).rem_euclid(24.0);
    let bump = |at: f64| 0.5 + 0.5 * ((hour - at) / 24.0 * TAU).cos();
    let (day, evening, swing) = (bump(14.0), bump(20.0), noise - 0.5);
    let is = |share: f64| f64::from(u8::from(noise < share));
    // Counters follow from the time alone, so that they never run backwards, whoever asks and whenever.
    let counter = |per_day: f64| own * 1_000.0 + (seconds / 86_400.0 - 20_000.0).max(0.0) * per_day * (0.5 + own);
    let raw = match (class, property) {
        ("lift", _) => return lift(property, seconds, own, noise),
        (_, "smoke") => 0.004 + 0.006 * noise,
        (_, "gas") => 0.8 * noise,
        (_, "temperature") => 18.0 + 4.0 * own + 5.0 * day + swing,
        (_, "temperature_a" | "temperature_b" | "temperature_c") => 32.0 + 6.0 * own + 6.0 * evening + swing,
        (_, "battery") => 100.0 - 25.0 * own - swing,
        (_, "voltage_a" | "voltage_b" | "voltage_c") => 229.0 + 4.0 * swing - 3.0 * evening,
        (_, "current_a" | "current_b" | "current_c") => 4.0 + 30.0 * own * evening + 3.0 * noise,
        (_, "leakage") => 25.0 + 30.0 * own + 10.0 * noise,
        ("hydrant", "pressure") => (if own < 0.04 { 0.12 } else { 0.38 + 0.06 * own }) + 0.01 * swing,
        (_, "pressure") => 0.36 - 0.05 * evening + 0.01 * swing,
        (_, "flow") => 6.0 + 30.0 * evening + 4.0 * noise,
        (_, "tilt") => 1.5 * own + 0.2 * noise,
        ("lamp_pole", "level") => {
            if (6.0..18.5).contains(&hour) {
                0.0
            } else {
                80.0
            }
        }
        ("lamp_pole", "power") => {
            if (6.0..18.5).contains(&hour) {
                4.0 + noise
            } else {
                96.0 + 4.0 * noise
            }
        }
        (_, "level") => 0.15 + 0.1 * own + 0.03 * noise,
        ("charger", "power") => {
            if own < 0.2 + 0.5 * (1.0 - day) {
                6.6 + 0.4 * noise
            } else {
                0.0
            }
        }
        (_, "power") => 3.0 + 25.0 * own * evening + 2.0 * noise,
        (_, "energy") => counter(8.0),
        (_, "volume") => counter(0.4),
        (_, "passages") => counter(400.0).floor(),
        (_, "fill") => (own * 100.0 + seconds / 864.0).rem_euclid(90.0),
        (_, "online") => is(0.998),
        (_, "open") => is(0.05 + 0.1 * evening),
        (_, "occupied") => f64::from(u8::from(own < 0.9 - 0.5 * day + 0.05 * swing)),
        (_, "pressed" | "fault") => 0.0,
        (_, "depth") => 0.0,
        (_, "pm2_5") => 28.0 + 20.0 * own + 8.0 * swing,
        (_, "pm10") => 55.0 + 30.0 * own + 15.0 * swing,
        (_, "humidity") => 72.0 - 20.0 * day + 4.0 * swing,
        (_, "wind_speed") => 1.0 + 3.0 * day * noise,
        (_, "wind_direction") => (120.0 + 60.0 * own + 40.0 * swing).rem_euclid(360.0),
        (_, "noise") => 42.0 + 16.0 * day + 6.0 * noise,
        (_, "turbidity") => 0.2 + 0.2 * own + 0.05 * noise,
        (_, "chlorine") => 0.5 + 0.2 * own + 0.05 * swing,
        (_, "acidity") => 7.2 + 0.2 * own + 0.05 * swing,
        _ => own + 0.1 * noise,
    };
    (raw * 1_000.0).round() / 1_000.0
}

/// A lift that rides up and down all day, its doors open at either end.
fn lift(property: &str, seconds: f64, own: f64, noise: f64) -> f64 {
    let (rise, ride, rest) = (50.0 + 45.0 * own, 30.0, 20.0);
    let phase = (seconds + own * 1_000.0).rem_euclid(2.0 * (ride + rest));
    let (up, within) = (phase < ride + rest, phase % (ride + rest));
    let rides = f64::from(u8::from(within < ride));
    let along = (within / ride).min(1.0);
    let raw = match property {
        "position" => rise * if up { along } else { 1.0 - along },
        "speed" => rides * rise / ride,
        "direction" => rides * if up { 1.0 } else { -1.0 },
        "door_open" => 1.0 - rides,
        "load" => (noise * 6.0).floor() * 70.0,
        "current" => 1.2 + rides * (13.0 + 3.0 * noise),
        "vibration" => 0.01 + rides * (0.07 + 0.05 * noise),
        "temperature" => 31.0 + 4.0 * own + noise,
        "trips" => ((seconds + own * 1_000.0) / (ride + rest)).floor() - 33_000_000.0,
        _ => 0.0,
    };
    (raw * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_day_stays_clear_of_every_alarm() {
        for minute in 0..1_440 {
            let now = Instant(1_795_000_000_000 + minute * 60_000);
            for (own, noise) in [(0.0, 0.0), (0.5, 0.999), (0.999, 0.3)] {
                assert!(value("smoke_detector", "smoke", now, own, noise) < 0.05);
                assert!(value("gas_detector", "gas", now, own, noise) < 5.0);
                assert!(value("heat_detector", "temperature", now, own, noise) < 50.0);
                assert!(value("electrical_safety", "temperature_a", now, own, noise) < 60.0);
                assert!(value("hydrant", "pressure", now, own, noise) > 0.1);
                assert!(value("water_pressure", "pressure", now, own, noise) > 0.1);
            }
        }
    }

    #[test]
    fn counters_never_run_backwards() {
        for property in ["energy", "volume", "passages"] {
            let row = (0..500).map(|i| value("x", property, Instant(1_795_000_000_000 + i * 7_000), 0.3, 0.1));
            let row: Vec<f64> = row.collect();
            assert!(row.windows(2).all(|w| w[0] <= w[1]), "{property}");
        }
    }
}
