//! `kill -9` in the middle of readings by HTTP and MQTT: whatever was acknowledged is in history, no alarm is lost or doubled.

use super::served::{Broker, House, all, datastream, until};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const ROUNDS: u64 = 10;

#[test]
fn acked_readings_survive_kill_9() {
    let (broker, house) = (Broker::start(), House::new(3));
    let mut acked: BTreeSet<u64> = BTreeSet::new();
    let published = AtomicU64::new(0);
    let finished = AtomicBool::new(false);
    let next = AtomicU64::new(0);
    // SD-0 takes HTTP, SD-1 MQTT, SD-2 stays in alarm all the while.
    std::thread::scope(|scope| {
        let finish = Finish(&finished);
        let mut server = house.serve(&["--mqtt", &broker.url()]);
        let (smoke, burning) = (datastream(&server, "SD-0", "temperature"), datastream(&server, "SD-2", "smoke"));
        scope.spawn(|| {
            // The broker has the session by now, so it keeps what comes while the server is dead.
            while !finished.load(Ordering::Acquire) {
                let from = published.load(Ordering::Acquire);
                let payload = |n: u64| {
                    let observations = [json!({ "observedProperty": "temperature", "result": n as f64 / 1e6, "phenomenonTime": stamp(n) })];
                    ("SD-1".to_owned(), json!({ "observations": observations }).to_string().into_bytes())
                };
                broker.publish(&(from..from + 40).map(payload).collect::<Vec<_>>());
                published.store(from + 40, Ordering::Release);
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        for round in 0..ROUNDS {
            let body = json!({ "result": 0.5 + round as f64 / 100.0 });
            let path = format!("/sta/v1.1/Datastreams({burning})/Observations");
            assert_eq!(server.post(&path, Some(&house.integrator), &body).0, 201);
            let (stop, base) = (AtomicBool::new(false), server.base.clone());
            std::thread::scope(|inner| {
                let senders: Vec<_> = (0..3)
                    .map(|_| {
                        inner.spawn(|| {
                            let mut mine = Vec::new();
                            while !stop.load(Ordering::Acquire) {
                                let n = next.fetch_add(1, Ordering::AcqRel);
                                let body = json!({ "result": n as f64 / 1e6, "phenomenonTime": stamp(n) });
                                let url = format!("{base}/sta/v1.1/Datastreams({smoke})/Observations");
                                let sent = ureq::post(&url)
                                    .header("Authorization", format!("Bearer {}", house.integrator))
                                    .config()
                                    .timeout_global(Some(Duration::from_secs(5)))
                                    .build()
                                    .send(body.to_string());
                                match sent {
                                    Ok(answer) if answer.status() == 201 => mine.push(n),
                                    _ => break,
                                }
                            }
                            mine
                        })
                    })
                    .collect();
                std::thread::sleep(Duration::from_millis(150 + 61 * (round * 7 % 10)));
                server.kill();
                stop.store(true, Ordering::Release);
                senders.into_iter().for_each(|s| acked.extend(s.join().unwrap()));
            });
            server = house.serve(&["--mqtt", &broker.url()]);
        }
        drop(finish);
        let here = |device: &str| -> BTreeSet<u64> {
            let id = datastream(&server, device, "temperature");
            let all = all(&server, &format!("/sta/v1.1/Datastreams({id})/Observations?$top=10000"));
            let numbers: Vec<u64> = all.iter().map(|o| (o["result"].as_f64().unwrap() * 1e6).round() as u64).collect();
            let unique: BTreeSet<u64> = numbers.iter().copied().collect();
            assert_eq!(unique.len(), numbers.len(), "a reading came twice");
            unique
        };
        let lost: Vec<_> = acked.difference(&here("SD-0")).copied().collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        assert!(acked.len() > 50, "the test must have sent something: {}", acked.len());
        // The publisher may be in its last batch.
        std::thread::sleep(Duration::from_millis(200));
        until("what the broker kept is here", || here("SD-1").len() as u64 >= published.load(Ordering::Acquire));
        eprintln!("{} acked by HTTP, {} by the broker, {ROUNDS} kills", acked.len(), published.load(Ordering::Acquire));
        let alarms = server.get("/alarms?state=all").1["alarms"].as_array().unwrap().clone();
        assert_eq!(alarms.len(), 1, "one alarm, raised once: {alarms:?}");
        assert!((alarms[0]["value"].as_f64().unwrap() - 0.59).abs() < 0.03);
    });
}

/// Lets the publisher end, also when the test fails.
struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn stamp(n: u64) -> String {
    cimbra::units::Instant(super::T0 + n as i64).to_string()
}
