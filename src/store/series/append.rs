//! Readings into history: what is taken, what it means for alarms, one commit for all who wait.

use super::super::archive::embedded::{Changes, Head, Mark};
use super::table::Table;
use super::{Changed, Series, Span};
use crate::fault::{Fault, Kind, Result};
use crate::model::{Alarm, AlarmState, AssetId, Flaw, Observation, Rule};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The most readings one commit takes.
const COMMIT: usize = 50_000;

/// What became of one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// In history under this number, and the latest of its datastream.
    Stored(u64),
    /// In history under this number; a newer one was there.
    Late(u64),
    /// It was there already, under this number.
    Duplicate(u64),
    /// Not taken.
    Refused(Flaw),
}

impl Taken {
    /// The observation's number in history.
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Stored(number) | Self::Late(number) | Self::Duplicate(number) => Some(number),
            Self::Refused(_) => None,
        }
    }
}

/// What a reading means for the alarm of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing changes.
    Stand,
    /// An alarm begins, with these words.
    Raise(String),
    /// The active alarm has a new value worth telling, with these words.
    Update(String),
    /// The active alarm is over, with these words.
    Clear(String),
}

/// Judges a reading that is the latest of its datastream by one rule, given the alarm that the rule holds active.
pub type Judge = fn(&Rule, &Observation, Option<&Alarm>) -> Verdict;

/// What the committing of readings needs to know from around it.
pub(in crate::store) struct Context<'a> {
    pub judge: Judge,
    /// The asset that an alarm of this device concerns.
    pub concerned: &'a dyn Fn(&AssetId) -> AssetId,
    /// Tells what a commit changed, in the order of commits.
    pub tell: &'a dyn Fn(&Changed),
}

/// One caller's readings and, once they are committed, what became of them.
#[derive(Debug)]
pub(super) struct Job {
    readings: Vec<Observation>,
    done: Mutex<Option<Result<Vec<Taken>>>>,
}

impl Job {
    fn finish(&self, outcome: Result<Vec<Taken>>) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
    fn outcome(&self) -> Option<Result<Vec<Taken>>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Series {
    /// Takes readings; when this returns they are on disk, and with them every change of an alarm that they brought about.
    pub(in crate::store) fn append(&self, readings: Vec<Observation>, context: &Context<'_>) -> Result<Vec<Taken>> {
        if readings.is_empty() {
            return Ok(Vec::new());
        }
        if readings.len() > COMMIT {
            return Err(Fault::new(Kind::TooLarge, format!("more than {COMMIT} readings at once")));
        }
        let streams = self.datastream_count();
        if let Some(stray) = readings.iter().find(|r| r.datastream == 0 || r.datastream > streams) {
            return Err(Fault::not_found(format!("there is no datastream {}", stray.datastream)));
        }
        let job = Arc::new(Job { readings, done: Mutex::new(None) });
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(job.clone());
        loop {
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            // While this caller waited, the one before may have committed its readings too.
            if let Some(outcome) = job.outcome() {
                return outcome;
            }
            let jobs = self.next_jobs();
            match self.commit(&jobs, context) {
                Ok(outcomes) => jobs.iter().zip(outcomes).for_each(|(job, outcome)| job.finish(Ok(outcome))),
                Err(fault) => jobs.iter().for_each(|job| job.finish(Err(fault.clone()))),
            }
        }
    }

    fn next_jobs(&self) -> Vec<Arc<Job>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut total = 0;
        let fits = |job: &Arc<Job>| {
            total += job.readings.len();
            total <= COMMIT
        };
        let count = waiting.iter().map(fits).take_while(|fits| *fits).count();
        waiting.drain(..count).collect()
    }

    fn commit(&self, jobs: &[Arc<Job>], context: &Context<'_>) -> Result<Vec<Vec<Taken>>> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        let table = self.table();
        let mut batch = Batch::new(&table, context);
        for job in jobs {
            outcomes.push(job.readings.iter().map(|r| batch.take(self, *r)).collect::<Result<Vec<_>>>()?);
        }
        let Batch { head, observations, marks, alarms, told, mut latest, .. } = batch;
        drop(table);
        let marks: Vec<(u64, Mark)> = marks.into_iter().collect();
        let head = self.next_head(head);
        let last: Vec<Alarm> = alarms.into_values().collect();
        self.ledger.commit(&Changes {
            observations: &observations,
            marks: &marks,
            alarms: &last,
            head,
            ..Changes::default()
        })?;
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.head = head;
        for (id, mark) in marks {
            if let Some(stream) = table.stream_mut(id) {
                stream.mark = mark;
            }
        }
        for alarm in last {
            table.put_alarm(Arc::new(alarm));
        }
        let latest = std::mem::take(&mut latest).into_values();
        let named = |o: Observation| {
            let datastream = &table.stream(o.datastream)?.datastream;
            Some((table.thing(datastream.thing)?.clone(), datastream.clone(), o))
        };
        let changed = Changed { latest: latest.filter_map(named).collect(), alarms: told };
        drop(table);
        (context.tell)(&changed);
        Ok(outcomes)
    }
}

/// A commit in the making; what it changes is kept beside the table until it is on disk.
struct Batch<'a> {
    table: &'a Table,
    context: &'a Context<'a>,
    head: Head,
    observations: Vec<(u64, Observation)>,
    marks: BTreeMap<u64, Mark>,
    /// Numbers of this batch's observations by datastream, time and value.
    seen: HashMap<(u64, i64, u64), u64>,
    /// The last form of each alarm that changed.
    alarms: BTreeMap<u64, Alarm>,
    /// Their ids by datastream, in the order in which they began or changed.
    changed: HashMap<u64, Vec<u64>>,
    told: Vec<Arc<Alarm>>,
    latest: BTreeMap<u64, Observation>,
}

impl<'a> Batch<'a> {
    fn new(table: &'a Table, context: &'a Context<'a>) -> Self {
        Self {
            table,
            context,
            head: table.head,
            observations: Vec::new(),
            marks: BTreeMap::new(),
            seen: HashMap::new(),
            alarms: BTreeMap::new(),
            changed: HashMap::new(),
            told: Vec::new(),
            latest: BTreeMap::new(),
        }
    }

    fn take(&mut self, series: &Series, reading: Observation) -> Result<Taken> {
        let stream = self.table.stream(reading.datastream).ok_or_else(|| Fault::internal("a datastream went away"))?;
        let mut mark = self.marks.get(&reading.datastream).copied().unwrap_or(stream.mark);
        let taken = self.place(series, reading, &mut mark)?;
        self.marks.insert(reading.datastream, mark);
        if matches!(taken, Taken::Stored(_)) {
            self.latest.insert(reading.datastream, reading);
            self.judge(&reading);
        }
        Ok(taken)
    }

    fn place(&mut self, series: &Series, reading: Observation, mark: &mut Mark) -> Result<Taken> {
        if let Some(flaw) = reading.flaw() {
            let count = match flaw {
                Flaw::NotANumber => &mut mark.quality.not_a_number,
                Flaw::Early => &mut mark.quality.early,
            };
            *count += 1;
            return Ok(Taken::Refused(flaw));
        }
        let time = reading.phenomenon_time;
        let is_first = mark.quality.stored == 0;
        let is_newer = is_first || time > mark.latest;
        if !is_newer && let Some(number) = self.known(series, &reading)? {
            mark.quality.duplicate += 1;
            return Ok(Taken::Duplicate(number));
        }
        self.head.observation += 1;
        let number = self.head.observation;
        self.observations.push((number, reading));
        self.seen.insert((reading.datastream, time.0, reading.result.to_bits()), number);
        mark.quality.stored += 1;
        mark.first = if is_first { time } else { mark.first.min(time) };
        if is_newer {
            *mark = Mark {
                latest: time,
                latest_id: number,
                value: reading.result,
                result_time: reading.result_time,
                ..*mark
            };
            Ok(Taken::Stored(number))
        } else {
            mark.quality.late += 1;
            Ok(Taken::Late(number))
        }
    }

    /// The number under which history, or this batch, has a reading of the same time and value.
    fn known(&self, series: &Series, reading: &Observation) -> Result<Option<u64>> {
        let (time, bits) = (reading.phenomenon_time, reading.result.to_bits());
        if let Some(number) = self.seen.get(&(reading.datastream, time.0, bits)) {
            return Ok(Some(*number));
        }
        for found in
            series.observations(reading.datastream, Span { from: (time, 0), to: (time, u64::MAX), backwards: false })
        {
            let (number, observation) = found?;
            if observation.result.to_bits() == bits {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    fn judge(&mut self, reading: &Observation) {
        let Some(stream) = self.table.stream(reading.datastream) else { return };
        let Some(thing) = self.table.thing(stream.datastream.thing) else { return };
        let property = &*stream.datastream.observed_property;
        let applies = |r: &&Arc<Rule>| r.observed_property == property && r.class.is_none_or(|c| c == thing.class);
        for rule in self.table.rules.values().filter(applies) {
            let active = self.active(rule, reading.datastream);
            let words = match (self.context.judge)(rule, reading, active.as_ref()) {
                Verdict::Stand => continue,
                Verdict::Raise(words) if active.is_none() => (AlarmState::Raised, words),
                Verdict::Update(words) if active.is_some() => (AlarmState::Updated, words),
                Verdict::Clear(words) if active.is_some() => (AlarmState::Cleared, words),
                _ => continue,
            };
            let (state, message) = words;
            let mut alarm = active.unwrap_or_else(|| {
                self.head.alarm += 1;
                Alarm {
                    id: self.head.alarm,
                    rule: rule.id.clone(),
                    state,
                    severity: rule.severity,
                    asset: (self.context.concerned)(&thing.device),
                    device: thing.device.clone(),
                    datastream: reading.datastream,
                    observed_property: property.to_owned(),
                    value: reading.result,
                    raised_at: reading.phenomenon_time,
                    phenomenon_time: reading.phenomenon_time,
                    cleared_at: None,
                    acknowledged: None,
                    message: String::new(),
                    comments: Vec::new(),
                }
            });
            alarm.state = state;
            alarm.value = reading.result;
            alarm.phenomenon_time = reading.phenomenon_time;
            alarm.message = message;
            alarm.cleared_at = (state == AlarmState::Cleared).then_some(reading.phenomenon_time);
            self.told.push(Arc::new(alarm.clone()));
            self.changed.entry(reading.datastream).or_default().push(alarm.id);
            self.alarms.insert(alarm.id, alarm);
        }
    }

    /// The alarm that `rule` holds active on this datastream, as this batch has it so far.
    fn active(&self, rule: &Rule, datastream: u64) -> Option<Alarm> {
        let mut here = self.changed.get(&datastream).into_iter().flatten().rev().filter_map(|id| self.alarms.get(id));
        if let Some(changed) = here.find(|a| a.rule == rule.id) {
            return changed.state.is_active().then(|| changed.clone());
        }
        let (_, id) = self.table.holding.get(&datastream)?.iter().find(|(by, _)| *by == rule.id)?;
        self.table.active.get(id).map(|a| Alarm::clone(a))
    }
}
