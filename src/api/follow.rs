//! The tiles of the map followed through commits, for one reader of `/live` that looks at them.

use super::busy::Slot;
use super::state::City;
use crate::fault::Result;
use crate::lod::View;
use crate::model::{Collections, SiteCode};
use crate::store::Snapshot;
use crate::tiles::{Address, Plan};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Of more files than this none is named: the tileset is another.
const MOST: usize = 2000;

/// A site's plan, and what its reader is told of it.
type Looked = (Arc<Plan>, Option<Value>);

/// What a reader has been told of the tiles of each site.
pub struct Follow {
    city: City,
    reads: Collections,
    slot: Arc<Slot>,
    known: HashMap<SiteCode, Arc<Plan>>,
    /// The sites as they were at the beginning, so far as they are not known yet.
    first: Vec<Arc<Snapshot>>,
    /// Sites that changed and are not looked at yet.
    touched: BTreeSet<SiteCode>,
    now: Option<BoxFuture<'static, Result<Looked>>>,
}

impl Follow {
    /// From the city as it is now.
    pub fn new(city: City, reads: Collections, slot: Arc<Slot>) -> Self {
        let first = city.store.sites().iter().map(|site| site.snapshot()).collect();
        Self { city, reads, slot, known: HashMap::new(), first, touched: BTreeSet::new(), now: None }
    }
    /// A site has changed.
    pub fn touch(&mut self, site: &SiteCode) {
        self.touched.insert(site.clone());
    }
    /// The next site's changes, when there are some; waits for ever while nothing is touched. A call that is dropped loses nothing.
    pub async fn next(&mut self) -> Value {
        loop {
            if self.now.is_none() {
                let first = self.first.pop();
                let is_first = first.is_some();
                let next = |site: SiteCode| self.city.store.site(&site).map(|site| site.snapshot());
                let Some(snapshot) = first.map(Some).or_else(|| self.touched.pop_first().map(next)) else {
                    return std::future::pending().await;
                };
                let Some(snapshot) = snapshot else { continue };
                self.now = Some(self.look(snapshot, is_first));
            }
            let Some(now) = &mut self.now else { continue };
            let found = now.await;
            self.now = None;
            // A plan that cannot be made now is made, or fails, when the tileset is asked for.
            let Ok((plan, told)) = found else { continue };
            self.known.insert(plan.snapshot().site().clone(), plan);
            if let Some(told) = told {
                return told;
            }
        }
    }

    fn look(&self, snapshot: Arc<Snapshot>, is_first: bool) -> BoxFuture<'static, Result<Looked>> {
        let (before, reads) = (self.known.get(snapshot.site()).cloned(), self.reads);
        let (work, tiles, slot) = (self.city.work.clone(), self.city.tiles.clone(), self.slot.clone());
        let look = async move {
            work.run_in_turn(slot, move || {
                let plan = tiles.plan(&snapshot, &View::Map, reads)?;
                let told = (!is_first).then(|| told(before.as_deref(), &plan));
                Ok((plan, told))
            })
            .await
        };
        look.boxed()
    }
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
