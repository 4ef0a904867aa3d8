//! glTF 2.0 as far as it is read: the JSON, with node transforms in 64 bits.

use crate::formats::attribute::Attribute;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The JSON of a model (glTF 2.0 §5.17).
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Document {
    pub asset: Asset,
    pub scene: Option<usize>,
    pub scenes: Vec<Scene>,
    pub nodes: Vec<Node>,
    pub meshes: Vec<Mesh>,
    pub accessors: Vec<Accessor>,
    pub buffer_views: Vec<BufferView>,
    pub buffers: Vec<Buffer>,
    pub materials: Vec<Material>,
    pub images: Vec<Image>,
    pub textures: Vec<Texture>,
    pub samplers: Vec<Sampler>,
    pub animations: Vec<serde::de::IgnoredAny>,
    pub skins: Vec<serde::de::IgnoredAny>,
    pub extensions_required: Vec<String>,
    pub extensions: DocumentExtensions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asset {
    pub version: String,
    pub copyright: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Scene {
    pub nodes: Vec<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Node {
    pub name: String,
    pub children: Vec<usize>,
    pub mesh: Option<usize>,
    pub matrix: Option<[f64; 16]>,
    pub translation: Option<[f64; 3]>,
    pub rotation: Option<[f64; 4]>,
    pub scale: Option<[f64; 3]>,
    pub extras: Attribute,
    pub extensions: NodeExtensions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct NodeExtensions {
    #[serde(rename = "EXT_mesh_gpu_instancing")]
    pub instancing: Option<Instancing>,
    #[serde(rename = "EXT_instance_features")]
    pub features: Option<Features>,
}

/// `EXT_mesh_gpu_instancing`.
#[derive(Deserialize)]
pub(super) struct Instancing {
    pub attributes: BTreeMap<String, usize>,
}

/// `EXT_mesh_features`, `EXT_instance_features`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Features {
    pub feature_ids: Vec<FeatureIds>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FeatureIds {
    pub attribute: Option<u32>,
    pub texture: Option<Value>,
    pub property_table: Option<usize>,
    pub null_feature_id: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Mesh {
    pub primitives: Vec<Primitive>,
    pub extras: Attribute,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Primitive {
    pub attributes: BTreeMap<String, usize>,
    pub indices: Option<usize>,
    pub material: Option<usize>,
    pub mode: Option<u32>,
    pub extensions: PrimitiveExtensions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PrimitiveExtensions {
    #[serde(rename = "EXT_mesh_features")]
    pub features: Option<Features>,
    #[serde(rename = "KHR_draco_mesh_compression")]
    pub draco: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Accessor {
    pub buffer_view: Option<usize>,
    pub byte_offset: usize,
    pub component_type: u32,
    pub count: usize,
    #[serde(rename = "type")]
    pub kind: String,
    pub normalized: bool,
    pub sparse: Option<Sparse>,
}

#[derive(Deserialize)]
pub(super) struct Sparse {
    pub count: usize,
    pub indices: SparsePart,
    pub values: SparsePart,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SparsePart {
    pub buffer_view: usize,
    #[serde(default)]
    pub byte_offset: usize,
    #[serde(default)]
    pub component_type: u32,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct BufferView {
    pub buffer: usize,
    pub byte_offset: usize,
    pub byte_length: usize,
    pub byte_stride: Option<usize>,
    pub extensions: BTreeMap<String, serde::de::IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Buffer {
    pub uri: Option<String>,
    pub byte_length: usize,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Material {
    pub pbr_metallic_roughness: Pbr,
    pub alpha_mode: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Pbr {
    pub base_color_factor: Option<[f64; 4]>,
    pub base_color_texture: Option<TextureInfo>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct TextureInfo {
    pub index: Option<usize>,
    pub tex_coord: usize,
    pub extensions: InfoExtensions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct InfoExtensions {
    #[serde(rename = "KHR_texture_transform")]
    pub transform: Option<TextureTransform>,
}

/// `KHR_texture_transform`; the turn in radians.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct TextureTransform {
    pub offset: Option<[f64; 2]>,
    pub rotation: f64,
    pub scale: Option<[f64; 2]>,
    pub tex_coord: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Texture {
    pub source: Option<usize>,
    pub sampler: Option<usize>,
    pub extensions: TextureExtensions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TextureExtensions {
    #[serde(rename = "EXT_texture_webp")]
    pub webp: Option<OtherSource>,
    #[serde(rename = "KHR_texture_basisu")]
    pub basisu: Option<OtherSource>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct OtherSource {
    pub source: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Sampler {
    pub wrap_s: u32,
    pub wrap_t: u32,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Image {
    pub uri: Option<String>,
    pub buffer_view: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DocumentExtensions {
    #[serde(rename = "CESIUM_RTC")]
    pub rtc: Option<Rtc>,
    #[serde(rename = "EXT_structural_metadata")]
    pub metadata: Option<Metadata>,
}

#[derive(Deserialize)]
pub(super) struct Rtc {
    pub center: [f64; 3],
}

/// `EXT_structural_metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    pub schema: Schema,
    pub schema_uri: Option<String>,
    pub property_tables: Vec<Table>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Schema {
    pub classes: BTreeMap<String, ClassDefinition>,
    pub enums: BTreeMap<String, EnumDefinition>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ClassDefinition {
    pub properties: BTreeMap<String, Property>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct EnumDefinition {
    pub value_type: Option<String>,
    pub values: Vec<EnumValue>,
}

#[derive(Deserialize)]
pub(super) struct EnumValue {
    pub name: String,
    pub value: i64,
}

/// A property of a class (3D Metadata §5).
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Property {
    #[serde(rename = "type")]
    pub kind: String,
    pub component_type: Option<String>,
    pub enum_type: Option<String>,
    pub array: bool,
    pub count: Option<usize>,
    pub normalized: bool,
    pub offset: Option<Value>,
    pub scale: Option<Value>,
    pub no_data: Option<Attribute>,
    pub default: Option<Attribute>,
    pub semantic: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Table {
    pub name: Option<String>,
    pub class: String,
    pub count: usize,
    pub properties: BTreeMap<String, Column>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Column {
    pub values: usize,
    pub array_offsets: Option<usize>,
    pub string_offsets: Option<usize>,
    pub array_offset_type: Option<String>,
    pub string_offset_type: Option<String>,
    pub offset: Option<Value>,
    pub scale: Option<Value>,
}
