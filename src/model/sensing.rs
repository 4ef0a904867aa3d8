//! What is measured: SensorThings' Thing, Datastream and Observation (OGC 18-088), bound to assets.

use super::{AssetId, Class, SiteCode};
use crate::units::Instant;
use std::sync::Arc;

/// A device that measures; one for each device asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// The numeric `@iot.id`, unique in the store and never used again.
    pub id: u64,
    /// The device asset's id.
    pub device: AssetId,
    /// The site that has the device.
    pub site: SiteCode,
    /// The device's id as its source gave it, by which readings name it; unique in its site unless datasets disagree.
    pub code: AssetId,
    /// What it was called before its source renewed ids, the first first; readings may name it so still.
    pub former: Vec<AssetId>,
    /// Its name for people.
    pub name: String,
    /// What the device is.
    pub class: Class,
}

/// A series of observations of one property by one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datastream {
    /// The numeric `@iot.id`, unique in the store and never used again.
    pub id: u64,
    /// The thing that measures.
    pub thing: u64,
    /// The property measured, such as `temperature`.
    pub observed_property: Arc<str>,
    /// The unit by its UCUM code, such as `Cel`; `1` when it has none.
    pub unit: Arc<str>,
}

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The datastream's `@iot.id`.
    pub datastream: u64,
    /// When it was true, by the device's clock.
    pub phenomenon_time: Instant,
    /// When the server took it.
    pub result_time: Instant,
    /// The value in the datastream's unit.
    pub result: f64,
}

impl Observation {
    /// How far ahead of the server a device's clock may be, in milliseconds.
    pub const AHEAD_MS: i64 = 300_000;

    /// Why this reading must not enter history; `result_time` is the server's own time.
    pub fn flaw(&self) -> Option<Flaw> {
        if !self.result.is_finite() {
            Some(Flaw::NotANumber)
        } else if self.phenomenon_time.0 > self.result_time.0.saturating_add(Self::AHEAD_MS) {
            Some(Flaw::Early)
        } else {
            None
        }
    }
}

/// Why a reading is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// Not a finite number.
    NotANumber,
    /// Its time lies further ahead of the server's clock than a clock may be off.
    Early,
}

impl Flaw {
    /// Words for people.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotANumber => "the result is not a finite number",
            Self::Early => "the phenomenonTime is more than 5 minutes ahead of the server's clock",
        }
    }
}

/// What a datastream's readings were like: how many of each kind, since the datastream began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quality {
    /// In history.
    pub stored: u64,
    /// Of those, readings older than one that was there before them.
    pub late: u64,
    /// Sent again with the same time and value; not stored twice.
    pub duplicate: u64,
    /// Refused as [`Flaw::NotANumber`].
    pub not_a_number: u64,
    /// Refused as [`Flaw::Early`].
    pub early: u64,
}
