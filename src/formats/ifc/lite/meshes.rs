//! Shapes: the library's meshes, taken as they come, out of its frame and welded to one mesh an element.

use super::place::Place;
use super::winding::outward;
use crate::fault::{Fault, Kind, Result};
use crate::formats::Limits;
use crate::formats::ifc::Product;
use crate::geom::{Mesh, Surface, SurfaceKind};
use ifc_lite_core::{EntityIndex, IfcType};
use ifc_lite_processing::{
    Batching, Features, FrameEvent, MeshData, MeshFrame, ProcessingRequest, ProcessingSink, ProductGeometryAudit,
    default_color_for_type, process,
};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Elements between two looks at the limits.
const BATCH: usize = 64;
/// `MeshData::geometry_class` of shapes that belong to a type and to no occurrence.
const OF_A_TYPE: [u8; 2] = [1, 2];

/// Lines by entity number.
type Lines = HashMap<u32, Vec<[f64; 3]>>;

/// Shapes by entity number, in the file's world frame, metres.
pub(super) struct Shapes {
    meshes: HashMap<u32, Mesh>,
    /// Those whose numbers are none.
    broken: HashSet<u32>,
    /// What the library says of each.
    audit: ProductGeometryAudit,
    /// Where the first `IfcSite` is placed, metres.
    pub site: [f64; 3],
}

impl Shapes {
    /// Whether the entity has a mesh.
    pub(super) fn has(&self, entity: u32) -> bool {
        self.meshes.contains_key(&entity)
    }
    /// What of the entity's shape the library could not make, in its words.
    pub(super) fn incomplete(&self, entity: u32) -> Option<String> {
        if self.broken.contains(&entity) {
            return Some("it has numbers that are none".to_owned());
        }
        // It also refuses what is whole: cuts that were repaired, and slivers left out.
        let said = self.audit.require_complete(entity).err()?;
        let items = said.split_once("dropped representation items: ")?.1;
        let items = items.split(';').next().unwrap_or(items).replace('=', " × ");
        Some(format!("items that no solid comes of ({items})"))
    }
    /// How far the shapes lie from `from` where more than half lie over `reach` away, in plan; metres.
    pub(super) fn beyond(&self, reach: f64, from: [f64; 3]) -> Option<f64> {
        let each = self.meshes.values().map(|m| plan(m.origin, from));
        let far: Vec<f64> = each.filter(|d| *d > reach).collect();
        (far.len() * 2 > self.meshes.len()).then(|| far.into_iter().fold(0.0, f64::max))
    }
    /// The shapes, and `lines` of the same frame, with `place`'s axis factors and shift applied.
    pub(super) fn placed(mut self, mut lines: Lines, place: &Place) -> (HashMap<u32, Mesh>, Lines) {
        for point in lines.values_mut().flatten() {
            let each = point.iter_mut().zip(place.factors).zip(place.shift);
            each.for_each(|((at, factor), shift)| *at = *at * factor - shift);
        }
        let near_one = |f: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "an axis factor is a ratio near 1")]
            let f = f as f32;
            f
        };
        for mesh in self.meshes.values_mut() {
            for ((at, factor), shift) in mesh.origin.iter_mut().zip(place.factors).zip(place.shift) {
                *at = *at * factor - shift;
            }
            if place.factors != [1.0; 3] {
                let offsets = mesh.positions.iter_mut();
                offsets.flat_map(|p| p.iter_mut().zip(place.factors)).for_each(|(c, factor)| *c *= near_one(factor));
            }
        }
        (self.meshes, lines)
    }
}

/// Meshes every one of `products`; what the library could not cut or mesh becomes a note.
///
/// # Errors
/// [`Kind::TooLarge`] when the time or the vertices run out.
pub(super) fn extract(
    bytes: &[u8],
    index: Arc<EntityIndex>,
    limits: &Limits,
    products: &[Product],
    notes: &mut Vec<String>,
) -> Result<Shapes> {
    let cancel = Arc::new(AtomicBool::new(false));
    let mut request = ProcessingRequest::full_pass().batching(Batching::new(BATCH, BATCH)).retain_meshes(false);
    request = request.features(Features::default().properties(false).presentation_layers(false));
    request = request.index(index).cancel(cancel.clone());
    // The library makes a ribbon of an alignment, which is a line.
    let wanted = products.iter().filter(|p| p.kind != "IfcAlignment").map(|p| p.entity).collect();
    let mut collector = Collector {
        wanted,
        limits,
        cancel,
        started: Instant::now(),
        frame: MeshFrame::RawIfc,
        vertices: 0,
        meshes: HashMap::new(),
        broken: HashSet::new(),
        over: None,
        audit: ProductGeometryAudit::default(),
    };
    let result = process(bytes, &request, &mut collector);
    if let Some(over) = collector.over {
        return Err(Fault::new(Kind::TooLarge, over).remedy("export the model in parts, such as one file a building"));
    }
    let failed = result.stats.products_with_failures;
    if failed > 0 {
        notes.push(format!(
            "{failed} elements have an opening or a cut that could not be computed: they stay whole there"
        ));
    }
    let site = result.site_transform.as_deref().and_then(|m| m.get(12..15)?.try_into().ok()).unwrap_or([0.0; 3]);
    collector.meshes.retain(|id, mesh| !mesh.triangles.is_empty() && !collector.broken.contains(id));
    let Collector { meshes, broken, audit, .. } = collector;
    Ok(Shapes { meshes, broken, audit, site })
}

/// Metres between two points in plan.
fn plan([ax, ay, _]: [f64; 3], [bx, by, _]: [f64; 3]) -> f64 {
    f64::hypot(ax - bx, ay - by)
}

struct Collector<'a> {
    wanted: HashSet<u32>,
    limits: &'a Limits,
    cancel: Arc<AtomicBool>,
    started: Instant,
    frame: MeshFrame,
    vertices: usize,
    meshes: HashMap<u32, Mesh>,
    broken: HashSet<u32>,
    over: Option<String>,
    audit: ProductGeometryAudit,
}

impl ProcessingSink for Collector<'_> {
    fn on_frame(&mut self, event: &FrameEvent) {
        self.frame = event.frame;
    }
    fn product_geometry_audit(&self) -> Option<ProductGeometryAudit> {
        Some(self.audit.clone())
    }
    fn on_batch(&mut self, meshes: &[MeshData], done: usize, total: usize) {
        self.vertices += meshes.iter().map(|m| m.positions.len() / 3).sum::<usize>();
        if self.vertices > self.limits.vertices {
            self.over = Some(format!("has more than {} vertices", self.limits.vertices));
        } else if self.started.elapsed() > self.limits.time && done < total {
            let seconds = self.limits.time.as_secs();
            self.over = Some(format!("took over {seconds} s for {done} of {total} shapes"));
        }
        if self.over.is_some() {
            self.cancel.store(true, Ordering::Relaxed);
            return;
        }
        let mut pieces: Vec<&MeshData> = meshes
            .iter()
            .filter(|m| self.wanted.contains(&m.express_id) && !OF_A_TYPE.contains(&m.geometry_class))
            .collect();
        // Pieces of one colour side by side make one surface; the sort is stable, so bytes do not vary between runs.
        pieces.sort_by_key(|m| (m.express_id, m.color.map(f32::to_bits)));
        for piece in pieces {
            let mesh = self.meshes.remove(&piece.express_id);
            match joined(mesh, piece, self.frame) {
                Some(mesh) => _ = self.meshes.insert(piece.express_id, mesh),
                None => _ = self.broken.insert(piece.express_id),
            }
        }
    }
}

/// `mesh` with `piece` added in world coordinates; `None` when its numbers are none.
fn joined(mesh: Option<Mesh>, piece: &MeshData, frame: MeshFrame) -> Option<Mesh> {
    let world = frame.world_mapper();
    let points: Option<Vec<[f64; 3]>> = piece
        .positions
        .chunks_exact(3)
        .map(|p| {
            let [x, y, z]: [f32; 3] = p.try_into().ok()?;
            let [ox, oy, oz] = piece.origin;
            let point = world([f64::from(x) + ox, f64::from(y) + oy, f64::from(z) + oz]);
            point.iter().all(|c| c.is_finite()).then_some(point)
        })
        .collect();
    let points = points?;
    let triangles: Option<Vec<[u32; 3]>> = piece
        .indices
        .chunks_exact(3)
        .map(|t| {
            let triangle: [u32; 3] = t.try_into().ok()?;
            triangle.iter().all(|i| (*i as usize) < points.len()).then_some(triangle)
        })
        .collect();
    let triangles = triangles?;
    let colour = colour(piece);
    let mut mesh = mesh.unwrap_or_else(|| Mesh { origin: *points.first().unwrap_or(&[0.0; 3]), ..Mesh::default() });
    let first = u32::try_from(mesh.triangles.len()).ok()?;
    if mesh.surfaces.last().is_none_or(|s| s.colour != colour) {
        mesh.surfaces.push(Surface { first, kind: SurfaceKind::Other, colour });
    }
    // The library repeats a vertex for every normal; shapes here are known by their corners.
    let mut welded: HashMap<[u32; 3], u32> = HashMap::new();
    let mut numbers = Vec::with_capacity(points.len());
    let [ox, oy, oz] = mesh.origin;
    for [x, y, z] in &points {
        #[expect(clippy::cast_possible_truncation, reason = "offsets from a corner of the same element are small")]
        let offset = [x - ox, y - oy, z - oz].map(|c| c as f32);
        // Adding zero makes one of the two zeros.
        let key = offset.map(|c| (c + 0.0).to_bits());
        let next = u32::try_from(mesh.positions.len()).ok()?;
        let number = *welded.entry(key).or_insert(next);
        if number == next {
            mesh.positions.push(offset);
        }
        numbers.push(number);
    }
    for [a, b, c] in triangles {
        let corner = |i: u32| numbers.get(i as usize).copied();
        let [a, b, c] = [corner(a)?, corner(b)?, corner(c)?];
        if a != b && b != c && c != a {
            mesh.triangles.push([a, b, c]);
        }
    }
    let Mesh { positions, triangles, .. } = &mut mesh;
    let place = |i: u32| positions.get(i as usize).map_or([0.0; 3], |p| p.map(f64::from));
    outward(triangles.get_mut(first as usize..).unwrap_or_default(), place);
    Some(mesh)
}

/// The piece's colour; none where it is only the library's own for an unstyled element.
fn colour(piece: &MeshData) -> Option<[u8; 4]> {
    let own = default_color_for_type(IfcType::from_str(&piece.ifc_type));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0).round() as u8;
    (piece.color != own.to_array()).then(|| piece.color.map(byte))
}
