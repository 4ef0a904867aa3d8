//! What happens while the readings play: who raises an alarm, when, and how it goes on.

use crate::fault::{Fault, Result};
use std::str::FromStr;

/// A thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// So many smoke detectors in turn see smoke, which clears again.
    Smoke(Option<u32>),
    /// So many gas detectors in turn see gas, which clears again.
    Gas(Option<u32>),
    /// Everything reports so many times as often; 5 unless told.
    Burst(Option<u32>),
    /// No alarm at all.
    Quiet,
}

impl FromStr for Scenario {
    type Err = Fault;
    /// `smoke`, `smoke:20`, `gas:3`, `burst`, `burst:10`, `quiet`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, count) = text.split_once(':').map_or((text, None), |(name, count)| (name, Some(count)));
        let wrong = || {
            Fault::parameter("--scenario", format!("'{text}' is no scenario"))
                .remedy("use smoke, gas or burst, with a count if you like (smoke:20), or quiet")
        };
        let count = count.map(|c| c.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(wrong)).transpose()?;
        match (name, count) {
            ("smoke", n) => Ok(Self::Smoke(n)),
            ("gas", n) => Ok(Self::Gas(n)),
            ("burst", n) => Ok(Self::Burst(n)),
            ("quiet", None) => Ok(Self::Quiet),
            _ => Err(wrong()),
        }
    }
}

impl Scenario {
    /// Class, property, value at the onset and how much each later reading adds, of an alarm; and how many are told of.
    pub(super) const fn danger(self) -> Option<(&'static str, &'static str, f64, f64, Option<u32>)> {
        match self {
            Self::Smoke(n) => Some(("smoke_detector", "smoke", 0.12, 0.05, n)),
            Self::Gas(n) => Some(("gas_detector", "gas", 12.0, 3.0, n)),
            Self::Burst(_) | Self::Quiet => None,
        }
    }
}

/// Milliseconds from an alarm's onset to each of its readings; at the last the danger is over.
pub(super) const STEPS: [u64; 6] = [0, 2_000, 4_000, 8_000, 14_000, 20_000];
/// Milliseconds from one alarm to the next when the playing has no end.
pub(super) const PAUSE: u64 = 60_000;
/// Alarms of a scenario when the playing has an end and no count is given.
pub(super) const FEW: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_read() {
        assert_eq!("smoke:20".parse::<Scenario>().unwrap(), Scenario::Smoke(Some(20)));
        assert_eq!("burst".parse::<Scenario>().unwrap(), Scenario::Burst(None));
        for bad in ["", "fire", "smoke:", "smoke:0", "smoke:-1", "quiet:2"] {
            assert!(bad.parse::<Scenario>().is_err(), "{bad}");
        }
    }
}
