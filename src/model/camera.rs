//! How a camera stands and what it can have in view: attributes of several spellings made one pose, and its view of the ground.

use super::spelling::{find, number, text};
use super::{Attributes, Value};

/// Where a camera looks; what no attribute says is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pose {
    /// Metres above the ground.
    pub height: Option<f64>,
    /// Degrees clockwise from north, 0 up to 360.
    pub heading: Option<f64>,
    /// Degrees above the horizon, -90 to 90; a camera that looks down has a negative one.
    pub pitch: Option<f64>,
    /// Degrees to the right, -180 to 180.
    pub roll: Option<f64>,
    /// Degrees of view from side to side, over 0 and below 180.
    pub horizontal_fov: Option<f64>,
    /// Degrees of view from below to above, likewise.
    pub vertical_fov: Option<f64>,
    /// How far it tells anything apart, metres.
    pub range: Option<f64>,
    /// Pixels from side to side and from below to above.
    pub resolution: Option<[u32; 2]>,
}

/// A number of a pose: its name here, its spellings, and from where to where it may be, the upper end not included where the last
/// is `false`.
type Measure = (&'static str, &'static [&'static str], f64, f64, bool);

const HEIGHT: Measure = (
    "height",
    &["height", "mount_height", "height_above_ground", "install_height", "安装高度", "高度"],
    0.0,
    500.0,
    true,
);
const HEADING: Measure = ("heading", &["heading", "azimuth", "bearing", "yaw", "方位角", "朝向"], 0.0, 360.0, true);
const PITCH: Measure = ("pitch", &["pitch", "tilt_angle", "elevation_angle", "俯仰角"], -90.0, 90.0, true);
const ROLL: Measure = ("roll", &["roll", "横滚角", "翻滚角"], -180.0, 180.0, true);
const ACROSS: Measure = (
    "horizontal_fov",
    &["horizontal_fov", "hfov", "fov", "fov_h", "field_of_view", "水平视场角", "视场角"],
    0.1,
    180.0,
    false,
);
const UPWARDS: Measure = ("vertical_fov", &["vertical_fov", "vfov", "fov_v", "垂直视场角"], 0.1, 180.0, false);
const RANGE: Measure = ("range", &["range", "view_range", "max_range", "可视距离", "监控距离"], 0.1, 20_000.0, true);
const RESOLUTION: &[&str] = &["resolution", "分辨率"];

impl Pose {
    /// The pose that attributes say, and of each that does not hold why; that part of the pose is absent.
    pub fn of(attributes: &Attributes) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        let mut measure = |(name, spellings, low, high, with_end): Measure| {
            let (spelling, value) = find(attributes, spellings)?;
            match number(attributes, &[spelling]) {
                Some(n) if n >= low && (n < high || with_end && n <= high) => Some(n),
                Some(n) => {
                    wrong.push(format!("its {name} '{spelling}' is {n}, outside {low} to {high}"));
                    None
                }
                None => {
                    wrong.push(format!("its {name} '{spelling}' is not a number: {}", shown(value)));
                    None
                }
            }
        };
        let pose = Self {
            height: measure(HEIGHT),
            heading: measure(HEADING).map(|degrees| degrees % 360.0),
            pitch: measure(PITCH),
            roll: measure(ROLL),
            horizontal_fov: measure(ACROSS),
            vertical_fov: measure(UPWARDS),
            range: measure(RANGE),
            resolution: None,
        };
        let resolution = text(attributes, RESOLUTION).and_then(|said| {
            let read =
                said.split(['x', 'X', '×', '*']).map(|n| n.trim().parse().ok().filter(|n| (1..=65_536).contains(n)));
            let read: Option<Vec<u32>> = read.collect();
            match read.as_deref() {
                Some(&[across, up]) => Some([across, up]),
                _ => {
                    wrong.push(format!("its resolution is '{}', not such as 1920x1080", clip(&said)));
                    None
                }
            }
        });
        (Self { resolution, ..pose }, wrong)
    }
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
    /// What it can have in view of level ground below it: corners in metres east and north of the camera, counter-clockwise and
    /// not closed, bounded by its range. Absent without heading, height, field of view and range, and where it sees no ground.
    ///
    /// Without a vertical field of view it is that of the resolution, or of 16:9; without a pitch it looks level.
    pub fn ground_view(&self) -> Option<Vec<[f64; 2]>> {
        let (height, heading, across, range) = (self.height?, self.heading?, self.horizontal_fov?, self.range?);
        let side = (across / 2.0).to_radians().tan();
        let ratio = self.resolution.map_or(9.0 / 16.0, |[across, up]| f64::from(up) / f64::from(across));
        let top = self.vertical_fov.map_or(side * ratio, |up| (up / 2.0).to_radians().tan());
        let turn = Turn::new(heading, self.pitch.unwrap_or(0.0), self.roll.unwrap_or(0.0));
        // What is in range is a disc; each side of the picture is a plane through the camera that cuts the ground in a line.
        let disc = (0..SIDES).map(|i| (f64::from(i) / f64::from(SIDES) * std::f64::consts::TAU).sin_cos());
        let disc: Vec<[f64; 2]> = disc.map(|(sin, cos)| [range * cos, range * sin]).collect();
        let sides = [(side, turn.right, -1.0), (side, turn.right, 1.0), (top, turn.up, -1.0), (top, turn.up, 1.0)];
        let ring = sides.into_iter().fold(disc, |ring, (tangent, axis, sign)| {
            let inwards: [f64; 3] = std::array::from_fn(|k| tangent * turn.forward[k] + sign * axis[k]);
            cut(&ring, |[x, y]| inwards[0] * x + inwards[1] * y - inwards[2] * height)
        });
        (ring.len() > 2).then_some(ring)
    }
}

/// Corners of the disc of what is in range.
const SIDES: u32 = 72;

/// The axes of a camera in east, north, up.
struct Turn {
    right: [f64; 3],
    up: [f64; 3],
    forward: [f64; 3],
}

impl Turn {
    fn new(heading: f64, pitch: f64, roll: f64) -> Self {
        let (sh, ch) = heading.to_radians().sin_cos();
        let (sp, cp) = pitch.to_radians().sin_cos();
        let (sr, cr) = roll.to_radians().sin_cos();
        let forward = [sh * cp, ch * cp, sp];
        let (level, above) = ([ch, -sh, 0.0], [-sh * sp, -ch * sp, cp]);
        // Rolling to the right turns what is to the right downwards.
        let right = std::array::from_fn(|k| cr * level[k] - sr * above[k]);
        let up = std::array::from_fn(|k| sr * level[k] + cr * above[k]);
        Self { right, up, forward }
    }
}

/// What of a convex ring lies where `depth` is not negative; it is linear (Sutherland and Hodgman).
fn cut(ring: &[[f64; 2]], depth: impl Fn([f64; 2]) -> f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::with_capacity(ring.len() + 1);
    for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let (of_a, of_b) = (depth(a), depth(b));
        if of_a >= 0.0 {
            kept.push(a);
        }
        if (of_a >= 0.0) != (of_b >= 0.0) {
            let part = of_a / (of_a - of_b);
            kept.push([a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]);
        }
    }
    kept
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{}'", clip(text)),
        _ => "another type".to_owned(),
    }
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, Value)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn several_spellings_are_one_pose_and_what_does_not_hold_is_told() {
        let attributes = said(&[
            ("方位角", Value::Int(360)),
            ("Pitch", Value::Float(-12.5)),
            ("hfov", Value::Text("68".into())),
            ("安装高度", Value::Float(4.5)),
            ("resolution", Value::Text("1920×1080".into())),
            ("range", Value::Int(60)),
        ]);
        let (pose, wrong) = Pose::of(&attributes);
        assert_eq!(wrong, Vec::<String>::new());
        let expected = Pose {
            height: Some(4.5),
            heading: Some(0.0),
            pitch: Some(-12.5),
            roll: None,
            horizontal_fov: Some(68.0),
            vertical_fov: None,
            range: Some(60.0),
            resolution: Some([1920, 1080]),
        };
        assert_eq!(pose, expected);
        let attributes = said(&[
            ("azimuth", Value::Int(361)),
            ("pitch", Value::Text("down".into())),
            ("fov", Value::Int(180)),
            ("分辨率", Value::Text("4K".into())),
        ]);
        let (pose, wrong) = Pose::of(&attributes);
        assert!(pose.is_empty(), "{pose:?}");
        for (told, word) in wrong.iter().zip(["'azimuth' is 361", "'down'", "'fov' is 180", "'4K'"]) {
            assert!(told.contains(word), "{told}");
        }
        assert_eq!(wrong.len(), 4);
    }

    /// Whether a camera sees a place on the ground, worked out the other way round: from the place to its angles.
    fn sees(pose: &Pose, [x, y]: [f64; 2]) -> bool {
        let (height, range) = (pose.height.unwrap(), pose.range.unwrap());
        let away = x.hypot(y);
        if away > range {
            return false;
        }
        let (h, p, r) = (
            pose.heading.unwrap().to_radians(),
            pose.pitch.unwrap().to_radians(),
            pose.roll.unwrap_or(0.0).to_radians(),
        );
        // Turn the world against the camera: heading first, then pitch, then roll.
        let (ahead, side) = (x * h.sin() + y * h.cos(), x * h.cos() - y * h.sin());
        let (depth, lift) = (ahead * p.cos() - height * p.sin(), -ahead * p.sin() - height * p.cos());
        let (side, lift) = (side * r.cos() - lift * r.sin(), side * r.sin() + lift * r.cos());
        let within = |angle: f64, of: f64| angle.abs() <= (of / 2.0).to_radians().tan();
        depth > 0.0
            && within(side / depth, pose.horizontal_fov.unwrap())
            && within(lift / depth, pose.vertical_fov.unwrap())
    }

    fn inside(ring: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
        let crosses = |(a, b): (&[f64; 2], &[f64; 2])| {
            (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]
        };
        ring.iter().zip(ring.iter().cycle().skip(1)).filter(|pair| crosses(*pair)).count() % 2 == 1
    }

    #[test]
    fn the_view_of_the_ground_holds_what_the_camera_sees_and_nothing_else() {
        for (heading, pitch, roll, vertical) in [
            (0.0, -20.0, 0.0, 40.0),
            (135.0, -10.0, 0.0, 38.0),
            (250.0, -35.0, 8.0, 30.0),
            (77.0, -89.0, 0.0, 60.0),
            (10.0, 0.0, 0.0, 45.0),
        ] {
            let pose = Pose {
                height: Some(5.0),
                heading: Some(heading),
                pitch: Some(pitch),
                roll: Some(roll),
                horizontal_fov: Some(70.0),
                vertical_fov: Some(vertical),
                range: Some(40.0),
                resolution: None,
            };
            let ring = pose.ground_view().unwrap();
            let (mut wrong, mut seen) = (0, 0);
            for i in -82..=82 {
                for j in -82..=82 {
                    let place = [f64::from(i) * 0.5 + 0.123, f64::from(j) * 0.5 + 0.077];
                    seen += usize::from(sees(&pose, place));
                    wrong += usize::from(sees(&pose, place) != inside(&ring, place));
                }
            }
            assert!(seen > 50, "{pose:?} sees {seen}");
            // The arc of what is in range is cut into chords: a few places lie between.
            assert!(wrong * 200 <= seen, "{pose:?}: {wrong} of {seen}");
            let twice: f64 = ring.iter().zip(ring.iter().cycle().skip(1)).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
            assert!(twice > 0.0);
        }
        let up = Pose {
            height: Some(3.0),
            heading: Some(0.0),
            pitch: Some(60.0),
            horizontal_fov: Some(40.0),
            vertical_fov: Some(30.0),
            range: Some(50.0),
            ..Pose::default()
        };
        assert_eq!(up.ground_view().map(|ring| ring.len()), None);
        assert_eq!(Pose { range: None, ..up }.ground_view(), None);
    }
}
