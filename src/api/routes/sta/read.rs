//! Reading entities: one, or a page of them.

use super::options::Options;
use super::{ROOT, Target, entity, not_allowed};
use crate::api::ask::Ask;
use crate::api::problem::Answer;
use crate::fault::{Fault, Result};
use crate::model::{Observation, Thing};
use crate::store::{Series, Span, Summary};
use crate::units::Instant;
use serde_json::{Value, json};
use std::sync::Arc;

type Found = Result<(u64, Observation)>;

/// The service root (§9.2.1), with the requirements met.
pub async fn root(ask: Ask) -> Answer {
    ask.params(&[])?;
    let base = ask.base();
    let sets: Vec<_> = ["Things", "Datastreams", "Observations"]
        .iter()
        .map(|name| json!({ "name": name, "url": format!("{base}{ROOT}/{name}") }))
        .collect();
    let class = |name: &str| format!("http://www.opengis.net/spec/iot_sensing/1.1/req/{name}");
    let body = json!({ "value": sets, "serverSettings": { "conformance": [
        class("request-data/order"), class("request-data/top"), class("request-data/skip"), class("request-data/count"),
        class("request-data/select"), class("request-data/pagination"), class("data-array/data-array"),
    ] } });
    ask.json("application/json", &body)
}

/// Whatever a path names.
pub async fn read(ask: Ask<String>) -> Answer {
    let target = Target::read(&ask.path)?;
    if target == Target::CreateObservations {
        let remedy = "POST data arrays to it, and read Observations";
        return Ok(not_allowed("CreateObservations is not read", remedy, "POST"));
    }
    ask.answer("application/json", move |ask| {
        let base = ask.base();
        let (series, asked) = (ask.city.store.series(), Asked { ask, base: &base });
        match target {
            Target::Things => asked.things(),
            Target::Thing(id) => asked.one(entity::THING, entity::thing(&base, &*asked.thing(id)?)),
            Target::ThingDatastreams(id) => {
                let thing = asked.thing(id)?;
                asked.datastreams(series.datastreams_of(thing.id))
            }
            Target::Datastreams => asked.datastreams((1..=series.datastream_count()).collect()),
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
            Target::CreateObservations => Err(Fault::internal("CreateObservations was to be read")),
        }
    })
    .await
}

struct Asked<'a> {
    ask: &'a Ask<String>,
    base: &'a str,
}

impl<'a> Asked<'a> {
    fn series(&self) -> &'a Series {
        self.ask.city.store.series()
    }
    fn sees(&self, thing: &Thing) -> bool {
        self.ask.caller.reads.contains(thing.class.collection())
    }
    fn thing(&self, id: u64) -> Result<Arc<Thing>> {
        let found = self.series().thing(id).filter(|t| self.sees(t));
        found.ok_or_else(|| Fault::not_found(format!("there is no Thing {id}")).about("id"))
    }
    fn datastream(&self, id: u64) -> Result<(Summary, Arc<Thing>)> {
        let series = self.series();
        let found = series.datastream(id).and_then(|s| Some((series.thing(s.datastream.thing)?, s)));
        let seen = found.filter(|(thing, _)| self.sees(thing)).map(|(thing, summary)| (summary, thing));
        seen.ok_or_else(|| Fault::not_found(format!("there is no Datastream {id}")).about("id"))
    }
    fn observation(&self, number: u64) -> Result<(Observation, (Summary, Arc<Thing>))> {
        let missing = || Fault::not_found(format!("there is no Observation {number}")).about("id");
        let found = self.series().observation(number)?.ok_or_else(missing)?;
        Ok((found, self.datastream(found.datastream).map_err(|_| missing())?))
    }
    fn options(&self, properties: &[&str], orders: &[&str]) -> Result<Options> {
        Options::read(&self.ask.uri, properties, orders, &self.ask.city.settings.limits)
    }
    fn one(&self, properties: &[&str], entity: Value) -> Result<Value> {
        let params = self.ask.params(super::options::KNOWN)?;
        if let Some((name, _)) = params.pairs().iter().find(|(name, _)| name != "$select") {
            return Err(Fault::parameter(name, format!("'{name}' is for collections, this is one entity")));
        }
        Ok(self.options(properties, &[])?.select(entity))
    }
    fn url(&self) -> String {
        format!("{}{}", self.base, self.ask.uri.path())
    }

    fn things(&self) -> Result<Value> {
        let options = self.options(entity::THING, &["id", "name"])?;
        let series = self.series();
        let mut seen: Vec<_> =
            (1..=series.thing_count()).filter_map(|id| series.thing(id)).filter(|t| self.sees(t)).collect();
        if options.order.as_deref() == Some("name") {
            seen.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        }
        self.window(&options, seen, |thing| entity::thing(self.base, thing))
    }
    fn datastreams(&self, ids: Vec<u64>) -> Result<Value> {
        let options = self.options(entity::DATASTREAM, &["id", "name"])?;
        let mut seen: Vec<_> = ids.into_iter().filter_map(|id| self.datastream(id).ok()).collect();
        if options.order.as_deref() == Some("name") {
            let key = |(s, t): &(Summary, Arc<Thing>)| {
                (t.device.clone(), s.datastream.observed_property.clone(), s.datastream.id)
            };
            seen.sort_by_cached_key(key);
        }
        self.window(&options, seen, |(summary, thing)| entity::datastream(self.base, summary, Some(thing)))
    }
    /// One page of a list that is in memory. A next link says how many were given already, not `$skip`, which has a limit.
    fn window<T>(&self, options: &Options, mut all: Vec<T>, show: impl Fn(&T) -> Value) -> Result<Value> {
        if options.descending {
            all.reverse();
        }
        let given = options.token.as_deref().map(|token| token.parse::<usize>().map_err(|_| foreign())).transpose()?;
        let start = given.unwrap_or(0).saturating_add(options.skip);
        let end = start.saturating_add(options.top);
        let value = all.iter().skip(start).take(options.top).map(show).collect();
        let next = (options.top > 0 && end < all.len()).then(|| end.to_string());
        Ok(options.page(&self.url(), options.count.then_some(all.len() as u64), value, next))
    }

    /// One datastream's observations.
    fn history(&self, summary: &Summary) -> Result<Value> {
        let options = self.options(entity::OBSERVATION, ORDERS)?;
        let (series, id, stored) = (self.series(), summary.datastream.id, summary.quality.stored);
        let order = options.order.as_deref().unwrap_or("phenomenonTime");
        if order != "phenomenonTime" {
            return self.sorted(&options, order, stored, series.observations(id, Span::ALL));
        }
        let mut span = Span { backwards: options.descending, ..Span::ALL };
        if let Some(token) = &options.token {
            let place = token.split_once('.').and_then(|(t, n)| Some((Instant(t.parse().ok()?), n.parse().ok()?)));
            let place = place.ok_or_else(foreign)?;
            *(if options.descending { &mut span.to } else { &mut span.from }) = place;
        }
        let place = |number: u64, o: &Observation| format!("{}.{number}", o.phenomenon_time.0);
        self.stream(&options, stored, series.observations(id, span), place)
    }
    /// Observations of every datastream that the caller may see.
    fn observations(&self) -> Result<Value> {
        let options = self.options(entity::OBSERVATION, ORDERS)?;
        let series = self.series();
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
        let start = options.token.as_deref().map(|t| t.parse::<u64>().map_err(|_| foreign()));
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
        for found in self.ask.deadline.keep(found).skip(options.skip).take(options.top.saturating_add(1)) {
            let (number, observation) = found?;
            if value.len() < options.top {
                value.push(entity::observation(self.base, number, &observation));
            } else if options.top > 0 {
                next = Some(place(number, &observation));
            }
        }
        Ok(options.page(&self.url(), options.count.then_some(stored), value, next))
    }
    /// One page of observations in another order; only where there are few enough to sort.
    fn sorted(&self, options: &Options, order: &str, stored: u64, found: impl Iterator<Item = Found>) -> Result<Value> {
        let most = self.ask.city.settings.limits.sorted;
        if stored > most {
            return Err(Fault::parameter(
                "$orderby",
                format!("{stored} observations are too many to order by {order}"),
            )
            .remedy(format!(
                "at most {most}; history lies in order of phenomenonTime, all observations in order of id"
            )));
        }
        let mut all = self.ask.deadline.keep(found).collect::<Result<Vec<_>>>()?;
        match order {
            "result" => all.sort_by(|(n, a), (m, b)| a.result.total_cmp(&b.result).then(n.cmp(m))),
            "resultTime" => all.sort_by_key(|(n, o)| (o.result_time, *n)),
            "phenomenonTime" => all.sort_by_key(|(n, o)| (o.phenomenon_time, *n)),
            _ => all.sort_by_key(|(n, _)| *n),
        }
        self.window(options, all, |(number, o)| entity::observation(self.base, *number, o))
    }
}

const ORDERS: &[&str] = &["id", "phenomenonTime", "resultTime", "result"];

fn foreign() -> Fault {
    Fault::parameter("$skiptoken", "it is not from a next link")
}
