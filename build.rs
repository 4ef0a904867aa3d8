//! Tells Cargo to build anew when the built page changes, for the page travels inside the binary.

fn main() {
    // Watching a folder that is not there would make every build a new one; its parent's listing changes when it is made.
    let built = std::path::Path::new("portal/dist");
    let watched = if built.exists() { "portal/dist" } else { "portal" };
    println!("cargo::rerun-if-changed={watched}");
}
