//! Reading entities: one, or a page of them.

use super::options::Options;
use super::{ROOT, Target, entity};
use crate::api::caller::Caller;
use crate::api::encode;
use crate::api::params::Params;
use crate::api::problem::Answer;
use crate::api::routes::items::offload;
use crate::api::routes::landing::base;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Observation, Thing};
use crate::store::{Span, Summary};
use crate::units::Instant;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};
use std::sync::Arc;

/// The most observations that are sorted for one page, when the order asked for is not the one they lie in.
const SORTED: u64 = 200_000;

type Found = Result<(u64, Observation)>;

/// The service root (§9.2.1), with the requirements met.
pub async fn root(uri: Uri, headers: HeaderMap) -> Answer {
    Params::read(&uri, &[])?;
    let base = base(&headers);
    let sets: Vec<_> = ["Things", "Datastreams", "Observations"]
        .iter()
        .map(|name| json!({ "name": name, "url": format!("{base}{ROOT}/{name}") }))
        .collect();
    let class = |name: &str| format!("http://www.opengis.net/spec/iot_sensing/1.1/req/{name}");
    let body = json!({ "value": sets, "serverSettings": { "conformance": [
        class("request-data/order"), class("request-data/top"), class("request-data/skip"), class("request-data/count"),
        class("request-data/select"), class("request-data/pagination"), class("data-array/data-array"),
    ] } });
    encode::json(&headers, "application/json", &body)
}

/// Whatever a path names.
pub async fn read(
    State(city): State<City>,
    caller: Caller,
    Path(path): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let target = Target::read(&path)?;
    let base = base(&headers);
    let body = offload(move || {
        let asked = Asked { city: &city, caller: &caller, base: &base, uri: &uri };
        match target {
            Target::Things => asked.things(),
            Target::Thing(id) => asked.one(entity::THING, entity::thing(&base, &*asked.thing(id)?)),
            Target::ThingDatastreams(id) => {
                let thing = asked.thing(id)?;
                asked.datastreams(city.store.series().datastreams_of(thing.id))
            }
            Target::Datastreams => asked.datastreams((1..=city.store.series().datastream_count()).collect()),
            Target::Datastream(id) => {
                let (summary, thing) = asked.datastream(id)?;
                asked.one(entity::DATASTREAM, entity::datastream(&base, &summary, Some(&thing)))
            }
            Target::DatastreamThing(id) => asked.one(entity::THING, entity::thing(&base, &asked.datastream(id)?.1)),
            Target::DatastreamObservations(id) => asked.history(&asked.datastream(id)?.0),
            Target::Observations => asked.observations(),
            Target::Observation(number) => {
                asked.one(entity::OBSERVATION, entity::observation(&base, number, &asked.observation(number)?.0))
            }
            Target::ObservationDatastream(number) => {
                let (_, (summary, thing)) = asked.observation(number)?;
                asked.one(entity::DATASTREAM, entity::datastream(&base, &summary, Some(&thing)))
            }
            Target::CreateObservations => Err(Fault::bad_input("CreateObservations takes a POST")),
        }
    })
    .await?;
    encode::json(&headers, "application/json", &body)
}

struct Asked<'a> {
    city: &'a City,
    caller: &'a Caller,
    base: &'a str,
    uri: &'a Uri,
}

impl Asked<'_> {
    fn sees(&self, thing: &Thing) -> bool {
        self.caller.may_read(self.city, thing.class.collection())
    }
    fn thing(&self, id: u64) -> Result<Arc<Thing>> {
        let found = self.city.store.series().thing(id).filter(|t| self.sees(t));
        found.ok_or_else(|| Fault::not_found(format!("there is no Thing {id}")).about("id"))
    }
    fn datastream(&self, id: u64) -> Result<(Summary, Arc<Thing>)> {
        let series = self.city.store.series();
        let found = series.datastream(id).and_then(|s| Some((series.thing(s.datastream.thing)?, s)));
        let seen = found.filter(|(thing, _)| self.sees(thing)).map(|(thing, summary)| (summary, thing));
        seen.ok_or_else(|| Fault::not_found(format!("there is no Datastream {id}")).about("id"))
    }
    fn observation(&self, number: u64) -> Result<(Observation, (Summary, Arc<Thing>))> {
        let missing = || Fault::not_found(format!("there is no Observation {number}")).about("id");
        let found = self.city.store.series().observation(number)?.ok_or_else(missing)?;
        Ok((found, self.datastream(found.datastream).map_err(|_| missing())?))
    }
    fn one(&self, properties: &[&str], entity: Value) -> Result<Value> {
        let params = Params::read(self.uri, super::options::KNOWN)?;
        if let Some((name, _)) = params.pairs().iter().find(|(name, _)| name != "$select") {
            return Err(Fault::parameter(name, format!("'{name}' is for collections, this is one entity")));
        }
        Ok(Options::read(self.uri, properties, &[])?.select(entity))
    }
    fn url(&self) -> String {
        format!("{}{}", self.base, self.uri.path())
    }

    fn things(&self) -> Result<Value> {
        let options = Options::read(self.uri, entity::THING, &["id", "name"])?;
        let series = self.city.store.series();
        let mut seen: Vec<_> =
            (1..=series.thing_count()).filter_map(|id| series.thing(id)).filter(|t| self.sees(t)).collect();
        if options.order.as_deref() == Some("name") {
            seen.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        }
        Ok(self.window(&options, seen, |thing| entity::thing(self.base, thing)))
    }
    fn datastreams(&self, ids: Vec<u64>) -> Result<Value> {
        let options = Options::read(self.uri, entity::DATASTREAM, &["id", "name"])?;
        let mut seen: Vec<_> = ids.into_iter().filter_map(|id| self.datastream(id).ok()).collect();
        if options.order.as_deref() == Some("name") {
            let key = |(s, t): &(Summary, Arc<Thing>)| {
                (t.device.clone(), s.datastream.observed_property.clone(), s.datastream.id)
            };
            seen.sort_by_cached_key(key);
        }
        Ok(self.window(&options, seen, |(summary, thing)| entity::datastream(self.base, summary, Some(thing))))
    }
    /// One page of a list that is in memory.
    fn window<T>(&self, options: &Options, mut all: Vec<T>, show: impl Fn(&T) -> Value) -> Value {
        if options.descending {
            all.reverse();
        }
        let end = options.skip.saturating_add(options.top);
        let value = all.iter().skip(options.skip).take(options.top).map(show).collect();
        let next = (options.top > 0 && end < all.len()).then(|| ("$skip", end.to_string()));
        options.page(&self.url(), options.count.then_some(all.len() as u64), value, next)
    }

    /// One datastream's observations.
    fn history(&self, summary: &Summary) -> Result<Value> {
        let options = Options::read(self.uri, entity::OBSERVATION, ORDERS)?;
        let (series, id, stored) = (self.city.store.series(), summary.datastream.id, summary.quality.stored);
        let order = options.order.as_deref().unwrap_or("phenomenonTime");
        if order != "phenomenonTime" {
            return self.sorted(&options, order, stored, series.observations(id, Span::ALL));
        }
        let mut span = Span { backwards: options.descending, ..Span::ALL };
        if let Some(token) = &options.token {
            let place = token.split_once('.').and_then(|(t, n)| Some((Instant(t.parse().ok()?), n.parse().ok()?)));
            let place = place.ok_or_else(|| Fault::parameter("$skiptoken", "it is not from a next link"))?;
            *(if options.descending { &mut span.to } else { &mut span.from }) = place;
        }
        let place = |number: u64, o: &Observation| format!("{}.{number}", o.phenomenon_time.0);
        self.stream(&options, stored, series.observations(id, span), place)
    }
    /// Observations of every datastream that the caller may see.
    fn observations(&self) -> Result<Value> {
        let options = Options::read(self.uri, entity::OBSERVATION, ORDERS)?;
        let series = self.city.store.series();
        let visible: Vec<bool> = (0..=series.datastream_count()).map(|id| self.datastream(id).is_ok()).collect();
        let seen = move |o: &Observation| {
            usize::try_from(o.datastream).ok().and_then(|at| visible.get(at)).copied().unwrap_or(false)
        };
        let stored = (1..=series.datastream_count()).filter_map(|id| self.datastream(id).ok());
        let stored = stored.map(|(summary, _)| summary.quality.stored).sum();
        let order = options.order.as_deref().unwrap_or("id");
        let keep = move |found: &Found| found.as_ref().map_or(true, |(_, o)| seen(o));
        if order != "id" {
            return self.sorted(&options, order, stored, series.numbered(1, false).filter(keep));
        }
        let start = options
            .token
            .as_deref()
            .map(|t| t.parse::<u64>().map_err(|_| Fault::parameter("$skiptoken", "it is not from a next link")));
        let start = start.transpose()?.unwrap_or(if options.descending { u64::MAX } else { 1 });
        let found = series.numbered(start, options.descending).filter(keep);
        self.stream(&options, stored, found, |number, _| number.to_string())
    }
    /// One page of observations in the order in which they lie.
    fn stream(
        &self,
        options: &Options,
        stored: u64,
        found: impl Iterator<Item = Found>,
        place: impl Fn(u64, &Observation) -> String,
    ) -> Result<Value> {
        let (mut value, mut next) = (Vec::new(), None);
        for found in found.skip(options.skip).take(options.top.saturating_add(1)) {
            let (number, observation) = found?;
            if value.len() < options.top {
                value.push(entity::observation(self.base, number, &observation));
            } else if options.top > 0 {
                next = Some(("$skiptoken", place(number, &observation)));
            }
        }
        Ok(options.page(&self.url(), options.count.then_some(stored), value, next))
    }
    /// One page of observations in another order; only where there are few enough to sort.
    fn sorted(&self, options: &Options, order: &str, stored: u64, found: impl Iterator<Item = Found>) -> Result<Value> {
        if stored > SORTED {
            return Err(Fault::new(Kind::TooLarge, format!("{stored} observations are too many to order by {order}"))
                .about("$orderby")
                .remedy(format!(
                    "at most {SORTED}; history lies in order of phenomenonTime, all observations in order of id"
                )));
        }
        let mut all = found.collect::<Result<Vec<_>>>()?;
        match order {
            "result" => all.sort_by(|(n, a), (m, b)| a.result.total_cmp(&b.result).then(n.cmp(m))),
            "resultTime" => all.sort_by_key(|(n, o)| (o.result_time, *n)),
            "phenomenonTime" => all.sort_by_key(|(n, o)| (o.phenomenon_time, *n)),
            _ => all.sort_by_key(|(n, _)| *n),
        }
        Ok(self.window(options, all, |(number, o)| entity::observation(self.base, *number, o)))
    }
}

const ORDERS: &[&str] = &["id", "phenomenonTime", "resultTime", "result"];
