//! Every shader parses and validates as WGSL without an adapter.

#![cfg(feature = "render")]

use std::path::{Path, PathBuf};
use wgpu::naga;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders").join(path)).unwrap()
}

fn check(parts: &[&str]) -> Result<(), String> {
    let whole: String = parts.iter().map(|p| text(p) + "\n").collect();
    let module = naga::front::wgsl::parse_str(&whole).map_err(|e| e.emit_to_string(&whole))?;
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    validator.validate(&module).map(drop).map_err(|e| e.emit_to_string(&whole))
}

#[test]
fn every_shader_is_valid_wgsl_with_the_shared_parts_it_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "wgsl") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // The opening comment names the shared parts, as in "Needs common/view.wgsl and common/light.wgsl."
        let source = text(&name);
        let head: String = source.lines().take_while(|l| l.starts_with("//")).collect();
        let mut parts: Vec<&str> = head.split([' ', ',']).map(|w| w.trim_end_matches('.')).collect();
        parts.retain(|w| w.starts_with("common/"));
        parts.push(&name);
        check(&parts).unwrap_or_else(|e| panic!("{name}: {e}"));
        seen += 1;
    }
    assert!(seen >= 3, "only {seen} shaders were found");
}
