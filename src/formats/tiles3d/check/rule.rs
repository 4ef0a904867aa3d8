//! The rules of the checker, each with its name, its weight and what mends it.

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Against a standard, or something that clients draw wrong or lose.
    Error,
    /// Allowed, and seldom meant.
    Warning,
}

macro_rules! rules {
    ($($id:ident $severity:ident $name:literal $remedy:literal)*) => {
        /// A rule of the checker.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $name] $id,)*
        }
        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$id,)*];
            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
            /// How much its findings weigh.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$id => Severity::$severity,)* }
            }
            /// What mends what it finds.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$id => $remedy,)* }
            }
        }
    };
}

rules! {
    // The tree (OGC 22-025r4 §6).
    Json Error "json" "write it anew: it must be one JSON object in UTF-8"
    Version Error "version" "write asset.version \"1.1\" and what that version demands"
    Member Error "member" "write the member with the type that the schema gives it"
    Refine Error "refine" "write \"ADD\" or \"REPLACE\", in upper case, at every root at least"
    ChildrenEmpty Error "children-empty" "leave the member children out of leaves"
    ErrorValue Error "error-value" "write a finite number of metres, 0 or more"
    ErrorGrows Error "error-grows" "give tiles at most their parent's error, else clients stop refining too early"
    LeafError Warning "leaf-error" "give leaves the error 0: nothing finer comes"
    Box Error "box" "write a middle and three half axes that are finite, orthogonal and longer than 0"
    Region Error "region" "write west, south, east, north in radians, then the lowest and the highest ellipsoidal height in metres"
    Sphere Error "sphere" "write a middle and a radius above 0"
    ContentVolume Warning "content-volume" "let the volume of a content lie inside that of its tile"
    Transform Error "transform" "write sixteen finite numbers, column after column, that can be undone and end in 0, 0, 0, 1"
    Uri Error "uri" "copy what it names into the tileset's folder and name it relatively"
    Missing Error "missing" "put the file there or leave its tile out"
    Circle Error "circle" "let no tileset lead back to itself"
    Limit Error "limit" "divide it into smaller tilesets or contents"
    Extension Error "extension" "list each extension in extensionsUsed, and the required ones of them in extensionsRequired"
    // Implicit tiling (§7).
    Implicit Error "implicit" "write implicitTiling as the standard has it, on a tile of a box or a region without children"
    SubtreeHeader Error "subtree-header" "write \"subt\", version 1 and the true lengths of JSON and binary"
    SubtreePadding Error "subtree-padding" "pad the JSON with spaces and the binary with zeros to multiples of 8 bytes"
    SubtreeBuffer Error "subtree-buffer" "let bitstreams start at multiples of 8 bytes inside their buffer and be as long as their bits"
    AvailableCount Error "available-count" "count the 1 bits"
    Availability Error "availability" "mark every tile's parent as available, at least one tile, and none below availableLevels"
    ContentAvailability Error "content-availability" "mark contents only at tiles that are available"
    ChildSubtree Error "child-subtree" "mark a child subtree only below an available tile and write at least its first tile"
    SpareBits Warning "spare-bits" "write 0 into the bits after the last one"
    // Contents (§8).
    ContentKind Error "content-kind" "write a content as glTF 2.0"
    LegacyHeader Error "legacy-header" "write the header's lengths as they are; better, convert it with npx 3d-tiles-tools upgrade"
    VertexOutside Error "vertex-outside" "compute the volume from the vertices as they are drawn"
    NothingDrawn Warning "nothing-drawn" "leave out a content that draws nothing"
    // The container and the document (glTF 2.0 §3 to §5).
    GlbHeader Error "glb-header" "write \"glTF\", version 2 and the file's true length"
    GlbChunk Error "glb-chunk" "write one JSON chunk, then at most one BIN chunk, with lengths that are multiples of 4"
    GlbPadding Error "glb-padding" "pad the JSON with spaces, and BIN with at most 3 zeros beyond what its buffer says (8-byte ends: let the buffer say so)"
    GltfJson Error "gltf-json" "write the members with the types that glTF 2.0 gives them"
    GltfVersion Error "gltf-version" "write glTF 2.0"
    Buffer Error "buffer" "let every buffer hold the bytes that it says, beside the model or in it"
    BufferView Error "buffer-view" "let views lie in their buffers, with strides of 4 to 252 bytes"
    Accessor Error "accessor" "let accessors lie in their views, with at least one element of a known type"
    Alignment Error "alignment" "start each number at a multiple of its size, and vertex attributes at multiples of 4"
    Bounds Error "bounds" "write the least and the greatest of the values as they are stored"
    NotFinite Error "not-finite" "write no NaN and no infinity"
    Reference Error "reference" "name only what is there"
    AttributeType Error "attribute-type" "store the attribute in a type that glTF 2.0 (or KHR_mesh_quantization, when required) allows for it"
    Picture Error "picture" "write images that are what their mimeType says, and let textures name them as the core or an extension allows"
    TextureCoordinates Error "texture-coordinates" "give the primitive the TEXCOORD_n that its material's textures read"
    AttributeCount Error "attribute-count" "give each attribute of a primitive the same count"
    IndexType Error "index-type" "store indices as unsigned scalars without a stride"
    IndexRange Error "index-range" "let indices name vertices that are there"
    Restart Error "restart" "use a wider type: the greatest value of an index type means a restart"
    Topology Error "topology" "write as many indices as the mode needs: three for each triangle, two for each line"
    Node Error "node" "let nodes be a tree with finite matrices and rotations of length 1"
    Meshopt Error "meshopt" "write count, stride, mode and filter as EXT_meshopt_compression has them"
    MeshoptStream Error "meshopt-stream" "encode it anew (for EXT_meshopt_compression with version 0 of the vertex codec)"
    Instancing Error "instancing" "give all attributes of the instances one count and their type"
    // Features and metadata (EXT_mesh_features, EXT_instance_features, EXT_structural_metadata).
    FeatureIds Error "feature-ids" "bind ids to an attribute of whole numbers that is there: bytes, shorts or floats"
    FeatureSet Error "feature-set" "number the attributes _FEATURE_ID_n from 0 without a gap"
    FeatureCount Error "feature-count" "count the different ids, without the null one"
    FeatureRow Error "feature-row" "let ids name rows that the property table has"
    TableCount Warning "table-count" "leave out rows that no feature has, or draw their features"
    SchemaName Error "schema-name" "use letters, digits and _ only, and no digit first"
    SchemaType Error "schema-type" "give each property its type, and componentType or enumType where that type needs it"
    Table Error "table" "let tables name a class and its properties, with all required ones"
    ColumnLength Error "column-length" "let a column have exactly the bytes of its values"
    ColumnOffsets Error "column-offsets" "write one offset more than values, never descending, the last the end of the values"
    ColumnText Error "column-text" "write texts in UTF-8"
    ColumnEnum Error "column-enum" "store only values that the enum lists, or noData"
    ColumnBounds Error "column-bounds" "write the least and the greatest of the column's values, noData left out"
    NoData Error "no-data" "give noData the property's own type, and not to one that is required"
    IdEmpty Error "id-empty" "give each feature an id"
    IdDouble Error "id-double" "give each id one row of a tile"
    IdTwice Warning "id-twice" "draw a feature in one leaf only; one that is cut by tiles' borders may stay"
}
