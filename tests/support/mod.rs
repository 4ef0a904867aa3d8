//! What several tests stand on: the shared data, the built binary as a server, plain HTTP.

mod city;
pub mod gltf;
pub mod ifc;
pub mod las;
pub mod osm;
pub mod textured;
pub mod tiff;

pub use city::{Town, town};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The folder of real inputs beside the project (`CIMBRA_SHARED`, else `../shared`); `None`, said aloud, where it is absent.
pub fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let dir = std::env::var_os("CIMBRA_SHARED").map_or(beside, PathBuf::from);
    let found = dir.join("data").is_dir();
    if !found {
        eprintln!("skipped: there is no {}/data", dir.display());
    }
    found.then_some(dir)
}

/// The Python that holds the oracles (`CIMBRA_PYTHON`, else `.venv/bin/python`).
///
/// # Panics
/// When there is none: `make setup` makes it.
pub fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let python = std::env::var_os("CIMBRA_PYTHON").map_or(own, PathBuf::from);
    assert!(python.exists(), "{} is missing: run 'make setup'", python.display());
    python
}

/// The built binary with `arguments`, ready to run.
pub fn cimbra(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cimbra"));
    command.args(arguments).env("CIMBRA_LOG", "warn");
    command
}

/// Runs the built binary to its end.
pub fn run(arguments: &[&str]) -> Output {
    cimbra(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A served store; killed when dropped.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub base: String,
}

impl Server {
    /// `cimbra serve --store STORE` on a free loopback port, with more arguments; returns once it accepts.
    pub fn start(store: &Path, more: &[&str]) -> Self {
        let mut command = cimbra(&["serve", "--listen", "127.0.0.1:0", "--store"]);
        command.arg(store).args(more);
        Self::spawn(command)
    }
    /// Starts `command`, which must print the line `listening on http://…`.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("the server ended before it listened").unwrap();
            if let Some(base) = line.strip_prefix("listening on ") {
                break base.to_owned();
            }
        };
        // Reading on keeps the pipe from filling up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base }
    }
    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
    /// GET: status and JSON (null when the body is none).
    pub fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, body) = self.get_bytes(path, &[]);
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
    /// GET with headers: status, headers, bytes.
    pub fn get_bytes(&self, path: &str, headers: &[(&str, &str)]) -> (u16, ureq::http::HeaderMap, Vec<u8>) {
        let mut request = agent().get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call().unwrap())
    }
    /// POST of JSON with an optional key: status and JSON.
    pub fn post(&self, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = agent().post(format!("{}{path}", self.base)).header("Content-Type", "application/json");
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let (status, _, body) = answer(request.send(body.to_string()).unwrap());
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
    /// `kill -9`.
    pub fn kill(mut self) {
        self.end();
    }
    fn end(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Makes a key in a store that no process holds.
pub fn key(store: &Path, role: &str) -> String {
    let output = cimbra(&["key", "create", "--role", role, "--store"]).arg(store).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn agent() -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
    config.build().into()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> (u16, ureq::http::HeaderMap, Vec<u8>) {
    let body = response.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
    (response.status().as_u16(), response.headers().clone(), body)
}

#[test]
fn a_killed_server_leaves_a_store_that_opens_again() {
    if let Some(dir) = shared() {
        assert!(dir.join("data/README.md").exists());
    }
    let dir = tempfile::tempdir().unwrap();
    Server::start(dir.path(), &[]).kill();
    let again = Server::start(dir.path(), &[]);
    assert_eq!(again.get("/health/live").0, 200);
}
