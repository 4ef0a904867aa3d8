//! The pulse and the events against a plain model of both.

use super::{T0, reading, store};
use cimbra::model::{Alarm, Collections, Observation, Rule, Severity};
use cimbra::store::{Cursor, Event, Next, Verdict};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Above 50 an alarm, below 40 none; the product's own rules are tested with the product's own judge.
fn strict(_: &Rule, reading: &Observation, active: Option<&Alarm>) -> Verdict {
    match active {
        None if reading.result > 50.0 => Verdict::Raise("hot".to_owned()),
        Some(_) if reading.result < 40.0 => Verdict::Clear("over".to_owned()),
        Some(a) if a.value != reading.result => Verdict::Update("still".to_owned()),
        _ => Verdict::Stand,
    }
}

fn rule(severity: Severity) -> Rule {
    Rule {
        id: "hot".to_owned(),
        observed_property: "temperature".to_owned(),
        class: None,
        direction: cimbra::model::Direction::Above,
        raise_at: 50.0,
        clear_at: 40.0,
        severity,
        enabled: true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pulse_and_events_agree_with_a_plain_model(
        steps in prop::collection::vec((0usize..4, 0i64..60, 0i32..80), 1..120),
        cuts in prop::collection::vec(1usize..9, 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path(), 4);
        store.put_rules(&[rule(Severity::Major)]).unwrap();
        let began = store.events().head();
        let mut latest: BTreeMap<usize, (i64, f64)> = BTreeMap::new();
        let mut hot: BTreeMap<usize, ()> = BTreeMap::new();
        let mut left = steps.as_slice();
        let mut cursor = Cursor::at(began);
        let mut seen = Vec::new();
        for cut in cuts.iter().cycle() {
            if left.is_empty() { break; }
            let (now, rest) = left.split_at((*cut).min(left.len()));
            left = rest;
            let batch = now.iter().map(|(d, ms, v)| reading(&store, &format!("SD-{d}"), "temperature", *ms, f64::from(*v)));
            store.append(batch.collect(), strict).unwrap();
            for (d, ms, v) in now {
                let v = f64::from(*v);
                if latest.get(d).is_none_or(|(t, _)| ms > t) {
                    latest.insert(*d, (*ms, v));
                    if v > 50.0 { hot.insert(*d, ()); }
                    if v < 40.0 { hot.remove(d); }
                }
            }
            for d in 0..4 {
                let state = store.pulse().of(&format!("SD-{d}"), Collections::ALL);
                let value = state.as_ref().and_then(|s| s.values.first()).map(|v| (v.time.0 - T0, v.value));
                prop_assert_eq!(value, latest.get(&d).copied());
                prop_assert_eq!(state.and_then(|s| s.alarm).is_some(), hot.contains_key(&d));
            }
            for id in ["B", "B-12A", "B-12A-厨"] {
                let mark = store.pulse().of(id, Collections::ALL).and_then(|s| s.alarm);
                prop_assert_eq!(mark.is_some(), !hot.is_empty());
            }
            // A reader who comes now and then, and takes two telemetry events at a time.
            if cut % 2 == 0 {
                loop {
                    let Next::Events(events) = store.events().next(cursor, 2) else { panic!("nothing is lost") };
                    if events.is_empty() { break; }
                    for event in events { cursor.pass(&event); seen.push(event); }
                }
            }
        }
        loop {
            let Next::Events(events) = store.events().next(cursor, 2) else { panic!("nothing is lost") };
            if events.is_empty() { break; }
            for event in events { cursor.pass(&event); seen.push(event); }
        }
        // Each exactly once.
        let mut seqs: Vec<u64> = seen.iter().map(|e| e.seq()).collect();
        seqs.sort_unstable();
        prop_assert_eq!(seqs, (began + 1..=store.events().head()).collect::<Vec<_>>());
        prop_assert_eq!(store.pulse().seq(), store.events().head());
        // The events alone give the same picture.
        let mut told: BTreeMap<String, f64> = BTreeMap::new();
        let mut burning: BTreeMap<u64, bool> = BTreeMap::new();
        for event in &seen {
            match &**event {
                Event::State { asset, values, .. } => { told.insert(asset.to_string(), values[0].value); }
                Event::Alarm { alarm, ancestors, .. } => {
                    prop_assert_eq!(ancestors.iter().map(|s| &*s.id).collect::<Vec<_>>(), ["B-12A-厨", "B-12A", "B"]);
                    burning.insert(alarm.id, alarm.state.is_active());
                }
                Event::Assets { .. } => {}
            }
        }
        let expected: BTreeMap<String, f64> = latest.iter().map(|(d, (_, v))| (format!("SD-{d}"), *v)).collect();
        prop_assert_eq!(told, expected);
        prop_assert_eq!(burning.values().filter(|b| **b).count(), hot.len());
        prop_assert_eq!(store.series().active_alarms().len(), hot.len());
        // Deltas after any point, over the state at that point, give the state now.
        let (_, all) = store.pulse().since(0, Collections::ALL);
        prop_assert_eq!(all.len(), store.pulse().all(Collections::ALL).1.len());
        let (_, none) = store.pulse().since(store.pulse().seq(), Collections::ALL);
        prop_assert!(none.is_empty());
        // A restart keeps values and alarms, and goes on with greater numbers.
        let (seq, mut before) = store.pulse().all(Collections::ALL);
        drop(store);
        let store = cimbra::store::Store::open(dir.path()).unwrap();
        let (later, mut after) = store.pulse().all(Collections::ALL);
        before.retain(|(_, s)| s.alarm.is_some() || !s.values.is_empty());
        before.sort_by(|a, b| a.0.cmp(&b.0));
        after.sort_by(|a, b| a.0.cmp(&b.0));
        prop_assert!(later >= seq);
        prop_assert_eq!(before, after);
        let resumed = store.events().next(cursor, 10);
        prop_assert!(resumed == Next::Lost || later == seq, "what a restart dropped is told as lost");
    }
}

#[test]
fn alarms_overtake_a_burst_of_readings() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path(), 3);
    store.put_rules(&[rule(Severity::Critical)]).unwrap();
    let cursor = Cursor::at(store.events().head());
    for n in 0..200 {
        store.append(vec![reading(&store, "SD-1", "temperature", n, 20.0 + n as f64 / 100.0)], strict).unwrap();
    }
    store.append(vec![reading(&store, "SD-0", "temperature", 1, 70.0)], strict).unwrap();
    let Next::Events(events) = store.events().next(cursor, 5) else { panic!("kept") };
    assert!(events[0].is_alarm());
    assert_eq!(events.len(), 6);
}

#[test]
fn a_reader_too_far_behind_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path(), 4);
    let cursor = Cursor::at(store.events().head());
    for round in 0..4_200 {
        let batch = (0..4).map(|d| reading(&store, &format!("SD-{d}"), "temperature", round, 20.0));
        store.append(batch.collect(), strict).unwrap();
    }
    assert_eq!(store.events().next(cursor, 5), Next::Lost);
    assert_eq!(store.events().next(Cursor::at(u64::MAX), 5), Next::Lost);
    assert_eq!(store.events().next(Cursor::at(store.events().head()), 5), Next::Events(Vec::new()));
}
