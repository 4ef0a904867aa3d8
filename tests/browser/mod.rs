//! The portal and the tilesets in a real headless Chromium, and in readers that other people wrote.

mod adopted;
mod distance;
mod flat;
mod forms;
mod fresh;
mod implicit;
mod live;
mod points;
mod portal;
mod terrain;
mod textures;
mod tileset;

use crate::support::{Server, run, shared};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Runs `tests/browser/SCRIPT` with node and gives the one JSON line that it prints.
///
/// # Panics
/// When node, Chromium, a package or the built page is missing (the message says what makes it), or the script failed.
fn node(script: &str, arguments: &[&str]) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    for (path, what) in [
        (Path::new(&chromium).to_path_buf(), "Chromium"),
        (root.join("tests/browser/node_modules/itowns"), "the browser tests' packages"),
        (root.join("portal/node_modules/cesium"), "the portal's packages"),
    ] {
        assert!(path.exists(), "{what} ({}) is missing: run 'make setup'", path.display());
    }
    let output = Command::new("node").arg(root.join("tests/browser").join(script)).args(arguments).output();
    let output = output.expect("node does not start: run 'make setup'");
    let (text, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_str(text.trim()).unwrap_or_default();
    assert!(result.is_object(), "{script} gave no result: {text}{told}");
    assert!(output.status.success(), "{script} failed: {}", result["failed"].as_str().unwrap_or(&text));
    result
}

/// Asserts that a list in a script's result is empty, and shows it where it is not.
fn assert_none(result: &Value, pointer: &str) {
    let list = result.pointer(pointer).and_then(Value::as_array);
    assert!(list.is_some_and(Vec::is_empty), "{pointer}: {list:#?}");
}

/// Serves Delft from a store in `dir`; nothing where the file is not at hand.
fn delft(dir: &Path) -> Option<Server> {
    let (input, store) = (shared()?.join("data/cityjson/delft.city.jsonl"), dir.join("store"));
    let import = ["import", input.to_str().unwrap(), "--store", store.to_str().unwrap(), "--height-offset", "43.5"];
    assert!(run(&import).status.code().is_some_and(|code| code < 2));
    Some(Server::start(&store, &[]))
}
