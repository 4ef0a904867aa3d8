//! Responsibility grids (网格): whether they cover their community once and only once, in square metres.

use super::spelling::text;
use super::{AssetId, Attributes, Class, Collection, Finding, Footprint, SiteCode};
use crate::crs::SiteFrame;
use geo::{
    Area, BooleanOps, BoundingRect, ConvexHull, Euclidean, InteriorPoint, Length, MultiPolygon, Polygon, unary_union,
};

/// Words in names of attributes that name or reach a person: who answers for a grid, who lives in a flat. `owner` is a post, not
/// a person. Letters and digits alone count, in lower case: `Owner Phone` is `ownerphone`.
const PERSONAL: &[&str] = &[
    "ownername",
    "personname",
    "householder",
    "contact",
    "phone",
    "mobile",
    "email",
    "wechat",
    "idcard",
    "负责人",
    "网格员",
    "网格长",
    "联系人",
    "业主",
    "户主",
    "姓名",
    "电话",
    "手机",
    "微信",
    "邮箱",
    "身份证",
];

/// Whether objects of a class may have attributes that name or reach a person: grids and dwellings.
pub fn may_be_personal(class: Class) -> bool {
    class == Class::Grid || class.collection() == Collection::Spaces
}

/// Whether an attribute of an object of this class names or reaches a person, by its name: such are shown only to those who
/// may read what is guarded.
pub fn is_personal(class: Class, name: &str) -> bool {
    if !may_be_personal(class) {
        return false;
    }
    let bare: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    PERSONAL.iter().any(|word| bare.contains(word))
}

/// Slivers of a mean width below this, metres, are the rounding of corners, and so is what covers less, square metres.
const SLIVER: f64 = 0.01;
/// An opening between grids towards the outside is a gap while its mean width is below this, metres; a wider one is a bend of
/// the community's outline.
const SLIT: f64 = 5.0;
/// The sides of a slit this near to a grid, metres, are that grid's.
const TOUCH: f64 = 0.05;

/// A grid and what it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The asset's id.
    pub id: AssetId,
    area: MultiPolygon<f64>,
    /// ENU height of its first corner, to lead places back to the globe.
    level: f64,
}

impl Grid {
    /// The grid of an asset with an area; none without.
    pub fn new(id: &str, footprint: &Footprint, frame: &SiteFrame) -> Option<Self> {
        let Footprint::Areas(areas) = footprint else { return None };
        let first = areas.first()?.first()?.first()?;
        let level = frame.to_enu((*first).into())[2];
        let ring = |ring: &Vec<[f64; 3]>| {
            ring.iter().map(|p| frame.to_enu((*p).into())).map(|[x, y, _]| (x, y)).collect::<geo::LineString<f64>>()
        };
        let polygon = |rings: &Vec<Vec<[f64; 3]>>| {
            let (exterior, interiors) = rings.split_first()?;
            Some(Polygon::new(ring(exterior), interiors.iter().map(ring).collect()))
        };
        Some(Self { id: id.into(), area: areas.iter().filter_map(polygon).collect(), level })
    }
    /// Whether an asset of class `site` is the boundary of its community: it is called, or has the code, that the site has.
    pub fn is_boundary(id: &str, attributes: &Attributes, site: &SiteCode) -> bool {
        id == site.as_str() || text(attributes, &["community_code", "code"]).is_some_and(|code| code == site.as_str())
    }
    /// Square metres.
    pub fn square_metres(&self) -> f64 {
        self.area.unsigned_area()
    }
}

/// Grids that cover the same ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// The two.
    pub grids: [AssetId; 2],
    /// Square metres.
    pub square_metres: f64,
    /// A place in it: longitude, latitude (degrees), ellipsoidal height (metres).
    pub place: [f64; 3],
}

/// Ground that no grid covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The grids beside it, ascending.
    pub beside: Vec<AssetId>,
    /// Square metres.
    pub square_metres: f64,
    /// A place in it: longitude, latitude (degrees), ellipsoidal height (metres).
    pub place: [f64; 3],
}

/// How a site's grids cover it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cover {
    /// How many grids there are.
    pub grids: usize,
    /// What they cover together, square metres.
    pub square_metres: f64,
    /// Ground that two of them cover.
    pub overlaps: Vec<Overlap>,
    /// Ground within them, or within the community's boundary, that none covers.
    pub gaps: Vec<Gap>,
}

impl Cover {
    /// Looks at `grids`. With the community's `boundary` a gap is what of it no grid covers; without, what lies enclosed among
    /// the grids, and narrow openings between them.
    pub fn of(grids: &[Grid], boundary: Option<&Grid>, frame: &SiteFrame) -> Self {
        let union = unary_union(grids.iter().map(|grid| &grid.area));
        let level = grids.first().map_or(0.0, |grid| grid.level);
        let place = |polygon: &Polygon<f64>| {
            let at = polygon.interior_point().map_or([0.0; 2], |p| [p.x(), p.y()]);
            frame.to_geodetic([at[0], at[1], level]).to_array()
        };
        let mut cover = Self { grids: grids.len(), square_metres: union.unsigned_area(), ..Self::default() };
        for [a, b] in meeting(grids) {
            for piece in a.area.intersection(&b.area).iter().filter(|piece| width(piece) >= SLIVER) {
                let grids = [a.id.clone(), b.id.clone()];
                cover.overlaps.push(Overlap { grids, square_metres: piece.unsigned_area(), place: place(piece) });
            }
        }
        let missing = match boundary {
            Some(boundary) => boundary.area.difference(&union),
            None => union.convex_hull().difference(&union),
        };
        for piece in missing.iter().filter(|piece| width(piece) >= SLIVER) {
            let enclosed = || union.iter().any(|whole| whole.interiors().iter().any(|hole| is_hole(piece, hole)));
            let beside = beside(piece, grids);
            if boundary.is_some() || enclosed() || (width(piece) < SLIT && beside.len() > 1) {
                cover.gaps.push(Gap { beside, square_metres: piece.unsigned_area(), place: place(piece) });
            }
        }
        cover
    }
    /// Its overlaps and gaps as findings.
    pub fn findings(&self) -> Vec<Finding> {
        let overlaps = self.overlaps.iter().map(|Overlap { grids: [a, b], square_metres, place }| {
            let detail = format!("it and {b} cover the same {square_metres:.1} m²");
            Finding::new(&**a, "overlap", detail).with([&**b]).at(*place)
        });
        let gaps = self.gaps.iter().map(|Gap { beside, square_metres, place }| {
            let (first, others) = beside.split_first().map_or(("", &[][..]), |(first, others)| (&**first, others));
            let detail = format!("beside it no grid covers {square_metres:.1} m²");
            Finding::new(first, "gap", detail).with(others.iter().map(|id| &**id)).at(*place)
        });
        overlaps.chain(gaps).collect()
    }
}

/// Every two grids whose boxes meet, the first before the second.
fn meeting(grids: &[Grid]) -> Vec<[&Grid; 2]> {
    let mut boxes: Vec<_> = grids.iter().filter_map(|g| Some((g.area.bounding_rect()?, g))).collect();
    boxes.sort_by(|a, b| a.0.min().x.total_cmp(&b.0.min().x));
    let mut pairs = Vec::new();
    for (at, (own, a)) in boxes.iter().enumerate() {
        let further = boxes.iter().skip(at + 1).take_while(|(other, _)| other.min().x <= own.max().x);
        for (other, b) in further {
            if other.min().y <= own.max().y && own.min().y <= other.max().y {
                pairs.push(if a.id < b.id { [*a, *b] } else { [*b, *a] });
            }
        }
    }
    pairs.sort_by(|a, b| (&a[0].id, &a[1].id).cmp(&(&b[0].id, &b[1].id)));
    pairs
}

/// A polygon's mean width, metres: twice its area over its length all round; nothing for one that hardly covers anything.
fn width(polygon: &Polygon<f64>) -> f64 {
    let area = polygon.unsigned_area();
    let round: f64 =
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(|ring| Euclidean.length(ring)).sum();
    if area < SLIVER || round <= 0.0 { 0.0 } else { 2.0 * area / round }
}

/// Whether `piece` lies in this hole: they cover the same, but for islands.
fn is_hole(piece: &Polygon<f64>, hole: &geo::LineString<f64>) -> bool {
    let hole = Polygon::new(hole.clone(), Vec::new());
    piece.intersection(&hole).unsigned_area() > 0.5 * piece.unsigned_area()
}

/// The grids that touch a piece.
fn beside(piece: &Polygon<f64>, grids: &[Grid]) -> Vec<AssetId> {
    use geo::Distance;
    let near = |grid: &&Grid| grid.area.iter().any(|area| Euclidean.distance(area, piece) <= TOUCH);
    let mut ids: Vec<_> = grids.iter().filter(near).map(|grid| grid.id.clone()).collect();
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Geodetic;

    fn frame() -> SiteFrame {
        SiteFrame::new(Geodetic::new(118.78, 32.04, 16.0))
    }

    /// A grid from corners in metres.
    fn grid(id: &str, corners: &[[f64; 2]]) -> Grid {
        let ring: Vec<[f64; 3]> =
            corners.iter().chain(corners.first()).map(|&[x, y]| frame().to_geodetic([x, y, 0.0]).to_array()).collect();
        Grid::new(id, &Footprint::Areas(vec![vec![ring]]), &frame()).unwrap()
    }

    fn rect(id: &str, [x0, y0, x1, y1]: [f64; 4]) -> Grid {
        grid(id, &[[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    }

    /// Ground covered by exactly `n` of the rectangles within a box, by counting points a decimetre apart.
    fn sampled(rects: &[[f64; 4]], within: [f64; 4], hit: impl Fn(usize) -> bool) -> f64 {
        let steps = |low: f64, high: f64| ((high - low) * 10.0).round() as usize;
        let mut count = 0;
        for i in 0..steps(within[0], within[2]) {
            for j in 0..steps(within[1], within[3]) {
                let (x, y) = (within[0] + i as f64 / 10.0 + 0.05, within[1] + j as f64 / 10.0 + 0.05);
                let n = rects.iter().filter(|r| r[0] < x && x < r[2] && r[1] < y && y < r[3]).count();
                count += usize::from(hit(n));
            }
        }
        count as f64 / 100.0
    }

    #[test]
    fn grids_that_tile_a_place_have_no_finding_also_where_corners_meet_sides() {
        let tiles = [
            rect("a", [0.0, 0.0, 100.0, 50.0]),
            rect("b", [100.0, 0.0, 200.0, 50.0]),
            rect("c", [0.0, 50.0, 200.0, 90.0]),
        ];
        let cover = Cover::of(&tiles, None, &frame());
        assert_eq!((cover.grids, cover.findings()), (3, vec![]));
        assert!((cover.square_metres - 18_000.0).abs() < 0.1, "{}", cover.square_metres);
        // A bend of the outline is no gap.
        assert_eq!(Cover::of(&tiles[1..], None, &frame()).gaps, vec![]);
    }

    #[test]
    fn overlaps_and_gaps_are_as_large_as_a_count_of_points_says() {
        let rects = [
            [0.0, 0.0, 60.0, 40.0],
            [55.0, 0.0, 120.0, 40.0],
            [0.0, 40.0, 50.0, 90.0],
            [62.0, 40.0, 120.0, 90.0],
            [0.0, 90.0, 120.0, 120.0],
        ];
        let names = ["g1", "g2", "g3", "g4", "g5"];
        let grids: Vec<Grid> = names.iter().zip(rects).map(|(id, r)| rect(id, r)).collect();
        let cover = Cover::of(&grids, None, &frame());
        let within = [0.0, 0.0, 120.0, 120.0];
        let total = |pieces: &[f64]| pieces.iter().sum::<f64>();
        let overlap = total(&cover.overlaps.iter().map(|o| o.square_metres).collect::<Vec<_>>());
        let gap = total(&cover.gaps.iter().map(|g| g.square_metres).collect::<Vec<_>>());
        assert!((overlap - sampled(&rects, within, |n| n == 2)).abs() < 0.5, "{overlap}");
        assert!((gap - sampled(&rects, within, |n| n == 0)).abs() < 0.5, "{gap}");
        assert_eq!(cover.overlaps.iter().map(|o| [&*o.grids[0], &*o.grids[1]]).collect::<Vec<_>>(), [["g1", "g2"]]);
        assert_eq!(cover.gaps.len(), 1);
        assert_eq!(cover.gaps[0].beside.iter().map(|id| &**id).collect::<Vec<_>>(), ["g1", "g2", "g3", "g4", "g5"]);
        let [x, y, _] = frame().to_enu(cover.gaps[0].place.into());
        assert!((50.0..62.0).contains(&x) && (40.0..90.0).contains(&y), "{x} {y}");
        let found = cover.findings();
        assert_eq!(found.iter().map(|f| (f.check, &*f.object)).collect::<Vec<_>>(), [("overlap", "g1"), ("gap", "g1")]);
    }

    #[test]
    fn a_slit_between_two_grids_and_what_a_boundary_holds_besides_are_gaps() {
        let apart = [rect("a", [0.0, 0.0, 50.0, 80.0]), rect("b", [51.0, 0.0, 100.0, 80.0])];
        let cover = Cover::of(&apart, None, &frame());
        assert!((cover.gaps[0].square_metres - 80.0).abs() < 0.1, "{cover:?}");
        let boundary = rect("all", [0.0, 0.0, 100.0, 100.0]);
        let cover = Cover::of(&apart, Some(&boundary), &frame());
        let sum: f64 = cover.gaps.iter().map(|g| g.square_metres).sum();
        assert!((sum - 2_080.0).abs() < 0.5, "{cover:?}");
    }
}
