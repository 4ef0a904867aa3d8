//! The city on its way out: what came as CityJSON leaves equal, what came otherwise can be taken in again, and filters mean
//! what brute force says.

mod cityjson;
mod filters;
mod others;

use crate::support::{python, run};
use std::path::Path;
use std::process::Command;

/// Runs `cimbra` with `arguments`; gives its exit status and both outputs.
fn told(arguments: &[&str]) -> (i32, String) {
    let done = run(arguments);
    let text = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (done.status.code().unwrap(), text)
}

/// As [`told`], which must succeed.
fn done(arguments: &[&str]) -> String {
    let (code, text) = told(arguments);
    assert_eq!(code, 0, "{arguments:?}: {text}");
    text
}

fn import(file: &Path, store: &Path, more: &[&str]) -> String {
    done(&[&["import", file.to_str().unwrap(), "--store", store.to_str().unwrap()], more].concat())
}

fn export(out: &Path, store: &Path, more: &[&str]) -> String {
    done(&[&["export", out.to_str().unwrap(), "--store", store.to_str().unwrap()], more].concat())
}

/// What a script of tests/support prints, and whether it is content.
fn script(name: &str, arguments: &[&Path]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(name);
    let out = Command::new(python()).arg(script).args(arguments).output().unwrap();
    let text = [out.stdout, out.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (out.status.success(), text)
}
