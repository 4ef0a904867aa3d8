//! Rasters from the file to the answer, judged by GDAL, numpy and pyproj.

mod heights;
mod pictures;
mod refusals;
mod terrain;

use crate::support::{python, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What the oracle prints.
pub fn oracle(arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/raster_oracle.py");
    let output = Command::new(python()).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Imports with `more` arguments: the exit code, the report and what stderr says.
pub fn import(file: &Path, store: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&[&["import", file, "--store", store, "--json"], more].concat());
    let report = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code(), report, String::from_utf8_lossy(&done.stderr).into_owned())
}

/// Every form that the oracle writes, by file.
pub fn written(dir: &Path) -> Vec<Value> {
    oracle(&["write", dir.to_str().unwrap()]).as_array().unwrap().clone()
}
