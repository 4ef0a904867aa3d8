//! The `cimbra` binary: hands the command line to `app` and the outcome to the shell.

use std::process::ExitCode;

/// An import makes and drops millions of small pieces on every core, at which the C library's own allocator is slow.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    Ok(cimbra::app::run(std::env::args_os())?)
}
