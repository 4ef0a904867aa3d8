//! The one entry to drawing: an adapter made at the first picture and kept, one drawing at a time, a short queue.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::gpu::Gpu;
use super::{Camera, Picture, Scene};
use crate::fault::{Fault, Kind, Result};
use crate::lod::Proxies;

/// The longest side of a picture in pixels.
pub const MAX_SIDE: u32 = 4096;
/// How many drawings may be under way or waiting; each waits for those before it.
const QUEUE: usize = 8;

/// Draws pictures. Making one costs nothing; the first picture opens the adapter.
#[derive(Debug, Default)]
pub struct Studio {
    gpu: Mutex<Option<Gpu>>,
    inside: AtomicUsize,
    proxies: Proxies,
}

/// A place in the queue, given back when dropped.
struct Ticket<'a>(&'a AtomicUsize);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Studio {
    /// A studio without an adapter yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands in for full shapes in its pictures, kept from one to the next.
    pub fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Draws `scene` as `camera` sees it. Blocks for as long as the drawing takes: not for an async thread.
    ///
    /// # Errors
    /// [`Kind::BadInput`] about `size` beyond 1 to [`MAX_SIDE`]; [`Kind::TooLarge`] for too many triangles;
    /// [`Kind::Unavailable`] without an adapter or when the queue is full.
    pub fn draw(&self, scene: &Scene, camera: &Camera, size: [u32; 2]) -> Result<Picture> {
        check_size(size)?;
        let _ticket = self.enter()?;
        // A poisoned lock means that a drawing panicked: its adapter is not trusted again.
        let mut gpu = self.gpu.lock().unwrap_or_else(|poisoned| {
            let mut slot = poisoned.into_inner();
            *slot = None;
            slot
        });
        let ready = match gpu.take() {
            Some(ready) => ready,
            None => Gpu::open()?,
        };
        let picture = ready.draw(scene, camera, size);
        // After a failure of the adapter itself (lost, out of memory) the next picture opens it anew.
        if !picture.as_ref().is_err_and(|f| matches!(f.kind, Kind::Unavailable | Kind::Internal)) {
            *gpu = Some(ready);
        }
        picture
    }

    /// Opens the adapter and compiles its programs now, so that the first picture is as fast as the next.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] without an adapter.
    pub fn warm_up(&self) -> Result<()> {
        let bounds = crate::geom::Bounds { min: [0.0; 3], max: [1.0; 3] };
        let camera = Camera::fit(&bounds, super::Attitude::level(0.0, -30.0), 60.0, 1.0, false);
        self.draw(&Scene::default(), &camera, [16, 16]).map(drop)
    }

    fn enter(&self) -> Result<Ticket<'_>> {
        let before = self.inside.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket(&self.inside);
        if before >= QUEUE {
            return Err(Fault::new(Kind::Unavailable, format!("{QUEUE} pictures are being drawn or wait already"))
                .remedy("retry in a few seconds"));
        }
        Ok(ticket)
    }
}

/// Refuses a size outside 1 to [`MAX_SIDE`] pixels a side, naming the parameter.
fn check_size([width, height]: [u32; 2]) -> Result<()> {
    if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) {
        return Ok(());
    }
    Err(Fault::parameter("size", format!("{width}x{height} is not a size from 1x1 to {MAX_SIDE}x{MAX_SIDE}")))
}
