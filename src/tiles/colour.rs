//! The colour of a surface whose source gives none: by what it is the surface of, then by what it belongs to.

use crate::geom::{Surface, SurfaceKind};
use crate::model::{Class, Collection};

/// sRGB and straight alpha of `surface` on an asset of `class`; a colour of the source wins.
pub fn of(class: Class, surface: &Surface) -> [u8; 4] {
    surface.colour.unwrap_or_else(|| {
        let [r, g, b] = of_kind(surface.kind).unwrap_or_else(|| of_class(class));
        [r, g, b, 255]
    })
}

const fn of_kind(kind: SurfaceKind) -> Option<[u8; 3]> {
    Some(match kind {
        SurfaceKind::Other => return None,
        SurfaceKind::Wall => [222, 212, 198],
        SurfaceKind::Roof => [176, 104, 84],
        SurfaceKind::Ground => [150, 146, 140],
        SurfaceKind::Floor => [200, 196, 188],
        SurfaceKind::Window => [148, 186, 208],
        SurfaceKind::Door => [142, 102, 72],
    })
}

const fn of_class(class: Class) -> [u8; 3] {
    match class {
        Class::Wall | Class::Building | Class::BuildingPart => [222, 212, 198],
        Class::CurtainWall | Class::Window => [148, 186, 208],
        Class::Slab | Class::Footing => [176, 174, 170],
        Class::Roof => [176, 104, 84],
        Class::Door => [142, 102, 72],
        Class::Column | Class::Beam | Class::Member | Class::Plate => [160, 164, 170],
        Class::Stair | Class::Ramp | Class::Railing => [186, 178, 164],
        Class::Covering => [214, 208, 200],
        Class::Furniture => [190, 154, 112],
        Class::Flow => [110, 152, 176],
        Class::Pipe | Class::Manhole | Class::Valve => [64, 120, 190],
        Class::Road | Class::Railway | Class::ParkingBay => [120, 122, 126],
        Class::Bridge | Class::Tunnel => [168, 164, 158],
        Class::WaterBody => [92, 150, 196],
        Class::Vegetation => [104, 152, 84],
        Class::Relief | Class::Site => [156, 164, 132],
        Class::Grid => [226, 190, 90],
        _ => match class.collection() {
            Collection::Storeys | Collection::Spaces => [132, 180, 216],
            Collection::Devices => [240, 140, 40],
            Collection::Cameras => [150, 80, 180],
            _ => [196, 196, 192],
        },
    }
}

/// The share of light let through by rooms, whose walls and things must stay visible, as alpha.
pub const GLASS: u8 = 72;

/// One sRGB channel as glTF wants vertex colours: linear (glTF 2.0 §3.7.2.1, IEC 61966-2-1).
pub fn linear(channel: u8) -> u8 {
    let c = f32::from(channel) / 255.0;
    let l = if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and between 0 and 255")]
    let byte = (l * 255.0).round() as u8;
    byte
}
