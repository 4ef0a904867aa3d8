//! What goes wrong with devices in a real community: some lie on another storey than they say, are mixed up, said twice, replaced,
//! or placed by a phone's map. What is true is told in `.truth/traps.csv` alone.

use super::devices::{Device, DeviceKind};
use super::dice::Dice;
use super::out::csv_row;
use super::site::Structure;

/// Columns of `.truth/traps.csv`: what it is, the device, another one, and what is true.
pub(super) const TRUTH: &str = "trap,device,other,truth\n";
/// Of so many detectors each kind of trap takes one.
const EVERY: u32 = 150;
/// Of so many devices one was replaced in its place.
const REPLACED: u32 = 97;

/// Sets traps; knows how many devices it has seen.
pub(super) struct Traps {
    dice: Dice,
    /// The place within each round of detectors at which the first trap stands.
    first: u32,
    detectors: u32,
    devices: u32,
}

impl Traps {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 4_000_000);
        let first = dice.below(EVERY / 3);
        Self { dice, first, detectors: 0, devices: 0 }
    }
    /// Sets the traps of one structure; gives the rows that tell them. What comes as IFC is as it was built.
    pub(super) fn set(&mut self, structure: &Structure, devices: &mut [Device]) -> String {
        let mut told = String::new();
        let mut tell = |trap: &str, device: &str, other: &str, truth: &str| {
            told.push_str(&csv_row(&[trap, device, other, truth]));
        };
        for device in devices.iter().filter(|d| d.mislabelled) {
            tell("mislabelled", &device.id, "", &device.storey);
        }
        let is_detector = |d: &Device| matches!(d.kind, DeviceKind::Smoke | DeviceKind::Heat);
        let detectors: Vec<usize> = (0..devices.len()).filter(|&at| is_detector(&devices[at])).collect();
        for (position, &at) in detectors.iter().enumerate().filter(|_| !structure.is_bim()) {
            let turn = (self.detectors + EVERY - self.first) % EVERY;
            self.detectors += 1;
            let before = position.checked_sub(1).and_then(|p| detectors.get(p)).copied();
            match (turn, before) {
                (0, _) => {
                    // Entered with the point of the storey above: a ceiling's height too high.
                    let height =
                        structure.storeys.iter().find(|s| s.label == devices[at].storey).map_or(0, |s| s.height);
                    devices[at].place[2] += f64::from(height) / 1_000.0;
                    tell("misplaced", &devices[at].id, "", &devices[at].storey);
                }
                (50, Some(before)) => {
                    // Two wires changed over at the panel: each says what the other should.
                    let text = std::mem::take(&mut devices[at].panel_text);
                    devices[at].panel_text = std::mem::replace(&mut devices[before].panel_text, text);
                    tell("swapped", &devices[at].id, &devices[before].id, "");
                }
                (100, Some(before)) => {
                    devices[at].panel_text = devices[before].panel_text.clone();
                    tell("duplicate", &devices[at].id, &devices[before].id, "");
                }
                _ => {}
            }
        }
        told
    }
    /// Replaces one device in a hundred in its place: another serial, the same device. Gives the row that tells it.
    pub(super) fn replace(&mut self, device: &mut Device) -> String {
        self.devices += 1;
        if self.devices % REPLACED != 13 {
            return String::new();
        }
        let old = std::mem::replace(&mut device.serial, self.dice.serial());
        csv_row(&["replaced", &device.id, "", &old])
    }
    /// Whether a device in the open was placed by a phone, on a map with the offset of GCJ-02: one bin or manhole in ten.
    pub(super) fn by_phone(device: &Device) -> bool {
        let portable = matches!(device.kind, DeviceKind::Bin | DeviceKind::Manhole);
        portable && device.space.is_none() && device.id.ends_with('5')
    }
}

/// What a panel says of a device: every maker of panels has its own way, and a building has one panel.
pub(super) fn panel_text(building: u32, unit: u32, label: &str, zh: &str, count: u32) -> String {
    let is_word = label.is_empty() || label.ends_with('层');
    match building % 4 {
        2 => {
            let unit = if unit == 0 { String::new() } else { format!("{unit}单元") };
            let storey = if is_word { label.to_owned() } else { format!("{label}层") };
            format!("{building}号楼{unit}{storey}{zh}{count:02}")
        }
        3 => {
            let storey = if is_word { label.to_owned() } else { format!("{label}F") };
            format!("{building}#{unit}-{storey}-{zh}{count:02}")
        }
        0 => {
            let storey = if is_word { label.to_owned() } else { format!("F{label}") };
            format!("{building:03}栋{unit:02} {storey} {zh}-{count:03}")
        }
        _ => {
            let storey = match label {
                "" => String::new(),
                _ if is_word => format!("-{label}"),
                _ => format!("-{label}F"),
            };
            format!("{building}-{unit}{storey} {zh}{count:02}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::panel_text;

    #[test]
    fn panels_say_the_same_in_their_own_ways() {
        assert_eq!(panel_text(1, 2, "12A", "烟感", 5), "1-2-12AF 烟感05");
        assert_eq!(panel_text(2, 2, "12A", "烟感", 5), "2号楼2单元12A层烟感05");
        assert_eq!(panel_text(3, 2, "12", "烟感", 5), "3#2-12F-烟感05");
        assert_eq!(panel_text(4, 2, "避难层", "烟感", 5), "004栋02 避难层 烟感-005");
    }
}
