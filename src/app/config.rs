//! The configuration: a TOML file, every value with a default, unknown names refused.

use super::worker::worker;
use crate::api::{Limits, Settings};
use crate::fault::{Fault, Result};
use crate::model::Collection;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What `cimbra serve` is told; the command line wins over the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The store's directory.
    pub store: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The MQTT broker, `mqtt://host:port`; no MQTT without one.
    pub mqtt: Option<String>,
    /// Collections open without a key. Unset on loopback: every one that is not guarded. Must be set beyond loopback.
    pub public_layers: Option<Vec<String>>,
    /// Origins other than loopback whose pages may read.
    pub origins: Vec<String>,
    /// Host names this server answers to besides loopback's.
    pub hosts: Vec<String>,
    /// The table of limits.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: PathBuf::from("./var/cimbra"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            mqtt: None,
            public_layers: None,
            origins: Vec::new(),
            hosts: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// # Errors
    /// A file that cannot be read, is no TOML, or names something unknown (the message says where).
    pub fn read(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let text =
            std::fs::read_to_string(file).map_err(|e| Fault::io("reading the configuration", &e).about(&*name))?;
        toml::from_str(&text).map_err(|e| Fault::bad_input(e.to_string()).about(name))
    }
    /// What the API is told.
    ///
    /// # Errors
    /// Listening beyond loopback without saying what is public, or saying it of what is no collection.
    pub fn settings(&self) -> Result<Settings> {
        if !self.listen.ip().is_loopback() && self.public_layers.is_none() {
            return Err(Fault::bad_input(format!("listening on {} would open the city to the network", self.listen))
                .about("public_layers")
                .remedy(
                    "set 'public_layers' in the configuration ([] for none, [\"*\"] for all that are not guarded)",
                ));
        }
        let known = || Collection::ALL.into_iter().filter(|collection| !collection.is_guarded());
        for name in self.public_layers.iter().flatten().filter(|name| *name != "*") {
            if !known().any(|collection| collection.name() == name) {
                let names: Vec<_> = known().map(Collection::name).collect();
                let fault = Fault::bad_input(format!("'{name}' is no collection that can be public"));
                return Err(fault.about("public_layers").remedy(format!("use \"*\" or some of {}", names.join(", "))));
            }
        }
        Ok(Settings {
            beyond_loopback: !self.listen.ip().is_loopback(),
            public_layers: self.public_layers.clone(),
            origins: self.origins.clone(),
            hosts: self.hosts.clone(),
            limits: self.limits,
            worker: Some(worker(self.limits.reading(), true)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_shows_the_defaults_and_a_misspelt_name_is_refused() {
        let sample: Config = toml::from_str(include_str!("../../data/cimbra.toml")).unwrap();
        assert_eq!(sample, Config::default());
        assert!(toml::from_str::<Config>("lissten = '127.0.0.1:1'").is_err());
        let open = Config { listen: "0.0.0.0:80".parse().unwrap(), ..Config::default() };
        assert_eq!(open.settings().unwrap_err().subject.as_deref(), Some("public_layers"));
        let of = |names: &[&str]| {
            let public_layers = Some(names.iter().map(|n| (*n).to_owned()).collect());
            Config { public_layers, ..Config::default() }.settings()
        };
        assert!(!of(&["*"]).unwrap().beyond_loopback && of(&["buildings", "assets"]).is_ok());
        for unknown in ["bulidings", "cameras", ""] {
            let fault = of(&["devices", unknown]).unwrap_err();
            assert_eq!(fault.subject.as_deref(), Some("public_layers"));
            assert!(
                fault.to_string().contains(&format!("'{unknown}'")) && fault.to_string().contains("storeys"),
                "{fault}"
            );
        }
    }
}
