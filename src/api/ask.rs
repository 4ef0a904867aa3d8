//! A request as handlers take it: who asks, of which city, for what; and how it is answered.

use super::busy::Slot;
use super::caller::Caller;
use super::encode;
use super::params::{Param, Params, VARIANT};
use super::problem::{Answer, Problem};
use super::state::City;
use super::work::Deadline;
use crate::fault::{Fault, Result};
use crate::model::{Right, VariantName};
use crate::query::Scope;
use crate::store::{Coverage, Snapshot};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What the router adds to a request that it lets in.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Who sent it.
    pub caller: Caller,
    /// Its place among the caller's requests.
    pub slot: Arc<Slot>,
    /// The time it has.
    pub deadline: Deadline,
}

/// A request that was let in; `P` is what its path names.
#[derive(Clone)]
pub struct Ask<P = ()> {
    /// The city.
    pub city: City,
    /// Who asks.
    pub caller: Caller,
    /// What the path names.
    pub path: P,
    /// The address asked for.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The time it has.
    pub deadline: Deadline,
    slot: Arc<Slot>,
}

impl<P: DeserializeOwned + Send> FromRequestParts<City> for Ask<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, city: &City) -> std::result::Result<Self, Problem> {
        let admitted = parts.extensions.get::<Admitted>().cloned();
        let Admitted { caller, slot, deadline } =
            admitted.ok_or_else(|| Fault::internal("a request has passed the router by"))?;
        let Path(path) = Path::from_request_parts(parts, city)
            .await
            .map_err(|_| Fault::bad_input("the path is not valid percent-encoded UTF-8"))?;
        let (city, uri, headers) = (city.clone(), parts.uri.clone(), parts.headers.clone());
        Ok(Self { city, caller, path, uri, headers, deadline, slot })
    }
}

impl<P> Ask<P> {
    /// The query parameters, which must be of those that the route knows.
    ///
    /// # Errors
    /// As [`Params::read`].
    pub fn params(&self, known: &[Param]) -> Result<Params> {
        Params::read(&self.uri, known, self.city.settings.limits.rows)
    }
    /// The absolute base of this server as the caller reached it; the host has been checked before.
    pub fn base(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    }
    /// A snapshot of each site in which the caller may read anything, in the order of their codes.
    pub fn snapshots(&self) -> Vec<Arc<Snapshot>> {
        let snapshots = self.city.store.sites().into_iter().map(|site| site.snapshot());
        snapshots.filter(|snapshot| snapshot.has_ever(self.caller.reads)).collect()
    }
    /// As [`Ask::snapshots`], with the variant that is asked for in the place of each site that has it.
    ///
    /// # Errors
    /// 404 for a variant that does not exist or may not be seen; 400 for one that is asked for together with a time.
    pub async fn seen(&self, params: &Params) -> Result<Vec<Arc<Snapshot>>> {
        let Some(name) = params.get(VARIANT.name) else { return Ok(self.snapshots()) };
        let name = VariantName::new(name)?;
        if params.get("datetime").is_some() {
            return Err(Fault::parameter(
                VARIANT.name,
                "a variant is of the city as it is now, and has no other times",
            )
            .remedy("leave out datetime or variant"));
        }
        let (city, caller) = (self.city.clone(), self.caller.clone());
        // It may have to be laid over a city that has changed.
        let seen = self.work(move || {
            let mut snapshots = city.store.seen(Some(&name), &|overlay| caller.knows(overlay))?;
            snapshots.retain(|snapshot| snapshot.has_ever(caller.reads));
            Ok(snapshots)
        });
        seen.await
    }
    /// The rasters and tilesets that the caller may read, by site and name.
    pub fn coverages(&self) -> Vec<Arc<Coverage>> {
        let sites = self.city.store.sites();
        let all = sites.iter().flat_map(|site| site.coverages().to_vec());
        all.filter(|coverage| coverage.is_in(self.caller.reads)).collect()
    }
    /// The collection called `name`, if it is there for this caller.
    ///
    /// # Errors
    /// 404 for one that does not exist or may not be seen; 401 where a key would show it.
    pub fn scope(&self, snapshots: &[Arc<Snapshot>], name: &str) -> Result<Scope> {
        let scope = Scope::named(name, snapshots, self.caller.reads).ok_or_else(|| {
            let missing = Fault::not_found(format!("there is no collection '{name}'"));
            missing.about("collectionId").remedy("see /collections")
        })?;
        match scope {
            Scope::Classes(collection) if !self.caller.reads.contains(collection) => {
                self.caller.require(Right::ReadGuarded).map(|()| scope)
            }
            _ => Ok(scope),
        }
    }
    /// Does `work` off the async threads.
    ///
    /// # Errors
    /// As [`Work::run`](super::work::Work::run).
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        self.city.work.run(self.slot.clone(), work).await
    }
    /// Answers with what `work` gives as JSON of `media`, both made off the async threads.
    ///
    /// # Errors
    /// What the work gives, as a problem.
    pub async fn answer<V: Serialize>(
        self,
        media: &'static str,
        work: impl FnOnce(&Self) -> Result<V> + Send + 'static,
    ) -> Answer
    where
        P: Send + 'static,
    {
        let (room, slot) = (self.city.work.clone(), self.slot.clone());
        let response = room.run(slot, move || encode::json(&self.headers, media, &work(&self)?)).await?;
        Ok(response)
    }
    /// Answers with `value` as JSON of `media`; for what is at hand.
    ///
    /// # Errors
    /// As [`encode::json`].
    pub fn json(&self, media: &'static str, value: &impl Serialize) -> Answer {
        Ok(encode::json(&self.headers, media, value)?)
    }
}
