//! What is measured: SensorThings' Thing, Datastream and Observation (OGC 18-088), bound to assets.

use super::AssetId;
use crate::units::Instant;

/// A device that measures; one for each device asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// The numeric `@iot.id`, unique in the store and never used again.
    pub id: u64,
    /// The device asset's id, by which readings name it.
    pub device: AssetId,
    /// Its name for people.
    pub name: String,
}

/// A series of observations of one property by one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Datastream {
    /// The numeric `@iot.id`, unique in the store and never used again.
    pub id: u64,
    /// The thing that measures.
    pub thing: u64,
    /// The property measured, such as `temperature`.
    pub observed_property: String,
    /// The unit by its UCUM code, such as `Cel`; `1` when it has none.
    pub unit: String,
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
