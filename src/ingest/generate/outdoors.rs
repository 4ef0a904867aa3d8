//! Devices in the open: poles, hydrants, barriers, stations, sensors in the street.

use super::devices::{Device, DeviceKind};
use super::dice::Dice;
use super::ground::{kerb, on_ground};
use super::make_up::MakeUp;
use super::pipes::Hydrant;
use super::site::Site;

/// Kind, number in the reference community, height above ground in metres.
const STREET: [(DeviceKind, u32, f64); 12] = [
    (DeviceKind::Barrier, 8, 0.8),
    (DeviceKind::Pressure, 120, -1.2),
    (DeviceKind::Hydrant, 62, 0.6),
    (DeviceKind::Lamp, 300, 6.0),
    (DeviceKind::Manhole, 180, 0.0),
    (DeviceKind::Bin, 140, 0.5),
    (DeviceKind::Air, 6, 3.0),
    (DeviceKind::Noise, 10, 3.0),
    (DeviceKind::Water, 2, -1.0),
    (DeviceKind::Ponding, 12, 0.1),
    (DeviceKind::Camera, 358, 4.5),
    (DeviceKind::Bay, 0, 0.05),
];

/// Places the outdoor devices one by one; `bays` outdoor parking bays beside the reference numbers.
pub(super) fn outdoors(
    make_up: &MakeUp,
    site: &Site,
    seed: u64,
    bays: u32,
    cameras: &mut u32,
    mut place: impl FnMut(Device) -> crate::fault::Result<()>,
) -> crate::fault::Result<()> {
    for (stream, (kind, reference, up)) in (100..).zip(STREET) {
        let mut dice = Dice::new(seed, stream);
        let wanted = if kind == DeviceKind::Bay { bays } else { make_up.count(reference) };
        let [_, prefix, zh, _] = kind.words();
        for number in 1..=wanted {
            let [e, n, h] = on_ground(if kind == DeviceKind::Bay { bay(site, number) } else { kerb(&mut dice, site) });
            let id = if kind == DeviceKind::Camera {
                *cameras += 1;
                super::ids::camera(*cameras)
            } else {
                format!("{prefix}-{number:05}")
            };
            place(Device {
                id,
                name: format!("{zh}{number:03}"),
                kind,
                place: [e, n, h + up],
                local: [0; 3],
                space: None,
                storey: String::new(),
                panel_text: format!("室外 {zh}{number:03}"),
                serial: dice.serial(),
                up,
                mislabelled: false,
            })?;
        }
    }
    Ok(())
}

/// The hydrants in the street, as [`outdoors`] places them.
pub(super) fn hydrants(make_up: &MakeUp, site: &Site, seed: u64) -> Vec<Hydrant> {
    let streams = (100..).zip(STREET).find(|(_, (kind, ..))| *kind == DeviceKind::Hydrant);
    let Some((stream, (kind, reference, up))) = streams else { return Vec::new() };
    let mut dice = Dice::new(seed, stream);
    let [_, prefix, ..] = kind.words();
    let one = |number: u32| {
        let place = kerb(&mut dice, site);
        // Its serial is thrown too, so that the next place is the same there and here.
        let _serial = dice.serial();
        Hydrant { id: format!("{prefix}-{number:05}"), place, up }
    };
    (1..=make_up.count(reference)).map(one).collect()
}

/// The middle of outdoor parking bay `number`: rows of 2.5 m bays along the north side of the streets.
fn bay(site: &Site, number: u32) -> [f64; 2] {
    let [width, depth] = site.size();
    let along = (1..).find(|&n| f64::from(n) * 2.5 > width - 2.5).unwrap_or(1);
    let row = (number - 1) / along;
    let street = f64::from(row % site.plots[1]) * site.plot[1];
    let x = f64::from((number - 1) % along) * 2.5 + 1.25;
    // Bays beyond one row a street lie in further rows beyond the site's north edge.
    let beyond = f64::from(row / site.plots[1]);
    [x, if beyond == 0.0 { street + site.plot[1] - 3.0 } else { depth + beyond * 6.0 }]
}
