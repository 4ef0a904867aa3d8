//! What every product of an IFC file leans on: project, units, map conversion, styles, placements, shapes.

use super::super::ids::global_id;
use super::super::site::{Structure, TURN};
use super::super::tree;
use super::step::{Ref, Step, metres, text};
use crate::fault::Result;

/// A colour and how much shines through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look(pub(super) &'static str, pub(super) [f64; 3], pub(super) f64);

/// An IFC file with its project, ready for products.
pub(super) struct Frame {
    pub(super) step: Step,
    /// The body sub-context of all shapes.
    body: Ref,
    /// The axes of a placement that is not turned.
    upright: Ref,
    pub(super) project: Ref,
}

impl Frame {
    /// Starts the file: its project with units, and where the structure's own frame lies in EPSG:4549.
    pub(super) fn new(mut step: Step, structure: &Structure) -> Result<Self> {
        let mut units = Vec::new();
        for (kind, name) in [
            ("LENGTHUNIT", "METRE"),
            ("AREAUNIT", "SQUARE_METRE"),
            ("VOLUMEUNIT", "CUBIC_METRE"),
            ("PLANEANGLEUNIT", "RADIAN"),
        ] {
            units.push(step.share(format!("IFCSIUNIT(*,.{kind}.,$,.{name}.)"))?);
        }
        let assignment = step.add(&format!("IFCUNITASSIGNMENT({})", super::step::list(&units)))?;
        let origin = step.share("IFCCARTESIANPOINT((0.0,0.0,0.0))".to_owned())?;
        let upright = step.share(format!("IFCAXIS2PLACEMENT3D({origin},$,$)"))?;
        let context = step.add(&format!("IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-05,{upright},$)"))?;
        let body = step
            .add(&format!("IFCGEOMETRICREPRESENTATIONSUBCONTEXT('Body','Model',*,*,*,*,{context},$,.MODEL_VIEW.,$)"))?;
        let crs = step.add(&format!(
            "IFCPROJECTEDCRS('EPSG:{}','CGCS2000 / 3-degree Gauss-Kruger CM 120E','CGCS2000',$,'Gauss-Kruger','CM 120E',{})",
            super::super::EPSG,
            units[0]
        ))?;
        let [east, north] = structure.project([0, 0]).map(|v| (v * 1_000.0).round() / 1_000.0);
        step.add(&format!(
            "IFCMAPCONVERSION({context},{crs},{east:?},{north:?},{:?},{:?},{:?},1.0)",
            structure.ground, TURN[0], TURN[1]
        ))?;
        let project = step.add(&format!(
            "IFCPROJECT('{}',$,{},$,$,$,$,({context}),{assignment})",
            global_id("project"),
            text(&tree::community())
        ))?;
        Ok(Self { step, body, upright, project })
    }
    /// A point, millimetres.
    pub(super) fn point(&mut self, [x, y, z]: [i32; 3]) -> Result<Ref> {
        self.step.share(format!("IFCCARTESIANPOINT(({},{},{}))", metres(x), metres(y), metres(z)))
    }
    fn point_2d(&mut self, [x, y]: [i32; 2]) -> Result<Ref> {
        self.step.share(format!("IFCCARTESIANPOINT(({},{}))", metres(x), metres(y)))
    }
    /// A placement relative to another, its x along y when `turned`.
    pub(super) fn placement(&mut self, within: Option<Ref>, at: [i32; 3], turned: bool) -> Result<Ref> {
        let axes = self.axes(at, turned)?;
        let within = within.map_or_else(|| "$".to_owned(), |r| r.to_string());
        self.step.add(&format!("IFCLOCALPLACEMENT({within},{axes})"))
    }
    fn axes(&mut self, at: [i32; 3], turned: bool) -> Result<Ref> {
        let point = self.point(at)?;
        if !turned {
            return self.step.share(format!("IFCAXIS2PLACEMENT3D({point},$,$)"));
        }
        let up = self.step.share("IFCDIRECTION((0.0,0.0,1.0))".to_owned())?;
        let along = self.step.share("IFCDIRECTION((0.0,1.0,0.0))".to_owned())?;
        self.step.share(format!("IFCAXIS2PLACEMENT3D({point},{up},{along})"))
    }
    /// A rectangle `[x0, y0, x1, y1]` raised from `low` by `height`, millimetres.
    pub(super) fn block(&mut self, [x0, y0, x1, y1]: [i32; 4], low: i32, height: i32, look: Look) -> Result<Ref> {
        let middle = self.point_2d([(x0 + x1) / 2, (y0 + y1) / 2])?;
        let place = self.step.share(format!("IFCAXIS2PLACEMENT2D({middle},$)"))?;
        let (w, d) = (metres(x1 - x0), metres(y1 - y0));
        let profile = self.step.share(format!("IFCRECTANGLEPROFILEDEF(.AREA.,$,{place},{w},{d})"))?;
        self.raise(profile, low, height, look)
    }
    /// An outline with holes raised from `low` by `height`, millimetres.
    pub(super) fn slab(
        &mut self,
        outline: &[[i32; 2]],
        holes: &[Vec<[i32; 2]>],
        [low, height]: [i32; 2],
        look: Look,
    ) -> Result<Ref> {
        let outer = self.ring(outline)?;
        let profile = if holes.is_empty() {
            self.step.share(format!("IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,{outer})"))?
        } else {
            let mut inner = Vec::new();
            for hole in holes {
                inner.push(self.ring(hole)?);
            }
            let inner = super::step::list(&inner);
            self.step.share(format!("IFCARBITRARYPROFILEDEFWITHVOIDS(.AREA.,$,{outer},{inner})"))?
        };
        self.raise(profile, low, height, look)
    }
    fn ring(&mut self, outline: &[[i32; 2]]) -> Result<Ref> {
        let mut points = Vec::new();
        for &corner in outline.iter().chain(outline.first()) {
            points.push(self.point_2d(corner)?);
        }
        self.step.share(format!("IFCPOLYLINE({})", super::step::list(&points)))
    }
    fn raise(&mut self, profile: Ref, low: i32, height: i32, look: Look) -> Result<Ref> {
        let axes = self.axes([0, 0, low], false)?;
        let up = self.step.share("IFCDIRECTION((0.0,0.0,1.0))".to_owned())?;
        let solid = format!("IFCEXTRUDEDAREASOLID({profile},{axes},{up},{})", metres(height));
        self.styled(solid, look)
    }
    /// A flight of steps: `risers` along y and up over `rise`, as wide as `width` along x, millimetres.
    pub(super) fn steps(&mut self, risers: i32, [run, rise]: [i32; 2], width: i32, look: Look) -> Result<Ref> {
        let mut outline = vec![[0, 0]];
        for i in 0..risers {
            outline.extend([
                [run * i / risers, rise * (i + 1) / risers],
                [run * (i + 1) / risers, rise * (i + 1) / risers],
            ]);
        }
        // The underside follows the steps 300 mm below them.
        outline.extend([[run, rise - 300], [300, 0]]);
        let ring = self.ring(&outline)?;
        let profile = self.step.share(format!("IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,{ring})"))?;
        let point = self.point([0, 0, 0])?;
        let axis = self.step.share("IFCDIRECTION((1.0,0.0,0.0))".to_owned())?;
        let along = self.step.share("IFCDIRECTION((0.0,1.0,0.0))".to_owned())?;
        let axes = self.step.share(format!("IFCAXIS2PLACEMENT3D({point},{axis},{along})"))?;
        let up = self.step.share("IFCDIRECTION((0.0,0.0,1.0))".to_owned())?;
        self.styled(format!("IFCEXTRUDEDAREASOLID({profile},{axes},{up},{})", metres(width)), look)
    }
    /// A solid with its style; the same solid and style once.
    fn styled(&mut self, solid: String, Look(name, [r, g, b], clear): Look) -> Result<Ref> {
        // A solid has one style: another look of the same shape is another instance.
        let solid = self.step.share_as(format!("{name} {solid}"), &solid)?;
        let colour = self.step.share(format!("IFCCOLOURRGB($,{r:?},{g:?},{b:?})"))?;
        let shade = self.step.share(format!("IFCSURFACESTYLESHADING({colour},{clear:?})"))?;
        let style = self.step.share(format!("IFCSURFACESTYLE('{name}',.BOTH.,({shade}))"))?;
        self.step.share(format!("IFCSTYLEDITEM({solid},({style}),$)"))?;
        Ok(solid)
    }
    /// The shape of one product: a solid of its own.
    pub(super) fn shape(&mut self, solid: Ref) -> Result<Ref> {
        let shape = self.step.add(&format!("IFCSHAPEREPRESENTATION({},'Body','SweptSolid',({solid}))", self.body))?;
        self.step.add(&format!("IFCPRODUCTDEFINITIONSHAPE($,$,({shape}))"))
    }
    /// The shape of one product: an instance of a solid that many share.
    pub(super) fn mapped(&mut self, solid: Ref) -> Result<Ref> {
        let source = self.step.share(format!("IFCSHAPEREPRESENTATION({},'Body','SweptSolid',({solid}))", self.body))?;
        let map = self.step.share(format!("IFCREPRESENTATIONMAP({},{source})", self.upright))?;
        let origin = self.point([0, 0, 0])?;
        let target = self.step.share(format!("IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,{origin},$,$)"))?;
        let item = self.step.add(&format!("IFCMAPPEDITEM({map},{target})"))?;
        let shape =
            self.step.add(&format!("IFCSHAPEREPRESENTATION({},'Body','MappedRepresentation',({item}))", self.body))?;
        self.step.add(&format!("IFCPRODUCTDEFINITIONSHAPE($,$,({shape}))"))
    }
    /// A relation of one to many; nothing is written for none.
    pub(super) fn relate(&mut self, relation: &str, key: &str, from: &str, to: &[Ref], one_first: bool) -> Result<()> {
        if to.is_empty() {
            return Ok(());
        }
        let many = super::step::list(to);
        let ends = if one_first { format!("{from},{many}") } else { format!("{many},{from}") };
        let id = global_id(&format!("{relation}/{key}"));
        self.step.add(&format!("{relation}('{id}',$,$,$,{ends})")).map(|_| ())
    }
    /// A property set on one object: names with [`label`](super::step::label) or [`count`](super::step::count); those that
    /// say nothing are left out.
    pub(super) fn properties(
        &mut self,
        owner: Ref,
        key: &str,
        set: &str,
        values: &[(&str, Option<String>)],
    ) -> Result<()> {
        let mut properties = Vec::new();
        for (name, value) in values.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            properties.push(self.step.share(format!("IFCPROPERTYSINGLEVALUE('{name}',$,{value},$)"))?);
        }
        let id = global_id(&format!("{set}/{key}"));
        let set = self.step.add(&format!("IFCPROPERTYSET('{id}',$,'{set}',$,{})", super::step::list(&properties)))?;
        self.relate("IFCRELDEFINESBYPROPERTIES", &format!("{key}/{set}"), &set.to_string(), &[owner], false)
    }
}
