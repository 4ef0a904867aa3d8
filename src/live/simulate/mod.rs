//! Plausible readings of a community's devices, sent as the devices would: over MQTT, or to SensorThings over HTTP.

mod curve;
mod fleet;
mod http;
mod mqtt;
mod player;
mod story;

pub use fleet::{Device, Fleet};
pub use player::{Message, Player};
pub use story::Scenario;

use crate::fault::Result;
use crate::units::Clock;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What to send, how fast and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Play {
    /// Readings a second, on average; each kind of device at its own pace when absent.
    pub rate: Option<f64>,
    /// How long, in seconds; without end when absent.
    pub seconds: Option<f64>,
    /// Everything but the time of day follows from it.
    pub seed: u64,
    /// What happens meanwhile.
    pub scenarios: Vec<Scenario>,
}

/// Where the readings go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A broker: `mqtt://[user:password@]host[:port]`.
    Mqtt(String),
    /// A server: `http://host:port`, with a key where it asks for one.
    Http {
        /// The address before `/sta/v1.1`.
        url: String,
        /// An integrator's key.
        key: Option<String>,
    },
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Messages or requests.
    pub messages: u64,
    /// Readings in them.
    pub readings: u64,
    /// Readings that the server refused, or messages that the broker had not acknowledged in the end.
    pub refused: u64,
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// Each reading meant to raise an alarm, in the order of sending.
    pub alarms: Vec<SentAlarm>,
}

/// A reading that was meant to raise an alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentAlarm {
    /// The device.
    pub device: String,
    /// The reading's own time, RFC 3339.
    pub phenomenon_time: String,
    /// When it was handed to the network, in seconds since 1970.
    pub sent_at: f64,
}

impl Sent {
    /// Counts a message as handed over at `now`.
    fn count(&mut self, message: &Message, now: crate::units::Instant) {
        self.readings += message.readings.len() as u64;
        if message.raises {
            self.alarms.push(SentAlarm {
                device: message.device.to_string(),
                phenomenon_time: message.time.to_string(),
                sent_at: now.0 as f64 / 1_000.0,
            });
        }
    }
}

/// How often what is due is sent.
const TICK: Duration = Duration::from_millis(50);

/// Plays `fleet` to `target` until its time is over or `stop` is done.
///
/// # Errors
/// An address that cannot be read; nobody there; a server that knows none of the devices or refuses the key.
pub async fn run(
    fleet: Fleet,
    play: &Play,
    target: &Target,
    clock: &Clock,
    stop: impl Future<Output = ()>,
) -> Result<Sent> {
    let player = Player::new(fleet, play, clock())?;
    match target {
        Target::Mqtt(url) => mqtt::run(player, play, url, clock, stop).await,
        Target::Http { url, key } => http::run(player, play, url, key.as_deref(), clock, stop).await,
    }
}

/// Steps through the playing time: gives how far it is, tick by tick, and `None` at its end or when stopped.
struct Ticks<S> {
    began: Instant,
    end: Option<Duration>,
    stop: std::pin::Pin<Box<S>>,
    over: bool,
}

impl<S: Future<Output = ()>> Ticks<S> {
    fn new(play: &Play, stop: S) -> Self {
        let end = play.seconds.map(|s| Duration::from_secs_f64(s.clamp(0.0, 1e9)));
        Self { began: Instant::now(), end, stop: Box::pin(stop), over: false }
    }
    async fn next(&mut self) -> Option<Duration> {
        if self.over {
            return None;
        }
        tokio::select! {
            () = &mut self.stop => {
                self.over = true;
                return None;
            }
            () = tokio::time::sleep(TICK) => {}
        }
        let elapsed = self.began.elapsed();
        match self.end {
            // What is due up to the end is still sent.
            Some(end) if elapsed >= end => {
                self.over = true;
                Some(end)
            }
            _ => Some(elapsed),
        }
    }
}
