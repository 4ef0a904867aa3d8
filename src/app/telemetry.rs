//! The log: to stderr, at the level that `CIMBRA_LOG` asks for.

use tracing_subscriber::EnvFilter;

/// What is told unless asked otherwise; the IFC engine counts its every step on `info`.
const USUAL: &str = "info,ifc_lite_core=warn,ifc_lite_geometry=warn,ifc_lite_processing=warn";

/// Starts the log; a second start is ignored.
pub fn start() {
    let filter = EnvFilter::try_from_env("CIMBRA_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
    let _already = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
