//! Assets made bytes for the log, on all cores: first encoded, then, once it is known what is stored of each, packed.

use super::archive::embedded::{Packer, Version, check, encode_attributes, encode_geometry, is_shared, packable};
use super::commit::Put;
use super::table::Record;
use crate::fault::{Fault, Kind, Result};
use crate::geom::{Bounds, Motion, Print};
use crate::model::{Asset, Attributes, Footprint};
use rayon::prelude::*;

/// Assets of which fewer are sooner taken one after another.
const FEW: usize = 16;
/// Assets that one core takes in a row, at least.
const ROW: usize = 64;
/// The longest id, in bytes.
const LONGEST_ID: usize = 1024;

/// An asset with its bytes.
pub(super) struct Encoded {
    /// Without its attributes, which are bytes now.
    pub asset: Asset,
    pub bounds: Bounds,
    pub geometry: Vec<u8>,
    pub attributes: Vec<u8>,
    /// Of a mesh that is large enough for its shape to be shared.
    pub print: Option<Print>,
}

/// What is to be stored of an asset.
pub(super) struct Plan {
    pub version: Version,
    pub put: Put,
    pub form: Form,
    /// Encoded, then packed.
    pub attributes: Vec<u8>,
}

/// How a geometry is stored.
pub(super) enum Form {
    /// Not at all: nothing about the asset differs from what is there.
    Unchanged,
    /// Whole, encoded, then packed; the number of its shape, where others may have it.
    Whole { geometry: Vec<u8>, shape: Option<usize> },
    /// As the shape of this number, moved.
    Moved { shape: usize, motion: Motion, footprint: Footprint },
}

/// The assets' bytes, or why one may not be stored.
pub(super) fn encode_all(assets: Vec<Asset>) -> Vec<Result<Encoded>> {
    if assets.len() < FEW {
        return assets.into_iter().map(encode).collect();
    }
    assets.into_par_iter().with_min_len(ROW).map(encode).collect()
}

fn encode(mut asset: Asset) -> Result<Encoded> {
    let bounds = sound(&asset).map_err(|f| f.about(&*asset.id))?;
    let (mut geometry, mut attributes) = (Vec::new(), Vec::new());
    if asset.geometry != Default::default() {
        encode_geometry(&asset.geometry, &mut geometry);
    }
    if !asset.attributes.is_empty() {
        encode_attributes(&asset.attributes, &mut attributes).map_err(|f| f.about(&*asset.id))?;
        // Their many pieces of memory are let go of here, where others do likewise.
        asset.attributes = Attributes::new();
    }
    [&geometry, &attributes].into_iter().try_for_each(|raw| packable(raw)).map_err(|f| f.about(&*asset.id))?;
    let print = asset.geometry.mesh.as_ref().filter(|mesh| is_shared(mesh)).map(Print::of);
    Ok(Encoded { asset, bounds, geometry, attributes, print })
}

/// Packs for one log.
pub(super) struct Packing {
    packer: Packer,
    salt: u64,
}

impl Packing {
    /// # Errors
    /// [`Kind::Io`] when the packer cannot be started.
    pub fn new(salt: u64) -> Result<Self> {
        Ok(Self { packer: Packer::new(salt)?, salt })
    }
    /// Packs a single text of bytes.
    pub fn one(&mut self, raw: &[u8]) -> Vec<u8> {
        self.packer.pack(raw)
    }
    /// Packs what is to be stored whole.
    pub fn all(&mut self, plans: Vec<Result<Plan>>) -> Vec<Result<Plan>> {
        if plans.len() < FEW {
            return plans.into_iter().map(|plan| plan.map(|plan| packed(&mut self.packer, plan))).collect();
        }
        let salt = self.salt;
        let pack = |packer: &mut Result<Packer>, plan: Result<Plan>| match packer {
            Ok(packer) => plan.map(|plan| packed(packer, plan)),
            Err(fault) => plan.and(Err(fault.clone())),
        };
        plans.into_par_iter().with_min_len(ROW).map_init(|| Packer::new(salt), pack).collect()
    }
}

fn packed(packer: &mut Packer, mut plan: Plan) -> Plan {
    match &mut plan.form {
        Form::Unchanged => return plan,
        Form::Whole { geometry, .. } => *geometry = packer.pack(geometry),
        Form::Moved { .. } => {}
    }
    plan.attributes = packer.pack(&plan.attributes);
    plan
}

/// Whether an asset may be stored; gives its box.
fn sound(asset: &Asset) -> Result<Bounds> {
    if asset.id.is_empty() || asset.id.len() > LONGEST_ID {
        return Err(Fault::bad_input(format!("an id has 1 to {LONGEST_ID} bytes, this one {}", asset.id.len())));
    }
    if asset.name.len() > Record::LONGEST_NAME {
        return Err(Fault::new(Kind::TooLarge, format!("the name takes more than {} bytes", Record::LONGEST_NAME)));
    }
    check(&asset.geometry)?;
    let bounds = asset.bounds;
    if bounds.is_empty() {
        return Ok(Bounds::EMPTY);
    }
    if bounds.min.iter().chain(&bounds.max).all(|c| c.is_finite()) {
        Ok(bounds)
    } else {
        Err(Fault::bad_input("the asset's box has a coordinate that is not a number"))
    }
}
