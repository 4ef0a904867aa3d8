//! From what a device sent to readings in history: bound by device id and property, unknown and ambiguous ones counted and left out.

use super::{Counts, rules};
use crate::fault::Result;
use crate::model::{Observation, SiteCode};
use crate::store::{Named, Series, Store};
use crate::units::Instant;

/// One measured value as a device sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The property; may be left out where the device measures only one.
    pub observed_property: Option<String>,
    /// When it was true; the server's time where the device does not say.
    pub phenomenon_time: Option<Instant>,
    /// The value in the datastream's unit.
    pub result: f64,
}

/// A device as a sender names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The site that has it, where the sender says.
    pub site: Option<SiteCode>,
    /// The device's id as its source gave it.
    pub device: String,
}

/// Readings taken into history in one commit.
const CHUNK: usize = 20_000;

/// Takes what devices sent, in order. When this returns, all that was bound to a datastream is on disk. Blocks.
///
/// # Errors
/// What the disk says; then some of it may be there, and sending it again does no harm.
pub fn admit(store: &Store, counts: &Counts, sent: &[(Sender, Vec<Measurement>)], now: Instant) -> Result<()> {
    let mut readings = Vec::new();
    for (Sender { site, device }, measurements) in sent {
        let thing = match store.series().thing_named(site.as_ref(), device) {
            Named::One(thing) => thing,
            Named::Unknown => {
                Counts::add(&counts.readings_unknown_device, measurements.len());
                continue;
            }
            Named::Several => {
                Counts::add(&counts.readings_ambiguous_device, measurements.len());
                continue;
            }
        };
        for measurement in measurements {
            match bind(store.series(), thing.id, measurement.observed_property.as_deref()) {
                Some(datastream) => readings.push(Observation {
                    datastream,
                    phenomenon_time: measurement.phenomenon_time.unwrap_or(now),
                    result_time: now,
                    result: measurement.result,
                }),
                None => Counts::add(&counts.readings_unknown_property, 1),
            }
        }
    }
    for chunk in readings.chunks(CHUNK) {
        counts.took(&store.append(chunk.to_vec(), rules::judge)?);
    }
    Ok(())
}

/// The datastream for a thing's property; for no property, the only one that the thing has.
fn bind(series: &Series, thing: u64, property: Option<&str>) -> Option<u64> {
    match (property, &*series.datastreams_of(thing)) {
        (Some(property), _) => series.datastream_of(thing, property).map(|d| d.id),
        (None, [only]) => Some(*only),
        (None, _) => None,
    }
}
