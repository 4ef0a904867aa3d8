//! What lies on and around the site: grids, green, city components, and the neighbours' footprints.

use super::dice::Dice;
use super::ids;
use super::layer::{Layer, Shape, ToLonLat};
use super::make_up::MakeUp;
use super::out::Entry;
use super::site::Site;
use super::tree::SITE_CODE;
use crate::fault::Result;
use serde_json::json;
use std::path::Path;

/// The corners of a rectangle of the site's frame on the ground, counter-clockwise.
fn area([x0, y0, x1, y1]: [f64; 4]) -> Vec<[f64; 3]> {
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]].into_iter().map(on_ground).collect()
}

/// A place of the site's frame in EPSG:4549, on the ground.
pub(super) fn on_ground(p: [f64; 2]) -> [f64; 3] {
    let [e, n] = Site::project(p);
    [e, n, Site::ground(p)]
}

/// Writes `grids.geojson`: responsibility grids (网格) that cover the site without overlap.
pub(super) fn grids(dir: &Path, make_up: &MakeUp, site: &Site, to: &ToLonLat<'_>) -> Result<Entry> {
    let mut layer = Layer::create(dir, "grids.geojson", to)?;
    let wanted = make_up.count_up(15);
    let [width, depth] = site.size();
    let rows = (1..=wanted).rev().find(|r| r * r <= wanted).unwrap_or(1);
    let mut number = 0;
    for row in 0..rows {
        let columns = wanted / rows + u32::from(row < wanted % rows);
        for column in 0..columns {
            number += 1;
            let x = |c: u32| width * f64::from(c) / f64::from(columns);
            let y = |r: u32| depth * f64::from(r) / f64::from(rows);
            let ring = area([x(column), y(row), x(column + 1), y(row + 1)]);
            let properties = [
                ("class", json!("grid")),
                ("name", json!(format!("第{number}网格"))),
                ("name_en", json!(format!("Grid {number}"))),
                ("owner", json!(format!("网格岗位{number:02}"))),
            ];
            layer.feature(&format!("{SITE_CODE}{number:03}"), &Shape::Area(&ring), &properties)?;
        }
    }
    layer.finish()
}

/// Writes `green.geojson`: a lawn or shrubbery in the south strip of every plot.
pub(super) fn green(dir: &Path, site: &Site, plots: u32, seed: u64, to: &ToLonLat<'_>) -> Result<Entry> {
    const KINDS: [(&str, &str); 3] = [("草坪", "Lawn"), ("灌木", "Shrubbery"), ("花坛", "Flower bed")];
    let mut dice = Dice::new(seed, 1);
    let mut layer = Layer::create(dir, "green.geojson", to)?;
    for plot in 0..plots {
        let [x, y] = site.corner(plot);
        let (zh, en) = KINDS[dice.below(3) as usize];
        let ring = area([x + 4.0, y + 3.2, x + dice.between(20.0, site.plot[0] - 4.0), y + 5.4]);
        let properties = [("class", json!("vegetation")), ("name", json!(zh)), ("name_en", json!(en))];
        layer.feature(&format!("GR-{:04}", plot + 1), &Shape::Area(&ring), &properties)?;
    }
    layer.finish()
}

/// Class and kind of a component as its code has them, and its names; the last kind is this city's own.
const COMPONENTS: [(u32, u32, &str, &str, &str); 12] = [
    (1, 18, "公用设施", "路灯", "Street lamp"),
    (1, 3, "公用设施", "雨水井盖", "Storm manhole cover"),
    (1, 16, "公用设施", "配电箱", "Power cabinet"),
    (1, 13, "公用设施", "消火栓", "Hydrant"),
    (1, 26, "公用设施", "健身器材", "Outdoor gym"),
    (2, 9, "交通设施", "交通标志", "Traffic sign"),
    (2, 11, "交通设施", "护栏", "Railing"),
    (3, 5, "市容环境", "垃圾箱", "Litter bin"),
    (4, 2, "园林绿化", "行道树", "Street tree"),
    (4, 3, "园林绿化", "树池", "Tree pit"),
    (4, 7, "园林绿化", "座椅", "Bench"),
    (5, 90, "其他", "快递柜", "Parcel locker"),
];

/// Writes `components.geojson`: city components (部件) with their 16-digit codes, along the streets between the plots.
pub(super) fn components(dir: &Path, make_up: &MakeUp, site: &Site, seed: u64, to: &ToLonLat<'_>) -> Result<Entry> {
    let mut dice = Dice::new(seed, 2);
    let mut layer = Layer::create(dir, "components.geojson", to)?;
    for serial in 1..=make_up.count(4_000) {
        let (class, kind, category, zh, en) = COMPONENTS[dice.below(12) as usize];
        let id = ids::component(class, kind, serial);
        let properties = [
            ("class", json!("component")),
            ("name", json!(zh)),
            ("name_en", json!(en)),
            ("code", json!(id)),
            ("category", json!(category)),
        ];
        layer.feature(&id, &Shape::Point(on_ground(kerb(&mut dice, site))), &properties)?;
    }
    layer.finish()
}

/// A place beside a street that runs east between two rows of plots.
pub(super) fn kerb(dice: &mut Dice, site: &Site) -> [f64; 2] {
    let street = f64::from(dice.below(site.plots[1]));
    [dice.unit() * site.size()[0], street * site.plot[1] + dice.between(0.2, 2.8)]
}

/// Writes `footprints.geojson`: 30 buildings outside the community of which only outline and height are known.
pub(super) fn neighbours(dir: &Path, site: &Site, seed: u64, to: &ToLonLat<'_>) -> Result<Entry> {
    let mut dice = Dice::new(seed, 3);
    let mut layer = Layer::create(dir, "footprints.geojson", to)?;
    let [width, depth] = site.size();
    for number in 1..=30_u32 {
        let along = f64::from((number - 1) / 2) / 15.0;
        let (w, d) = (dice.between(14.0, 40.0), dice.between(10.0, 18.0));
        // Odd numbers stand in a row north of the site, even numbers south of it; a wide site spreads them.
        let x = along * width.max(15.0 * 46.0);
        let y = if number % 2 == 1 { depth + 20.0 } else { -20.0 - d };
        let storeys = 2 + dice.below(11);
        let properties = [
            ("class", json!("building")),
            ("name", json!(format!("周边建筑{number}"))),
            ("name_en", json!(format!("Neighbour {number}"))),
            ("height", json!(f64::from(storeys) * 3.0 + 0.6)),
            ("storeys", json!(storeys)),
        ];
        let ring = area([x, y, x + w, y + d]);
        let level = ring.iter().map(|p| p[2]).fold(f64::INFINITY, f64::min);
        let ring: Vec<[f64; 3]> = ring.iter().map(|p| [p[0], p[1], level]).collect();
        layer.feature(&format!("N-{number:03}"), &Shape::Area(&ring), &properties)?;
    }
    layer.finish()
}
