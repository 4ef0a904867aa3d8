//! How things look in a picture: by what they are, by the severity of their alarm, and as what is pointed at.

use crate::fault::{Fault, Result};
use crate::geom::Surface;
use crate::lod::colour;
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
        Self { colour: colour::of_class(class), detailed, glass: matches!(class, Class::Grid), glow: false }
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
        colour::of_kind(surface.kind).unwrap_or(self.colour)
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
