//! The colour of what its source gives none, for tiles and pictures alike: by what a surface is, then by the asset's class.

use crate::geom::SurfaceKind;
use crate::model::{Class, Collection};

/// The sRGB of a kind of surface, whatever it belongs to; none for walls and others, which take their asset's.
pub const fn of_kind(kind: SurfaceKind) -> Option<[u8; 3]> {
    Some(match kind {
        SurfaceKind::Wall | SurfaceKind::Other => return None,
        SurfaceKind::Roof => ROOF,
        SurfaceKind::Ground => [150, 143, 132],
        SurfaceKind::Floor => [214, 206, 192],
        SurfaceKind::Window => WINDOW,
        SurfaceKind::Door => DOOR,
    })
}

const ROOF: [u8; 3] = [186, 110, 88];
const WINDOW: [u8; 3] = [134, 172, 200];
const DOOR: [u8; 3] = [150, 106, 70];

/// The sRGB of a class; a class without its own takes its collection's. Devices keep away from the colours of alarms.
pub const fn of_class(class: Class) -> [u8; 3] {
    match class {
        Class::Window | Class::CurtainWall => WINDOW,
        Class::Door => DOOR,
        Class::Roof => ROOF,
        Class::Slab | Class::Covering | Class::Footing => [190, 186, 178],
        Class::Wall => [232, 226, 214],
        Class::Column | Class::Beam | Class::Member | Class::Plate => [168, 172, 178],
        Class::Stair | Class::Ramp | Class::Railing => [196, 176, 146],
        Class::Furniture => [186, 154, 112],
        Class::Flow => [110, 152, 176],
        Class::SmokeDetector => [0, 137, 123],
        Class::HeatDetector => [121, 85, 72],
        Class::GasDetector => [124, 141, 30],
        Class::AlarmDevice => [170, 40, 140],
        Class::DoorController => [94, 53, 177],
        Class::Barrier => [140, 110, 190],
        Class::Lift => [84, 110, 122],
        Class::Hydrant => [128, 60, 100],
        Class::WaterPressure => [57, 73, 171],
        Class::ElectricalSafety => [104, 159, 56],
        Class::Charger => [46, 125, 50],
        Class::LampPole => [150, 140, 70],
        Class::ManholeSensor => [110, 100, 104],
        Class::Bin => [80, 100, 60],
        Class::AirStation => [77, 182, 172],
        Class::NoiseStation => [186, 104, 200],
        Class::WaterStation => [0, 96, 120],
        Class::PondingSensor => [38, 120, 170],
        Class::ParkingBay => [120, 122, 126],
        Class::WaterMeter => [84, 150, 180],
        Class::PowerMeter => [139, 170, 70],
        Class::GasMeter => [170, 150, 112],
        Class::Valve => [62, 96, 160],
        Class::Manhole => [92, 96, 104],
        Class::Vegetation => [122, 166, 98],
        Class::WaterBody => [112, 168, 206],
        Class::Road | Class::Railway => [148, 150, 154],
        Class::Bridge | Class::Tunnel => [176, 170, 160],
        Class::Relief | Class::Site => [178, 186, 154],
        _ => match class.collection() {
            Collection::Buildings | Collection::Parts => [232, 226, 214],
            Collection::Storeys => [222, 214, 198],
            Collection::Spaces => [150, 186, 214],
            Collection::Elements => [206, 200, 190],
            Collection::Devices => [38, 150, 140],
            Collection::Pipes => [70, 130, 190],
            Collection::Components => [140, 150, 130],
            Collection::Grids => [150, 120, 200],
            Collection::Addresses => [120, 120, 130],
            Collection::Cameras => [90, 70, 160],
        },
    }
}

/// A channel of stored sRGB in linear light, 0 to 1 (IEC 61966-2-1).
pub fn linear(channel: u8) -> f32 {
    let c = f32::from(channel) / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB channel of an amount of linear light from 0 to 1.
pub fn stored(light: f64) -> u8 {
    let c = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and between 0 and 255")]
    let byte = (c.clamp(0.0, 1.0) * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_devices_are_told_apart_and_none_is_red() {
        let devices = Class::ALL.iter().filter(|c| matches!(c.collection(), Collection::Devices | Collection::Cameras));
        let mut own: Vec<[u8; 3]> = devices.map(|c| of_class(*c)).filter(|c| *c != of_class(Class::Device)).collect();
        for [r, g, b] in &own {
            assert!(*r < g.saturating_add(40) || *r < b.saturating_add(40), "{r} {g} {b} would pass for an alarm");
        }
        let all = own.len();
        own.sort_unstable();
        own.dedup();
        assert_eq!(own.len(), all, "two classes have one colour");
        assert!(all > 20);
    }

    #[test]
    fn light_is_stored_as_the_channel_that_it_came_from() {
        assert!((0..=255).all(|c| stored(f64::from(linear(c))) == c));
    }
}
