//! What every handler is given: the city, the clock, the keys and the settings.

use super::busy::Busy;
use super::{Limits, tickets::Tickets, work::Work};
use crate::formats::Worker;
use crate::live::Counts;
use crate::query::Search;
use crate::render::Studio;
use crate::store::{Audit, Keys, Store};
use crate::tiles::{Codings, Flat, Imagery, Terrain, Tiles};
use crate::units::Clock;
use std::sync::Arc;

/// What the configuration says about serving.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Whether the server listens beyond loopback.
    pub beyond_loopback: bool,
    /// Collections open without a key: `None` is every one that is not guarded, right for loopback only.
    pub public_layers: Option<Vec<String>>,
    /// Origins other than loopback that browsers may read from.
    pub origins: Vec<String>,
    /// Host names other than loopback's that requests may name.
    pub hosts: Vec<String>,
    /// The table of limits.
    pub limits: Limits,
    /// Reads uploaded files in a process of its own.
    pub worker: Option<Worker>,
}

impl Settings {
    /// Whether a collection that is not guarded is open without a key.
    pub fn is_public(&self, collection: &str) -> bool {
        self.public_layers.as_ref().is_none_or(|layers| layers.iter().any(|l| l == collection || l == "*"))
    }
}

/// The state of the router: one pointer, because every layer of every request has its own.
#[derive(Clone)]
pub struct City(Arc<Shared>);

impl From<Shared> for City {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::ops::Deref for City {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What all requests share.
pub struct Shared {
    /// The city itself.
    pub store: Arc<Store>,
    /// Who may do what.
    pub keys: Arc<Keys>,
    /// Who wrote what.
    pub audit: Arc<Audit>,
    /// Tickets and sessions.
    pub tickets: Arc<Tickets>,
    /// Search by name and code.
    pub search: Arc<Search>,
    /// Plans tilesets and writes tiles.
    pub tiles: Arc<Tiles>,
    /// Makes tiles of terrain.
    pub terrain: Arc<Terrain>,
    /// Makes tiles of imagery.
    pub imagery: Arc<Imagery>,
    /// Keeps vector tiles of the flat map.
    pub flat: Arc<Flat>,
    /// Keeps tiles in the codings that callers want.
    pub codings: Arc<Codings>,
    /// Draws pictures.
    pub studio: Arc<Studio>,
    /// Event streams that each caller has open.
    pub streams: Busy,
    /// Room for the blocking work of all callers.
    pub work: Work,
    /// What came in through the inlets.
    pub counts: Arc<Counts>,
    /// The time.
    pub clock: Clock,
    /// What the configuration says.
    pub settings: Arc<Settings>,
}
