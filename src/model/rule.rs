//! Alarm rules as data: a threshold on one observed property.

use super::{Class, Severity};

/// On which side of a threshold danger lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The alarm is raised at or above the threshold.
    Above,
    /// The alarm is raised at or below the threshold.
    Below,
}

impl Direction {
    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
    /// The direction called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Above, Self::Below].into_iter().find(|d| d.name() == name)
    }
}

/// Raises an alarm when a property passes a threshold, and clears it when the property is well back.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name, unique in the store: 1 to 64 letters, digits, `_`, `-` or `.`.
    pub id: String,
    /// The property it watches, such as `smoke`.
    pub observed_property: String,
    /// The class of device it holds for; any when absent.
    pub class: Option<Class>,
    /// On which side danger lies.
    pub direction: Direction,
    /// The value at which the alarm is raised, in the datastream's unit.
    pub raise_at: f64,
    /// The value that must be passed on the way back before the alarm is cleared; never nearer to danger than `raise_at`.
    pub clear_at: f64,
    /// How bad its alarms are.
    pub severity: Severity,
    /// Whether it raises alarms; a disabled rule still clears those it has raised.
    pub enabled: bool,
}
