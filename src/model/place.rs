//! Addresses taken apart: road and number, building, unit, storey and room, from what people write and from attributes.

use super::Attributes;
use super::spelling::text;

/// What an address says; parts it does not name are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// The road (汉口路).
    pub road: Option<String>,
    /// The number on the road, without 号.
    pub number: Option<String>,
    /// The building, without 号楼, 栋 or 幢.
    pub building: Option<String>,
    /// The unit (单元).
    pub unit: Option<String>,
    /// The label of the storey.
    pub storey: Option<String>,
    /// The flat's or room's number, without 室.
    pub room: Option<String>,
}

/// Where a part of an address goes.
type Slot = fn(&mut Address) -> &mut Option<String>;

/// A mark behind a part, and where the part goes; the longest first.
const MARKS: &[(&str, Slot)] = &[
    ("号楼", |a| &mut a.building),
    ("单元", |a| &mut a.unit),
    ("楼栋", |a| &mut a.building),
    ("栋", |a| &mut a.building),
    ("幢", |a| &mut a.building),
    ("#", |a| &mut a.building),
    ("座", |a| &mut a.building),
    ("楼", |a| &mut a.storey),
    ("层", |a| &mut a.storey),
    ("室", |a| &mut a.room),
    ("房", |a| &mut a.room),
    ("户", |a| &mut a.room),
    ("号", |a| &mut a.number),
];
/// What roads end in.
const ROADS: &[&str] = &["大道", "大街", "路", "街", "巷", "弄", "道"];

impl Address {
    /// What a text says, or none where it says nothing of a place in a building: `3-2-1202` is building, unit and room,
    /// `3-1202` building and room; `幸福路88号3号楼2单元1202室` has all parts named; both may be mixed.
    pub fn parse(said: &str) -> Option<Self> {
        let said: String = said.chars().filter(|c| !c.is_whitespace()).map(narrow).collect();
        if said.is_empty() || said.len() > 256 {
            return None;
        }
        let mut address = Self::default();
        let mut rest = said.as_str();
        if let Some((at, road)) =
            ROADS.iter().filter_map(|road| Some((rest.find(road)?, *road))).min_by_key(|(at, _)| *at)
        {
            let (name, after) = rest.split_at(at + road.len());
            address.road = Some(name_of_road(name).to_owned());
            rest = after;
        }
        while let Some((part, set, after)) = next_marked(rest) {
            set(&mut address).get_or_insert_with(|| label(part));
            rest = after;
        }
        address.dashed(rest)?;
        let says =
            address.building.is_some() || address.unit.is_some() || address.room.is_some() || address.number.is_some();
        says.then_some(address)
    }
    /// What the attributes of an address, a flat or a building say of it.
    pub fn of(attributes: &Attributes) -> Self {
        let part = |names: &[&str], marks: &[&str]| {
            let said = text(attributes, names)?;
            let said = said.trim();
            Some(label(marks.iter().find_map(|mark| said.strip_suffix(mark)).unwrap_or(said)))
        };
        Self {
            road: text(attributes, &["road", "道路", "路名"]),
            number: part(&["number", "road_number", "门牌号"], &["号"]),
            building: part(&["building", "building_number", "楼栋号", "楼号"], &["号楼", "栋", "幢", "座"]),
            unit: part(&["unit", "unit_number", "单元号"], &["单元"]),
            storey: part(&["storey_label", "storey", "floor", "楼层"], &["层", "楼"]),
            room: part(&["room", "room_number", "房号", "户号"], &["室", "房", "户"]),
        }
    }
    /// The same, with what it does not say from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            road: self.road.or(other.road),
            number: self.number.or(other.number),
            building: self.building.or(other.building),
            unit: self.unit.or(other.unit),
            storey: self.storey.or(other.storey),
            room: self.room.or(other.room),
        }
    }
    /// Whether it is the address that somebody means who says `said`: all that is said is so, and it goes no further, to a flat
    /// where a building is said.
    pub fn is_meant_by(&self, said: &Self) -> bool {
        let has = |own: &Option<String>, said: &Option<String>| said.is_none() || own.is_some();
        self.agrees(said)
            && has(&self.road, &said.road)
            && has(&self.number, &said.number)
            && has(&self.unit, &said.unit)
            && self.building.is_some() == said.building.is_some()
            && self.room.is_some() == said.room.is_some()
            && (said.room.is_some() || self.unit.is_some() == said.unit.is_some())
    }
    /// Whether nothing that both say differs.
    pub fn agrees(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => true,
        };
        same(&self.road, &other.road)
            && same(&self.number, &other.number)
            && same(&self.building, &other.building)
            && same(&self.unit, &other.unit)
            && same(&self.storey, &other.storey)
            && same(&self.room, &other.room)
    }
    /// Parts without marks: `3-2-1202`, or what is left over behind marked parts, such as `1202`.
    fn dashed(&mut self, rest: &str) -> Option<()> {
        let parts: Vec<&str> = rest.split(['-', '/', '_']).filter(|part| !part.is_empty()).collect();
        let label_like = |part: &&str| part.len() <= 12 && part.chars().all(|c| c.is_ascii_alphanumeric());
        if !parts.iter().all(label_like) {
            return None;
        }
        let (building, unit) = (self.building.is_some(), self.unit.is_some());
        let free: &[Slot] = match (building, unit, parts.len()) {
            (_, _, 0) => &[],
            (false, _, 3) => &[|a| &mut a.building, |a| &mut a.unit, |a| &mut a.room],
            (false, _, 2) => &[|a| &mut a.building, |a| &mut a.room],
            (true, false, 2) => &[|a| &mut a.unit, |a| &mut a.room],
            (true, _, 1) | (false, true, 1) => &[|a| &mut a.room],
            _ => return None,
        };
        for (part, set) in parts.iter().zip(free) {
            let set = set(self);
            if set.is_some() {
                return None;
            }
            *set = Some(label(part));
        }
        Some(())
    }
}

/// The labels that the name of a building, unit or flat has: `3号楼` is building 3, `1202室（社区用房）` room 1202.
pub fn labels(name: &str) -> Address {
    let name: String = name.chars().map(narrow).take_while(|c| *c != '(').filter(|c| !c.is_whitespace()).collect();
    let mut address = Address::default();
    let mut rest = name.as_str();
    while let Some((part, set, after)) = next_marked(rest) {
        set(&mut address).get_or_insert_with(|| label(part));
        rest = after;
    }
    if rest == name && rest.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.is_empty() {
        address.room = Some(label(rest));
    }
    address
}

/// The first part that has a mark behind it, and what follows; a dash between parts is passed over.
fn next_marked(text: &str) -> Option<(&str, Slot, &str)> {
    let text = text.trim_start_matches('-');
    let length = text.find(|c: char| !c.is_ascii_alphanumeric()).filter(|length| (1..=12).contains(length))?;
    let (part, rest) = text.split_at(length);
    MARKS.iter().find_map(|(mark, set)| Some((part, *set, rest.strip_prefix(mark)?)))
}

/// A road's name without what is before it: province, city and district.
fn name_of_road(text: &str) -> &str {
    let after =
        ["省", "市", "区", "县", "镇", "街道"].iter().filter_map(|mark| Some(text.rfind(mark)? + mark.len())).max();
    after.and_then(|at| text.get(at..)).filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// A label as it is compared: capitals, and no zeros before a number.
fn label(text: &str) -> String {
    let bare = text.trim_start_matches('0');
    let bare = if bare.starts_with(|c: char| c.is_ascii_digit()) { bare } else { text };
    bare.to_ascii_uppercase()
}

/// Full-width letters, digits and dashes as the narrow ones.
fn narrow(c: char) -> char {
    match c {
        '－' | '—' | '–' | '−' => '-',
        '（' => '(',
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(said: &str) -> [String; 6] {
        let a = Address::parse(said).unwrap_or_else(|| panic!("{said}"));
        [a.road, a.number, a.building, a.unit, a.storey, a.room].map(Option::unwrap_or_default)
    }

    #[test]
    fn what_people_write_is_taken_apart() {
        for (said, expected) in [
            ("3-2-1202", ["", "", "3", "2", "", "1202"]),
            ("03-02-1202", ["", "", "3", "2", "", "1202"]),
            ("３－２－１２０２", ["", "", "3", "2", "", "1202"]),
            ("3-12a02", ["", "", "3", "", "", "12A02"]),
            ("3号楼2单元1202室", ["", "", "3", "2", "", "1202"]),
            ("幸福路88号3号楼2单元1202", ["幸福路", "88", "3", "2", "", "1202"]),
            ("南京市鼓楼区汉口路22号3号楼 2单元 12A02室", ["汉口路", "22", "3", "2", "", "12A02"]),
            ("3栋-2单元-5层501房", ["", "", "3", "2", "5", "501"]),
            ("3#2-1202", ["", "", "3", "2", "", "1202"]),
            ("汉口路22号", ["汉口路", "22", "", "", "", ""]),
            ("B座1202", ["", "", "B", "", "", "1202"]),
        ] {
            assert_eq!(parts(said), expected.map(str::to_owned), "{said}");
        }
        for said in ["", "烟感", "1202", "3-2-12-02-7", "3号楼某某", "幸福路"] {
            assert_eq!(Address::parse(said), None, "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken_apart_or_not_at_all(said in "[0-9A-Za-z#\\-－路号楼栋单元层室０-９（ ]{0,24}|.{0,40}") {
            if let Some(address) = Address::parse(&said) {
                // What it has found, written with every mark, says the same again.
                let Address { road, number, building, unit, storey, room } = address.clone();
                let part = |part: Option<String>, mark: &str| part.map(|p| p + mark).unwrap_or_default();
                let whole = [
                    part(road, ""),
                    part(number, "号"),
                    part(building, "号楼"),
                    part(unit, "单元"),
                    part(storey, "层"),
                    part(room, "室"),
                ];
                proptest::prop_assert_eq!(Address::parse(&whole.concat()), Some(address));
            }
            let _ = labels(&said);
        }
    }

    #[test]
    fn names_of_buildings_units_and_flats_say_their_labels() {
        assert_eq!(labels("3号楼").building.as_deref(), Some("3"));
        assert_eq!(labels("2单元").unit.as_deref(), Some("2"));
        assert_eq!(labels("12A02室（社区用房）").room.as_deref(), Some("12A02"));
        assert_eq!(labels("1202").room.as_deref(), Some("1202"));
        assert_eq!(labels("客厅"), Address::default());
        assert_eq!(labels("社区服务中心（4号楼）"), Address::default());
    }
}
