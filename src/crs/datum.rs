//! Frames that no CRS database has: China's map offsets GCJ-02 and BD-09, and the drift of the plate since the year 2000.

use super::site::{from_ecef, to_ecef};
use crate::units::Geodetic;
use std::f64::consts::PI;

/// A map offset that Chinese phones and web maps put on their positions; it moves a place by 50 to 700 m.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// The offset of GB 20263: "Mars coordinates".
    Gcj02,
    /// GCJ-02 with Baidu's own offset on top.
    Bd09,
}

impl Offset {
    /// The offset of this name, with or without its hyphen.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "gcj02" => Some(Self::Gcj02),
            "bd09" | "bd09ll" => Some(Self::Bd09),
            _ => None,
        }
    }
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gcj02 => "GCJ-02",
            Self::Bd09 => "BD-09",
        }
    }
    /// Longitude and latitude in degrees with the offset put on.
    pub fn put_on(self, place: [f64; 2]) -> [f64; 2] {
        let gcj = add(place, gcj(place));
        match self {
            Self::Gcj02 => gcj,
            Self::Bd09 => bd(gcj),
        }
    }
    /// Longitude and latitude in degrees with the offset taken off. The offset changes slowly, so that a place corrected by
    /// the offset at its last guess comes nearer each time: after ten rounds it stands still below a micrometre.
    pub fn take_off(self, shifted: [f64; 2]) -> [f64; 2] {
        let mut place = shifted;
        for _ in 0..10 {
            let [lon, lat] = self.put_on(place);
            place = add(place, [shifted[0] - lon, shifted[1] - lat]);
        }
        place
    }
}

fn add([a, b]: [f64; 2], [c, d]: [f64; 2]) -> [f64; 2] {
    [a + c, b + d]
}

/// The offset at a place, degrees; the series that is publicly known, on the Krassowsky ellipsoid.
fn gcj([lon, lat]: [f64; 2]) -> [f64; 2] {
    const A: f64 = 6_378_245.0;
    const E2: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = |amplitude: f64, of: f64, period: f64| amplitude * (of * PI / period).sin() * 2.0 / 3.0;
    let both = 0.1 * x * y + wave(20.0, x, 1.0 / 6.0) + wave(20.0, x, 0.5);
    let north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.2 * x.abs().sqrt() + both;
    let north = north + wave(20.0, y, 1.0) + wave(40.0, y, 3.0) + wave(160.0, y, 12.0) + wave(320.0, y, 30.0);
    let east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x.abs().sqrt() + both;
    let east = east + wave(20.0, x, 1.0) + wave(40.0, x, 3.0) + wave(150.0, x, 12.0) + wave(300.0, x, 30.0);
    let phi = lat.to_radians();
    let w2 = 1.0 - E2 * phi.sin().powi(2);
    let (meridian, prime) = (A * (1.0 - E2) / (w2 * w2.sqrt()), A / w2.sqrt());
    [(east / (prime * phi.cos())).to_degrees(), (north / meridian).to_degrees()]
}

/// Baidu's offset over GCJ-02.
fn bd([x, y]: [f64; 2]) -> [f64; 2] {
    const TURNS: f64 = PI * 3000.0 / 180.0;
    let radius = x.hypot(y) + 0.000_02 * (y * TURNS).sin();
    let angle = y.atan2(x) + 0.000_003 * (x * TURNS).cos();
    [radius * angle.cos() + 0.006_5, radius * angle.sin() + 0.006]
}

/// The epoch at which CGCS2000 holds.
pub(super) const EPOCH: f64 = 2000.0;

/// Where a place of WGS 84 or ITRF at the decimal year `from` is in the year `to`, moving with the Eurasian plate: the rotation
/// of the ITRF2014 plate motion model (Altamimi et al. 2017, table 1). Blocks of China differ from it by up to a centimetre a
/// year.
pub(super) fn drift(place: Geodetic, from: f64, to: f64) -> Geodetic {
    /// Milliarcseconds a year about the geocentric axes.
    const EURASIA: [f64; 3] = [-0.085, -0.531, 0.770];
    let [x, y, z] = to_ecef(place);
    let turn = (to - from) * (1.0_f64 / 3_600_000.0).to_radians();
    let [a, b, c] = EURASIA.map(|rate| rate * turn);
    from_ecef([x + b * z - c * y, y + c * x - a * z, z + a * y - b * x])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WGS 84, GCJ-02 and BD-09, printed by gcoord 1.0.7 (npm).
    const ORACLE: &[[[f64; 2]; 3]] = &[
        [
            [118.78, 32.04],
            [118.785_206_460_385_84, 32.037_950_794_073_44],
            [118.791_635_698_735_67, 32.044_204_926_930_64],
        ],
        [
            [116.397_5, 39.908_7],
            [116.403_743_572_651_76, 39.910_103_499_344_76],
            [116.410_116_586_473_4, 39.916_442_749_630_76],
        ],
        [
            [114.057_9, 22.543_1],
            [114.063_013_998_565_47, 22.540_382_814_222_46],
            [114.069_563_987_032_67, 22.546_041_559_073_544],
        ],
        [
            [87.616_8, 43.825_6],
            [87.619_649_949_469_26, 43.826_805_393_111_19],
            [87.626_099_770_815_71, 43.832_949_794_793_29],
        ],
    ];

    /// pyproj 3.7.2: `+proj=helmert +drx=-0.000085 +dry=-0.000531 +drz=0.00077 +t_epoch=2000 +convention=position_vector`
    /// between geocentric axes, at 2026.5.
    #[test]
    fn the_plate_moves_as_proj_moves_it() {
        let moved = drift(Geodetic::new(118.78, 32.04, 20.0), EPOCH, 2026.5).to_array();
        let expected = [118.780_007_610_516_49, 32.039_997_562_567_37, 19.999_184_833_839_536];
        assert!((0..2).all(|k| (moved[k] - expected[k]).abs() < 1e-11), "{moved:?}");
        assert!((moved[2] - expected[2]).abs() < 1e-6, "{moved:?}");
        let back = drift(moved.into(), 2026.5, EPOCH).to_array();
        assert!((back[0] - 118.78).abs() < 1e-12 && (back[1] - 32.04).abs() < 1e-12);
    }

    #[test]
    fn offsets_agree_with_another_library_and_come_off_again() {
        let close = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 1e-11 && (a[1] - b[1]).abs() < 1e-11;
        for [place, gcj, bd] in ORACLE {
            for (offset, shifted) in [(Offset::Gcj02, gcj), (Offset::Bd09, bd)] {
                assert!(close(offset.put_on(*place), *shifted), "{offset:?} {place:?}: {:?}", offset.put_on(*place));
                assert!(
                    close(offset.take_off(*shifted), *place),
                    "{offset:?} {place:?}: {:?}",
                    offset.take_off(*shifted)
                );
            }
        }
        assert_eq!(Offset::from_name("BD09"), Some(Offset::Bd09));
        assert_eq!(Offset::from_name("gcj_02"), Some(Offset::Gcj02));
        assert_eq!(Offset::from_name("EPSG:4490"), None);
    }
}
