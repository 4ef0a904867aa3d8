//! What a look at a model finds: by id where it can be named, by number where it cannot.

use crate::model::Class;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Findings of one kind that a report names in a file; the others are counted.
const LISTED: usize = 200;
/// Findings of one kind that the text form names.
const NAMED: usize = 5;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Likely wrong.
    Warning,
}

/// What can be found: a word for programs, words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub(super) word: &'static str,
    pub(super) severity: Severity,
    pub(super) people: &'static str,
}

const fn info(word: &'static str, people: &'static str) -> Kind {
    Kind { word, severity: Severity::Info, people }
}
const fn warning(word: &'static str, people: &'static str) -> Kind {
    Kind { word, severity: Severity::Warning, people }
}

pub(super) const DUPLICATE_VERTICES: Kind = info("duplicate_vertices", "vertices that came twice");
pub(super) const DUPLICATE_TRIANGLES: Kind = info("duplicate_triangles", "triangles that came twice");
pub(super) const DEGENERATE_TRIANGLES: Kind = info("degenerate_triangles", "triangles without area");
pub(super) const FLIPPED_FACES: Kind =
    warning("flipped_faces", "triangles that faced the other way than those beside them");
pub(super) const INVERTED_NORMALS: Kind = warning("inverted_normals", "shells that were inside out");
pub(super) const HOLES: Kind = warning("holes", "small holes");
pub(super) const UNCLOSED_SHELL: Kind = warning("unclosed_shell", "open edges of bodies");
pub(super) const OPEN_SURFACE: Kind = info("open_surface", "edges of open surfaces");
pub(super) const T_JUNCTIONS: Kind = info("t_junctions", "vertices on an edge that lacks them");
pub(super) const SELF_INTERSECTION: Kind = warning("self_intersection", "triangles that cut through their own body");
pub(super) const NOT_CHECKED: Kind = info("not_checked", "too large to be looked through");
pub(super) const MISSING_PARENT: Kind = warning("missing_parent", "parts of something that is not there");
pub(super) const STOREYS_OUT_OF_ORDER: Kind = warning("storeys_out_of_order", "storeys out of order");
pub(super) const STOREYS_OVERLAP: Kind = warning("storeys_overlap", "storeys at the level of another");
pub(super) const STOREY_GAP: Kind = info("storey_gap", "storeys far above the one below");
pub(super) const OUTSIDE_STOREY: Kind = warning("outside_storey", "elements outside their storey");
pub(super) const NO_STOREY: Kind = warning("no_storey", "elements in no storey");
pub(super) const OUTSIDE_SPACES: Kind = warning("device_outside_spaces", "devices outside every space");
pub(super) const OTHER_STOREY: Kind =
    warning("device_other_storey", "devices in a space of another storey than they say");

pub(super) const UNBOUND_DEVICE: Kind = warning("unbound_device", "devices that ended with readings bound to them");

/// One finding.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// The object's id.
    pub id: String,
    /// What it is.
    pub class: String,
    /// What was found, as a word.
    pub kind: String,
    /// How much it matters.
    pub severity: Severity,
    /// How often in this object.
    pub count: usize,
    /// One place where: longitude, latitude (degrees), ellipsoidal height (metres).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<[f64; 3]>,
    /// Whether it was put right on the way in.
    pub repaired: bool,
    /// In words.
    pub said: String,
}

impl Finding {
    pub(super) fn new(kind: Kind, id: &str, class: Class, near: Option<[f64; 3]>, said: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            class: class.name().to_owned(),
            kind: kind.word.to_owned(),
            severity: kind.severity,
            count: 1,
            near: near.filter(|p| p.iter().all(|v| v.is_finite())),
            repaired: false,
            said: said.into(),
        }
    }
}

/// How much of one kind was found in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Total {
    /// How much it matters.
    pub severity: Severity,
    /// In how many objects.
    pub objects: usize,
    /// How often in all of them.
    pub count: usize,
    /// In how many of them it was put right.
    pub repaired: usize,
    /// What it is, in words.
    pub what: String,
}

/// What was found in a file: at most 200 of a kind by id, all of them in the totals.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// By id.
    pub findings: Vec<Finding>,
    /// By kind, exact.
    pub finding_totals: BTreeMap<String, Total>,
}

impl Findings {
    pub(super) fn add(&mut self, kind: Kind, finding: Finding) {
        let total = self.finding_totals.entry(kind.word.to_owned()).or_insert_with(|| Total {
            severity: kind.severity,
            what: kind.people.to_owned(),
            ..Total::default()
        });
        total.objects += 1;
        total.count += finding.count;
        total.repaired += usize::from(finding.repaired);
        // Open surfaces are rightly so: terrain, facades, trees. They are counted, not named.
        if total.objects <= LISTED && kind != OPEN_SURFACE {
            self.findings.push(finding);
        }
    }
    /// Nothing came in, so nothing was found in it.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
    /// For people: a line a kind, what matters first, with the first objects below it.
    pub(super) fn text(&self, out: &mut String) {
        let mut totals: Vec<(&String, &Total)> = self.finding_totals.iter().collect();
        totals.sort_by_key(|(_, total)| total.severity != Severity::Warning);
        for (kind, total) in totals {
            let Total { objects, count, repaired, what, .. } = total;
            let done = match *repaired {
                0 => String::new(),
                n if n == *objects => ", repaired".to_owned(),
                n => format!(", repaired in {n}"),
            };
            _ = writeln!(out, "  found {kind}: {count} {what}, in {objects} objects{done}");
            if total.severity != Severity::Warning {
                continue;
            }
            for one in self.findings.iter().filter(|f| f.kind == **kind).take(NAMED) {
                _ = writeln!(out, "    {} {}: {}", one.class, one.id, one.said);
            }
            if *objects > NAMED {
                _ = writeln!(out, "    … and {} more", objects - NAMED);
            }
        }
    }
}
