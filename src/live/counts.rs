//! What came in through the inlets, counted since the start.

use crate::store::Taken;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$about:meta])* $name:ident;)*) => {
        /// Counters; each only ever grows.
        #[derive(Debug, Default)]
        pub struct Counts {
            $($(#[$about])* pub $name: AtomicU64,)*
        }
        impl Counts {
            /// Every counter by name.
            pub fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.load(Ordering::Relaxed)),)*]
            }
        }
    };
}

counts! {
    /// Messages that came over MQTT.
    mqtt_messages;
    /// Of those, messages that could not be read at all.
    mqtt_malformed;
    /// Connections to the broker.
    mqtt_connections;
    /// Readings in history, the latest of their datastream.
    readings_stored;
    /// Readings in history that came late.
    readings_late;
    /// Readings that were there already.
    readings_duplicate;
    /// Readings refused: no number, or too far ahead.
    readings_refused;
    /// Readings of a device that is not known.
    readings_unknown_device;
    /// Readings of a device whose id several sites have, sent without the site.
    readings_ambiguous_device;
    /// Readings of a property that the device does not have.
    readings_unknown_property;
    /// Readings without a time in messages that the broker had retained.
    readings_stale;
    /// Readings in a message that lack a result or have a time that cannot be read.
    readings_malformed;
}

impl Counts {
    /// Counts what became of readings.
    pub fn took(&self, taken: &[Taken]) {
        for one in taken {
            let counter = match one {
                Taken::Stored(_) => &self.readings_stored,
                Taken::Late(_) => &self.readings_late,
                Taken::Duplicate(_) => &self.readings_duplicate,
                Taken::Refused(_) => &self.readings_refused,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
    pub(super) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }
}
