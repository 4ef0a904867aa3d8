//! Keeping rules: what a rule must be like, and those a store begins with.

use super::rules::threshold;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Direction, Rule};
use crate::store::Store;

/// Gives the store the default rules that it has never had. One that was changed or disabled stays as it is.
///
/// # Errors
/// What the disk says.
pub fn install(store: &Store) -> Result<()> {
    let known = store.series().rules();
    let missing: Vec<Rule> = threshold::defaults().filter(|d| known.iter().all(|k| k.id != d.id)).collect();
    if missing.is_empty() { Ok(()) } else { store.put_rules(&missing) }
}

/// Keeps a rule. What one of the same id watches stays: its active alarms would never hear of another series.
///
/// # Errors
/// The field that does not hold; what the disk says.
pub fn keep(store: &Store, rule: &Rule) -> Result<()> {
    check(rule)?;
    let known = store.series().rules().into_iter().find(|known| known.id == rule.id);
    if known.is_some_and(|k| k.observed_property != rule.observed_property || k.class != rule.class) {
        return Err(Fault::new(Kind::Conflict, "a rule of this id watches another property or class")
            .about("id")
            .remedy("give the new rule an id of its own, and disable the old one"));
    }
    store.put_rules(std::slice::from_ref(rule))
}

/// Whether a rule can be kept.
///
/// # Errors
/// The field that does not hold.
pub fn check(rule: &Rule) -> Result<()> {
    let named =
        |text: &str| (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    if !named(&rule.id) {
        return Err(Fault::parameter("id", "a rule's id has 1 to 64 letters, digits, '_', '-' or '.'"));
    }
    if !named(&rule.observed_property) {
        return Err(Fault::parameter("observedProperty", "a property has 1 to 64 letters, digits, '_', '-' or '.'"));
    }
    for (name, value) in [("raiseAt", rule.raise_at), ("clearAt", rule.clear_at)] {
        if !value.is_finite() {
            return Err(Fault::parameter(name, "a threshold is a finite number"));
        }
    }
    let sound = match rule.direction {
        Direction::Above => rule.clear_at <= rule.raise_at,
        Direction::Below => rule.clear_at >= rule.raise_at,
    };
    if sound {
        Ok(())
    } else {
        Err(Fault::parameter("clearAt", "the value that clears lies on the dangerous side of the one that raises"))
    }
}
