//! What an IFC engine gives, whichever library is behind it.

use crate::fault::Result;
use crate::formats::{Limits, Placement};
use crate::geom::Mesh;
use crate::model::{Attributes, Value};
use std::collections::HashMap;

/// An IFC library behind Cimbra's own form.
pub trait Engine: Sync {
    /// Takes a whole STEP text apart.
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) when nothing can be had from it, and
    /// [`Kind::TooLarge`](crate::fault::Kind::TooLarge) when a limit is reached: then the whole file is refused.
    fn model(&self, bytes: &[u8], limits: &Limits) -> Result<Model>;
}

/// One IFC file taken apart.
#[derive(Debug, Clone)]
pub struct Model {
    /// `IfcProjectedCRS.Name`, where the model has a map conversion.
    pub crs: Option<String>,
    /// How the local metres sit in the world.
    pub placement: Placement,
    /// Project, spatial structure and elements, in the file's order.
    pub products: Vec<Product>,
    /// Property and quantity sets by their entity number.
    pub sets: HashMap<u32, Set>,
    /// Shapes by entity number, in local metres.
    pub meshes: HashMap<u32, Mesh>,
    /// Axes by entity number, in local metres.
    pub lines: HashMap<u32, Vec<[f64; 3]>>,
    /// Products that could not be taken: id or entity number, and the reason.
    pub refused: Vec<(String, String)>,
    /// For the report.
    pub notes: Vec<String>,
    /// Attributes of one object at most.
    pub most_attributes: usize,
}

/// One property or quantity set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Set {
    /// `Set.Name` and value.
    pub values: Attributes,
    /// `Set.Name`, or a path into a value that holds others, and the unit of the number there in the code of UCUM.
    pub units: Vec<(String, String)>,
}

/// One project, spatial element, element or group.
#[derive(Debug, Clone)]
pub struct Product {
    /// The STEP instance number (`#12`).
    pub entity: u32,
    /// The entity's name as the schema spells it, `IfcWall`.
    pub kind: &'static str,
    /// The entity's supertypes, nearest first.
    pub lineage: Vec<&'static str>,
    /// What its type says that it is, nearest first, where that is more than `lineage` says: IFC 2x3 has one entity for
    /// all terminals, and types for each kind.
    pub of_type: Vec<&'static str>,
    /// `FlowDirection` of a port.
    pub flow: Option<String>,
    /// `GlobalId`.
    pub global_id: String,
    /// `Name`, decoded.
    pub name: String,
    /// `PredefinedType` of the occurrence, else of its type; empty when neither says.
    pub predefined: String,
    /// Whether it is a section of a whole (`CompositionType` PARTIAL).
    pub partial: bool,
    /// The entity's own attributes.
    pub attributes: Vec<(&'static str, Value)>,
    /// Instance number of the product it is part of or contained in.
    pub parent: Option<u32>,
    /// `IfcBuildingStorey.Elevation`, metres.
    pub elevation: Option<f64>,
    /// Its sets: its own first, then its type's.
    pub sets: Vec<u32>,
}
