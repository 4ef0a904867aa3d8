//! What of the readings stays in memory: things, datastreams with their latest, active alarms, rules.

use super::super::archive::embedded::{Changes, Head, Loaded, Mark};
use super::{Series, Summary};
use crate::fault::{Fault, Kind, Result};
use crate::model::{Alarm, AssetId, Class, Datastream, Observation, Rule, SiteCode, Thing};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

#[derive(Debug)]
pub(super) struct Stream {
    pub datastream: Arc<Datastream>,
    pub mark: Mark,
}

impl Stream {
    pub fn latest(&self) -> Option<Observation> {
        (self.mark.quality.stored > 0).then(|| Observation {
            datastream: self.datastream.id,
            phenomenon_time: self.mark.latest,
            result_time: self.mark.result_time,
            result: self.mark.value,
        })
    }
    pub fn summary(&self) -> Summary {
        let latest = self.latest();
        Summary {
            datastream: self.datastream.clone(),
            quality: self.mark.quality,
            first: latest.map(|_| self.mark.first),
            latest,
        }
    }
}

/// Ids begin at 1 and have no gaps, so lists are looked into by place.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub things: Vec<Arc<Thing>>,
    pub by_device: HashMap<AssetId, u64>,
    /// Things whose device is called otherwise than by its source, by the source's word.
    by_code: HashMap<AssetId, Vec<u64>>,
    /// Things by what they were called before their sources renewed ids.
    by_former: HashMap<AssetId, Vec<u64>>,
    pub streams: Vec<Stream>,
    of_thing: Vec<Vec<u64>>,
    pub active: BTreeMap<u64, Arc<Alarm>>,
    /// The active alarm of a datastream by the rule that raised it; few at a time.
    pub holding: HashMap<u64, Vec<(String, u64)>>,
    pub rules: BTreeMap<String, Arc<Rule>>,
    pub sites: HashMap<String, u64>,
    pub head: Head,
}

fn place(id: u64) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX).wrapping_sub(1)
}

impl Table {
    pub fn new(loaded: Loaded) -> Result<Self> {
        let mut table = Self { head: loaded.head, sites: loaded.sites.into_iter().collect(), ..Self::default() };
        let gap = || Fault::new(Kind::Corrupt, "an id is missing among things or datastreams").about("series");
        for thing in loaded.things {
            table.add_thing(Arc::new(thing)).ok_or_else(gap)?;
        }
        for (datastream, mark) in loaded.streams {
            table.add_stream(Stream { datastream: Arc::new(datastream), mark }).ok_or_else(gap)?;
        }
        for rule in loaded.rules {
            table.rules.insert(rule.id.clone(), Arc::new(rule));
        }
        for alarm in loaded.active {
            table.put_alarm(Arc::new(alarm));
        }
        Ok(table)
    }
    pub fn thing(&self, id: u64) -> Option<&Arc<Thing>> {
        self.things.get(place(id))
    }
    pub fn stream(&self, id: u64) -> Option<&Stream> {
        self.streams.get(place(id))
    }
    pub fn stream_mut(&mut self, id: u64) -> Option<&mut Stream> {
        self.streams.get_mut(place(id))
    }
    pub fn streams_of(&self, thing: u64) -> &[u64] {
        self.of_thing.get(place(thing)).map_or(&[], Vec::as_slice)
    }
    /// The newest datastream of that property: a device whose unit changed has an older one too.
    pub fn stream_of(&self, thing: u64, property: &str) -> Option<&Stream> {
        let streams = self.streams_of(thing).iter().rev().filter_map(|id| self.stream(*id));
        streams.into_iter().find(|s| *s.datastream.observed_property == *property)
    }
    /// The things that readings mean by `code`, in `site` where it is said: what is called so now, else what once was.
    pub fn named(&self, site: Option<&SiteCode>, code: &str) -> Named {
        let of = |ids: &mut dyn Iterator<Item = &u64>| {
            let things = ids.filter_map(|id| self.thing(*id));
            let mut things = things.filter(|thing| site.is_none_or(|site| thing.site == *site));
            match (things.next(), things.next()) {
                (None, _) => Named::Unknown,
                (Some(only), None) => Named::One(only.clone()),
                (Some(_), Some(_)) => Named::Several,
            }
        };
        let now = self.by_device.get(code).into_iter().chain(self.by_code.get(code).into_iter().flatten());
        match of(&mut { now }) {
            Named::Unknown => of(&mut self.by_former.get(code).into_iter().flatten()),
            named => named,
        }
    }
    fn add_thing(&mut self, thing: Arc<Thing>) -> Option<()> {
        let at = place(thing.id);
        if let Some(old) = self.things.get(at) {
            // Another thing may have taken its device's name.
            if self.by_device.get(&old.device) == Some(&old.id) {
                self.by_device.remove(&old.device);
            }
            let others = |ids: &mut Vec<u64>| ids.retain(|id| *id != old.id);
            self.by_code.get_mut(&old.code).into_iter().for_each(others);
            for name in &old.former {
                self.by_former.get_mut(name).into_iter().for_each(others);
            }
        }
        self.by_device.insert(thing.device.clone(), thing.id);
        if thing.code != thing.device {
            self.by_code.entry(thing.code.clone()).or_default().push(thing.id);
        }
        for name in &thing.former {
            self.by_former.entry(name.clone()).or_default().push(thing.id);
        }
        if at == self.things.len() {
            self.things.push(thing);
            self.of_thing.push(Vec::new());
        } else {
            *self.things.get_mut(at)? = thing;
        }
        Some(())
    }
    fn add_stream(&mut self, stream: Stream) -> Option<()> {
        if place(stream.datastream.id) != self.streams.len() {
            return None;
        }
        self.of_thing.get_mut(place(stream.datastream.thing))?.push(stream.datastream.id);
        self.streams.push(stream);
        Some(())
    }
    pub fn put_alarm(&mut self, alarm: Arc<Alarm>) {
        let held = self.holding.entry(alarm.datastream).or_default();
        held.retain(|(_, id)| *id != alarm.id);
        if alarm.state.is_active() {
            held.push((alarm.rule.clone(), alarm.id));
            self.active.insert(alarm.id, alarm);
        } else {
            if held.is_empty() {
                self.holding.remove(&alarm.datastream);
            }
            self.active.remove(&alarm.id);
        }
    }
}

/// What readings mean by a device's word.
#[derive(Debug, Clone, PartialEq)]
pub enum Named {
    /// No device.
    Unknown,
    /// This one.
    One(Arc<Thing>),
    /// More than one: the site must be said, or the devices be named apart in their files.
    Several,
}

/// A device that measures, as an import describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ThingSpec {
    /// The device asset's id.
    pub device: AssetId,
    /// The site that has it.
    pub site: SiteCode,
    /// Its id as its source gave it.
    pub code: AssetId,
    /// The id that the same device had until its source renewed it.
    pub formerly: Option<AssetId>,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub class: Class,
    /// Observed property and unit (UCUM) of each datastream.
    pub streams: Vec<(Arc<str>, Arc<str>)>,
}

/// Names that a thing is known by besides its present ones, at most: its first, and the last ones.
const FORMER: usize = 32;

impl ThingSpec {
    /// The thing as it is from now on, given what it was.
    fn thing(&self, id: u64, known: Option<&Thing>) -> Thing {
        let mut former = known.map_or_else(Vec::new, |t| t.former.clone());
        if let Some(renewed) = known.filter(|t| t.device != self.device) {
            former.extend([renewed.device.clone(), renewed.code.clone()]);
        }
        let mut seen = HashSet::from([self.device.clone(), self.code.clone()]);
        former.retain(|name| seen.insert(name.clone()));
        while former.len() > FORMER {
            former.remove(1);
        }
        let Self { device, site, code, name, class, .. } = self.clone();
        Thing { id, device, site, code, former, name, class }
    }
}

impl Series {
    /// Makes the things and datastreams that are missing, and brings names up to date. Ids stay with the device for good, also
    /// where its source renewed its own; a property whose unit changed gets a new datastream, its old one stays with its
    /// history. Active alarms follow a device to its new id, and to the asset that it is `concerned` with there. Gives the
    /// things whose devices were renewed, as they were before.
    ///
    /// # Errors
    /// What the disk says; then nothing has changed.
    pub(in crate::store) fn ensure_things(
        &self,
        specs: &[ThingSpec],
        site: Option<(&str, u64)>,
        concerned: &dyn Fn(&AssetId) -> AssetId,
    ) -> Result<Vec<Arc<Thing>>> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut things, mut streams, mut head) = (Vec::<Thing>::new(), Vec::<Datastream>::new(), self.table().head);
        let (mut renewed, mut alarms) = (Vec::new(), Vec::new());
        {
            let table = self.table();
            let (mut next_thing, mut next_stream) = (table.things.len() as u64, table.streams.len() as u64);
            let mut made: HashMap<&str, usize> = HashMap::new();
            for spec in specs {
                // Another site's device of this id is gone, and its history is not this one's.
                let of_site = |thing: &&Arc<Thing>| thing.site == spec.site;
                let called = |id: &AssetId| table.by_device.get(id).and_then(|id| table.thing(*id));
                let known = called(&spec.device).or_else(|| spec.formerly.as_ref().and_then(called)).filter(of_site);
                let id = match (known, made.get(&*spec.device).and_then(|at| things.get(*at))) {
                    (_, Some(again)) => again.id,
                    (Some(thing), None) => thing.id,
                    (None, None) => {
                        next_thing += 1;
                        next_thing
                    }
                };
                let thing = spec.thing(id, known.map(AsRef::as_ref));
                if known.is_none_or(|known| **known != thing) && !made.contains_key(&*spec.device) {
                    made.insert(&spec.device, things.len());
                    renewed.extend(known.filter(|known| known.device != thing.device).cloned());
                    things.push(thing);
                }
                for (property, unit) in &spec.streams {
                    let held = table.stream_of(id, property).is_some_and(|s| s.datastream.unit == *unit);
                    let fresh =
                        streams.iter().rev().take_while(|s| s.thing == id).any(|s| s.observed_property == *property);
                    if !held && !fresh {
                        next_stream += 1;
                        let (observed_property, unit) = (property.clone(), unit.clone());
                        streams.push(Datastream { id: next_stream, thing: id, observed_property, unit });
                    }
                }
            }
            if next_stream > u64::from(u32::MAX) {
                return Err(Fault::new(Kind::TooLarge, "a store holds 4,294,967,295 datastreams at most"));
            }
            let now: HashMap<&AssetId, &AssetId> = renewed
                .iter()
                .filter_map(|was: &Arc<Thing>| Some((&was.device, &things.iter().find(|t| t.id == was.id)?.device)))
                .collect();
            for alarm in table.active.values() {
                if let Some(device) = now.get(&alarm.device).copied() {
                    alarms.push(Alarm { device: device.clone(), asset: concerned(device), ..Alarm::clone(alarm) });
                }
            }
        }
        let marked = site.is_none_or(|(code, revision)| self.site_revision(code) == Some(revision));
        if things.is_empty() && streams.is_empty() && marked {
            return Ok(renewed);
        }
        head = self.next_head(head);
        self.ledger.commit(&Changes {
            things: &things,
            streams: &streams,
            alarms: &alarms,
            site,
            head,
            ..Changes::default()
        })?;
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.head = head;
        if let Some((code, revision)) = site {
            table.sites.insert(code.to_owned(), revision);
        }
        let placed = things.into_iter().map(|t| table.add_thing(Arc::new(t))).all(|done| done.is_some());
        let streamed = streams.into_iter().map(|s| Stream { datastream: Arc::new(s), mark: Mark::default() });
        let placed = streamed.map(|s| table.add_stream(s)).all(|done| done.is_some()) && placed;
        alarms.into_iter().for_each(|alarm| table.put_alarm(Arc::new(alarm)));
        if placed { Ok(renewed) } else { Err(Fault::internal("ids of things have a gap")) }
    }
}
