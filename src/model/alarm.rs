//! Alarms as ISA-18.2 speaks of them: active or cleared, acknowledged or not.

use super::AssetId;
use crate::units::Instant;

/// How bad it is; ordered, critical is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Act in this shift.
    Minor,
    /// Act now.
    Major,
    /// Lives or the building are in danger.
    Critical,
}

impl Severity {
    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
    /// The severity called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Warning, Self::Minor, Self::Major, Self::Critical].into_iter().find(|s| s.name() == name)
    }
}

/// What last happened to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// The condition began.
    Raised,
    /// The condition holds and its value or severity changed.
    Updated,
    /// A person has seen it; the condition still holds.
    Acknowledged,
    /// The condition ended.
    Cleared,
}

impl AlarmState {
    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Updated => "updated",
            Self::Acknowledged => "acknowledged",
            Self::Cleared => "cleared",
        }
    }
    /// The state called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Raised, Self::Updated, Self::Acknowledged, Self::Cleared].into_iter().find(|s| s.name() == name)
    }
    /// Whether the condition still holds.
    pub const fn is_active(self) -> bool {
        !matches!(self, Self::Cleared)
    }
}

/// One alarm, as of its last change.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Unique in the store, ascending.
    pub id: u64,
    /// The rule that raised it.
    pub rule: String,
    /// What last happened.
    pub state: AlarmState,
    /// How bad it is.
    pub severity: Severity,
    /// The asset it concerns: the device, or the asset that the device measures.
    pub asset: AssetId,
    /// The device whose reading raised it.
    pub device: AssetId,
    /// The datastream whose readings it follows.
    pub datastream: u64,
    /// The property that was measured.
    pub observed_property: String,
    /// The value of the last reading that changed it.
    pub value: f64,
    /// When the condition began, by the reading's own time.
    pub raised_at: Instant,
    /// The time of the reading that last changed it; what people do leaves it.
    pub phenomenon_time: Instant,
    /// When the condition ended.
    pub cleared_at: Option<Instant>,
    /// Who acknowledged it and when.
    pub acknowledged: Option<(String, Instant)>,
    /// Words for people.
    pub message: String,
    /// What people wrote about it, oldest first.
    pub comments: Vec<Comment>,
}

/// What a person wrote about an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
}
