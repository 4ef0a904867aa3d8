//! `cimbra simulate`.

use super::{Outcome, say};
use crate::app::clock;
use crate::fault::{Fault, Kind, Result};
use crate::live::simulate::{Fleet, Play, Scenario, Target, run};
use std::path::PathBuf;

/// Send the readings of a generated community's devices
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra simulate --mqtt mqtt://127.0.0.1:1883\n  cimbra simulate --url http://127.0.0.1:8080 --key KEY --rate 500 --seconds 60 --scenario smoke:20 --json"
)]
pub struct Args {
    /// Readings a second on average; each kind of device at its own pace unless told
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// How long; until it is stopped unless told
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// Everything but the time of day follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What happens: smoke[:COUNT], gas[:COUNT], burst[:TIMES] or quiet; may be given more than once [default: smoke]
    #[arg(long, value_name = "NAME[:COUNT]")]
    scenario: Vec<String>,
    /// The MQTT broker to send to [default: mqtt://127.0.0.1:1883]
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    mqtt: Option<String>,
    /// The server to send to instead
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The community whose devices send
    #[arg(long, value_name = "DIR", default_value = "demo")]
    community: PathBuf,
    /// The key for --url [default: $CIMBRA_KEY]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print one machine-readable report
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Sends until the time is over or Ctrl-C.
    ///
    /// # Errors
    /// As [`run`] and [`Fleet::read`].
    pub fn run(self) -> Result<Outcome> {
        let mut scenarios = self.scenario.iter().map(|s| s.parse()).collect::<Result<Vec<Scenario>>>()?;
        if scenarios.is_empty() {
            scenarios.push(Scenario::Smoke(None));
        }
        if self.seconds.is_some_and(|s| !(s > 0.0 && s.is_finite())) {
            return Err(Fault::parameter("--seconds", "it is no time to play").remedy("give seconds, above 0"));
        }
        let target = match self.url {
            Some(url) => Target::Http { url, key: self.key.or_else(|| std::env::var("CIMBRA_KEY").ok()) },
            None => Target::Mqtt(self.mqtt.unwrap_or_else(|| "mqtt://127.0.0.1:1883".to_owned())),
        };
        let play = Play { rate: self.rate, seconds: self.seconds, seed: self.seed, scenarios };
        let fleet = Fleet::read(&self.community)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Fault::io("starting the runtime", &e))?;
        let stop = async {
            // Without a handler Ctrl-C ends the process as it always does.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let sent = runtime.block_on(run(fleet, &play, &target, &clock::system(), stop))?;
        if self.json {
            let text = serde_json::to_string(&sent)
                .map_err(|e| Fault::new(Kind::Internal, format!("writing the report: {e}")))?;
            say(&text)?;
        } else {
            say(&format!(
                "{} readings in {} messages in {:.1} s, {} refused, {} meant to raise an alarm",
                sent.readings,
                sent.messages,
                sent.seconds,
                sent.refused,
                sent.alarms.len()
            ))?;
        }
        Ok(if sent.refused > 0 { Outcome::SomeRefused } else { Outcome::Done })
    }
}
