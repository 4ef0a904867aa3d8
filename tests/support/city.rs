//! A small generated city, made once for all tests and served from a copy for each.

use super::{Server, cimbra, key};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A served copy of the small city.
pub struct Town {
    /// Its server.
    pub server: Server,
    /// Keys of role integrator, operator and viewer.
    pub integrator: String,
    /// See `integrator`.
    pub operator: String,
    /// See `integrator`.
    pub viewer: String,
    /// The files it was made from.
    pub files: PathBuf,
    /// Its store.
    pub store: PathBuf,
    _dir: tempfile::TempDir,
}

/// The site of the small city.
const SITE: &str = "320106003001";

struct Made {
    files: PathBuf,
    store: PathBuf,
    keys: [String; 3],
}

/// Generates and imports once: 24 households, so one walk-up or tower, its garage and what stands around it.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("town");
        let _old = std::fs::remove_dir_all(&root);
        let (files, store) = (root.join("files"), root.join("store"));
        let run = |command: &mut std::process::Command| {
            let output = command.output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{command:?}: {told}");
        };
        run(cimbra(&["generate", "--households", "24", "--seed", "7"]).arg(&files));
        run(cimbra(&["import", "--site", SITE, "--store"]).arg(&store).arg(&files));
        let keys = ["integrator", "operator", "viewer"].map(|role| key(&store, role));
        Made { files, store, keys }
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A fresh copy of the small city, served with `more` arguments.
pub fn town(more: &[&str]) -> Town {
    let made = made();
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    copy(&made.store, &store);
    let server = Server::start(&store, more);
    let [integrator, operator, viewer] = made.keys.clone();
    Town { server, integrator, operator, viewer, files: made.files.clone(), store, _dir: dir }
}
