//! How things look: a colour for each class and surface, for each severity of alarm, and for what is pointed at.

use crate::fault::{Fault, Result};
use crate::geom::{Surface, SurfaceKind};
use crate::model::{Class, Collection, Severity};

/// A way to colour the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// By what things are.
    #[default]
    Class,
    /// By the worst active alarm; what has none is grey.
    Alarms,
}

impl Style {
    /// The style called `name`.
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) about `style` for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "class" => Ok(Self::Class),
            "alarms" => Ok(Self::Alarms),
            _ => Err(Fault::parameter("style", format!("'{name}' is not a style")).remedy("use class or alarms")),
        }
    }
}

/// How one thing looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// sRGB of surfaces that have no colour of their own.
    pub colour: [u8; 3],
    /// Whether roofs, walls, windows and colours of the source show; off for a thing that is one colour to stand out.
    pub detailed: bool,
    /// Whether one sees through it. The id image shows what is behind glass.
    pub glass: bool,
    /// Whether it shines by itself, so that shade does not dull its colour.
    pub glow: bool,
}

/// The colour of what is pointed at.
const HIGHLIGHT: [u8; 3] = [0, 174, 239];
/// The colour of what has no alarm.
const QUIET: [u8; 3] = [196, 200, 206];

impl Paint {
    /// One colour all over.
    pub const fn plain(colour: [u8; 3]) -> Self {
        Self { colour, detailed: false, glass: false, glow: false }
    }
    /// The look of a class.
    pub const fn of_class(class: Class) -> Self {
        // A room is told by its class: what a source paints its hull with says nothing of it.
        let detailed = !matches!(class.collection(), Collection::Storeys | Collection::Spaces);
        Self { colour: class_colour(class), detailed, glass: matches!(class, Class::Grid), glow: false }
    }
    /// The look of a thing by its worst active alarm.
    pub const fn of_alarm(severity: Option<Severity>) -> Self {
        match severity {
            Some(severity) => Self { glow: true, ..Self::plain(severity_colour(severity)) },
            None => Self::plain(QUIET),
        }
    }
    /// The look of what is pointed at.
    pub const fn highlighted() -> Self {
        Self { glow: true, ..Self::plain(HIGHLIGHT) }
    }
    /// The same, seen through.
    #[must_use]
    pub const fn as_glass(self) -> Self {
        Self { glass: true, ..self }
    }
    /// The same, a little darker for two of three numbers, so that neighbours of one class can be told apart.
    #[must_use]
    pub fn varied(self, number: u32) -> Self {
        let share = [256, 244, 233][(number % 3) as usize];
        let dimmed = |c: u8| u8::try_from(u32::from(c) * share / 256).unwrap_or(c);
        Self { colour: self.colour.map(dimmed), ..self }
    }
    /// The sRGB colour of one surface.
    pub fn colour_of(&self, surface: &Surface) -> [u8; 3] {
        if !self.detailed {
            return self.colour;
        }
        if let Some([r, g, b, _]) = surface.colour {
            return [r, g, b];
        }
        match surface.kind {
            SurfaceKind::Roof => [186, 110, 88],
            SurfaceKind::Ground => [150, 143, 132],
            SurfaceKind::Floor => [214, 206, 192],
            SurfaceKind::Window => [134, 172, 200],
            SurfaceKind::Door => [150, 106, 70],
            SurfaceKind::Wall | SurfaceKind::Other => self.colour,
        }
    }
    /// Colour and flags as the shader takes them: red in the lowest byte, flags in the highest.
    pub(super) fn word(&self, surface: &Surface) -> u32 {
        let [r, g, b] = self.colour_of(surface);
        u32::from_le_bytes([r, g, b, u8::from(self.glass) | u8::from(self.glow) << 1])
    }
}

/// The colour of an active alarm.
pub const fn severity_colour(severity: Severity) -> [u8; 3] {
    match severity {
        Severity::Critical => [224, 32, 32],
        Severity::Major => [245, 124, 0],
        Severity::Minor => [250, 204, 21],
        Severity::Warning => [45, 125, 230],
    }
}

/// The colour of a class; a class without its own takes its collection's.
const fn class_colour(class: Class) -> [u8; 3] {
    match class {
        Class::Window | Class::CurtainWall => [134, 172, 200],
        Class::Door => [150, 106, 70],
        Class::Roof => [186, 110, 88],
        Class::Slab | Class::Covering | Class::Footing => [190, 186, 178],
        Class::Wall => [232, 226, 214],
        Class::Column | Class::Beam | Class::Member | Class::Plate => [168, 172, 178],
        Class::Stair | Class::Ramp | Class::Railing => [196, 176, 146],
        Class::Furniture => [186, 154, 112],
        Class::SmokeDetector | Class::HeatDetector | Class::GasDetector | Class::AlarmDevice => [214, 66, 82],
        Class::Hydrant | Class::WaterPressure => [202, 48, 48],
        Class::Valve => [62, 96, 160],
        Class::Manhole => [92, 96, 104],
        Class::Vegetation => [122, 166, 98],
        Class::WaterBody => [112, 168, 206],
        Class::Road | Class::Railway => [148, 150, 154],
        Class::Bridge | Class::Tunnel => [176, 170, 160],
        Class::Relief | Class::Site => [178, 186, 154],
        _ => match class.collection() {
            Collection::Buildings | Collection::Parts => [232, 226, 214],
            Collection::Storeys => [222, 214, 198],
            Collection::Spaces => [214, 200, 168],
            Collection::Elements => [206, 200, 190],
            Collection::Devices => [38, 150, 140],
            Collection::Pipes => [70, 130, 190],
            Collection::Components => [140, 150, 130],
            Collection::Grids => [150, 120, 200],
            Collection::Addresses => [120, 120, 130],
            Collection::Cameras => [90, 70, 160],
        },
    }
}
