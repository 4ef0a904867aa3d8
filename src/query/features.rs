//! The items of a collection: by box, by time, by property; counted exactly and paged by a cursor.

use super::Scope;
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::model::{Collections, SiteCode};
use crate::store::{AssetRef, Row, Snapshot};
use crate::units::Instant;
use std::sync::Arc;

/// Where a page ended: a site and a row. Rows never change places, so a page after a commit neither repeats nor skips. Only what a
/// variant adds comes after all that its city has, so that a page of a variant may repeat something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The site of the last item given.
    pub site: SiteCode,
    /// Its row.
    pub row: Row,
}

impl Cursor {
    /// The cursor as text for a link.
    pub fn encode(&self) -> String {
        format!("{}.{:x}", self.site, self.row.number())
    }
    /// # Errors
    /// Text that no page gave.
    pub fn decode(text: &str) -> Result<Self> {
        let wrong = || Fault::parameter("cursor", format!("'{text}' is not a cursor that this server gave"));
        let (site, row) = text.split_once('.').ok_or_else(wrong)?;
        let site = SiteCode::new(site).map_err(|_| wrong())?;
        let row = u32::from_str_radix(row, 16).map_err(|_| wrong())?;
        Ok(Self { site, row: Row::from_number(row) })
    }
}

/// A question for items.
#[derive(Clone)]
pub struct Features<'a> {
    /// The collection.
    pub scope: Scope,
    /// Boxes in longitude, latitude and height; an item in any of them is meant. `None`: everywhere.
    pub boxes: Option<Vec<Bounds>>,
    /// The closed interval in which an item must have been valid; `None`: now.
    pub when: Option<(Instant, Instant)>,
    /// Equality on resident properties: `class`, `name`, `parent`, `storey`, `dataset`, `id`.
    pub equal: Vec<(&'a str, &'a str)>,
    /// Collections the caller may see.
    pub visible: Collections,
    /// After which item to go on.
    pub after: Option<Cursor>,
    /// How many items at most.
    pub limit: usize,
}

/// A page of items.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Index of the snapshot, and row, of each item in order.
    pub rows: Vec<(usize, Row)>,
    /// How many items match in all.
    pub matched: usize,
    /// Where the next page begins, when there is one.
    pub next: Option<Cursor>,
}

impl Features<'_> {
    /// Answers over `snapshots`, which are in the order of their sites' codes.
    pub fn ask(&self, snapshots: &[Arc<Snapshot>]) -> Page {
        let mut page = Page::default();
        for (i, snapshot) in snapshots.iter().enumerate() {
            let began = match &self.after {
                Some(cursor) if *snapshot.site() < cursor.site => Some(None),
                Some(cursor) if *snapshot.site() == cursor.site => Some(Some(cursor.row)),
                _ => None,
            };
            self.candidates(snapshot, &mut |row| {
                page.matched += 1;
                let behind = match began {
                    Some(None) => true,
                    Some(Some(last)) => row <= last,
                    None => false,
                };
                if behind {
                    return;
                }
                if page.rows.len() < self.limit {
                    page.rows.push((i, row));
                } else if page.next.is_none() {
                    page.next = page
                        .rows
                        .last()
                        .and_then(|(i, row)| Some(Cursor { site: snapshots.get(*i)?.site().clone(), row: *row }));
                }
            });
        }
        page
    }
    /// Calls `take` with every matching row of one snapshot, ascending.
    fn candidates(&self, snapshot: &Snapshot, take: &mut dyn FnMut(Row)) {
        let mut offer = |row: Row| {
            if snapshot.asset(row).is_some_and(|asset| self.holds(snapshot, &asset)) {
                take(row);
            }
        };
        // An id or a parent names few rows: no need to look at all.
        let given = |name: &str| self.equal.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        if self.when.is_none() && self.boxes.is_none() {
            if let Some(id) = given("id") {
                return snapshot.find(id).into_iter().for_each(offer);
            }
            if let Some(parent) = given("parent") {
                let mut rows = snapshot.find(parent).map(|row| snapshot.children(row)).unwrap_or_default();
                rows.sort_unstable();
                return rows.into_iter().for_each(offer);
            }
            return snapshot.rows().for_each(offer);
        }
        let everywhere = [Bounds { min: [-180.0, -90.0, f64::NEG_INFINITY], max: [180.0, 90.0, f64::INFINITY] }];
        let mut rows = Vec::new();
        match (self.when, &self.boxes) {
            (None, boxes) => {
                for b in boxes.as_deref().unwrap_or(&everywhere) {
                    rows.extend(snapshot.in_box(b, None));
                }
            }
            (Some((start, end)), None) if start == end => rows = snapshot.rows_at(end),
            (Some((start, end)), Some(boxes)) if start == end => {
                rows.extend(boxes.iter().flat_map(|b| snapshot.in_box(b, Some(end))));
            }
            (Some((start, end)), boxes) => {
                // An asset of several versions in the interval is one item: its latest.
                let mut latest = std::collections::HashMap::new();
                for row in snapshot.rows_between(start, end) {
                    let Some(asset) = snapshot.asset(row) else { continue };
                    let near = |b: &Bounds| asset.bounds().intersects(b);
                    if boxes.as_ref().is_none_or(|boxes| boxes.iter().any(near)) {
                        let held = latest.entry(asset.id()).or_insert((asset.valid().0, row));
                        *held = (*held).max((asset.valid().0, row));
                    }
                }
                rows.extend(latest.into_values().map(|(_, row)| row));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter().for_each(&mut offer);
    }
    fn holds(&self, snapshot: &Snapshot, asset: &AssetRef<'_>) -> bool {
        self.visible.contains(asset.class().collection())
            && self.scope.holds(asset)
            && self.equal.iter().all(|(name, value)| match *name {
                "id" => *asset.id() == **value,
                "class" => asset.class().name() == *value,
                "name" => asset.name() == *value,
                "parent" => asset.parent_id_for(self.visible) == Some(value),
                "storey" => asset.storey() == Some(value),
                "dataset" => asset.dataset().as_str() == *value,
                "site" => snapshot.site().as_str() == *value,
                _ => false,
            })
    }
}
