//! Where the structures stand: a grid of plots, turned a little from north, near Nanjing.

use super::make_up::{Kind, MakeUp};

/// Where the site's own corner lies in EPSG:4549 (CGCS2000 / 3-degree Gauss-Krüger CM 120E), metres east and north:
/// 118.78° E, 32.04° N.
const CORNER: [f64; 2] = [384_760.0, 3_546_900.0];
/// Cosine and sine of the site's turn from grid north, counter-clockwise: the 9-40-41 triangle, so that no platform's
/// trigonometry enters the files.
pub(super) const TURN: [f64; 2] = [40.0 / 41.0, 9.0 / 41.0];
/// Ellipsoidal height of the ground at the site's corner, metres.
const GROUND: f64 = 16.0;

/// The site: how its plots are laid out.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// East and north sides of a plot, metres.
    pub(super) plot: [f64; 2],
    /// Plots from west to east and from south to north.
    pub(super) plots: [u32; 2],
}

impl Site {
    /// Plots for `structures`, `density` times as densely built as the reference (5,600 m² a structure).
    pub(super) fn new(structures: usize, density: f64) -> Self {
        let plot = [(58.0 + 22.0 / density).round(), (18.0 + 52.0 / density).round()];
        let n = u32::try_from(structures).unwrap_or(u32::MAX).max(1);
        let columns = (f64::from(n) * plot[1] / plot[0]).sqrt().ceil().clamp(1.0, 100_000.0);
        // `columns` is a small whole number.
        let columns = (1..=n).find(|&c| f64::from(c) >= columns).unwrap_or(n);
        Self { plot, plots: [columns, n.div_ceil(columns)] }
    }
    /// East and north sides of the whole site, metres in its own frame.
    pub(super) fn size(&self) -> [f64; 2] {
        [f64::from(self.plots[0]) * self.plot[0], f64::from(self.plots[1]) * self.plot[1]]
    }
    /// The south-west corner of plot `index`; plots fill from the north so that towers shade no one.
    pub(super) fn corner(&self, index: u32) -> [f64; 2] {
        let (row, column) = (self.plots[1] - 1 - index / self.plots[0], index % self.plots[0]);
        [f64::from(column) * self.plot[0], f64::from(row) * self.plot[1]]
    }
    /// EPSG:4549 metres east and north of a place in the site's frame.
    pub(super) fn project([x, y]: [f64; 2]) -> [f64; 2] {
        let [c, s] = TURN;
        [CORNER[0] + c * x - s * y, CORNER[1] + s * x + c * y]
    }
    /// Ellipsoidal height of the ground there, metres: a plain that falls a little to the south-east.
    pub(super) fn ground([x, y]: [f64; 2]) -> f64 {
        let fall = GROUND - 0.000_8 * x + 0.001_2 * y;
        (fall * 1_000.0).round() / 1_000.0
    }
}

/// One storey of a structure.
#[derive(Debug, Clone)]
pub(super) struct Storey {
    /// Its number: 0 the open ground storey, 1 the first that is lived in, -1 the first below ground.
    pub(super) number: i32,
    /// What the lift's button says: not the number.
    pub(super) label: String,
    /// Floor above ±0.000, millimetres.
    pub(super) floor: i32,
    /// Floor to floor, millimetres.
    pub(super) height: i32,
    /// Whether people live on it.
    pub(super) homes: bool,
}

impl Storey {
    /// `[Chinese, English]` names.
    pub(super) fn names(&self) -> [String; 2] {
        match self.label.as_str() {
            "架空层" => ["架空层".to_owned(), "Open ground storey".to_owned()],
            "避难层" => ["避难层".to_owned(), "Refuge storey".to_owned()],
            "夹层" => ["夹层".to_owned(), "Mezzanine".to_owned()],
            label => [format!("{label}层"), format!("Storey {label}")],
        }
    }
}

/// One structure on its plot.
#[derive(Debug, Clone)]
pub(super) struct Structure {
    /// Its building number, from 1.
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// Households that live in it.
    pub(super) households: u32,
    /// South-west corner in the site's frame, metres.
    pub(super) corner: [f64; 2],
    /// Ellipsoidal height of its ±0.000, metres.
    pub(super) ground: f64,
    pub(super) storeys: Vec<Storey>,
}

/// Clear height lost to the slab above, millimetres.
pub(super) const SLAB: i32 = 150;

impl Structure {
    fn new(number: u32, kind: Kind, households: u32, plot: [f64; 2]) -> Self {
        let corner = [plot[0] + 4.0, plot[1] + 6.0];
        let mut structure = Self { number, kind, households, corner, ground: 0.0, storeys: Vec::new() };
        structure.ground = Site::ground(corner) + 0.3;
        structure.stack();
        structure
    }
    /// Stacks the storeys.
    fn stack(&mut self) {
        let [units, flats, most] = self.kind.homes();
        let (below, above, height) = match self.kind {
            Kind::Public(use_of) => (0, super::usage::PUBLIC[use_of as usize % super::usage::PUBLIC.len()].2, 3_900),
            Kind::Garage => (2, 0, 3_800),
            _ => (0, self.households.div_ceil(units * flats).min(most), 2_900),
        };
        for level in (1..=below).rev() {
            self.push(-level, format!("B{level}"), height, false, -level * (height + 200));
        }
        let tower = self.kind == Kind::Tower;
        let mut floor = 0;
        if tower {
            self.push(0, "架空层".to_owned(), 4_200, false, 0);
            floor = 4_200;
        }
        let mut number = 0;
        for home in 1..=above {
            number += 1;
            if tower && home == 17 {
                self.push(number, "避难层".to_owned(), height, false, floor);
                floor += height;
                number += 1;
            }
            self.push(number, label(home), height, units > 0, floor);
            floor += height;
            // The community service centre has a gallery over its hall: a storey between the first and the second.
            if home == 1 && self.kind == Kind::Public(0) {
                number += 1;
                self.push(number, "夹层".to_owned(), 2_700, false, floor);
                floor += 2_700;
            }
        }
    }
    fn push(&mut self, number: i32, label: String, height: i32, homes: bool, floor: i32) {
        self.storeys.push(Storey { number, label, floor, height, homes });
    }
    /// `[lowest floor, roof]` above ±0.000, millimetres.
    pub(super) fn extent(&self) -> [i32; 2] {
        let low = self.storeys.first().map_or(0, |s| s.floor);
        let high = self.storeys.last().map_or(0, |s| s.floor + s.height);
        // A garage's roof lies half a metre under the ground.
        [low, if self.kind == Kind::Garage { -500 } else { high }]
    }
    /// Sides of its footprint, millimetres.
    pub(super) fn size(&self) -> [i32; 2] {
        let plan = self.plan(self.storeys.len().saturating_sub(1));
        let units = i32::try_from(self.kind.homes()[0].max(1)).unwrap_or(1);
        [plan.width * units, plan.depth]
    }
    /// The plan of storey `index`, of one of its units.
    pub(super) fn plan(&self, index: usize) -> super::layout::Plan {
        use super::layout;
        let homes = self.storeys.get(index).is_some_and(|s| s.homes);
        match self.kind {
            Kind::Tower if homes => layout::tower(),
            Kind::Tower if index == 0 => layout::tower_open(super::usage::Usage::Open),
            Kind::Tower => layout::tower_open(super::usage::Usage::Refuge),
            Kind::Slab => layout::two_flats(24_000, 14_000, 6_000, true),
            Kind::WalkUp => layout::two_flats(19_000, 12_000, 4_000, false),
            Kind::Public(use_of) => {
                layout::public(super::usage::PUBLIC[use_of as usize % super::usage::PUBLIC.len()].3)
            }
            Kind::Garage => layout::garage(),
        }
    }
    /// A place of its own frame (millimetres from its south-west corner) in EPSG:4549, metres.
    pub(super) fn project(&self, [x, y]: [i32; 2]) -> [f64; 2] {
        Site::project([self.corner[0] + f64::from(x) / 1_000.0, self.corner[1] + f64::from(y) / 1_000.0])
    }
    /// Ellipsoidal height of a height above ±0.000 in millimetres, metres.
    pub(super) fn height(&self, z: i32) -> f64 {
        self.ground + f64::from(z) / 1_000.0
    }
    /// The year it was built.
    pub(super) const fn year(&self) -> u32 {
        1998 + self.number * 7 % 24
    }
    /// How many storeys lie above the ground and how many below.
    pub(super) fn storeys_apart(&self) -> [usize; 2] {
        let below = self.storeys.iter().filter(|s| s.number < 0).count();
        [self.storeys.len() - below, below]
    }
    /// Whether it is delivered as IFC.
    pub(super) fn is_bim(&self) -> bool {
        self.number == 1
    }
}

/// All structures of a make-up on their plots.
pub(super) fn place(make_up: &MakeUp, site: &Site) -> Vec<Structure> {
    let numbered = make_up.structures.iter().zip(0..);
    numbered.map(|(&(kind, households), i)| Structure::new(i + 1, kind, households, site.corner(i))).collect()
}

/// What the lift's button says for residential storey `home`, from 1: no 4, 14, 24 or 34, and 12A for 13.
pub(super) fn label(home: u32) -> String {
    let mut number = 0;
    for _ in 0..home {
        number += 1;
        while number % 10 == 4 {
            number += 1;
        }
    }
    if number == 13 { "12A".to_owned() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_skip_what_nobody_wants_to_live_on() {
        let labels: Vec<String> = (1..=16).map(label).collect();
        assert_eq!(labels.join(" "), "1 2 3 5 6 7 8 9 10 11 12 12A 15 16 17 18");
    }

    #[test]
    fn plots_hold_every_structure_and_none_overlap() {
        for density in [0.25, 1.0, 4.0] {
            let make_up = MakeUp::new(5_004).unwrap();
            let site = Site::new(make_up.structures.len(), density);
            assert!(site.plots[0] * site.plots[1] >= 106);
            for s in place(&make_up, &site).iter().filter(|s| s.kind != Kind::Garage) {
                let [w, d] = s.size();
                assert!(f64::from(w) / 1e3 + 4.0 <= site.plot[0] && f64::from(d) / 1e3 + 6.0 <= site.plot[1], "{s:?}");
            }
        }
    }

    #[test]
    fn a_tower_has_its_open_and_its_refuge_storey() {
        let make_up = MakeUp::new(500).unwrap();
        let tower = &place(&make_up, &Site::new(11, 1.0))[0];
        assert_eq!(tower.storeys.len(), 35);
        assert_eq!((tower.storeys[12].number, tower.storeys[12].label.as_str()), (12, "12A"));
        assert_eq!(tower.storeys[17].label, "避难层");
        assert!(
            tower.storeys.windows(2).all(|w| w[0].floor + w[0].height == w[1].floor && w[0].number + 1 == w[1].number)
        );
    }
}
