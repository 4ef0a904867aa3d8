//! `cimbra export`: any part of the city as a file.

use super::{Outcome, say, sites};
use crate::fault::{Fault, Result};
use crate::filter::Filter;
use crate::formats::{
    CityJson, CityJsonOptions, CityJsonWriter, Columns, CsvWriter, Family, GeoJsonWriter, GeoParquetWriter, HEAD_BYTES,
    Item, PictureNames, Reader, Writer, as_common,
};
use crate::model::{AssetId, Collections, DatasetName};
use crate::query::{Features, Scope, select};
use crate::store::{Row, Site, Snapshot, Store};
use crate::tiles::bake::{put, whole};
use crate::tiles::{content, tiles3d};
use crate::units::Instant;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Write a part of the city, or all of it, as CityJSON, GLB, GeoJSON, GeoParquet or CSV
///
/// What came as CityJSON leaves as CityJSON just as it came. A GLB is in east-north-up metres around the site's origin, turned to glTF's
/// axes; the other formats are in longitude, latitude and ellipsoidal height.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra export city.city.json\n  cimbra export doors.csv --filter \"class='door' AND storey='3'\"\n  cimbra export block.glb --collection buildings --bbox 118.77,32.03,118.78,32.04\n  cimbra export pipes.parquet --collection pipes\n  cimbra export tower.city.jsonl --filter \"dataset='tower'\" --crs EPSG:32650"
)]
pub struct Args {
    /// The file to write; its ending says the format: .city.json, .city.jsonl, .geojson, .glb, .parquet or .csv
    out: PathBuf,
    /// What to write, in CQL2 text: class='door' AND storey IN ('3','12A'), S_INTERSECTS(geometry, BBOX(…))
    #[arg(long, value_name = "CQL2")]
    filter: Option<String>,
    /// A collection, a dataset or a layer of one
    #[arg(long, default_value = "assets")]
    collection: String,
    /// Longitude and latitude of two corners, or with heights
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    bbox: Option<String>,
    /// As the city was at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    datetime: Option<String>,
    /// One site of several
    #[arg(long, value_name = "CODE")]
    site: Option<String>,
    /// The CRS of a CityJSON file with nothing in it that came as CityJSON; default: the site's UTM zone
    #[arg(long, value_name = "EPSG:n")]
    crs: Option<String>,
    /// Metres that make that file's heights ellipsoidal, where PROJ cannot
    #[arg(long, value_name = "M", allow_hyphen_values = true)]
    height_offset: Option<f64>,
    /// The store's directory
    #[arg(long, value_name = "DIR", default_value = "./var/cimbra")]
    store: PathBuf,
}

/// What a file's ending says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    CityJson { sequence: bool },
    GeoJson,
    Glb,
    GeoParquet,
    Csv,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let known = [
            (".city.json", Self::CityJson { sequence: false }),
            (".city.jsonl", Self::CityJson { sequence: true }),
            (".geojson", Self::GeoJson),
            (".glb", Self::Glb),
            (".parquet", Self::GeoParquet),
            (".csv", Self::Csv),
        ];
        known.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| format).ok_or_else(|| {
            Fault::parameter("OUT", format!("'{name}' has no ending that says a format"))
                .remedy("name it .city.json, .city.jsonl, .geojson, .glb, .parquet or .csv")
        })
    }
}

/// What is written: rows of the sites' snapshots.
struct Selected {
    sites: Vec<Arc<Site>>,
    snapshots: Vec<Arc<Snapshot>>,
    rows: Vec<(usize, Row)>,
}

impl Args {
    /// Writes the file: under a name beside its own first, so that an old one stays whole until the new one is.
    ///
    /// # Errors
    /// An ending that says no format, a filter that does not hold, nothing to write, a store that another process holds, a
    /// file that cannot be written.
    pub fn run(self) -> Result<Outcome> {
        let format = Format::of(&self.out)?;
        let store = Store::open(&self.store)?;
        let selected = self.select(&store)?;
        if selected.rows.is_empty() {
            return Err(Fault::not_found("nothing in the city is what was asked for")
                .remedy("ask for less: leave out --filter, --bbox or --collection"));
        }
        let told = whole(&self.out, |file| {
            let told = self.write(format, &selected, file)?;
            file.sync_all().map_err(|e| Fault::io("writing", &e).about(self.out.display().to_string()))?;
            Ok(told)
        })?;
        say(&format!("{}: {} assets{told}", self.out.display(), selected.rows.len()))?;
        Ok(Outcome::Done)
    }

    fn select(&self, store: &Store) -> Result<Selected> {
        let sites = sites(store, self.site.as_deref())?;
        let snapshots: Vec<_> = sites.iter().map(|site| site.snapshot()).collect();
        let filter: Option<Filter> = self.filter.as_deref().map(str::parse).transpose()?;
        let scope = Scope::named(&self.collection, &snapshots, Collections::ALL).ok_or_else(|| {
            Fault::parameter("collection", format!("there is no collection '{}'", self.collection))
                .remedy("'cimbra serve' lists them at /collections")
        })?;
        let bbox = self.bbox.as_deref().map(|text| format!("S_INTERSECTS(geometry, BBOX({text}))").parse::<Filter>());
        let bbox = bbox.transpose().map_err(|_| {
            Fault::parameter("bbox", "is not four or six numbers, the lesser before the greater")
                .remedy("give --bbox WEST,SOUTH,EAST,NORTH in degrees")
        })?;
        let boxes: Vec<_> = [&bbox, &filter].into_iter().flatten().filter_map(Filter::bounds).take(1).collect();
        let when = self.datetime.as_deref().map(str::parse::<Instant>).transpose()?.map(|at| (at, at));
        let boxes = Some(boxes).filter(|b| !b.is_empty());
        let features = Features {
            scope,
            boxes,
            when,
            equal: Vec::new(),
            visible: Collections::ALL,
            after: None,
            limit: usize::MAX,
        };
        let rows = select(&features, filter.as_ref(), &snapshots)?;
        Ok(Selected { sites, snapshots, rows })
    }

    /// Writes `selected`; gives what should be told besides their number.
    fn write(&self, format: Format, selected: &Selected, file: &mut File) -> Result<String> {
        let out = BufWriter::with_capacity(1 << 20, file);
        let mut told = String::new();
        match format {
            Format::Glb => {
                let (bytes, without) = glb(selected)?;
                let mut out = out;
                out.write_all(&bytes).and_then(|()| out.flush()).map_err(|e| Fault::io("writing the export", &e))?;
                if without > 0 {
                    told = format!(" ({without} of them have no place and are not in it)");
                }
            }
            Format::GeoJson => put_all(Box::new(GeoJsonWriter::new(out)?), selected, &|_, _| true)?,
            Format::Csv => put_all(Box::new(CsvWriter::new(out, columns(selected)?)?), selected, &|_, _| true)?,
            Format::GeoParquet => {
                put_all(Box::new(GeoParquetWriter::new(out, columns(selected)?)?), selected, &|_, _| true)?;
            }
            Format::CityJson { sequence } => told = self.cityjson(sequence, selected, out)?,
        }
        Ok(told)
    }

    fn cityjson(&self, sequence: bool, selected: &Selected, out: BufWriter<&mut File>) -> Result<String> {
        let utm = || {
            let origin = selected.snapshots.first().map(|s| s.frame().origin()).unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, reason = "a zone is a number from 1 to 60")]
            let zone = (((origin.lon + 180.0) / 6.0).floor() as i64).rem_euclid(60) + 1;
            format!("EPSG:{}", if origin.lat < 0.0 { 32_700 + zone } else { 32_600 + zone })
        };
        let crs = self.crs.clone().unwrap_or_else(utm);
        let mut family = Family::new();
        let mut by_dataset: HashMap<(usize, DatasetName), HashMap<String, String>> = HashMap::new();
        let alone = selected.snapshots.iter().map(|s| s.datasets().count()).sum::<usize>() == 1;
        for (i, row) in &selected.rows {
            let Some(asset) = selected.snapshots.get(*i).and_then(|s| s.asset(*row)) else { continue };
            let id = AssetId::from(asset.id());
            family.insert(id, (asset.class(), asset.parent_id().map(AssetId::from)));
            // What stands alone in its store keeps the names that its own file gave it.
            let name = if alone { asset.source_id() } else { asset.id() };
            let wanted = by_dataset.entry((*i, asset.dataset().clone())).or_default();
            wanted.insert(asset.source_id().to_owned(), name.to_owned());
        }
        let options = CityJsonOptions { sequence, crs, height_offset: self.height_offset, family };
        let mut writer = CityJsonWriter::new(out, options)?;
        let mut left = Left::new();
        let mut made = selected.rows.len();
        let mut order: Vec<_> = by_dataset.into_iter().collect();
        order.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, wanted) in order.into_iter().filter(|_| self.datetime.is_none()) {
            let (Some(site), Some(snapshot)) = (selected.sites.get(key.0), selected.snapshots.get(key.0)) else {
                continue;
            };
            let source = snapshot.datasets().find(|d| d.name == key.1).and_then(|d| d.source.clone());
            let Some(hash) = source else { continue };
            let mut input = BufReader::with_capacity(HEAD_BYTES, site.source(&hash)?);
            let head = input.fill_buf().map_err(|e| Fault::io("reading a kept file", &e))?;
            if !CityJson.sniff(head) {
                continue;
            }
            let whole = wanted.len() == snapshot.count_of(&key.1);
            let found = writer.take_source(input, &wanted, whole).map_err(|f| f.about(key.1.to_string()))?;
            made -= found.len();
            left.insert(key, found);
        }
        writer.name_pictures(self.pictures(selected, &left)?);
        let converted = |i: usize, item: &Item| {
            left.get(&(i, item.dataset.clone())).is_none_or(|found| !found.contains(item.source_id))
        };
        put_all(Box::new(writer), selected, &converted)?;
        Ok(match made {
            0 => " (as they came)".to_owned(),
            made if left.is_empty() => format!(" ({made} made from their shapes and attributes)"),
            made => format!(" ({made} of them made from their shapes and attributes, the others as they came)"),
        })
    }

    /// Writes the pictures of what did not leave as it came into a folder beside the file, as PNG or JPEG, which CityJSON knows; gives
    /// what they are called in the file.
    fn pictures(&self, selected: &Selected, left: &Left) -> Result<PictureNames> {
        let mut names = PictureNames::new();
        let name = self.out.file_name().unwrap_or_default().to_string_lossy();
        let folder = format!("{}_pictures", name.split('.').next().unwrap_or_default());
        for (i, row) in &selected.rows {
            let Some(snapshot) = selected.snapshots.get(*i).filter(|snapshot| snapshot.has_pictures()) else {
                continue;
            };
            let Some(asset) = snapshot.asset(*row) else { continue };
            if left.get(&(*i, asset.dataset().clone())).is_some_and(|found| found.contains(asset.source_id())) {
                continue;
            }
            let geometry = snapshot.geometry(*row)?;
            let textures = geometry.mesh.as_ref().and_then(|mesh| mesh.textures.as_ref());
            for texture in textures.into_iter().flat_map(|textures| &textures.list) {
                if names.contains_key(&texture.picture) {
                    continue;
                }
                let Some((bytes, ending)) = as_common(&snapshot.picture(&texture.picture)?) else { continue };
                let beside = self.out.with_file_name(&folder);
                std::fs::create_dir_all(&beside)
                    .map_err(|e| Fault::io("making a folder", &e).about(beside.display().to_string()))?;
                let name: String = texture.picture.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                let name = format!("{name}.{ending}");
                put(&beside.join(&name), &bytes)?;
                names.insert(texture.picture, format!("{folder}/{name}"));
            }
        }
        Ok(names)
    }
}

/// The ids of each site's datasets that left as they came.
type Left = HashMap<(usize, DatasetName), HashSet<String>>;

/// Puts every selected asset that `wanted` means.
fn put_all(mut writer: Box<dyn Writer + '_>, selected: &Selected, wanted: &dyn Fn(usize, &Item) -> bool) -> Result<()> {
    for (i, row) in &selected.rows {
        let Some(snapshot) = selected.snapshots.get(*i) else { continue };
        let Some(found) = snapshot.asset(*row) else { continue };
        let asset = found.to_asset()?;
        let (source_id, dataset) = (found.source_id(), found.dataset());
        let item = Item { asset: &asset, source_id, dataset, site: snapshot.site(), frame: snapshot.frame() };
        if wanted(*i, &item) {
            writer.put(&item)?;
        }
    }
    writer.end()
}

fn columns(selected: &Selected) -> Result<Columns> {
    let mut columns = Columns::default();
    for (i, row) in &selected.rows {
        if let Some(snapshot) = selected.snapshots.get(*i) {
            columns.note(snapshot.attributes(*row)?.as_ref())?;
        }
    }
    Ok(columns)
}

/// The selected assets of one site as a GLB, and how many have no place.
fn glb(selected: &Selected) -> Result<(Vec<u8>, usize)> {
    let mut sites: Vec<usize> = selected.rows.iter().map(|(i, _)| *i).collect();
    sites.dedup();
    let (&[site], Some(snapshot)) = (sites.as_slice(), sites.first().and_then(|i| selected.snapshots.get(*i))) else {
        return Err(Fault::parameter("site", "a GLB is in the frame of one site, and several are selected")
            .remedy("name one with --site CODE"));
    };
    let rows: Vec<Row> = selected.rows.iter().filter(|(i, _)| *i == site).map(|(_, row)| *row).collect();
    let (content, without) = content::of_rows(snapshot, &rows, Collections::ALL)?;
    let most = usize::from(u16::MAX);
    if content.features.is_empty() || content.features.len() > most {
        let count = content.features.len();
        return Err(Fault::bad_input(format!("a GLB holds 1 to {most} assets with a place, and {count} are selected"))
            .remedy(
                "narrow it with --filter, --bbox or --collection, or give the viewer the 3D Tiles of 'cimbra serve'",
            ));
    }
    Ok((tiles3d::encode(&content, tiles3d::Compression::None)?, without))
}
