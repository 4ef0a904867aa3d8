//! Networks of pipes: which of the seven kinds, their nodes and segments as the assets say them, and the graph of both.

mod check;
mod graph;

pub use graph::{Network, Summary};

use super::spelling::{number, text};
use super::{AssetId, Attributes, Class, Footprint};
use crate::crs::SiteFrame;

/// What flows in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Utility {
    /// 给水
    Water,
    /// 雨水
    Storm,
    /// 污水
    Sewage,
    /// 燃气
    Gas,
    /// 热力
    Heat,
    /// 电力
    Power,
    /// 通信
    Telecom,
}

impl Utility {
    /// Every kind of network.
    pub const ALL: [Self; 7] =
        [Self::Water, Self::Storm, Self::Sewage, Self::Gas, Self::Heat, Self::Power, Self::Telecom];

    /// Its word in attributes and paths, its Chinese and its English name, and other words that sources have for it: the
    /// letters of surveyors' tables among them.
    const fn words(self) -> (&'static str, &'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Water => ("water", "给水", "Water supply", &["water_supply", "上水", "供水", "JS"]),
            Self::Storm => ("storm", "雨水", "Storm water", &["storm_water", "rain", "rainwater", "YS"]),
            Self::Sewage => ("sewage", "污水", "Sewage", &["sewer", "wastewater", "WS"]),
            Self::Gas => ("gas", "燃气", "Gas", &["天然气", "煤气", "RQ", "TR"]),
            Self::Heat => ("heat", "热力", "District heat", &["heating", "供热", "RL"]),
            Self::Power => ("power", "电力", "Power", &["electricity", "DL"]),
            Self::Telecom => ("telecom", "通信", "Telecom", &["communication", "电信", "TX", "DX"]),
        }
    }
    /// The word in attributes and paths.
    pub const fn word(self) -> &'static str {
        self.words().0
    }
    /// The Chinese name.
    pub const fn zh(self) -> &'static str {
        self.words().1
    }
    /// The English name.
    pub const fn en(self) -> &'static str {
        self.words().2
    }
    /// The kind that a word means, whatever its letter case; `污水管` as `污水`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().trim_end_matches("管网").trim_end_matches("管道").trim_end_matches('管');
        Self::ALL.into_iter().find(|utility| {
            let (own, zh, en, others) = utility.words();
            [own, zh, en].iter().chain(others).any(|w| w.eq_ignore_ascii_case(word))
        })
    }
    /// Whether its contents run downhill by themselves.
    pub const fn is_gravity(self) -> bool {
        matches!(self, Self::Storm | Self::Sewage)
    }
}

/// Names of the attribute that says the kind of network.
const NETWORK: &[&str] = &["network", "utility", "管线类型", "管网类型", "管类"];

/// Where pipes meet, begin or can be closed: a manhole, a valve, a hydrant on a main.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The asset's id.
    pub id: AssetId,
    /// What it is.
    pub class: Class,
    /// Its network, where it says one.
    pub utility: Option<Utility>,
    /// Longitude, latitude (degrees) and ellipsoidal height (metres).
    pub place: [f64; 3],
    /// East-north-up metres.
    pub enu: [f64; 3],
    /// Height of the rim (井口), metres, in the source's own height system.
    pub rim: Option<f64>,
    /// Height of the invert (井底), likewise.
    pub invert: Option<f64>,
}

/// A stretch of pipe between two nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The asset's id.
    pub id: AssetId,
    /// Its network, where it says one.
    pub utility: Option<Utility>,
    /// Ids of the nodes at its start and end, as the source names them; what flows by itself flows from the first.
    pub nodes: [Option<AssetId>; 2],
    /// Its start and end in longitude, latitude (degrees) and ellipsoidal height (metres).
    pub places: [[f64; 3]; 2],
    /// Its start and end in east-north-up metres.
    pub enu: [[f64; 3]; 2],
    /// Heights of its invert (管底) at both ends, metres, in the source's own height system.
    pub inverts: [Option<f64>; 2],
    /// Its length along its line, metres.
    pub length: f64,
    /// Millimetres.
    pub diameter: Option<f64>,
    /// What it is made of.
    pub material: Option<String>,
}

/// A node or a segment.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A node.
    Node(Node),
    /// A segment.
    Segment(Segment),
}

impl Part {
    /// Whether an asset of `class` can be part of a network at all.
    pub const fn may_be(class: Class) -> bool {
        matches!(class, Class::Pipe | Class::Manhole | Class::Valve | Class::Hydrant)
    }
    /// What an asset is in a network: a pipe with a line is a segment; a manhole or valve with a point is a node, and so is a
    /// hydrant that names its network.
    pub fn of(
        id: &str,
        class: Class,
        attributes: &Attributes,
        footprint: &Footprint,
        frame: &SiteFrame,
    ) -> Option<Self> {
        let utility = text(attributes, NETWORK).and_then(|word| Utility::from_word(&word));
        let id = AssetId::from(id);
        match (class, footprint) {
            (Class::Pipe, Footprint::Lines(lines)) => {
                let places = [*lines.first()?.first()?, *lines.last()?.last()?];
                let enu: Vec<Vec<[f64; 3]>> =
                    lines.iter().map(|line| line.iter().map(|p| frame.to_enu((*p).into())).collect()).collect();
                let length = enu.iter().flat_map(|line| line.windows(2)).map(|pair| distance(&pair[0], &pair[1])).sum();
                let node = |names: &[&str]| text(attributes, names).map(AssetId::from);
                Some(Self::Segment(Segment {
                    id,
                    utility,
                    nodes: [
                        node(&["from", "from_node", "start_node", "起点", "起点点号"]),
                        node(&["to", "to_node", "end_node", "终点", "终点点号"]),
                    ],
                    places,
                    enu: [*enu.first()?.first()?, *enu.last()?.last()?],
                    inverts: [
                        number(attributes, &["invert_from", "invert_start", "start_invert", "起点管底高程"]),
                        number(attributes, &["invert_to", "invert_end", "end_invert", "终点管底高程"]),
                    ],
                    length,
                    diameter: number(attributes, &["diameter_mm", "diameter", "dn", "管径"]),
                    material: text(attributes, &["material", "材质", "管材"]),
                }))
            }
            (Class::Manhole | Class::Valve | Class::Hydrant, Footprint::Point(place)) => {
                if class == Class::Hydrant && utility.is_none() {
                    return None;
                }
                Some(Self::Node(Node {
                    id,
                    class,
                    utility,
                    place: *place,
                    enu: frame.to_enu((*place).into()),
                    rim: number(attributes, &["rim", "rim_height", "井口高程", "地面高程"]),
                    invert: number(attributes, &["invert", "invert_height", "井底高程"]),
                }))
            }
            _ => None,
        }
    }
}

/// Metres between two places of one Cartesian frame.
fn distance(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_known_by_its_words() {
        for utility in Utility::ALL {
            for word in [utility.word(), utility.zh(), utility.en()] {
                assert_eq!(Utility::from_word(word), Some(utility), "{word}");
            }
            assert_eq!(Utility::from_word(&format!("{}管", utility.zh())), Some(utility));
        }
        assert_eq!(Utility::from_word("ys"), Some(Utility::Storm));
        assert_eq!(Utility::from_word("milk"), None);
        assert_eq!(Utility::ALL.into_iter().filter(|u| u.is_gravity()).count(), 2);
    }
}
