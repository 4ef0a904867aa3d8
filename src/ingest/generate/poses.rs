//! How the cameras stand: what the file says of each, and where those that were moved stand in truth.

use super::devices::{Device, DeviceKind};
use super::dice::Dice;
use super::out::csv_row;

/// Columns of a pose in `devices.csv`.
pub(super) const COLUMNS: &str = "height,heading,pitch,hfov,vfov,range,resolution";
/// Columns of `.truth/cameras.csv`.
pub(super) const TRUTH: &str = "device,x,y,z,heading,pitch,hfov,vfov,range,moved\n";
/// Of so many cameras one was moved after it was entered.
const MOVED: u32 = 50;

/// A pose: metres above the floor or ground, degrees, metres.
pub(super) struct Pose {
    height: f64,
    heading: f64,
    pitch: f64,
    hfov: f64,
    vfov: f64,
    range: f64,
    resolution: &'static str,
    /// Its place, EPSG:4549 metres and ellipsoidal height.
    place: [f64; 3],
}

/// The pose that is entered for a camera, and the true one of a camera that was moved; none for other devices.
pub(super) fn poses(device: &Device, seed: u64) -> Option<(Pose, Option<Pose>)> {
    if device.kind != DeviceKind::Camera {
        return None;
    }
    let number: u32 = device.id.get(14..)?.parse().ok()?;
    let mut dice = Dice::new(seed, 3_000_000 + u64::from(number));
    let tenth = |v: f64| (v * 10.0).round() / 10.0;
    let indoors = device.space.is_some();
    let hfov = [62.0, 78.0, 90.0, 104.0][dice.below(4) as usize];
    let entered = Pose {
        height: device.up,
        heading: tenth(dice.between(0.0, 359.9)),
        pitch: tenth(-dice.between(12.0, 35.0)),
        hfov,
        vfov: tenth(hfov * 9.0 / 16.0),
        range: if indoors { 15.0 } else { [30.0, 50.0, 80.0][dice.below(3) as usize] },
        resolution: ["1920x1080", "2560x1440", "3840x2160"][dice.below(3) as usize],
        place: device.place,
    };
    let moved = (number % MOVED == 7).then(|| {
        let [e, n, h] = device.place;
        // Indoors only turned; outdoors also hung on another pole.
        let [de, dn] =
            if indoors { [0.0, 0.0] } else { [tenth(dice.between(8.0, 20.0)), tenth(dice.between(-3.0, 3.0))] };
        let heading = tenth((entered.heading + dice.between(70.0, 250.0)) % 360.0);
        Pose { heading, place: [e + de, n + dn, h], ..entered }
    });
    Some((entered, moved))
}

impl Pose {
    /// Its cells in `devices.csv`.
    pub(super) fn cells(&self) -> [String; 7] {
        let Self { height, heading, pitch, hfov, vfov, range, resolution, .. } = self;
        let [height, heading, pitch, hfov, vfov, range] =
            [height, heading, pitch, hfov, vfov, range].map(|v| format!("{v}"));
        [height, heading, pitch, hfov, vfov, range, (*resolution).to_owned()]
    }
    /// Its row in `.truth/cameras.csv`.
    pub(super) fn row(&self, device: &str, moved: bool) -> String {
        let [x, y, z] = self.place.map(|v| format!("{v:.3}"));
        let [heading, pitch, hfov, vfov, range] =
            [self.heading, self.pitch, self.hfov, self.vfov, self.range].map(|v| format!("{v}"));
        csv_row(&[device, &x, &y, &z, &heading, &pitch, &hfov, &vfov, &range, if moved { "true" } else { "false" }])
    }
}
