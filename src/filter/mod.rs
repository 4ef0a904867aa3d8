//! CQL2 text (OGC 21-065r2) over the assets of a snapshot: a filter is parsed once and asked of each asset.
//!
//! Held to: Basic CQL2 (§7.1 to §7.4), advanced comparison operators (`LIKE`, `BETWEEN`, `IN`), case-insensitive comparison
//! (`CASEI`), property-property comparisons, arithmetic, and of the spatial functions `S_INTERSECTS`, `S_DISJOINT`, `S_WITHIN`
//! and `S_CONTAINS`, planar in longitude and latitude over an asset's footprint. A property is `id`, `class`, `name`,
//! `collection`, `parent`, `storey`, `dataset`, `layer`, `geometry`, or a source attribute under its own name, dots and all.
//! A comparison with what an asset does not have is unknown, and what is unknown is not a match (§6.4).

mod choose;
mod evaluate;
mod lex;
mod parse;

use crate::geom::Bounds;

/// A parsed filter.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Expr,
    /// The properties it names, in order of appearance.
    properties: Vec<String>,
}

impl Filter {
    /// The properties that the filter names, `geometry` apart.
    pub fn properties(&self) -> &[String] {
        &self.properties
    }
    /// A box outside which nothing matches, in longitude, latitude and height; none where the filter holds no place.
    pub fn bounds(&self) -> Option<Bounds> {
        bounds(&self.root)
    }
}

/// What `AND` at the top asks of the place.
fn bounds(expr: &Expr) -> Option<Bounds> {
    match expr {
        Expr::And(all) => all.iter().filter_map(bounds).next(),
        Expr::Spatial(Relation::Intersects | Relation::Within | Relation::Contains, place) => Some(place.bounds),
        _ => None,
    }
}

/// A predicate.
#[derive(Debug, Clone)]
enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Comparison, Operand, Operand),
    Like(Operand, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    IsNull(Operand),
    Spatial(Relation, Box<Place>),
    /// A boolean property or literal by itself.
    Is(Operand),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value to compare.
#[derive(Debug, Clone)]
enum Operand {
    /// The number of the property in the filter's list.
    Property(usize),
    Text(String),
    Number(f64),
    Bool(bool),
    /// `CASEI(…)`.
    Folded(Box<Operand>),
    Arithmetic(char, Box<Operand>, Box<Operand>),
}

/// How a footprint and a literal geometry lie to each other (OGC 06-103r4 §6.1.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Intersects,
    Disjoint,
    Within,
    Contains,
}

/// A literal geometry in longitude and latitude.
#[derive(Debug, Clone)]
struct Place {
    geometry: geo::Geometry<f64>,
    /// Its box; heights are unbounded unless a BBOX of six numbers says them.
    bounds: Bounds,
}
