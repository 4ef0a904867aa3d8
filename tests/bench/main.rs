//! The figures that `make bench` prints: commits, memory, queries, readings, import, tiles, items and views, in one run.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and stops where it cannot go on"
)]

mod cities;
mod city;
mod commits;
mod fresh;
mod ifc;
mod lighten;
mod memory;
mod positions;
mod queries;
mod readings;
mod served;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod support;
mod views;
mod warm;

use std::time::{Duration, Instant};

/// What is measured in this process runs on the binary's own allocator.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What can be measured, by the word that chooses it: `make bench ONLY="queries views"`.
const PARTS: &[(&str, fn())] = &[
    ("cities", cities::run),
    ("commits", commits::run),
    ("ifc", ifc::run),
    ("lighten", lighten::run),
    ("positions", positions::run),
    ("queries", queries::run),
    ("readings", readings::run),
    ("served", served::run),
    ("views", views::run),
    ("warm", warm::run),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [memory::ALONE, dir] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return memory::tell(dir.as_ref());
    }
    if let [ifc::ALONE, file] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return ifc::tell(file.as_ref());
    }
    // `cargo test --all-targets` runs benches too, to see that they start; it passes no `--bench`.
    if !arguments.iter().any(|a| a == "--bench") {
        return;
    }
    let only: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    if let Some(unknown) = only.iter().find(|word| PARTS.iter().all(|(name, _)| name != **word)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        eprintln!("there is no part '{unknown}': choose from {}", names.join(", "));
        std::process::exit(2);
    }
    figure("figure", "value", "over");
    for (_, run) in PARTS.iter().filter(|(name, _)| only.is_empty() || only.iter().any(|word| word == name)) {
        run();
    }
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

/// How long `work` takes, seconds.
fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}
