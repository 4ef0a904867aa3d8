//! What strangers may send: mutated messages and bodies never stop the server, and are answered with a 4xx or taken.

use super::served::{House, datastream};
use cimbra::live::inlet::message;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};

const SEEDS: &[&str] = &[
    r#"{"observations":[{"observedProperty":"smoke","result":0.12,"phenomenonTime":"2026-01-01T00:00:00Z"},{"result":true}]}"#,
    r#"[{"Datastream":{"@iot.id":1},"components":["phenomenonTime","result"],"dataArray":[["2026-01-01T00:00:00Z",1],[null,2]]}]"#,
    r#"{"result":1e3,"phenomenonTime":"2026-01-01T00:00:00Z/2026-01-02T00:00:00Z","Datastream":{"@iot.id":"1"}}"#,
    r#"{"id":"热","observedProperty":"smoke","direction":"below","raiseAt":0.1,"clearAt":0.2,"severity":"major","enabled":false}"#,
];

/// Bytes flipped, cut, doubled, and words of JSON put in between.
fn mutate(rng: &mut rand_chacha::ChaCha8Rng, seed: &str) -> Vec<u8> {
    let words: [&[u8]; 9] =
        [b"null", b"-1", b"1e308", b"[[[[", b"}", b"\"", b"18446744073709551616", b"\xff", b"{\"@iot.id\":"];
    let mut bytes = seed.as_bytes().to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..bytes.len().max(1)).min(bytes.len());
        match rng.random_range(0..4) {
            0 if at < bytes.len() => bytes[at] = rng.random(),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, words[rng.random_range(0..words.len())].iter().copied())),
            _ => {
                let end = (at + 30).min(bytes.len());
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
        }
    }
    bytes
}

#[test]
fn messages_never_stop_the_reader() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let (start, mut read) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(2) {
        for seed in SEEDS {
            let bytes = mutate(&mut rng, seed);
            if let Ok(message) = message::read(&bytes) {
                read += 1;
                assert!(message.measurements.len() + message.malformed <= message::MOST);
            }
        }
    }
    assert!(read > 100, "some mutants can be read");
}

#[test]
fn bodies_are_taken_or_refused() {
    let house = House::new(1);
    let server = house.serve(&[]);
    let id = datastream(&server, "SD-0", "smoke");
    let one = format!("{}/sta/v1.1/Datastreams({id})/Observations", server.base);
    let paths = [
        one,
        format!("{}/sta/v1.1/CreateObservations", server.base),
        format!("{}/sta/v1.1/Observations", server.base),
        format!("{}/rules", server.base),
    ];
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(12);
    let (start, mut taken, mut refused) = (Instant::now(), 0, 0);
    while start.elapsed() < Duration::from_secs(3) {
        for seed in SEEDS {
            for (n, url) in paths.iter().enumerate() {
                let body = mutate(&mut rng, seed);
                let key = if n == 3 { &house.operator } else { &house.integrator };
                let answer = agent.post(url).header("Authorization", format!("Bearer {key}")).send(&body[..]).unwrap();
                match answer.status().as_u16() {
                    201 => taken += 1,
                    400 | 404 | 409 | 413 => refused += 1,
                    other => panic!("{other} for {url} {}", String::from_utf8_lossy(&body)),
                }
            }
        }
    }
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
    assert_eq!(server.get("/health/live").0, 200);
}
