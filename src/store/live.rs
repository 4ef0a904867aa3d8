//! The live half of a store: readings and alarms on disk, what is true now, and the telling of every change.

use super::event::{Event, Events, Step};
use super::pulse::{AssetState, Pulse, StateValue};
use super::renew::Heir;
use super::series::{Changed, Context, Judge, Series, Taken, ThingSpec};
use super::{Site, Snapshot};
use crate::fault::Result;
use crate::model::{
    Alarm, AssetId, Attributes, Class, Collection, Collections, Observation, Rule, SiteCode, Thing, Value,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

/// The attribute of a device that names its datastreams: `smoke:m-1;temperature:Cel`, observed property and UCUM unit.
pub const DATASTREAMS: &str = "datastreams";

/// Series, pulse and events, kept in step.
#[derive(Debug)]
pub(super) struct Live {
    pub series: Series,
    pub pulse: Pulse,
    pub events: Events,
    /// Where devices are looked up. Weak, since every site holds this.
    sites: RwLock<Vec<Weak<Site>>>,
    /// Held while a change is told, so that sequence numbers are told in order.
    telling: Mutex<()>,
}

/// Where a device stands.
struct Place {
    collection: Collection,
    ancestors: Vec<Step>,
}

impl Live {
    pub fn open(dir: &Path) -> Result<Self> {
        let series = Series::open(&dir.join("series"))?;
        let events = Events::new(series.sequence());
        let live =
            Self { series, pulse: Pulse::default(), events, sites: RwLock::default(), telling: Mutex::default() };
        let begin = live.series.sequence();
        for (thing, datastream, reading) in live.series.latest() {
            let collection = thing.class.collection();
            live.pulse.set(begin, &thing.device, collection, &[state_value(&datastream, &reading)]);
        }
        live.pulse.begin(begin);
        Ok(live)
    }
    /// The sites but the one called `code`.
    pub fn others(&self, code: &SiteCode) -> Vec<Arc<Site>> {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        sites.iter().filter_map(Weak::upgrade).filter(|site| site.code() != code).collect()
    }
    /// Adds a site that was opened: its devices get the things they lack, alarms mark what their devices are part of.
    pub fn add(&self, site: &Arc<Site>) -> Result<()> {
        self.sites.write().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(site));
        let snapshot = site.snapshot();
        let mut renewed = Vec::new();
        if self.series.site_revision(site.code().as_str()) != Some(snapshot.revision()) {
            let devices = snapshot.rows().filter(|row| snapshot.asset(*row).is_some_and(|a| measures(a.class())));
            let things = self.series.things_of(site.code());
            let gone = things.iter().map(|thing| &thing.device).filter(|id| snapshot.find(id).is_none());
            renewed = self.bind(&snapshot, devices, gone)?;
        }
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        self.hand_on(&renewed);
        let begin = self.series.sequence();
        for alarm in self.series.active_alarms() {
            let place = self.place(&alarm.device);
            self.pulse.mark(begin, &alarm, place.collection, marks(&alarm, &place));
        }
        Ok(())
    }
    /// A commit of assets is durable and visible: devices among `changed` get their things, those among `gone` hand theirs on
    /// where only their ids were renewed, and the change is told.
    pub fn committed(&self, snapshot: &Snapshot, changed: &[AssetId], gone: &[AssetId]) {
        let rows = changed.iter().filter_map(|id| snapshot.find(id));
        let renewed = self.bind(snapshot, rows, gone.iter().filter(|id| snapshot.find(id).is_none()));
        let renewed = renewed.unwrap_or_else(|fault| {
            tracing::error!(%fault, "devices have no things yet; they get them when the store is opened next");
            Vec::new()
        });
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        self.hand_on(&renewed);
        let seq = self.series.tell();
        // What devices are and what they are part of may have changed.
        for alarm in self.series.active_alarms() {
            let place = self.place(&alarm.device);
            let (collection, assets) = (place.collection, marks(&alarm, &place));
            if self.pulse.marked_by(alarm.id).as_ref() != Some(&(collection, assets.clone())) {
                self.pulse.mark(seq, &alarm, collection, assets);
            }
        }
        self.pulse.begin(seq);
        self.events.publish(Event::Assets { seq, site: snapshot.site().clone(), revision: snapshot.revision() });
    }
    /// Gives devices their things: new ones, or those of devices that are `gone` and whose ids were renewed. Gives the things
    /// that were handed on, as they were.
    fn bind<'a>(
        &self,
        snapshot: &Snapshot,
        devices: impl Iterator<Item = super::Row>,
        gone: impl Iterator<Item = &'a AssetId>,
    ) -> Result<Vec<Arc<Thing>>> {
        let mut formerly = HashMap::new();
        for old in gone.filter(|id| self.series.thing_of(id).is_some_and(|thing| thing.site == *snapshot.site())) {
            if let Heir::One(heir) = snapshot.heir(old)? {
                formerly.insert(heir, old.clone());
            }
        }
        let of = |row| {
            let formerly = snapshot.asset(row).and_then(|asset| formerly.get(asset.id()).cloned());
            spec(snapshot, row, formerly).transpose()
        };
        let specs = devices.filter_map(of).collect::<Result<Vec<_>>>()?;
        let concerned = |device: &AssetId| self.concerned(device);
        self.series.ensure_things(&specs, Some((snapshot.site().as_str(), snapshot.revision())), &concerned)
    }
    /// Tells that things have other devices than these, which they had before.
    fn hand_on(&self, renewed: &[Arc<Thing>]) {
        for was in renewed {
            let seq = self.series.tell();
            self.pulse.clear(seq, &was.device);
            let (asset, collection) = (was.device.clone(), was.class.collection());
            self.events.publish(Event::State { seq, asset, collection, values: Vec::new() });
            let Some(thing) = self.series.thing(was.id) else { continue };
            let streams = self.series.datastreams_of(thing.id).into_iter().filter_map(|id| self.series.datastream(id));
            let values: Vec<_> = streams.filter_map(|s| Some(state_value(&s.datastream, &s.latest?))).collect();
            let seq = self.series.tell();
            let (asset, collection) = (thing.device.clone(), thing.class.collection());
            self.pulse.set(seq, &asset, collection, &values);
            self.events.publish(Event::State { seq, asset, collection, values });
        }
    }
    /// The asset that a device's alarms concern: what it is part of, else itself.
    fn concerned(&self, device: &AssetId) -> AssetId {
        self.place(device).ancestors.into_iter().next().map_or_else(|| device.clone(), |step| step.id)
    }
    /// The whole state at one sequence number: every event up to it is in, none after it is.
    pub fn standing(&self, readable: Collections) -> (u64, Vec<(AssetId, AssetState)>) {
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        self.pulse.all(readable)
    }
    pub fn append(&self, readings: Vec<Observation>, judge: Judge) -> Result<Vec<Taken>> {
        let concerned = |device: &AssetId| self.concerned(device);
        let tell = |changed: &Changed| self.tell(changed);
        self.series.append(readings, &Context { judge, concerned: &concerned, tell: &tell })
    }
    pub fn act(&self, alarm: u64, act: impl FnOnce(&mut Alarm) -> Result<()>) -> Result<Arc<Alarm>> {
        self.series.act(alarm, act, &|changed| self.tell(changed))
    }
    pub fn put_rules(&self, rules: &[Rule]) -> Result<()> {
        self.series.put_rules(rules)
    }

    /// Alarms first: whoever waits for events hears of them before the readings of the same commit.
    fn tell(&self, changed: &Changed) {
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        for alarm in &changed.alarms {
            let seq = self.series.tell();
            let place = self.place(&alarm.device);
            self.pulse.mark(seq, alarm, place.collection, marks(alarm, &place));
            let Place { collection, ancestors } = place;
            self.events.publish(Event::Alarm { seq, alarm: alarm.clone(), collection, ancestors });
        }
        // Datastreams come in order of id, and so those of one device together.
        for one in changed.latest.chunk_by(|(a, ..), (b, ..)| a.id == b.id) {
            let Some((thing, ..)) = one.first() else { continue };
            let values: Vec<_> = one.iter().map(|(_, datastream, reading)| state_value(datastream, reading)).collect();
            let seq = self.series.tell();
            let (asset, collection) = (thing.device.clone(), thing.class.collection());
            self.pulse.set(seq, &asset, collection, &values);
            self.events.publish(Event::State { seq, asset, collection, values });
        }
    }
    fn place(&self, device: &str) -> Place {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner).clone();
        for site in sites.iter().filter_map(Weak::upgrade) {
            let snapshot = site.snapshot();
            let Some(row) = snapshot.find(device) else { continue };
            let step = |a: super::AssetRef<'_>| Step { id: a.id().into(), name: a.name().to_owned(), class: a.class() };
            let ancestors = snapshot.ancestors(row).into_iter().filter_map(|r| snapshot.asset(r)).map(step).collect();
            let collection = snapshot.asset(row).map_or(Collection::Devices, |a| a.class().collection());
            return Place { collection, ancestors };
        }
        // Its asset is gone; the class it had still says who may see it.
        let class = self.series.thing_of(device).map_or(Class::Device, |t| t.class);
        Place { collection: class.collection(), ancestors: Vec::new() }
    }
}

fn state_value(datastream: &crate::model::Datastream, reading: &Observation) -> StateValue {
    StateValue {
        property: datastream.observed_property.clone(),
        unit: datastream.unit.clone(),
        value: reading.result,
        time: reading.phenomenon_time,
    }
}

/// What an alarm marks: its device, the asset it concerns, and all that the device is part of.
fn marks(alarm: &Alarm, place: &Place) -> Vec<AssetId> {
    let mut ids = vec![alarm.device.clone(), alarm.asset.clone()];
    ids.extend(place.ancestors.iter().map(|step| step.id.clone()));
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn measures(class: Class) -> bool {
    matches!(class.collection(), Collection::Devices | Collection::Cameras)
}

/// The thing that an asset describes; none when it is no device, or names no datastreams and was no other's before.
fn spec(snapshot: &Snapshot, row: super::Row, formerly: Option<AssetId>) -> Result<Option<ThingSpec>> {
    let Some(asset) = snapshot.asset(row).filter(|a| measures(a.class())) else { return Ok(None) };
    let streams = streams(&*snapshot.attributes(row)?);
    let (device, name, class) = (AssetId::from(asset.id()), asset.name().to_owned(), asset.class());
    let (site, code) = (snapshot.site().clone(), asset.source_id());
    let code = if *code == *device { device.clone() } else { code.into() };
    let measures = !streams.is_empty() || formerly.is_some();
    Ok(measures.then_some(ThingSpec { device, site, code, formerly, name, class, streams }))
}

/// Observed properties and units from a device's attributes; parts that name no property are left out.
fn streams(attributes: &Attributes) -> Vec<(Arc<str>, Arc<str>)> {
    let words: Vec<&str> = match attributes.iter().find(|(name, _)| name == DATASTREAMS) {
        Some((_, Value::Text(text))) => text.split(';').collect(),
        Some((_, Value::List(parts))) => {
            parts.iter().filter_map(|p| if let Value::Text(text) = p { Some(text.as_str()) } else { None }).collect()
        }
        _ => Vec::new(),
    };
    let mut found: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    for word in words.into_iter().take(256) {
        let (property, unit) = word.split_once(':').unwrap_or((word, "1"));
        let (property, unit) = (property.trim(), unit.trim());
        let named =
            (1..=64).contains(&property.len()) && property.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        if named && unit.len() <= 64 && !found.iter().any(|(p, _)| **p == *property) {
            found.push((property.into(), if unit.is_empty() { "1" } else { unit }.into()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datastreams_are_read_from_text_and_lists() {
        let text = |t: &str| vec![(DATASTREAMS.to_owned(), Value::Text(t.to_owned()))];
        let names = |a: &Attributes| streams(a).iter().map(|(p, u)| format!("{p} {u}")).collect::<Vec<_>>();
        assert_eq!(
            names(&text("smoke:m-1; temperature:Cel;battery;smoke:1;;bad name:1")),
            ["smoke m-1", "temperature Cel", "battery 1"]
        );
        assert_eq!(names(&text("gas:%{LEL}")), ["gas %{LEL}"]);
        let list = vec![(DATASTREAMS.to_owned(), Value::List(vec![Value::Text("烟雾:1".to_owned()), Value::Int(3)]))];
        assert_eq!(names(&list), ["烟雾 1"]);
        assert!(names(&Vec::new()).is_empty());
    }
}
