//! Devices inside buildings: detectors, meters, doors, lifts, cameras; each in a space, with what its panel says.

use super::dice::Dice;
use super::make_up::Kind;
use super::site::Structure;
use super::tree::{Level, Node};
use super::usage::Usage;

/// One device.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: DeviceKind,
    /// EPSG:4549 metres east and north, ellipsoidal height.
    pub(super) place: [f64; 3],
    /// In the structure's frame, millimetres; the same place. All zero outdoors.
    pub(super) local: [i32; 3],
    /// Index of its space in the structure's tree.
    pub(super) space: Option<usize>,
    /// Label of its storey.
    pub(super) storey: String,
    pub(super) panel_text: String,
    pub(super) serial: String,
    /// Metres above the floor or ground that it hangs or stands over.
    pub(super) up: f64,
    /// Whether its panel was labelled with another storey than it is on.
    pub(super) mislabelled: bool,
}

macro_rules! kinds {
    ($($kind:ident $class:literal $prefix:literal $zh:literal $streams:literal;)*) => {
        /// What a device is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum DeviceKind { $($kind,)* }
        impl DeviceKind {
            /// `[class, id prefix, Chinese name, datastreams as observedProperty:UCUM]`.
            pub(super) const fn words(self) -> [&'static str; 4] {
                match self { $(Self::$kind => [$class, $prefix, $zh, $streams],)* }
            }
        }
    };
}

kinds! {
    Smoke "smoke_detector" "SD" "烟感" "smoke:m-1;temperature:Cel;battery:%";
    Heat "heat_detector" "HD" "温感" "temperature:Cel;battery:%";
    Gas "gas_detector" "GD" "燃气探测器" "gas:%{LEL};battery:%";
    CallPoint "alarm_device" "MC" "手报" "pressed:1";
    Camera "camera" "CM" "摄像机" "online:1";
    Door "door_controller" "DC" "门禁" "open:1;passages:1";
    Barrier "barrier" "BR" "道闸" "open:1;passages:1";
    Lift "lift" "LF" "电梯"
        "position:m;speed:m/s;load:kg;door_open:1;direction:1;current:A;vibration:m/s2;temperature:Cel;trips:1;fault:1";
    Hydrant "hydrant" "HY" "消火栓" "pressure:MPa;tilt:deg";
    Pressure "water_pressure" "WP" "管网压力" "pressure:MPa;flow:m3/h";
    Electrical "electrical_safety" "ES" "电气火灾监测"
        "voltage_a:V;voltage_b:V;voltage_c:V;current_a:A;current_b:A;current_c:A;leakage:mA;power:kW;energy:kW.h;temperature_a:Cel;temperature_b:Cel;temperature_c:Cel";
    Charger "charger" "CH" "充电桩" "power:kW;energy:kW.h;occupied:1";
    Lamp "lamp_pole" "LP" "智慧灯杆" "level:%;power:W";
    Manhole "manhole_sensor" "MS" "井盖监测" "tilt:deg;level:m;battery:%";
    Bin "bin" "BN" "垃圾箱" "fill:%;battery:%";
    Air "air_station" "AQ" "空气站" "pm2_5:ug/m3;pm10:ug/m3;temperature:Cel;humidity:%;wind_speed:m/s;wind_direction:deg";
    Noise "noise_station" "NS" "噪声站" "noise:dB";
    Water "water_station" "WQ" "水质站" "turbidity:{NTU};chlorine:mg/L;acidity:[pH]";
    Ponding "ponding_sensor" "PD" "积水监测" "depth:m;battery:%";
    Bay "parking_bay" "PB" "车位" "occupied:1;battery:%";
    WaterMeter "water_meter" "WM" "水表" "volume:m3";
    PowerMeter "power_meter" "PM" "电表" "energy:kW.h";
    GasMeter "gas_meter" "GM" "燃气表" "volume:m3";
}

/// Devices wanted in one garage, on each of its two levels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Garage {
    pub(super) bays: u32,
    pub(super) chargers: u32,
}

/// Fills one structure with devices; `cameras` is the serial of the last camera so far.
pub(super) fn indoors(
    structure: &Structure,
    nodes: &[Node],
    seed: u64,
    garage: Garage,
    cameras: &mut u32,
) -> Vec<Device> {
    let mut fit = Fit {
        structure,
        nodes,
        dice: Dice::new(seed, 1_000 + u64::from(structure.number)),
        devices: Vec::new(),
        counter: (0, 0, [0; 32]),
        cameras,
    };
    for index in 0..nodes.len() {
        fit.node(index, garage);
    }
    fit.devices
}

struct Fit<'a> {
    structure: &'a Structure,
    nodes: &'a [Node],
    dice: Dice,
    devices: Vec<Device>,
    /// Unit and storey that the numbers of each kind count within.
    counter: (u32, usize, [u32; 32]),
    cameras: &'a mut u32,
}

impl Fit<'_> {
    fn node(&mut self, index: usize, garage: Garage) {
        let node = &self.nodes[index];
        match (node.level, node.usage) {
            (Level::Flat, _) => self.flat(index),
            (Level::Room, Some(Usage::LiftShaft)) => {
                self.put(index, DeviceKind::Lift, [0, 0], 1_000);
                self.put(index, DeviceKind::Camera, [600, 600], 2_300);
            }
            (Level::Room, Some(Usage::Parking)) => self.garage(index, garage),
            (Level::Room, Some(usage)) if node.house.is_none() => self.common(index, usage),
            _ => {}
        }
    }
    /// One detector in every flat, gas in three of ten kitchens, and three meters.
    fn flat(&mut self, flat: usize) {
        let nodes = self.nodes;
        let rooms = || nodes.iter().enumerate().skip(flat + 1).filter(|(_, n)| n.parent == Some(flat));
        let room = |usage| rooms().find(|(_, n)| n.usage == Some(usage)).map(|(i, _)| i);
        let (Some(kitchen), Some(living), Some(bath), Some(hall)) =
            (room(Usage::Kitchen), room(Usage::Living), room(Usage::Bathroom), room(Usage::Hall))
        else {
            return;
        };
        let (place, kind) = match self.dice.below(10) {
            0..5 => (living, DeviceKind::Smoke),
            5..8 => (kitchen, DeviceKind::Smoke),
            _ => (kitchen, DeviceKind::Heat),
        };
        self.ceiling(place, kind, [0, 0]);
        if self.dice.chance(0.3) {
            self.ceiling(kitchen, DeviceKind::Gas, [500, 500]);
        }
        if nodes[flat].house.is_some() {
            self.put(bath, DeviceKind::WaterMeter, [-700, 0], 600);
            self.put(hall, DeviceKind::PowerMeter, [-700, 0], 1_500);
            self.put(kitchen, DeviceKind::GasMeter, [-700, 0], 1_500);
        }
    }
    /// What stands in rooms that all share.
    fn common(&mut self, room: usize, usage: Usage) {
        let node = &self.nodes[room];
        let Some(storey) = node.storey.and_then(|i| self.structure.storeys.get(i)) else { return };
        let (kind, number, planned) = (self.structure.kind, storey.number, node.planned.unwrap_or(0));
        let entrance = node.storey == Some(0);
        match usage {
            Usage::Corridor => {
                self.ceiling(room, DeviceKind::Smoke, [0, 0]);
                let every = match kind {
                    Kind::Tower => 7,
                    Kind::Slab => 6,
                    _ => i32::MAX,
                };
                if kind == Kind::Tower {
                    self.put(room, DeviceKind::CallPoint, [1_500, 0], 1_400);
                }
                if number > 0 && number % every == 0 {
                    self.put(room, DeviceKind::Hydrant, [-1_500, 0], 1_100);
                }
                if entrance {
                    self.put(room, DeviceKind::Camera, [800, 0], 2_400);
                    if matches!(kind, Kind::Public(_)) {
                        for along in [-9_000, -3_000, 3_000, 9_000] {
                            self.put(room, DeviceKind::Door, [along, 700], 1_300);
                        }
                        for along in [-6_000, 6_000, 12_000] {
                            self.put(room, DeviceKind::Camera, [along, 0], 2_400);
                        }
                    }
                }
            }
            Usage::Stair if entrance && matches!(kind, Kind::Tower | Kind::Slab | Kind::WalkUp) => {
                self.put(room, DeviceKind::Door, [0, 600], 1_300);
            }
            Usage::Riser if entrance => self.put(room, DeviceKind::Electrical, [0, 0], 1_500),
            Usage::Plant => {
                self.ceiling(room, DeviceKind::Smoke, [0, 0]);
                self.put(room, DeviceKind::Electrical, [0, 0], 1_500);
            }
            Usage::Bathroom if entrance => self.put(room, DeviceKind::Electrical, [0, 0], 1_500),
            Usage::Office | Usage::Classroom | Usage::Clinic | Usage::Shop | Usage::Activity if planned % 2 == 0 => {
                self.ceiling(room, DeviceKind::Smoke, [0, 0]);
            }
            _ => {}
        }
    }
    /// A level of a garage: bays with sensors, chargers at the first of them, cameras in its aisles.
    fn garage(&mut self, hall: usize, garage: Garage) {
        let middle = self.nodes[hall].middle();
        let from_middle = |[x, y]: [i32; 2]| [x - middle[0], y - middle[1]];
        for ([x, y], number) in super::layout::bays().zip(0..) {
            if number < garage.bays {
                self.put(hall, DeviceKind::Bay, from_middle([x + 1_225, y + 2_650]), 50);
            }
            if number < garage.chargers {
                self.put(hall, DeviceKind::Charger, from_middle([x + 1_225, y + 600]), 1_200);
            }
        }
        for x in [6_000, 20_000, 34_000, 48_000, 52_000] {
            for y in [8_300, 41_500] {
                self.put(hall, DeviceKind::Camera, from_middle([x, y]), 2_800);
            }
        }
        for x in [13_000, 27_000, 41_000] {
            self.ceiling(hall, DeviceKind::Smoke, from_middle([x, 24_900]));
        }
    }
    /// A device under the ceiling of a room.
    fn ceiling(&mut self, room: usize, kind: DeviceKind, offset: [i32; 2]) {
        let [low, high] = self.nodes[room].z;
        self.put(room, kind, offset, high - low - 50);
    }
    /// A device so far from the middle of a room and above its floor, millimetres.
    fn put(&mut self, room: usize, kind: DeviceKind, [dx, dy]: [i32; 2], up: i32) {
        let node = &self.nodes[room];
        let [x, y] = node.middle();
        let local = [x + dx, y + dy, node.z[0] + up];
        let storey = node.storey.and_then(|i| self.structure.storeys.get(i));
        let label = storey.map_or("", |s| s.label.as_str());
        let here = (node.unit, node.storey.map_or(usize::MAX, |s| s));
        if (self.counter.0, self.counter.1) != here {
            self.counter = (here.0, here.1, [0; 32]);
        }
        let [_, prefix, zh, _] = kind.words();
        let count = &mut self.counter.2[kind as usize];
        *count += 1;
        let count = *count;
        let id = if kind == DeviceKind::Camera {
            *self.cameras += 1;
            super::ids::camera(*self.cameras)
        } else {
            let storey = storey.map_or_else(String::new, |s| format!("-{}", s.number));
            format!("{prefix}-{}-{}{storey}-{count:02}", self.structure.number, node.unit)
        };
        // One panel in two hundred was labelled a storey too high: what it says and where it hangs disagree.
        let above = node.storey.and_then(|i| self.structure.storeys.get(i + 1)).map(|s| s.label.as_str());
        let mislabelled = matches!(kind, DeviceKind::Smoke | DeviceKind::Heat) && self.dice.chance(0.005);
        let wrong = above.filter(|_| mislabelled);
        let said = wrong.unwrap_or(label);
        let [e, n] = self.structure.project([local[0], local[1]]);
        self.devices.push(Device {
            id,
            name: format!("{}号楼{}{}{zh}{count:02}", self.structure.number, unit(node.unit), floor(label)),
            kind,
            place: [e, n, self.structure.height(local[2])],
            local,
            space: Some(room),
            storey: label.to_owned(),
            panel_text: super::traps::panel_text(self.structure.number, node.unit, said, zh, count),
            serial: self.dice.serial(),
            up: f64::from(up) / 1_000.0,
            mislabelled: wrong.is_some(),
        });
    }
}

fn unit(number: u32) -> String {
    if number == 0 { String::new() } else { format!("{number}单元") }
}

fn floor(label: &str) -> String {
    if label.is_empty() || label.ends_with('层') { label.to_owned() } else { format!("{label}层") }
}
