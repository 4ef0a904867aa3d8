//! `cimbra serve`.

use super::Outcome;
use crate::app::config::Config;
use crate::app::serve::{Start, serve};
use crate::fault::Result;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Serve a store over HTTP
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra serve\n  cimbra serve --store ./var/cimbra --listen 127.0.0.1:8080 --mqtt mqtt://127.0.0.1:1883"
)]
pub struct Args {
    /// The configuration file (TOML)
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// The store's directory [default: ./var/cimbra]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The MQTT broker to take readings from
    #[arg(long, value_name = "URL")]
    mqtt: Option<String>,
}

impl Args {
    /// Serves until stopped.
    ///
    /// # Errors
    /// As [`serve`].
    pub fn run(self) -> Result<Outcome> {
        let mut config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        config.store = self.store.unwrap_or(config.store);
        config.listen = self.listen.unwrap_or(config.listen);
        config.mqtt = self.mqtt.or(config.mqtt);
        serve(&config, Start::default())?;
        Ok(Outcome::Done)
    }
}
