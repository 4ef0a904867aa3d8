//! The log: to stderr, at the level that `CIMBRA_LOG` asks for.

use tracing_subscriber::EnvFilter;

/// Starts the log; a second start is ignored.
pub fn start() {
    let filter = EnvFilter::try_from_env("CIMBRA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let _already = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
