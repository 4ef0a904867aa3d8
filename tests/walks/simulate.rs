//! `cimbra simulate` against a real broker: what it says it sent is what arrives.

use crate::support::{cimbra, town};
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Mosquitto on a free loopback port; ended when dropped.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    fn start() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mosquitto =
            if Command::new("mosquitto").arg("-h").output().is_ok() { "mosquitto" } else { "/usr/sbin/mosquitto" };
        let mut command = Command::new(mosquitto);
        command.args(["-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("mosquitto is missing: run 'make setup'");
        Self { child, port }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Messages by device, from the broker, until none came for two seconds.
fn listen(port: u16, ready: &std::sync::mpsc::Sender<()>) -> Vec<(String, Value)> {
    let mut options = MqttOptions::new("listener", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(5));
    let (client, mut connection) = Client::new(options, 10);
    let (began, mut last, mut messages) = (Instant::now(), None::<Instant>, Vec::new());
    loop {
        let now = Instant::now();
        if last.is_some_and(|at| now - at > Duration::from_secs(2)) || now - began > Duration::from_secs(60) {
            return messages;
        }
        match connection.recv_timeout(Duration::from_millis(200)) {
            Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => client.subscribe("cimbra/+", QoS::AtLeastOnce).unwrap(),
            Ok(Ok(Event::Incoming(Packet::SubAck(_)))) => ready.send(()).unwrap(),
            Ok(Ok(Event::Incoming(Packet::Publish(message)))) => {
                last = Some(Instant::now());
                let device = message.topic.strip_prefix("cimbra/").unwrap().to_owned();
                messages.push((device, serde_json::from_slice(&message.payload).unwrap()));
            }
            Ok(Err(_)) => std::thread::sleep(Duration::from_millis(100)),
            Ok(Ok(_)) | Err(_) => {}
        }
    }
}

#[test]
fn what_is_said_to_be_sent_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let made = cimbra(&["generate", "--households", "40"]).arg(dir.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let broker = Broker::start();
    let port = broker.port;
    let (ready, is_ready) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || listen(port, &ready));
    is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
    let output = cimbra(&["simulate", "--rate", "300", "--seconds", "4", "--scenario", "smoke:5", "--json"])
        .args(["--mqtt", &format!("mqtt://127.0.0.1:{port}"), "--community"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let messages = listener.join().unwrap();
    let readings: usize = messages.iter().map(|m| m.1["observations"].as_array().unwrap().len()).sum();
    assert_eq!(told["messages"], messages.len());
    assert_eq!(told["readings"], readings);
    assert!((900..1_500).contains(&readings), "{readings} readings in 4 seconds at 300 a second");
    let mut smoke = BTreeMap::<&str, Vec<(&str, f64)>>::new();
    for (device, message) in &messages {
        for one in message["observations"].as_array().unwrap().iter().filter(|o| o["observedProperty"] == "smoke") {
            let reading = (one["phenomenonTime"].as_str().unwrap(), one["result"].as_f64().unwrap());
            smoke.entry(device).or_default().push(reading);
        }
    }
    let alarms = told["alarms"].as_array().unwrap();
    assert_eq!(alarms.len(), 5);
    for alarm in alarms {
        let row = &smoke[alarm["device"].as_str().unwrap()];
        let first = row.iter().find(|(_, value)| *value >= 0.1).unwrap();
        assert_eq!(alarm["phenomenonTime"], first.0, "{row:?}");
        let sent: f64 = alarm["sentAt"].as_f64().unwrap();
        let time: cimbra::units::Instant = first.0.parse().unwrap();
        assert!((0.0..1.0).contains(&(sent - time.0 as f64 / 1e3)), "{alarm}");
    }
    let alarming = smoke.values().filter(|row| row.iter().any(|(_, value)| *value >= 0.05)).count();
    assert_eq!(alarming, 5, "nobody else comes near the threshold");
}

#[test]
fn a_missing_community_is_named_with_its_remedy() {
    let output = cimbra(&["simulate", "--community", "/nowhere"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("/nowhere/devices.csv") && told.contains("cimbra generate"), "{told}");
}

#[test]
fn smoke_sent_over_http_is_an_alarm_of_the_server() {
    let town = town(&[]);
    let output = cimbra(&["simulate", "--rate", "100", "--seconds", "3", "--scenario", "smoke:4", "--json"])
        .args(["--url", &town.server.base, "--key", &town.integrator, "--community"])
        .arg(&town.files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (status, answer) = town.server.get("/alarms?limit=100");
    assert_eq!(status, 200, "{answer}");
    let raised =
        |row: &Value| (row["device"].as_str().unwrap().to_owned(), row["raisedAt"].as_str().unwrap().to_owned());
    let theirs: BTreeSet<_> = answer["alarms"].as_array().unwrap().iter().map(raised).collect();
    let sent =
        |row: &Value| (row["device"].as_str().unwrap().to_owned(), row["phenomenonTime"].as_str().unwrap().to_owned());
    let ours: BTreeSet<_> = told["alarms"].as_array().unwrap().iter().map(sent).collect();
    assert_eq!((ours.len(), &theirs), (4, &ours));
    assert_eq!(told["refused"], 0);
    let keyless = cimbra(&["simulate", "--seconds", "1", "--url", &town.server.base, "--community"])
        .arg(&town.files)
        .env_remove("CIMBRA_KEY")
        .output()
        .unwrap();
    assert_eq!(keyless.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&keyless.stderr).contains("--key"), "the remedy is named");
}
