//! The tiles of the map followed through commits, for one reader of `/live` that looks at them.

use super::busy::Slot;
use super::state::City;
use crate::fault::Result;
use crate::lod::View;
use crate::model::{Collections, SiteCode};
use crate::store::{Site, Snapshot};
use crate::tiles::{Address, Plan};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Of more files than this none is named: the tileset is another.
const MOST: usize = 2000;

/// A site's plan, the tilesets beside its assets, and what its reader is told.
type Looked = (Arc<Plan>, Vec<u64>, Option<Value>);

/// What a reader has been told of the tiles of each site.
pub struct Follow {
    city: City,
    reads: Collections,
    slot: Arc<Slot>,
    known: HashMap<SiteCode, (Arc<Plan>, Vec<u64>)>,
    /// The sites as they were at the beginning, so far as they are not known yet.
    first: Vec<Arc<Snapshot>>,
    /// The revisions at which following began: changes before them are told without names.
    began: HashMap<SiteCode, u64>,
    /// Sites that changed and are not looked at yet, and whether what changed cannot be named.
    touched: BTreeMap<SiteCode, bool>,
    now: Option<BoxFuture<'static, Result<Looked>>>,
}

impl Follow {
    /// From the city as it is now.
    pub fn new(city: City, reads: Collections, slot: Arc<Slot>) -> Self {
        let first: Vec<Arc<Snapshot>> = city.store.sites().iter().map(|site| site.snapshot()).collect();
        let began = first.iter().map(|snapshot| (snapshot.site().clone(), snapshot.revision())).collect();
        Self { city, reads, slot, known: HashMap::new(), first, began, touched: BTreeMap::new(), now: None }
    }
    /// A site has changed, to this revision.
    pub fn touch(&mut self, site: &SiteCode, revision: u64) {
        // Of what was before the beginning its reader may have drawn anything.
        let unnamed = self.began.get(site).is_some_and(|began| revision <= *began);
        *self.touched.entry(site.clone()).or_default() |= unnamed;
    }
    /// The next site's changes, when there are some; waits for ever while nothing is touched. A call that is dropped loses nothing.
    pub async fn next(&mut self) -> Value {
        loop {
            if self.now.is_none() {
                let first = self.first.pop();
                let is_first = first.is_some();
                let next = |(site, unnamed): (SiteCode, bool)| {
                    let site = self.city.store.site(&site)?;
                    Some((site.snapshot(), of(&site, self.reads), unnamed))
                };
                let first = first.map(|snapshot| {
                    let beside = self.city.store.site(snapshot.site()).map(|site| of(&site, self.reads));
                    Some((snapshot, beside.unwrap_or_default(), false))
                });
                let Some(next) = first.or_else(|| self.touched.pop_first().map(next)) else {
                    return std::future::pending().await;
                };
                let Some((snapshot, beside, unnamed)) = next else { continue };
                self.now = Some(self.look(snapshot, beside, is_first, unnamed));
            }
            let Some(now) = &mut self.now else { continue };
            let found = now.await;
            self.now = None;
            // A plan that cannot be made now is made, or fails, when the tileset is asked for.
            let Ok((plan, beside, told)) = found else { continue };
            self.known.insert(plan.snapshot().site().clone(), (plan, beside));
            if let Some(told) = told {
                return told;
            }
        }
    }

    fn look(
        &self,
        snapshot: Arc<Snapshot>,
        beside: Vec<u64>,
        is_first: bool,
        unnamed: bool,
    ) -> BoxFuture<'static, Result<Looked>> {
        let known = self.known.get(snapshot.site()).filter(|(_, before)| !unnamed && *before == beside);
        let (before, reads) = (known.map(|(plan, _)| plan.clone()), self.reads);
        let (work, tiles, slot) = (self.city.work.clone(), self.city.tiles.clone(), self.slot.clone());
        let look = async move {
            work.run_in_turn(slot, move || {
                let plan = tiles.plan(&snapshot, &View::Map, reads)?;
                let told = (!is_first).then(|| told(before.as_deref(), &plan));
                Ok((plan, beside, told))
            })
            .await
        };
        look.boxed()
    }
}

/// The numbers of the tilesets beside a site's assets: adopted ones, and point clouds.
fn of(site: &Site, reads: Collections) -> Vec<u64> {
    let coverages = site.coverages();
    let seen = coverages.iter().filter(|coverage| coverage.is_in(reads) && coverage.tileset().is_some());
    seen.map(|coverage| coverage.id()).collect()
}

fn told(before: Option<&Plan>, plan: &Plan) -> Value {
    let snapshot = plan.snapshot();
    let site = snapshot.site().as_str();
    let mut told = json!({ "type": "tiles", "site": site, "revision": snapshot.revision(),
        "tileset": format!("3dtiles/{site}/tileset.json") });
    let changes = before.map(|before| before.changes(plan));
    if let Some(changes) = changes.filter(|c| c.gone.len() + c.come.len() <= MOST) {
        let names = |of: &[Address]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        told["gone"] = json!(names(&changes.gone));
        told["come"] = json!(names(&changes.come));
    }
    told
}
