//! The order of play: which device reports when, and what; the same seed gives the same play.

use super::story::{FEW, PAUSE, STEPS, Scenario};
use super::{Fleet, Play, curve};
use crate::fault::{Fault, Result};
use crate::units::Instant;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

/// What one device sends at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The device's id.
    pub device: Arc<str>,
    /// When it measured.
    pub time: Instant,
    /// Properties and values.
    pub readings: Vec<(Arc<str>, f64)>,
    /// Whether it is meant to raise an alarm.
    pub raises: bool,
}

/// A danger at one device.
#[derive(Debug, Clone, Copy)]
struct Danger {
    device: usize,
    property: &'static str,
    onset: f64,
    rise: f64,
}

/// What is next; ordered so that of two at the same time the alarm comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// Step of a danger, both as indices.
    Alarm(usize, usize),
    /// A device's own report.
    Report(usize),
}

/// Plays a fleet of devices.
pub struct Player {
    fleet: Fleet,
    began: Instant,
    /// How much faster than of themselves the devices report.
    pace: f64,
    dice: ChaCha8Rng,
    /// Each device's own constant, from 0 to 1.
    own: Vec<f64>,
    /// In microseconds from the beginning.
    queue: BinaryHeap<Reverse<(u64, Act)>>,
    dangers: Vec<Danger>,
    /// Values that a danger dictates meanwhile.
    dictated: BTreeMap<usize, (&'static str, f64)>,
    /// Whether dangers come back for ever.
    endless: bool,
}

impl Player {
    /// Begins to play at `began`.
    ///
    /// # Errors
    /// A rate that is no positive number up to ten million; more alarms than there are detectors.
    pub fn new(fleet: Fleet, play: &Play, began: Instant) -> Result<Self> {
        let natural: f64 = fleet.devices.iter().map(|d| d.properties.len() as f64 / curve::period(&d.class)).sum();
        let rate = play.rate.unwrap_or(natural);
        if !(rate > 0.0 && rate <= 1e7) {
            return Err(
                Fault::parameter("--rate", format!("{rate} is no rate")).remedy("give readings a second, above 0")
            );
        }
        let faster = play.scenarios.iter().find_map(|s| match s {
            Scenario::Burst(times) => Some(f64::from(times.unwrap_or(5))),
            _ => None,
        });
        let mut player = Self {
            began,
            pace: rate / natural * faster.unwrap_or(1.0),
            dice: ChaCha8Rng::seed_from_u64(play.seed),
            own: Vec::new(),
            queue: BinaryHeap::new(),
            dangers: Vec::new(),
            dictated: BTreeMap::new(),
            endless: play.seconds.is_none(),
            fleet,
        };
        for device in 0..player.fleet.devices.len() {
            let own = player.unit();
            player.own.push(own);
            let first = player.unit() * player.period(device);
            player.queue.push(Reverse((first as u64, Act::Report(device))));
        }
        for scenario in &play.scenarios {
            player.plot(*scenario, play.seconds)?;
        }
        Ok(player)
    }

    /// Everything due by `elapsed` and not given before, in the order of time; what raises an alarm comes first.
    pub fn due(&mut self, elapsed: Duration) -> Vec<Message> {
        let now = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let mut messages = Vec::new();
        while let Some(&Reverse((at, act))) = self.queue.peek()
            && at <= now
        {
            self.queue.pop();
            let message = match act {
                Act::Report(device) => {
                    // No device keeps a clock finer than a millisecond.
                    let next = at + (self.period(device) as u64).max(1_000);
                    self.queue.push(Reverse((next, act)));
                    self.report(device, at, false)
                }
                Act::Alarm(danger, step) => self.alarm(danger, step, at),
            };
            messages.push(message);
        }
        messages.sort_by_key(|m| !m.raises);
        messages
    }

    /// Plans the dangers of a scenario: spread over the playing time, or one a minute without end.
    fn plot(&mut self, scenario: Scenario, seconds: Option<f64>) -> Result<()> {
        let Some((class, property, onset, rise, count)) = scenario.danger() else { return Ok(()) };
        let mut devices: Vec<usize> =
            (0..self.fleet.devices.len()).filter(|&i| &*self.fleet.devices[i].class == class).collect();
        let there = devices.len();
        let wanted = match seconds {
            None => count.map_or(there, |n| n as usize),
            Some(_) => count.unwrap_or(FEW.min(u32::try_from(there).unwrap_or(FEW))) as usize,
        };
        if wanted > there {
            return Err(Fault::parameter(
                "--scenario",
                format!("{wanted} alarms, but there are {there} devices of class {class}"),
            )
            .remedy("ask for fewer, or play a larger community"));
        }
        for n in 0..wanted {
            // A partial Fisher-Yates shuffle: each detector once.
            let other = n + (self.unit() * (there - n) as f64) as usize;
            devices.swap(n, other.min(there - 1));
            let at = match seconds {
                Some(seconds) => (0.1 + 0.8 * (n as f64 + 0.5) / wanted as f64) * seconds * 1e6,
                None => (10_000 + n as u64 * PAUSE) as f64 * 1e3,
            };
            self.queue.push(Reverse((at as u64, Act::Alarm(self.dangers.len(), 0))));
            self.dangers.push(Danger { device: devices[n], property, onset, rise });
        }
        Ok(())
    }

    fn alarm(&mut self, danger: usize, step: usize, at: u64) -> Message {
        let Danger { device, property, onset, rise } = self.dangers[danger];
        let over = step + 1 == STEPS.len();
        if over {
            self.dictated.remove(&device);
        } else {
            self.dictated.insert(device, (property, ((onset + rise * step as f64) * 1_000.0).round() / 1_000.0));
            let wait = (STEPS[step + 1] - STEPS[step]) * 1_000;
            self.queue.push(Reverse((at + wait, Act::Alarm(danger, step + 1))));
        }
        if over && self.endless {
            let again = PAUSE * 1_000 * self.dangers.len() as u64;
            self.queue.push(Reverse((at + again, Act::Alarm(danger, 0))));
        }
        self.report(device, at, step == 0)
    }

    /// All that a device measures at a time, in microseconds from the beginning.
    fn report(&mut self, device: usize, at: u64, raises: bool) -> Message {
        let time = Instant(self.began.0 + i64::try_from(at / 1_000).unwrap_or(i64::MAX / 2));
        let noise = self.unit();
        let Self { fleet, own, dictated, .. } = self;
        let one = &fleet.devices[device];
        let value = |property: &Arc<str>| match dictated.get(&device) {
            Some((name, value)) if **property == **name => *value,
            _ => curve::value(&one.class, property, time, own[device], noise),
        };
        let readings = one.properties.iter().map(|p| (p.clone(), value(p))).collect();
        Message { device: one.id.clone(), time, readings, raises }
    }

    /// Microseconds between two reports of a device.
    fn period(&self, device: usize) -> f64 {
        curve::period(&self.fleet.devices[device].class) * 1e6 / self.pace
    }

    fn unit(&mut self) -> f64 {
        f64::from(self.dice.next_u32()) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::Device;
    use super::*;

    fn fleet() -> Fleet {
        let device = |i: usize, class: &str, properties: &[&str]| Device {
            id: format!("{class}-{i}").into(),
            class: class.into(),
            properties: properties.iter().map(|p| Arc::from(*p)).collect(),
        };
        let smoke = (0..40).map(|i| device(i, "smoke_detector", &["smoke", "battery"]));
        let lifts = (0..4).map(|i| device(i, "lift", &["position", "speed"]));
        Fleet { devices: smoke.chain(lifts).collect() }
    }

    fn play(rate: f64, scenarios: &[Scenario]) -> Play {
        Play { rate: Some(rate), seconds: Some(100.0), seed: 5, scenarios: scenarios.to_vec() }
    }

    fn all(play: &Play) -> Vec<Message> {
        let mut player = Player::new(fleet(), play, Instant(1_795_000_000_000)).unwrap();
        (1..=1_000).flat_map(|tick| player.due(Duration::from_millis(tick * 100))).collect()
    }

    #[test]
    fn the_rate_is_kept_and_the_seed_decides() {
        let sent = all(&play(500.0, &[Scenario::Quiet]));
        let readings: usize = sent.iter().map(|m| m.readings.len()).sum();
        assert!((49_000..=51_000).contains(&readings), "{readings}");
        assert_eq!(sent, all(&play(500.0, &[Scenario::Quiet])));
        let burst = all(&play(500.0, &[Scenario::Burst(None)]));
        assert!(burst.len() > 4 * sent.len());
    }

    #[test]
    fn every_alarm_rises_above_its_threshold_once_and_falls_back() {
        let sent = all(&play(50.0, &[Scenario::Smoke(Some(10))]));
        let raising: Vec<&Message> = sent.iter().filter(|m| m.raises).collect();
        assert_eq!(raising.len(), 10);
        for alarm in raising {
            let row: Vec<(Instant, f64)> = sent
                .iter()
                .filter(|m| m.device == alarm.device)
                .map(|m| (m.time, m.readings.iter().find(|r| &*r.0 == "smoke").unwrap().1))
                .collect();
            for (time, smoke) in row {
                let since = time.0 - alarm.time.0;
                let above = (0..20_000).contains(&since);
                assert_eq!(above, smoke >= 0.1, "{since} ms after the onset: {smoke}");
            }
        }
    }

    #[test]
    fn more_alarms_than_detectors_are_refused() {
        let wanted = play(50.0, &[Scenario::Smoke(Some(41))]);
        assert!(Player::new(fleet(), &wanted, Instant(0)).is_err());
        assert!(Player::new(fleet(), &play(f64::NAN, &[]), Instant(0)).is_err());
    }
}
