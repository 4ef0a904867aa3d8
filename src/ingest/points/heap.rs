//! Points between the file and its tiles: in memory where there are few, else in a file of their own.

use crate::fault::{Fault, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

/// The most points that one heap holds in memory: 48 MB.
pub(super) const IN_MEMORY: u64 = 2_000_000;
/// Points that are read from a file at once.
const AT_ONCE: usize = 1 << 14;

/// A point in the cloud's own east-north-up frame, 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct Spot {
    /// Tenths of a millimetre east, north and up of the cloud's first point.
    pub place: [i32; 3],
    /// As the file has them.
    pub colour: [u16; 3],
    pub intensity: u16,
    pub class: u8,
    pub returns: [u8; 2],
    pub spare: u8,
}

/// Points in an order.
#[derive(Debug)]
pub(super) enum Heap {
    Memory(Vec<Spot>),
    /// A file, which is gone with the heap.
    File(Spilled),
}

/// A file of points, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Spilled {
    path: PathBuf,
    count: u64,
}

impl Drop for Spilled {
    fn drop(&mut self) {
        // It lies in a folder that is removed anyway; what counts is the room until then.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn io(error: std::io::Error) -> Fault {
    Fault::io("keeping points while they are sorted", &error)
}

impl Heap {
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(all) => all.len() as u64,
            Self::File(file) => file.count,
        }
    }
    /// The same points in memory, if they are at most `few`.
    pub fn settled(self, few: u64) -> Result<Self> {
        match self {
            Self::File(file) if file.count <= few => {
                let mut all = Vec::with_capacity(usize::try_from(file.count).unwrap_or_default());
                Self::File(file).each(&mut |spot| {
                    all.push(*spot);
                    Ok(())
                })?;
                Ok(Self::Memory(all))
            }
            other => Ok(other),
        }
    }
    /// Gives each point, in order.
    pub fn each(&self, sink: &mut dyn FnMut(&Spot) -> Result<()>) -> Result<()> {
        let file = match self {
            Self::Memory(all) => return all.iter().try_for_each(sink),
            Self::File(file) => file,
        };
        let mut source = BufReader::with_capacity(1 << 18, File::open(&file.path).map_err(io)?);
        let mut some = vec![<Spot as bytemuck::Zeroable>::zeroed(); AT_ONCE];
        let mut left = usize::try_from(file.count).unwrap_or(usize::MAX);
        while left > 0 {
            some.truncate(left);
            source.read_exact(bytemuck::cast_slice_mut(&mut some)).map_err(io)?;
            some.iter().try_for_each(&mut *sink)?;
            left -= some.len();
        }
        Ok(())
    }
}

/// A heap as it grows.
pub(super) enum Growing {
    Memory(Vec<Spot>),
    File { out: BufWriter<File>, path: PathBuf, count: u64 },
}

impl Growing {
    /// A heap in a file at `path`.
    pub fn file(path: PathBuf) -> Result<Self> {
        let out = BufWriter::with_capacity(1 << 18, File::create(&path).map_err(io)?);
        Ok(Self::File { out, path, count: 0 })
    }
    pub fn push(&mut self, spot: &Spot) -> Result<()> {
        match self {
            Self::Memory(all) => all.push(*spot),
            Self::File { out, count, .. } => {
                out.write_all(bytemuck::bytes_of(spot)).map_err(io)?;
                *count += 1;
            }
        }
        Ok(())
    }
    pub fn done(self) -> Result<Heap> {
        Ok(match self {
            Self::Memory(all) => Heap::Memory(all),
            Self::File { mut out, path, count } => {
                out.flush().map_err(io)?;
                Heap::File(Spilled { path, count })
            }
        })
    }
}
