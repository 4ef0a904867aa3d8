//! How readings, alarms and what belongs to them look as bytes: fixed binary for what is many, JSON for what is few.

use crate::fault::{Fault, Kind, Result};
use crate::model::{
    Alarm, AlarmState, AssetId, Class, Comment, Datastream, Direction, Observation, Quality, Rule, Severity, SiteCode,
    Thing,
};
use crate::units::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{from_slice, to_vec};

/// Counters that every commit carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// Commits so far.
    pub commit: u64,
    /// The number of the last observation.
    pub observation: u64,
    /// The id of the last alarm.
    pub alarm: u64,
    /// Greater than every sequence number told so far.
    pub sequence: u64,
}

/// A datastream's counts and its latest reading.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Mark {
    pub quality: Quality,
    /// The earliest phenomenon time in history.
    pub first: Instant,
    /// The greatest phenomenon time, the number and the value of its observation.
    pub latest: Instant,
    pub latest_id: u64,
    pub value: f64,
    pub result_time: Instant,
}

/// What an archive holds that stays in memory.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub things: Vec<Thing>,
    pub streams: Vec<(Datastream, Mark)>,
    pub active: Vec<Alarm>,
    pub rules: Vec<Rule>,
    pub sites: Vec<(String, u64)>,
    pub head: Head,
}

fn corrupt(what: &str) -> Fault {
    Fault::new(Kind::Corrupt, format!("{what} cannot be read"))
        .about("series")
        .remedy("restore the store from a backup")
}

pub(crate) fn be_u64(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|b| u64::from_be_bytes(*b))
}

/// Eight-byte words in turn.
fn words<const N: usize>(bytes: &[u8], what: &str) -> Result<[u64; N]> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let chunks: &[[u8; 8]; N] = chunks.try_into().map_err(|_| corrupt(what))?;
    if rest.is_empty() { Ok(chunks.map(u64::from_be_bytes)) } else { Err(corrupt(what)) }
}

fn bytes_of<const N: usize>(words: [u64; N]) -> Vec<u8> {
    words.into_iter().flat_map(u64::to_be_bytes).collect()
}

/// Times sort as their bytes do: the sign bit is turned round.
const fn sortable(time: Instant) -> [u8; 8] {
    (time.0.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

const fn from_sortable(bytes: [u8; 8]) -> Instant {
    Instant((u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
}

pub(crate) fn observation_key(stream: u64, time: Instant, number: u64) -> [u8; 20] {
    let mut key = [0; 20];
    key[..4].copy_from_slice(&u32::try_from(stream).unwrap_or(u32::MAX).to_be_bytes());
    key[4..12].copy_from_slice(&sortable(time));
    key[12..].copy_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn observation_value(o: &Observation) -> [u8; 16] {
    let mut value = [0; 16];
    value[..8].copy_from_slice(&o.result.to_be_bytes());
    value[8..].copy_from_slice(&o.result_time.0.to_be_bytes());
    value
}

pub(crate) fn observation(key: &[u8], value: &[u8]) -> Result<(u64, Observation)> {
    let key: &[u8; 20] = key.try_into().map_err(|_| corrupt("an observation's key"))?;
    let [result, taken] = words::<2>(value, "an observation")?;
    let (stream, rest) = key.split_first_chunk::<4>().ok_or_else(|| corrupt("an observation's key"))?;
    let (time, number) = rest.split_first_chunk::<8>().ok_or_else(|| corrupt("an observation's key"))?;
    let observation = Observation {
        datastream: u64::from(u32::from_be_bytes(*stream)),
        phenomenon_time: from_sortable(*time),
        result_time: Instant(taken.cast_signed()),
        result: f64::from_bits(result),
    };
    Ok((be_u64(number).ok_or_else(|| corrupt("an observation's key"))?, observation))
}

pub(crate) fn block(observations: &[(u64, Observation)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(observations.len() * 12);
    for (_, o) in observations {
        out.extend_from_slice(&u32::try_from(o.datastream).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&sortable(o.phenomenon_time));
    }
    out
}

/// Number, datastream and time of each observation of a commit.
pub(crate) fn block_entries(key: &[u8], value: &[u8]) -> Result<Vec<(u64, u64, Instant)>> {
    let first = be_u64(key).ok_or_else(|| corrupt("a commit's numbers"))?;
    let (entries, rest) = value.as_chunks::<12>();
    if !rest.is_empty() {
        return Err(corrupt("a commit's numbers"));
    }
    let entry = |(number, [a, b, c, d, time @ ..]): (u64, &[u8; 12])| {
        (number, u64::from(u32::from_be_bytes([*a, *b, *c, *d])), from_sortable(*time))
    };
    Ok((first..).zip(entries).map(entry).collect())
}

pub(crate) fn head_bytes(h: &Head) -> Vec<u8> {
    bytes_of([h.commit, h.observation, h.alarm, h.sequence])
}

pub(crate) fn head(bytes: &[u8]) -> Result<Head> {
    let [commit, observation, alarm, sequence] = words(bytes, "the head of the readings")?;
    Ok(Head { commit, observation, alarm, sequence })
}

pub(crate) fn mark_bytes(m: &Mark) -> Vec<u8> {
    let q = &m.quality;
    let times = [m.first, m.latest, m.result_time].map(|t| t.0.cast_unsigned());
    let [first, latest, taken] = times;
    let value = m.value.to_bits();
    bytes_of([q.stored, q.late, q.duplicate, q.not_a_number, q.early, first, latest, taken, m.latest_id, value])
}

pub(crate) fn mark(bytes: &[u8]) -> Result<Mark> {
    let [stored, late, duplicate, not_a_number, early, first, latest, taken, latest_id, value] =
        words(bytes, "a datastream's mark")?;
    Ok(Mark {
        quality: Quality { stored, late, duplicate, not_a_number, early },
        first: Instant(first.cast_signed()),
        latest: Instant(latest.cast_signed()),
        latest_id,
        value: f64::from_bits(value),
        result_time: Instant(taken.cast_signed()),
    })
}

pub(crate) fn site(key: &[u8], value: &[u8]) -> Result<(String, u64)> {
    let code = key.get(1..).and_then(|k| std::str::from_utf8(k).ok()).ok_or_else(|| corrupt("a site's mark"))?;
    let [revision] = words(value, "a site's mark")?;
    Ok((code.to_owned(), revision))
}

#[derive(Serialize, Deserialize)]
struct ThingForm {
    device: String,
    site: String,
    /// Absent where it is the device's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<String>,
    name: String,
    class: String,
}

pub(crate) fn thing_bytes(t: &Thing) -> Result<Vec<u8>> {
    let form = ThingForm {
        device: t.device.to_string(),
        site: t.site.to_string(),
        code: (t.code != t.device).then(|| t.code.to_string()),
        former: t.former.iter().map(ToString::to_string).collect(),
        name: t.name.clone(),
        class: t.class.name().to_owned(),
    };
    to_vec(&form).map_err(|e| Fault::internal(e.to_string()))
}

pub(crate) fn thing(id: u64, bytes: &[u8]) -> Result<Thing> {
    let form: ThingForm = from_slice(bytes).map_err(|_| corrupt("a thing"))?;
    let class = Class::from_source(&form.class).unwrap_or(Class::Device);
    let (site, device) = (SiteCode::new(&form.site).map_err(|_| corrupt("a thing"))?, AssetId::from(form.device));
    let code = form.code.map_or_else(|| device.clone(), Into::into);
    let former = form.former.into_iter().map(AssetId::from).collect();
    Ok(Thing { id, device, site, code, former, name: form.name, class })
}

#[derive(Serialize, Deserialize)]
struct StreamForm {
    thing: u64,
    property: String,
    unit: String,
}

pub(crate) fn stream_bytes(s: &Datastream) -> Result<Vec<u8>> {
    let form = StreamForm { thing: s.thing, property: s.observed_property.to_string(), unit: s.unit.to_string() };
    to_vec(&form).map_err(|e| Fault::internal(e.to_string()))
}

pub(crate) fn stream(id: u64, bytes: &[u8]) -> Result<Datastream> {
    let form: StreamForm = from_slice(bytes).map_err(|_| corrupt("a datastream"))?;
    Ok(Datastream { id, thing: form.thing, observed_property: form.property.into(), unit: form.unit.into() })
}

#[derive(Serialize, Deserialize)]
struct RuleForm {
    id: String,
    property: String,
    class: Option<String>,
    direction: String,
    raise_at: f64,
    clear_at: f64,
    severity: String,
    enabled: bool,
}

pub(crate) fn rule_bytes(r: &Rule) -> Result<Vec<u8>> {
    let form = RuleForm {
        id: r.id.clone(),
        property: r.observed_property.clone(),
        class: r.class.map(|c| c.name().to_owned()),
        direction: r.direction.name().to_owned(),
        raise_at: r.raise_at,
        clear_at: r.clear_at,
        severity: r.severity.name().to_owned(),
        enabled: r.enabled,
    };
    to_vec(&form).map_err(|e| Fault::internal(e.to_string()))
}

pub(crate) fn rule(bytes: &[u8]) -> Result<Rule> {
    let form: RuleForm = from_slice(bytes).map_err(|_| corrupt("a rule"))?;
    Ok(Rule {
        class: form.class.as_deref().and_then(Class::from_source),
        direction: Direction::from_name(&form.direction).ok_or_else(|| corrupt("a rule"))?,
        severity: Severity::from_name(&form.severity).ok_or_else(|| corrupt("a rule"))?,
        id: form.id,
        observed_property: form.property,
        raise_at: form.raise_at,
        clear_at: form.clear_at,
        enabled: form.enabled,
    })
}

#[derive(Serialize, Deserialize)]
struct AlarmForm {
    rule: String,
    state: String,
    severity: String,
    asset: String,
    device: String,
    datastream: u64,
    property: String,
    value: f64,
    raised_at: i64,
    phenomenon_time: i64,
    cleared_at: Option<i64>,
    acknowledged: Option<(String, i64)>,
    message: String,
    comments: Vec<(String, i64, String)>,
}

pub(crate) fn alarm_bytes(a: &Alarm) -> Result<Vec<u8>> {
    let form = AlarmForm {
        rule: a.rule.clone(),
        state: a.state.name().to_owned(),
        severity: a.severity.name().to_owned(),
        asset: a.asset.to_string(),
        device: a.device.to_string(),
        datastream: a.datastream,
        property: a.observed_property.clone(),
        value: a.value,
        raised_at: a.raised_at.0,
        phenomenon_time: a.phenomenon_time.0,
        cleared_at: a.cleared_at.map(|t| t.0),
        acknowledged: a.acknowledged.as_ref().map(|(by, at)| (by.clone(), at.0)),
        message: a.message.clone(),
        comments: a.comments.iter().map(|c| (c.by.clone(), c.at.0, c.text.clone())).collect(),
    };
    to_vec(&form).map_err(|e| Fault::internal(e.to_string()))
}

pub(crate) fn alarm(id: u64, bytes: &[u8]) -> Result<Alarm> {
    let form: AlarmForm = from_slice(bytes).map_err(|_| corrupt("an alarm"))?;
    Ok(Alarm {
        id,
        state: AlarmState::from_name(&form.state).ok_or_else(|| corrupt("an alarm"))?,
        severity: Severity::from_name(&form.severity).ok_or_else(|| corrupt("an alarm"))?,
        rule: form.rule,
        asset: form.asset.into(),
        device: form.device.into(),
        datastream: form.datastream,
        observed_property: form.property,
        value: form.value,
        raised_at: Instant(form.raised_at),
        phenomenon_time: Instant(form.phenomenon_time),
        cleared_at: form.cleared_at.map(Instant),
        acknowledged: form.acknowledged.map(|(by, at)| (by, Instant(at))),
        message: form.message,
        comments: form.comments.into_iter().map(|(by, at, text)| Comment { by, at: Instant(at), text }).collect(),
    })
}
