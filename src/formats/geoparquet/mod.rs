//! GeoParquet 1.1: a Parquet table with footprints as well-known binary and a box for each row.

mod wkb;

use crate::fault::{Fault, Kind, Result};
use crate::formats::write::{Columns, Item, Kept, OWN, Writer, own, text};
use crate::geom::Bounds;
use crate::model::Value;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

/// Rows held until they are written together.
const GROUP: usize = 20_000;
const BOX: [&str; 6] = ["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"];

/// Writes one row an asset: `id`, `class`, `name`, `collection`, `parent`, `storey`, `dataset`, `site` as texts, `geometry` (ISO
/// WKB with heights, OGC:CRS84), `bbox`, then the attributes, each with the type that all of its values have.
pub struct GeoParquetWriter<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Columns,
    kinds: Vec<Kept>,
    rows: Vec<Row>,
    kinds_of_geometry: BTreeSet<&'static str>,
    extent: Bounds,
}

struct Row {
    own: [String; 8],
    geometry: Option<Vec<u8>>,
    bounds: Option<Bounds>,
    cells: Vec<Option<Value>>,
}

impl<W: Write + Send> GeoParquetWriter<W> {
    /// Begins the table.
    ///
    /// # Errors
    /// [`Kind::Io`].
    pub fn new(out: W, columns: Columns) -> Result<Self> {
        let kinds = columns.all().map(|(_, kept)| kept).collect();
        let schema = schema(&columns).map_err(|e| writing(&e))?;
        let level = ZstdLevel::try_new(3).map_err(|e| writing(&e))?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let out = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(|e| writing(&e))?;
        let (rows, kinds_of_geometry) = (Vec::new(), BTreeSet::new());
        Ok(Self { out, columns, kinds, rows, kinds_of_geometry, extent: Bounds::EMPTY })
    }
    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let mut group = self.out.next_row_group().map_err(|e| writing(&e))?;
        for i in 0..OWN.len() {
            let text = |row: &Row| row.own.get(i).filter(|t| !t.is_empty()).map(|t| ByteArray::from(t.as_str()));
            column::<ByteArrayType>(&mut group, rows.iter().map(text))?;
        }
        column::<ByteArrayType>(&mut group, rows.iter().map(|row| row.geometry.clone().map(ByteArray::from)))?;
        for i in 0..BOX.len() {
            let side = |row: &Row| row.bounds.and_then(|b| b.min.iter().chain(&b.max).nth(i).copied());
            column::<DoubleType>(&mut group, rows.iter().map(side))?;
        }
        for (i, kind) in self.kinds.iter().enumerate() {
            let cells = rows.iter().map(|row| row.cells.get(i).and_then(Option::as_ref));
            match kind {
                Kept::Bool => column::<BoolType>(
                    &mut group,
                    cells.map(|c| if let Some(Value::Bool(b)) = c { Some(*b) } else { None }),
                ),
                Kept::Int => column::<Int64Type>(
                    &mut group,
                    cells.map(|c| if let Some(Value::Int(n)) = c { Some(*n) } else { None }),
                ),
                Kept::Float => column::<DoubleType>(&mut group, cells.map(|c| number(c?))),
                Kept::Text => {
                    column::<ByteArrayType>(&mut group, cells.map(|c| Some(ByteArray::from(text(c?).as_str()))))
                }
            }?;
        }
        group.close().map(drop).map_err(|e| writing(&e))
    }
}

impl<W: Write + Send> Writer for GeoParquetWriter<W> {
    fn put(&mut self, item: &Item) -> Result<()> {
        let asset = item.asset;
        let geometry = wkb::encode(&asset.geometry.footprint);
        self.kinds_of_geometry.extend(geometry.as_ref().map(|(kind, _)| *kind));
        self.extent = self.extent.union(asset.bounds);
        let cells = self.columns.row(&asset.attributes).into_iter().map(|c| c.cloned()).collect();
        let bounds = Some(asset.bounds).filter(|b| !b.is_empty());
        self.rows.push(Row {
            own: own(item).map(str::to_owned),
            geometry: geometry.map(|(_, bytes)| bytes),
            bounds,
            cells,
        });
        if self.rows.len() < GROUP { Ok(()) } else { self.flush() }
    }
    fn end(mut self: Box<Self>) -> Result<()> {
        self.flush()?;
        let side = |name: &str| (name.to_owned(), json!(["bbox", name]));
        let covering: serde_json::Map<String, serde_json::Value> = BOX.into_iter().map(side).collect();
        let mut column = serde_json::Map::new();
        column.insert("encoding".into(), json!("WKB"));
        column.insert("geometry_types".into(), json!(self.kinds_of_geometry));
        column.insert("covering".into(), json!({ "bbox": covering }));
        if !self.extent.is_empty() {
            let bbox = self.extent.min.iter().chain(&self.extent.max).map(|c| json!(c)).collect();
            column.insert("bbox".into(), bbox);
        }
        let geo = json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": column } });
        self.out.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
        let Self { out, .. } = *self;
        let mut inner = out.into_inner().map_err(|e| writing(&e))?;
        inner.flush().map_err(|e| crate::formats::write::writing(&e))
    }
}

/// Writes the next column of the group; what is `None` is null.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    let column = group.next_column().map_err(|e| writing(&e))?;
    let mut column = column.ok_or_else(|| Fault::internal("a Parquet column too many"))?;
    // The box's sides are within a group that is never null itself, so one level says all of them.
    column.typed::<T>().write_batch(&values, Some(&levels), None).map_err(|e| writing(&e))?;
    column.close().map_err(|e| writing(&e))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the column holds doubles, since some of its values are none of these"
        )]
        Value::Int(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        _ => None,
    }
}

fn schema(columns: &Columns) -> parquet::errors::Result<Arc<Type>> {
    let leaf = |name: &str, physical: Physical, logical: Option<LogicalType>| {
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        builder.with_logical_type(logical).build().map(Arc::new)
    };
    let text = |name: &str| leaf(name, Physical::BYTE_ARRAY, Some(LogicalType::String));
    let mut fields = OWN.iter().map(|name| text(name)).collect::<parquet::errors::Result<Vec<_>>>()?;
    fields.push(leaf("geometry", Physical::BYTE_ARRAY, None)?);
    let sides =
        BOX.iter().map(|name| leaf(name, Physical::DOUBLE, None)).collect::<parquet::errors::Result<Vec<_>>>()?;
    let bbox = Type::group_type_builder("bbox").with_repetition(Repetition::REQUIRED).with_fields(sides);
    fields.push(Arc::new(bbox.build()?));
    for (name, kept) in columns.all() {
        let name = if matches!(name.as_str(), "geometry" | "bbox") { format!("source.{name}") } else { name };
        fields.push(match kept {
            Kept::Bool => leaf(&name, Physical::BOOLEAN, None)?,
            Kept::Int => leaf(&name, Physical::INT64, None)?,
            Kept::Float => leaf(&name, Physical::DOUBLE, None)?,
            Kept::Text => text(&name)?,
        });
    }
    Type::group_type_builder("assets").with_fields(fields).build().map(Arc::new)
}

fn writing(e: &parquet::errors::ParquetError) -> Fault {
    Fault::new(Kind::Io, format!("writing the export: {e}"))
}
