//! Seeded chance: the same seed and stream give the same numbers on every machine and with every release.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of numbers that depends on its seed and its stream number alone.
///
/// Every structure and every layer has a stream of its own, so that adding to one leaves the others as they were.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Stream number `stream` of `seed`.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }
    /// A whole number from 0 to `n - 1`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let wide = u128::from(self.0.next_u64()) * u128::from(n);
        u32::try_from(wide >> 64).unwrap_or(0)
    }
    /// A number from 0 up to but not including 1, a multiple of 2⁻³².
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }
    /// A number between `low` and `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
    /// A serial number such as a maker stamps on a device.
    pub(super) fn serial(&mut self) -> String {
        format!("SN{:08X}", self.0.next_u32())
    }
}
