//! The figures that `make bench` prints: commits, queries, import, tiles, items, views and readings, in one run.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and stops where it cannot go on"
)]

mod city;
mod commits;
mod queries;
mod readings;
mod served;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod support;

use std::time::{Duration, Instant};

fn main() {
    // `cargo test --all-targets` runs benches too, to see that they start; it passes no `--bench`.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    figure("figure", "value", "over");
    commits::run();
    queries::run();
    readings::run();
    served::run();
}

/// Prints one figure.
fn figure(name: &str, value: &str, over: &str) {
    println!("{name:<58} {value:>14}  {over}");
}

/// Times of `rounds` runs of `work`, ascending, after one to warm up.
fn times(rounds: usize, mut work: impl FnMut(usize)) -> Vec<Duration> {
    work(0);
    let mut times: Vec<Duration> = (1..=rounds)
        .map(|i| {
            let begun = Instant::now();
            work(i);
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

/// The median and the 99th percentile of ascending times, in words.
fn spread(times: &[Duration]) -> String {
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank"
        )]
        let i = ((times.len() as f64 - 1.0) * share) as usize;
        times[i].as_secs_f64() * 1e6
    };
    format!("{:.0} / {:.0} µs", at(0.5), at(0.99))
}

/// The resident memory of this process, MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}
