//! The built binary with a broker of its own, and plain clients: what the live tests over the wire stand on.

use super::store;
use crate::support::{Server, key};
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A real Mosquitto on a free loopback port; ended when dropped.
pub struct Broker {
    child: Child,
    port: u16,
    dir: tempfile::TempDir,
}

impl Broker {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = tempfile::tempdir().unwrap();
        let child = Self::spawn(dir.path(), port);
        Self { child, port, dir }
    }
    fn spawn(dir: &Path, port: u16) -> Child {
        let conf = dir.join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 100\n"
        );
        std::fs::write(&conf, text).unwrap();
        let mut command =
            Command::new(if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" });
        let child = command.arg("-c").arg(&conf).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("mosquitto is missing: run 'make setup'");
        until("the broker accepts", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        child
    }
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }
    /// Ends the broker and starts it again on the same port; its sessions are lost.
    pub fn restart(&mut self) {
        self.end();
        self.child = Self::spawn(self.dir.path(), self.port);
    }
    /// Publishes with quality of service 1; returns when the broker has all of them.
    pub fn publish(&self, messages: &[(String, Vec<u8>)]) {
        let mut options = MqttOptions::new(format!("device-{}", messages.len()), "127.0.0.1", self.port);
        options.set_max_packet_size(1 << 20, 1 << 20).set_inflight(50);
        let (client, mut connection) = Client::new(options, messages.len() + 1);
        for (device, payload) in messages {
            client.publish(format!("cimbra/{device}"), QoS::AtLeastOnce, false, payload.clone()).unwrap();
        }
        let mut acked = 0;
        for event in connection.iter() {
            if let Event::Incoming(Packet::PubAck(_)) = event.unwrap() {
                acked += 1;
                if acked == messages.len() {
                    client.disconnect().unwrap();
                    break;
                }
            }
        }
    }
    /// Publishes one reading.
    pub fn send(&self, device: &str, property: &str, time: &str, result: f64) {
        let payload = json!({ "observedProperty": property, "phenomenonTime": time, "result": result });
        self.publish(&[(device.to_owned(), payload.to_string().into_bytes())]);
    }
    fn end(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until `done`, at most a minute.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "not in 60 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A served store of detectors, with keys.
pub struct House {
    pub dir: tempfile::TempDir,
    pub integrator: String,
    pub operator: String,
}

impl House {
    /// `n` detectors `SD-0`…, as [`store`] makes them.
    pub fn new(n: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        drop(store(&dir.path().join("store"), n));
        let key = |role| key(&dir.path().join("store"), role);
        let (integrator, operator) = (key("integrator"), key("operator"));
        Self { dir, integrator, operator }
    }
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }
    pub fn serve(&self, more: &[&str]) -> Server {
        Server::start(&self.store(), more)
    }
}

/// The id of a device's datastream, by walking the service as a client does.
pub fn datastream(server: &Server, device: &str, property: &str) -> u64 {
    let mut path = "/sta/v1.1/Things".to_owned();
    loop {
        let (_, page) = server.get(&path);
        let things = page["value"].as_array().unwrap();
        if let Some(thing) = things.iter().find(|t| t["properties"]["device"] == device) {
            let link = thing["Datastreams@iot.navigationLink"].as_str().unwrap();
            let streams = server.get(link.strip_prefix(&server.base).unwrap()).1;
            let found =
                streams["value"].as_array().unwrap().iter().find(|d| d["properties"]["observedProperty"] == property);
            return found.unwrap()["@iot.id"].as_u64().unwrap();
        }
        path = page["@iot.nextLink"].as_str().unwrap().strip_prefix(&server.base).unwrap().to_owned();
    }
}

/// All entities of a collection, by its next links.
pub fn all(server: &Server, path: &str) -> Vec<Value> {
    let (mut path, mut out) = (path.to_owned(), Vec::new());
    loop {
        let (status, page) = server.get(&path);
        assert_eq!(status, 200, "{path}: {page}");
        out.extend(page["value"].as_array().unwrap().iter().cloned());
        match page["@iot.nextLink"].as_str() {
            Some(next) => path = next.strip_prefix(&server.base).expect("next links are absolute").to_owned(),
            None => return out,
        }
    }
}

/// A reader of `/live`: a bare socket, so that what is judged does not judge itself.
pub struct Stream {
    lines: std::io::Lines<BufReader<TcpStream>>,
    /// The id of the last event.
    pub last: String,
}

impl Stream {
    pub fn open(server: &Server, query: &str, last: Option<&str>) -> Self {
        let host = server.base.strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(host).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let resume = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(socket, "GET /live{query} HTTP/1.1\r\nHost: {host}\r\n{resume}\r\n").unwrap();
        let mut lines = BufReader::new(socket).lines();
        let status = lines.next().unwrap().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        Self { lines, last: last.unwrap_or_default().to_owned() }
    }
    /// The next event.
    pub fn next(&mut self) -> Value {
        let mut id = None;
        // Comments keep the socket from timing out; they must not keep a test from ending.
        let begun = std::time::Instant::now();
        loop {
            assert!(begun.elapsed() < Duration::from_secs(60), "no event within a minute");
            let line = self.lines.next().expect("the stream goes on").expect("an event within 20 s");
            if let Some(text) = line.strip_prefix("id:") {
                id = Some(text.trim().to_owned());
            } else if let Some(text) = line.strip_prefix("data:") {
                self.last = id.take().expect("every event has an id");
                return serde_json::from_str(text).unwrap();
            }
        }
    }
    /// The next event of this type; others are passed over.
    pub fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next();
            if event["type"] == kind {
                return event;
            }
        }
    }
}
