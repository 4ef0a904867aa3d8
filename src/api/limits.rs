//! The one table of limits: what a request may cost, each with its default and the answer when it is over.

use crate::formats;
use std::time::Duration;

/// Limits on what comes from outside. JSON besides nests at most 128 levels, which its reader keeps: 400 beyond, and no bytes
/// are decompressed. Every field has a default; the configuration's `[limits]` overrides by name.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body; 413 beyond.
    pub body_bytes: usize,
    /// Bytes of an uploaded file; 413 beyond.
    pub upload_bytes: u64,
    /// Bytes of a file that is attached to an asset; 413 beyond.
    pub attachment_bytes: u64,
    /// Files attached to one asset; 413 beyond.
    pub attachments_per_asset: usize,
    /// Bytes of all files attached to the assets of one site; 413 beyond.
    pub attachment_bytes_per_site: u64,
    /// Bytes of an IFC file; its import is refused beyond, as any file's beyond the next three.
    pub ifc_bytes: u64,
    /// Seconds that the process reading an uploaded file is waited for.
    pub read_seconds: u64,
    /// Bytes of memory of that process.
    pub read_memory_bytes: u64,
    /// Seconds until a file is read whole, what is made of it meanwhile included.
    pub import_seconds: u64,
    /// Rows of one page (`limit=`, `$top=`); 400 beyond.
    pub rows: usize,
    /// Entities that SensorThings' `$skip` leaves out; 400 beyond.
    pub skip: usize,
    /// Observations that are sorted for one page, when the order asked for is not the one they lie in; 400 beyond.
    pub sorted: u64,
    /// Observations in one request; 413 beyond.
    pub observations: usize,
    /// Imports in work at once, of all callers; 503 beyond.
    pub imports_at_once: usize,
    /// Pixels along one side of a view; 400 beyond.
    pub pixels: u32,
    /// Bytes of a request's query string; 414 beyond.
    pub query_bytes: usize,
    /// Seconds a request may take before 503; streams and uploads are exempt.
    pub seconds: u64,
    /// Requests in work at once for one caller; 429 beyond.
    pub requests_per_caller: usize,
    /// Pieces of blocking work at once for all callers together; 503 beyond. Below 512, the threads there are for it.
    pub work_at_once: usize,
    /// Connections open at once, at most half of the files that the process may have open; more wait until one is over.
    pub connections: usize,
    /// Connections open at once from one address (of IPv6: one network of 64 bits); 429 beyond.
    pub connections_per_peer: usize,
    /// Seconds that a connection may take for the head of its next request before it is closed.
    pub header_seconds: u64,
    /// Event streams open at once for one caller; 429 beyond.
    pub streams_per_caller: usize,
    /// Tickets and sessions at once that go back to one key; 429 beyond.
    pub tickets_per_key: usize,
    /// Bytes of the audit; the oldest lines make room.
    pub audit_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let reading = formats::Limits::default();
        Self {
            body_bytes: 4 << 20,
            upload_bytes: 8 << 30,
            attachment_bytes: 64 << 20,
            attachments_per_asset: 100,
            attachment_bytes_per_site: 16 << 30,
            ifc_bytes: reading.bytes,
            read_seconds: reading.time.as_secs(),
            read_memory_bytes: reading.memory,
            import_seconds: reading.total.as_secs(),
            rows: 10_000,
            skip: 100_000,
            sorted: 200_000,
            observations: 50_000,
            imports_at_once: 2,
            pixels: 4096,
            query_bytes: 8 << 10,
            seconds: 60,
            requests_per_caller: 64,
            work_at_once: 256,
            connections: 2048,
            connections_per_peer: 512,
            header_seconds: 20,
            streams_per_caller: 128,
            tickets_per_key: 1000,
            audit_bytes: 128 << 20,
        }
    }
}

impl Limits {
    /// What reading one uploaded file may cost.
    pub fn reading(&self) -> formats::Limits {
        let Self { ifc_bytes: bytes, read_seconds, read_memory_bytes: memory, import_seconds, .. } = *self;
        let (time, total) = (Duration::from_secs(read_seconds), Duration::from_secs(import_seconds));
        formats::Limits { time, total, memory, bytes, ..formats::Limits::default() }
    }
}
