//! The only file that knows PROJ: one context a thread, objects that free themselves, plain answers.

use crate::fault::{Fault, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::rc::Rc;

/// A box in degrees; `west` is greater than `east` when it crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

/// What kind of CRS a source has, as far as heights go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Vertical {
    /// Two axes: heights are not spoken of.
    None,
    /// Heights above the CRS's own ellipsoid, or geocentric coordinates.
    Ellipsoidal,
    /// A vertical CRS of its own: its datum's name and the factor that turns its numbers into metres upwards.
    Datum { name: String, to_metres: f64 },
}

/// One coordinate operation between two CRSs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub name: String,
    /// A PROJ pipeline with x-east y-north axes at both ends; absent when a grid it needs is missing or cannot be read.
    pub pipeline: Option<String>,
    /// Metres; absent when unknown.
    pub accuracy: Option<f64>,
    pub ballpark: bool,
    pub area: Option<Area>,
    /// Names of the grids it needs and does not find or cannot read, for this PROJ is built without TIFF.
    pub missing_grids: Vec<String>,
}

/// What [`describe`] tells of a CRS.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Description {
    pub vertical: Vertical,
    pub area: Option<Area>,
    /// EPSG code of the geodetic datum, where it has one.
    pub datum: Option<String>,
    /// Directions of the horizontal axes, such as `east`, `north`.
    pub axes: Vec<String>,
    /// Whether the horizontal axes count angles.
    pub degrees: bool,
}

struct Context(*mut proj_sys::PJ_CONTEXT);
/// A PROJ object; it holds its context, so that the context outlives it.
struct Object(*mut proj_sys::PJ, Rc<Context>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by `proj_context_create` and destroyed once; every object holds an `Rc` of it and is gone.
        unsafe { proj_sys::proj_context_destroy(self.0) };
    }
}
impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: made by a PROJ call that handed over ownership, destroyed once, before its context.
        unsafe { proj_sys::proj_destroy(self.0) };
    }
}

struct Engine {
    context: Rc<Context>,
    pipelines: HashMap<String, Object>,
}

/// Pipelines kept per thread; a server meets a handful of source systems.
const CACHED: usize = 32;

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

fn with<T>(f: impl FnOnce(&mut Engine) -> Result<T>) -> Result<T> {
    ENGINE.with(|cell| {
        let mut slot = cell.try_borrow_mut().map_err(|_| Fault::internal("PROJ entered twice on one thread"))?;
        if slot.is_none() {
            *slot = Some(Engine { context: Rc::new(Context::new()?), pipelines: HashMap::new() });
        }
        slot.as_mut().map_or_else(|| Err(Fault::internal("no PROJ context")), f)
    })
}

impl Context {
    fn new() -> Result<Self> {
        // SAFETY: plain calls on a context just made and checked; the strings are static and nul-terminated.
        unsafe {
            let context = Self(proj_sys::proj_context_create());
            if context.0.is_null() {
                return Err(Fault::internal("PROJ gives no context"));
            }
            proj_sys::proj_log_level(context.0, proj_sys::PJ_LOG_LEVEL_PJ_LOG_NONE);
            proj_sys::proj_context_set_enable_network(context.0, 0);
            // The name by which this PROJ knows the database inside the binary: an older proj.db that PROJ_DATA or the
            // system offers must not answer instead. Grids are still looked for there.
            let embedded = c"__embedded_proj_db__".as_ptr();
            if proj_sys::proj_context_set_database_path(context.0, embedded, null(), null()) == 0 {
                return Err(Fault::internal("PROJ's database is not in this binary"));
            }
            Ok(context)
        }
    }
}

impl Object {
    fn own(pointer: *mut proj_sys::PJ, context: &Rc<Context>) -> Option<Self> {
        (!pointer.is_null()).then(|| Self(pointer, context.clone()))
    }
    fn create(context: &Rc<Context>, text: &str) -> Option<Self> {
        let text = CString::new(text).ok()?;
        // SAFETY: a live context and a nul-terminated string.
        Self::own(unsafe { proj_sys::proj_create(context.0, text.as_ptr()) }, context)
    }
    fn crs(context: &Rc<Context>, code: &str) -> Result<Self> {
        let found = Self::create(context, code).filter(|o| {
            // SAFETY: a live object.
            unsafe { proj_sys::proj_is_crs(o.0) != 0 }
        });
        found.ok_or_else(|| {
            Fault::bad_input(format!("'{code}' is not a coordinate reference system that PROJ knows"))
                .remedy("give one with --crs EPSG:n or --crs EPSG:n+m")
        })
    }
    fn kind(&self) -> proj_sys::PJ_TYPE {
        // SAFETY: a live object.
        unsafe { proj_sys::proj_get_type(self.0) }
    }
    fn name(&self) -> String {
        // SAFETY: a live object; the answer lives as long and is copied at once.
        unsafe { text(proj_sys::proj_get_name(self.0)) }.unwrap_or_default()
    }
    fn part(&self, index: i32) -> Option<Self> {
        // SAFETY: a live CRS; a missing part comes back as null.
        Self::own(unsafe { proj_sys::proj_crs_get_sub_crs(self.1.0, self.0, index) }, &self.1)
    }
    fn geodetic(&self) -> Option<Self> {
        // SAFETY: a live CRS; what has none comes back as null.
        Self::own(unsafe { proj_sys::proj_crs_get_geodetic_crs(self.1.0, self.0) }, &self.1)
    }
    fn datum(&self) -> Option<Self> {
        // SAFETY: a live CRS; what has none comes back as null.
        Self::own(unsafe { proj_sys::proj_crs_get_datum_forced(self.1.0, self.0) }, &self.1)
    }
    /// The direction of each axis and its unit in SI.
    fn axes(&self) -> Vec<(String, f64)> {
        // SAFETY: live objects; out-pointers that are not wanted are null, which PROJ allows.
        unsafe {
            let Some(system) = Self::own(proj_sys::proj_crs_get_coordinate_system(self.1.0, self.0), &self.1) else {
                return Vec::new();
            };
            let count = proj_sys::proj_cs_get_axis_count(self.1.0, system.0);
            let axis = |i| {
                let (mut direction, mut unit) = (null(), 1.0);
                let (c, n) = (self.1.0, null_mut());
                proj_sys::proj_cs_get_axis_info(c, system.0, i, n, n, &raw mut direction, &raw mut unit, n, n, n);
                (text(direction).unwrap_or_default(), unit)
            };
            (0..count).map(axis).collect()
        }
    }
    fn area(&self) -> Option<Area> {
        let mut edges = [0.0_f64; 4];
        let [west, south, east, north] = &mut edges;
        // SAFETY: a live object and four doubles to write to.
        let known =
            unsafe { proj_sys::proj_get_area_of_use(self.1.0, self.0, west, south, east, north, null_mut()) != 0 };
        let [west, south, east, north] = edges;
        // PROJ marks an unknown edge with -1000.
        (known && edges.iter().all(|e| *e > -999.0)).then_some(Area { west, south, east, north })
    }
}

/// # Safety
/// `pointer` is null or a nul-terminated string that lives through the call.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// What the CRS called `code` is.
pub(super) fn describe(code: &str) -> Result<Description> {
    with(|engine| {
        let whole = Object::crs(&engine.context, code)?;
        let area = whole.area();
        let unusable = || {
            Fault::bad_input(format!("'{code}' ({}) places nothing on the globe", whole.name()))
                .remedy("give a geographic, projected or compound CRS with --crs")
        };
        let (horizontal, vertical) = if whole.kind() == proj_sys::PJ_TYPE_PJ_TYPE_COMPOUND_CRS {
            let vertical = whole.part(1).ok_or_else(unusable)?;
            let name = vertical.datum().map_or_else(|| vertical.name(), |d| d.name());
            let (direction, unit) = vertical.axes().into_iter().next().unwrap_or_default();
            let to_metres = if direction == "down" { -unit } else { unit };
            (whole.part(0).ok_or_else(unusable)?, Vertical::Datum { name, to_metres })
        } else {
            let vertical = if whole.axes().len() == 3 { Vertical::Ellipsoidal } else { Vertical::None };
            (Object::crs(&engine.context, code)?, vertical)
        };
        let geodetic = horizontal.geodetic().ok_or_else(unusable)?;
        // SAFETY: a live object; the answer lives as long and is copied at once.
        let datum = geodetic.datum().and_then(|d| unsafe { text(proj_sys::proj_get_id_code(d.0, 0)) });
        let axes = horizontal.axes().into_iter().map(|a| a.0).take(2).collect();
        let kinds = [proj_sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_2D_CRS, proj_sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_3D_CRS];
        let degrees = kinds.contains(&horizontal.kind());
        Ok(Description { vertical, area, datum, axes, degrees })
    })
}

/// Whether both codes name one system but for the order of axes.
pub(super) fn equivalent(a: &str, b: &str) -> Result<bool> {
    with(|engine| {
        let (a, b) = (Object::crs(&engine.context, a)?, Object::crs(&engine.context, b)?);
        let loosely = proj_sys::PJ_COMPARISON_CRITERION_PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS;
        // SAFETY: two live objects.
        Ok(unsafe { proj_sys::proj_is_equivalent_to(a.0, b.0, loosely) != 0 })
    })
}

/// The code of the system that `wkt` describes, such as `EPSG:4549`, where PROJ's database has the same one under EPSG.
///
/// # Errors
/// The text describes no CRS.
pub(super) fn identify(wkt: &str) -> Result<Option<String>> {
    with(|engine| {
        let object = Object::crs(&engine.context, wkt)?;
        let context = engine.context.0;
        // SAFETY: live objects; the list and the confidences are PROJ's and freed once, texts are copied before.
        unsafe {
            let mut confidences = null_mut();
            let list = proj_sys::proj_identify(context, object.0, c"EPSG".as_ptr(), null(), &raw mut confidences);
            if list.is_null() {
                return Ok(None);
            }
            let count = usize::try_from(proj_sys::proj_list_get_count(list)).unwrap_or(0);
            // From 70 on the systems are equivalent, whatever they are called; below, only their names are alike.
            let same = (0..count).find(|i| !confidences.is_null() && *confidences.add(*i) >= 70);
            let found = same.and_then(|i| {
                let i = i32::try_from(i).ok()?;
                let same = Object::own(proj_sys::proj_list_get(context, list, i), &engine.context)?;
                let authority = text(proj_sys::proj_get_id_auth_name(same.0, 0))?;
                text(proj_sys::proj_get_id_code(same.0, 0)).map(|code| format!("{authority}:{code}"))
            });
            proj_sys::proj_int_list_destroy(confidences);
            proj_sys::proj_list_destroy(list);
            Ok(found)
        }
    })
}

/// The operations from the CRS `from` (only its horizontal part if so told) to the CRS `to` in PROJ's order of preference,
/// those that lack a grid included.
pub(super) fn operations(from: &str, horizontal_only: bool, to: &str) -> Result<Vec<Candidate>> {
    with(|engine| {
        let context = &engine.context;
        let mut source = Object::crs(context, from)?;
        if horizontal_only && source.kind() == proj_sys::PJ_TYPE_PJ_TYPE_COMPOUND_CRS {
            source = source.part(0).ok_or_else(|| Fault::internal("a compound CRS without parts"))?;
        }
        let target = Object::crs(context, to)?;
        Ok(between(&source, &target).iter().map(candidate).collect())
    })
}

/// The way from the horizontal part of the CRS `code` to longitude and latitude (degrees) of its own datum, and the semi-axes
/// of that datum's ellipsoid, metres.
pub(super) fn to_own_datum(code: &str) -> Result<(String, [f64; 2])> {
    with(|engine| {
        let whole = Object::crs(&engine.context, code)?;
        let compound = whole.kind() == proj_sys::PJ_TYPE_PJ_TYPE_COMPOUND_CRS;
        let source = if compound { whole.part(0).unwrap_or(whole) } else { whole };
        let unusable = || Fault::bad_input(format!("'{code}' has no datum to change from"));
        let geodetic = source.geodetic().ok_or_else(unusable)?;
        let ways = between(&source, &geodetic);
        let pipeline = ways.iter().map(candidate).find_map(|c| c.pipeline).ok_or_else(unusable)?;
        let (mut a, mut b) = (0.0, 0.0);
        // SAFETY: live objects; out-pointers that are not wanted are null.
        let known = unsafe {
            let ellipsoid = Object::own(proj_sys::proj_get_ellipsoid(geodetic.1.0, geodetic.0), &geodetic.1);
            ellipsoid.is_some_and(|e| {
                let (a, b, n) = (&raw mut a, &raw mut b, null_mut());
                proj_sys::proj_ellipsoid_get_parameters(e.1.0, e.0, a, b, n, null_mut()) != 0
            })
        };
        if known { Ok((pipeline, [a, b])) } else { Err(unusable()) }
    })
}

/// The operations from `source` to `target` in PROJ's order of preference.
fn between(source: &Object, target: &Object) -> Vec<Object> {
    let context = &source.1;
    // SAFETY: live objects throughout; the factory context and the list are destroyed before their context.
    unsafe {
        let factory = proj_sys::proj_create_operation_factory_context(context.0, null());
        proj_sys::proj_operation_factory_context_set_spatial_criterion(
            context.0,
            factory,
            proj_sys::PROJ_SPATIAL_CRITERION_PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION,
        );
        proj_sys::proj_operation_factory_context_set_grid_availability_use(
            context.0,
            factory,
            proj_sys::PROJ_GRID_AVAILABILITY_USE_PROJ_GRID_AVAILABILITY_USED_FOR_SORTING,
        );
        let list = proj_sys::proj_create_operations(context.0, source.0, target.0, factory);
        proj_sys::proj_operation_factory_context_destroy(factory);
        if list.is_null() {
            return Vec::new();
        }
        let count = proj_sys::proj_list_get_count(list);
        let each = |i| Object::own(proj_sys::proj_list_get(context.0, list, i), context);
        let found: Vec<_> = (0..count).filter_map(each).collect();
        proj_sys::proj_list_destroy(list);
        found
    }
}

fn candidate(operation: &Object) -> Candidate {
    let (context, pj) = (operation.1.0, operation.0);
    // SAFETY: a live operation; out-pointers that are not wanted are null or point to locals; texts are copied at once.
    unsafe {
        let grids = proj_sys::proj_coordoperation_get_grid_used_count(context, pj);
        let grid = |i| {
            let (mut short, mut available, n) = (null(), 0, null_mut());
            let (mut direct, mut open) = (0, 0);
            let (d, o, a) = (&raw mut direct, &raw mut open, &raw mut available);
            proj_sys::proj_coordoperation_get_grid_used(context, pj, i, &raw mut short, n, n, n, d, o, a);
            text(short).map(|name| (name, available != 0))
        };
        let accuracy = proj_sys::proj_coordoperation_get_accuracy(context, pj);
        let usable = proj_sys::proj_coordoperation_is_instantiable(context, pj) != 0;
        let normal = Object::own(proj_sys::proj_normalize_for_visualization(context, pj), &operation.1);
        let pipeline = normal.filter(|_| usable).and_then(|normal| {
            text(proj_sys::proj_as_proj_string(context, normal.0, proj_sys::PJ_PROJ_STRING_TYPE_PJ_PROJ_5, null()))
        });
        // A grid that is there opens only now.
        let pipeline = pipeline.filter(|p| grids == 0 || Object::create(&operation.1, p).is_some());
        let unread = pipeline.is_none();
        let lacking = |(name, there): (String, bool)| (!there || unread).then_some(name);
        Candidate {
            name: operation.name(),
            pipeline,
            accuracy: (accuracy >= 0.0).then_some(accuracy),
            ballpark: proj_sys::proj_coordoperation_has_ballpark_transformation(context, pj) != 0,
            area: operation.area(),
            missing_grids: (0..grids).filter_map(grid).filter_map(lacking).collect(),
        }
    }
}

/// Runs `points` through a pipeline, or back through it; a point that cannot be converted becomes infinite.
pub(super) fn run(pipeline: &str, forward: bool, points: &mut [[f64; 3]]) -> Result<()> {
    let first = points.as_flattened_mut().as_mut_ptr();
    let (count, step) = (points.len(), size_of::<[f64; 3]>());
    if count == 0 {
        return Ok(());
    }
    let way = if forward { proj_sys::PJ_DIRECTION_PJ_FWD } else { proj_sys::PJ_DIRECTION_PJ_INV };
    with(|engine| {
        if !engine.pipelines.contains_key(pipeline) {
            let made = Object::create(&engine.context, pipeline)
                .ok_or_else(|| Fault::internal(format!("PROJ does not take its own pipeline '{pipeline}'")))?;
            if engine.pipelines.len() >= CACHED {
                engine.pipelines.clear();
            }
            engine.pipelines.insert(pipeline.to_owned(), made);
        }
        let Some(object) = engine.pipelines.get(pipeline) else { return Err(Fault::internal("a pipeline lost")) };
        // SAFETY: a live object; three interleaved columns of `count` doubles inside `points`, which is borrowed for the
        // whole call and used through this pointer only.
        unsafe {
            let (x, y, z) = (first, first.add(1), first.add(2));
            let (t, none) = (null_mut(), 0);
            proj_sys::proj_trans_generic(object.0, way, x, step, count, y, step, count, z, step, count, t, none, none);
        }
        Ok(())
    })
}
