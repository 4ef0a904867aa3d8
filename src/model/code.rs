//! The codes that people number a city by: component 16 digits, camera 20, community 12; each read into what it says.

/// A class of city components (部件), the second part of their code.
const CLASSES: [(&str, &str); 5] = [
    ("公用设施", "Public utilities"),
    ("交通设施", "Traffic"),
    ("市容环境", "City appearance"),
    ("园林绿化", "Parks and greenery"),
    ("其他", "Other"),
];

/// The kinds that are met most often: class, kind, Chinese, English. Numbered as in the lists that cities publish after
/// CJ/T 214; cities add kinds of their own, so that a number which is not here is no error.
const KINDS: &[(u8, u8, &str, &str)] = &[
    (1, 1, "上水井盖", "Water manhole cover"),
    (1, 2, "污水井盖", "Sewage manhole cover"),
    (1, 3, "雨水井盖", "Storm manhole cover"),
    (1, 4, "雨水箅子", "Storm grate"),
    (1, 5, "电力井盖", "Power manhole cover"),
    (1, 7, "通讯井盖", "Telecom manhole cover"),
    (1, 10, "热力井盖", "Heat manhole cover"),
    (1, 11, "燃气井盖", "Gas manhole cover"),
    (1, 13, "消防设施", "Fire equipment"),
    (1, 15, "通讯交接箱", "Telecom cabinet"),
    (1, 16, "电力设施", "Power equipment"),
    (1, 17, "立杆", "Pole"),
    (1, 18, "路灯", "Street lamp"),
    (1, 26, "健身设施", "Outdoor gym"),
    (2, 1, "停车场", "Car park"),
    (2, 9, "交通标志牌", "Traffic sign"),
    (2, 10, "交通信号灯", "Traffic light"),
    (2, 11, "交通护栏", "Traffic railing"),
    (2, 13, "路名牌", "Street name plate"),
    (3, 1, "公共厕所", "Public toilet"),
    (3, 2, "化粪池", "Septic tank"),
    (3, 5, "垃圾箱", "Litter bin"),
    (3, 7, "广告牌匾", "Advertising sign"),
    (4, 1, "古树名木", "Old and famous tree"),
    (4, 2, "行道树", "Street tree"),
    (4, 3, "护树设施", "Tree guard"),
    (4, 5, "绿地", "Green space"),
    (4, 6, "雕塑", "Sculpture"),
    (4, 7, "街头坐椅", "Bench"),
    (5, 1, "重大危险源", "Major hazard"),
    (5, 2, "工地", "Building site"),
];

/// The first two digits of a district that exist: provinces, cities of that rank and regions (GB/T 2260).
const PROVINCES: &[u8] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65, 71, 81, 82,
];

/// A name in two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// A city component's code: district 6, class 2, kind 2, serial 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentCode {
    /// The district's six digits.
    pub district: String,
    /// The class, 1 to 5.
    pub class: u8,
    /// The kind within the class, 1 to 99.
    pub kind: u8,
    /// The six digits that number it within the district and kind.
    pub serial: String,
}

impl ComponentCode {
    /// Reads the sixteen digits.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence's end.
    pub fn parse(code: &str) -> Result<Self, String> {
        let [district, class, kind, serial] = parts(code, [6, 2, 2, 6])?;
        district_exists(district)?;
        let (class, kind) = (number(class), number(kind));
        if CLASSES.get(usize::from(class).wrapping_sub(1)).is_none() {
            return Err(format!("its class {class:02} is none of 01 to 05"));
        }
        if kind == 0 {
            return Err("its kind is 00".to_owned());
        }
        Ok(Self { district: district.to_owned(), class, kind, serial: serial.to_owned() })
    }
    /// The class's names.
    pub fn class_names(&self) -> Option<Names> {
        CLASSES.get(usize::from(self.class).wrapping_sub(1)).map(|&(zh, en)| Names { zh, en })
    }
    /// The kind's names; absent for a kind that is a city's own.
    pub fn kind_names(&self) -> Option<Names> {
        let known = KINDS.iter().find(|(class, kind, ..)| (*class, *kind) == (self.class, self.kind));
        known.map(|&(_, _, zh, en)| Names { zh, en })
    }
}

/// A device's id of GB/T 28181 (annex D): centre 8, industry 2, type 3, network 1, serial 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoId {
    /// The centre's eight digits: a district and its two-digit unit below.
    pub centre: String,
    /// The industry.
    pub industry: String,
    /// The type: 131 a camera, 132 a network camera.
    pub kind: u16,
    /// The network.
    pub network: String,
    /// The six digits that number it.
    pub serial: String,
}

impl VideoId {
    /// Reads the twenty digits of a camera's id.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence's end.
    pub fn parse(id: &str) -> Result<Self, String> {
        let [centre, industry, kind, network, serial] = parts(id, [8, 2, 3, 1, 6])?;
        district_exists(centre)?;
        let kind = kind.parse().unwrap_or(0);
        if !matches!(kind, 131 | 132) {
            return Err(format!("its type {kind:03} is none of a camera, 131 or 132"));
        }
        let [centre, industry, network, serial] = [centre, industry, network, serial].map(str::to_owned);
        Ok(Self { centre, industry, kind, network, serial })
    }
    /// The type's names.
    pub const fn kind_names(&self) -> Names {
        match self.kind {
            131 => Names { zh: "摄像机", en: "Camera" },
            _ => Names { zh: "网络摄像机", en: "Network camera" },
        }
    }
}

/// A community's code: district 6, street 3, community 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityCode {
    /// The district's six digits.
    pub district: String,
    /// The street's three digits (街道).
    pub street: String,
    /// The community's three digits (社区).
    pub community: String,
}

impl CommunityCode {
    /// Reads the twelve digits.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence's end.
    pub fn parse(code: &str) -> Result<Self, String> {
        let [district, street, community] = parts(code, [6, 3, 3])?;
        district_exists(district)?;
        let [district, street, community] = [district, street, community].map(str::to_owned);
        Ok(Self { district, street, community })
    }
}

/// Cuts `code` into parts of these lengths, which it must fill with digits.
fn parts<const N: usize>(code: &str, lengths: [usize; N]) -> Result<[&str; N], String> {
    let whole: usize = lengths.iter().sum();
    if !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("it is not {whole} digits"));
    }
    if code.len() != whole {
        return Err(format!("it has {} digits, not {whole}", code.len()));
    }
    let mut rest = code;
    Ok(lengths.map(|length| {
        let (part, after) = rest.split_at(length);
        rest = after;
        part
    }))
}

fn number(two_digits: &str) -> u8 {
    two_digits.parse().unwrap_or(0)
}

fn district_exists(code: &str) -> Result<(), String> {
    let province = code.get(..2).map_or(0, number);
    if PROVINCES.contains(&province) { Ok(()) } else { Err(format!("there is no province {province:02}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_s_code_says_district_class_kind_and_serial() {
        let code = ComponentCode::parse("3201060118000007").unwrap();
        let own = (code.district.as_str(), code.class, code.kind, code.serial.as_str());
        assert_eq!(own, ("320106", 1, 18, "000007"));
        assert_eq!(code.class_names(), Some(Names { zh: "公用设施", en: "Public utilities" }));
        assert_eq!(code.kind_names().unwrap().zh, "路灯");
        let own_kind = ComponentCode::parse("3201060198000007").unwrap();
        assert_eq!(own_kind.kind_names(), None, "a city's own kind is no error");
        for (class, zh) in (1..).zip(["公用设施", "交通设施", "市容环境", "园林绿化", "其他"]) {
            let code = ComponentCode::parse(&format!("320106{class:02}01000001")).unwrap();
            assert_eq!(code.class_names().unwrap().zh, zh);
        }
        for (wrong, why) in [
            ("320106011800007", "15 digits"),
            ("32010601180000077", "17 digits"),
            ("32010601180000O7", "not 16 digits"),
            ("3201060618000007", "class 06"),
            ("3201060018000007", "class 00"),
            ("3201060100000007", "kind is 00"),
            ("9901060118000007", "province 99"),
            ("", "0 digits"),
            ("３２０１０６０１１８０００００７", "not 16 digits"),
        ] {
            let told = ComponentCode::parse(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong}: {told}");
        }
    }

    #[test]
    fn a_camera_s_id_and_a_community_s_code_are_read() {
        let id = VideoId::parse("32010600001320000042").unwrap();
        let own = (id.centre.as_str(), id.industry.as_str(), id.kind, id.network.as_str(), id.serial.as_str());
        assert_eq!(own, ("32010600", "00", 132, "0", "000042"));
        assert_eq!(id.kind_names().zh, "网络摄像机");
        assert!(VideoId::parse("32010600001110000042").unwrap_err().contains("type 111"));
        assert!(VideoId::parse("3201060000132000004").unwrap_err().contains("19 digits"));
        let code = CommunityCode::parse("320106003001").unwrap();
        assert_eq!((code.district.as_str(), code.street.as_str(), code.community.as_str()), ("320106", "003", "001"));
        assert!(CommunityCode::parse("000106003001").unwrap_err().contains("province 00"));
    }
}
