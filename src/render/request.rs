//! What a picture is asked to show, read from named parameters; every one is checked here, before any adapter is.

use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::model::{Class, Collection, VariantName};
use crate::units::Geodetic;

use super::{Attitude, Background, MAX_SIDE, Style};

/// The parameters that are read, each with what it does.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("camera", "Where the eye is and looks: lon,lat,h,heading,pitch[,roll]."),
    ("lookat", "The point to look at: lon,lat,h; with range, heading and pitch."),
    ("range", "Metres from the eye to the point of lookat; 200 unless told."),
    (
        "bbox",
        "A box to fit: west,south,east,north or west,south,low,east,north,high; west above east crosses the antimeridian.",
    ),
    ("asset", "The id of an asset to fit."),
    ("heading", "Degrees clockwise from north, for lookat, bbox and asset; 30 unless told."),
    ("pitch", "Degrees, negative downwards, for lookat, bbox and asset; -30 unless told."),
    ("projection", "perspective or orthographic."),
    ("fov", "The vertical angle of view in degrees; 60 unless told, 40 when something is fitted."),
    ("size", "WIDTHxHEIGHT in pixels, at most 4096x4096; 1024x768 unless told."),
    ("format", "png."),
    ("variant", "The city with this planning variant, where a site has it."),
    ("layers", "The collections to draw, with commas between."),
    ("storey", "Only what is on the storeys of this label."),
    ("peel", "Labels of storeys to leave out, with commas between: the model without its upper floors."),
    ("style", "class or alarms."),
    ("highlight", "Ids of assets to point out, with commas between."),
    ("shadows", "false leaves the shadows out."),
    ("background", "sky, white, transparent or RRGGBB."),
];

/// The largest side of a box to fit, in degrees.
const MAX_BOX_DEGREES: f64 = 2.0;
/// The most ids of `highlight`.
const MAX_HIGHLIGHTS: usize = 1000;

/// What the picture is aimed at.
#[derive(Debug, Clone, PartialEq)]
pub enum Aim {
    /// From a place, in a direction.
    Camera(Geodetic, Attitude),
    /// At a place, from a range in metres.
    LookAt(Geodetic, f64, Attitude),
    /// So that a box of longitudes, latitudes and heights fits; open heights are infinite, and east is above 180 degrees
    /// where the box crosses the antimeridian.
    Fit(Bounds, Attitude),
    /// So that an asset fits.
    Asset(String, Attitude),
}

/// A picture as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What it is aimed at.
    pub aim: Aim,
    /// Whether rays are parallel.
    pub orthographic: bool,
    /// The vertical angle of view in degrees.
    pub fov: f64,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// The planning variant to draw; whoever has the store looks for it.
    pub variant: Option<VariantName>,
    /// The collections to draw; none leaves the choice to the picture.
    pub layers: Option<Vec<Collection>>,
    /// The label of the storeys to draw.
    pub storey: Option<String>,
    /// The labels of the storeys to leave out.
    pub peel: Vec<String>,
    /// How to colour.
    pub style: Style,
    /// Assets to point out.
    pub highlight: Vec<String>,
    /// Whether the sun throws shadows.
    pub shadows: bool,
    /// What is behind everything.
    pub background: Background,
}

impl Request {
    /// Reads a request from parameters by name.
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) about the parameter that does not hold.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let aim = aim(get)?;
        let fitted = matches!(aim, Aim::Fit(..) | Aim::Asset(..));
        let orthographic = match get("projection").as_deref() {
            None | Some("perspective") => false,
            Some("orthographic") if matches!(aim, Aim::Camera(..)) => {
                return Err(Fault::parameter("projection", "a camera alone gives an orthographic picture no scale")
                    .remedy("use lookat with a range, bbox or asset"));
            }
            Some("orthographic") => true,
            Some(other) => {
                return Err(Fault::parameter("projection", format!("'{other}' is not a projection"))
                    .remedy("use perspective or orthographic"));
            }
        };
        if let Some(format) = get("format").filter(|f| f != "png") {
            return Err(Fault::parameter("format", format!("'{format}' is not served")).remedy("use png"));
        }
        Ok(Self {
            aim,
            orthographic,
            fov: number(get, "fov", if fitted { 40.0 } else { 60.0 }, 1.0, 170.0)?,
            size: size(get("size").as_deref())?,
            variant: get("variant").map(|name| VariantName::new(&name)).transpose()?,
            layers: get("layers").map(|text| layers(&text)).transpose()?,
            storey: get("storey").map(|label| nonempty("storey", label)).transpose()?,
            peel: get("peel").map(|text| peel(&text)).transpose()?.unwrap_or_default(),
            style: get("style").map_or(Ok(Style::Class), |name| Style::from_name(&name))?,
            highlight: highlight(get("highlight"))?,
            shadows: flag(get, "shadows", true)?,
            background: background(get("background").as_deref())?,
        })
    }

    /// Width by height.
    pub fn aspect(&self) -> f64 {
        f64::from(self.size[0]) / f64::from(self.size[1])
    }
}

fn peel(text: &str) -> Result<Vec<String>> {
    text.split(',').map(|label| nonempty("peel", label.trim().to_owned())).collect()
}

fn aim(get: &dyn Fn(&str) -> Option<String>) -> Result<Aim> {
    let given: Vec<&str> = ["camera", "lookat", "bbox", "asset"].into_iter().filter(|n| get(n).is_some()).collect();
    let &[name] = given.as_slice() else {
        let fault = Fault::parameter(given.get(1).copied().unwrap_or("camera"), "a view needs exactly one aim");
        return Err(fault.remedy("give one of camera, lookat, bbox and asset"));
    };
    for other in ["range", "heading", "pitch"] {
        let belongs = if other == "range" { name == "lookat" } else { name != "camera" };
        if get(other).is_some() && !belongs {
            return Err(Fault::parameter(other, format!("'{other}' does not go with '{name}'")));
        }
    }
    let text = get(name).unwrap_or_default();
    let attitude = || -> Result<Attitude> {
        Ok(Attitude::level(number(get, "heading", 30.0, -360.0, 360.0)?, number(get, "pitch", -30.0, -90.0, 90.0)?))
    };
    let wrong = |what: &str| Fault::parameter(name, format!("'{name}' {what}"));
    Ok(match name {
        "camera" => {
            let (place, heading, pitch, roll) = match *numbers(name, &text)? {
                [lon, lat, h, heading, pitch] => (Geodetic::new(lon, lat, h), heading, pitch, 0.0),
                [lon, lat, h, heading, pitch, roll] => (Geodetic::new(lon, lat, h), heading, pitch, roll),
                _ => return Err(wrong("takes 5 or 6 numbers: lon,lat,h,heading,pitch[,roll]")),
            };
            let turned = heading.abs() <= 360.0 && pitch.abs() <= 90.0 && roll.abs() <= 360.0;
            if !turned {
                return Err(wrong("has a heading or roll beyond 360 degrees or a pitch beyond 90"));
            }
            Aim::Camera(on_globe(name, place)?, Attitude { heading, pitch, roll })
        }
        "lookat" => {
            let [lon, lat, h] = *numbers(name, &text)? else {
                return Err(wrong("takes 3 numbers: lon,lat,h"));
            };
            let range = number(get, "range", 200.0, 0.5, 1e6)?;
            Aim::LookAt(on_globe(name, Geodetic::new(lon, lat, h))?, range, attitude()?)
        }
        "bbox" => Aim::Fit(fit_box(&text)?, attitude()?),
        _ => Aim::Asset(nonempty(name, text)?, attitude()?),
    })
}

fn fit_box(text: &str) -> Result<Bounds> {
    let wrong = |what: &str| Err(Fault::parameter("bbox", format!("'bbox' {what}")));
    let (min, mut max) = match *numbers("bbox", text)? {
        [w, s, e, n] => ([w, s, f64::NEG_INFINITY], [e, n, f64::INFINITY]),
        [w, s, l, e, n, h] => ([w, s, l], [e, n, h]),
        _ => return wrong("takes 4 numbers (west,south,east,north) or 6 (west,south,low,east,north,high)"),
    };
    for corner in [min, max] {
        let height = if corner[2].is_finite() { corner[2] } else { 0.0 };
        on_globe("bbox", Geodetic::new(corner[0], corner[1], height))?;
    }
    // RFC 7946 §5.2: west > east means that the box crosses the antimeridian.
    if min[0] > max[0] {
        max[0] += 360.0;
    }
    if min[0] == max[0] || min[1] >= max[1] {
        return wrong("has no area: west must differ from east and south be less than north");
    }
    if min[2] > max[2] {
        return wrong("has its lower height above its upper height");
    }
    if max[0] - min[0] > MAX_BOX_DEGREES || max[1] - min[1] > MAX_BOX_DEGREES {
        return wrong("is wider than 2 degrees, too far for one picture");
    }
    Ok(Bounds { min, max })
}

fn on_globe(name: &str, place: Geodetic) -> Result<Geodetic> {
    let holds = place.lon.abs() <= 180.0 && place.lat.abs() <= 90.0 && place.h.abs() <= 1e6;
    if holds {
        return Ok(place);
    }
    Err(Fault::parameter(name, format!("{},{},{} is no place", place.lon, place.lat, place.h))
        .remedy("longitudes are -180 to 180, latitudes -90 to 90, heights within 1000 km"))
}

/// Numbers with commas between; all finite.
fn numbers(name: &str, text: &str) -> Result<Vec<f64>> {
    let one = |part: &str| match part.trim().parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(n),
        _ => Err(Fault::parameter(name, format!("'{part}' is not a number"))),
    };
    text.split(',').take(8).map(one).collect()
}

fn number(get: &dyn Fn(&str) -> Option<String>, name: &str, default: f64, low: f64, high: f64) -> Result<f64> {
    let Some(text) = get(name) else { return Ok(default) };
    match text.trim().parse::<f64>() {
        Ok(n) if (low..=high).contains(&n) => Ok(n),
        _ => Err(Fault::parameter(name, format!("'{text}' is not a number from {low} to {high}"))),
    }
}

fn flag(get: &dyn Fn(&str) -> Option<String>, name: &str, default: bool) -> Result<bool> {
    match get(name).as_deref() {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(Fault::parameter(name, format!("'{other}' is neither true nor false"))),
    }
}

fn size(text: Option<&str>) -> Result<[u32; 2]> {
    let Some(text) = text else { return Ok([1024, 768]) };
    let side = |part: &str| part.parse::<u32>().ok().filter(|n| (1..=MAX_SIDE).contains(n));
    match text.split_once('x').map(|(w, h)| (side(w), side(h))) {
        Some((Some(width), Some(height))) => Ok([width, height]),
        _ => Err(Fault::parameter("size", format!("'{text}' is not a size from 1x1 to {MAX_SIDE}x{MAX_SIDE}"))
            .remedy("write it as 1024x768")),
    }
}

fn layers(text: &str) -> Result<Vec<Collection>> {
    let one = |name: &str| {
        let all = Class::ALL.iter().map(|c| c.collection());
        all.into_iter().find(|c| c.name() == name).ok_or_else(|| {
            Fault::parameter("layers", format!("'{name}' is not a layer"))
                .remedy(Collection::SERVED.map(Collection::name).join(", "))
        })
    };
    text.split(',').map(|name| one(name.trim())).collect()
}

fn highlight(text: Option<String>) -> Result<Vec<String>> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let ids: Vec<String> = text.split(',').map(str::to_owned).collect();
    if ids.len() > MAX_HIGHLIGHTS {
        return Err(Fault::parameter("highlight", format!("more than {MAX_HIGHLIGHTS} ids")));
    }
    ids.into_iter().map(|id| nonempty("highlight", id)).collect()
}

fn nonempty(name: &str, text: String) -> Result<String> {
    if text.is_empty() { Err(Fault::parameter(name, format!("'{name}' is empty"))) } else { Ok(text) }
}

fn background(text: Option<&str>) -> Result<Background> {
    let Some(text) = text else { return Ok(Background::Sky) };
    match text {
        "sky" => Ok(Background::Sky),
        "white" => Ok(Background::Flat([255; 3])),
        "transparent" => Ok(Background::Transparent),
        _ => {
            let hex = text.trim_start_matches('#');
            let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6 && !hex.starts_with('+'));
            let [_, r, g, b] = value.map(u32::to_be_bytes).ok_or_else(|| {
                Fault::parameter("background", format!("'{text}' is not a background"))
                    .remedy("use sky, white, transparent or six hexadecimal digits such as f0f4f8")
            })?;
            Ok(Background::Flat([r, g, b]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Request> {
        let pairs: Vec<(String, String)> =
            query.split('&').filter_map(|p| p.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        Request::read(&|name| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
    }

    #[test]
    fn each_bad_parameter_is_named() {
        for (query, name) in [
            ("", "camera"),
            ("camera=1,2,3,4,5&asset=a", "asset"),
            ("camera=1,2,3,4", "camera"),
            ("camera=1,2,3,4,nan", "camera"),
            ("camera=1,2,3,4,inf", "camera"),
            ("camera=1,2,3,4,-91", "camera"),
            ("camera=181,2,3,4,5", "camera"),
            ("camera=1,2,3,4,5&heading=3", "heading"),
            ("camera=1,2,3,4,5&projection=orthographic", "projection"),
            ("asset=a&projection=fisheye", "projection"),
            ("asset=a&range=3", "range"),
            ("lookat=1,2", "lookat"),
            ("lookat=1,2,3&range=0", "range"),
            ("lookat=1,2,3&pitch=NaN", "pitch"),
            ("bbox=1,1,1,2", "bbox"),
            ("bbox=1,2,2,1", "bbox"),
            ("bbox=2,1,1,2", "bbox"),
            ("bbox=1,1,9,2,2,8", "bbox"),
            ("bbox=1,1,5,2", "bbox"),
            ("bbox=1,1,inf,2", "bbox"),
            ("bbox=1,1,2,2,3", "bbox"),
            ("asset=", "asset"),
            ("asset=a&size=0x1", "size"),
            ("asset=a&size=4097x1", "size"),
            ("asset=a&size=10", "size"),
            ("asset=a&size=-1x5", "size"),
            ("asset=a&fov=0", "fov"),
            ("asset=a&fov=wide", "fov"),
            ("asset=a&format=jpeg", "format"),
            ("asset=a&layers=buildings,clouds", "layers"),
            ("asset=a&style=pretty", "style"),
            ("asset=a&highlight=a,,b", "highlight"),
            ("asset=a&shadows=yes", "shadows"),
            ("asset=a&background=blue", "background"),
            ("asset=a&storey=", "storey"),
            ("asset=a&peel=3,,4", "peel"),
        ] {
            let fault = read(query).unwrap_err();
            assert_eq!(fault.subject.as_deref(), Some(name), "{query}: {fault}");
        }
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let request = read("asset=幢-3").unwrap();
        assert_eq!(request.aim, Aim::Asset("幢-3".to_owned(), Attitude::level(30.0, -30.0)));
        assert_eq!((request.size, request.fov, request.style), ([1024, 768], 40.0, Style::Class));
        let request = read("camera=118.7,32,50,10,-5,2&size=4096x1&background=0a0B0c&layers=devices,assets").unwrap();
        assert_eq!(request.background, Background::Flat([10, 11, 12]));
        assert_eq!(request.layers, Some(vec![Collection::Devices, Collection::Parts]));
        assert_eq!(request.fov, 60.0);
        let request = read("bbox=179.5,0,-179.5,1").unwrap();
        assert!(matches!(request.aim, Aim::Fit(b, _) if b.min[0] == 179.5 && b.max[0] == 180.5), "{request:?}");
    }
}
