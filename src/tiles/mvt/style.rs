//! A MapLibre style (version 8) of the tiles: every class in the colour it has everywhere else; no letters, no pictures from outside.

use super::hexagons::Form;
use super::tileset::{Described, tilejson_at};
use crate::lod::colour;
use crate::model::{Class, Collection};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// From which level on rooms and elements are drawn, and buildings stand up.
const NEAR: u8 = 16;

/// The style of a tileset; `form` where it holds hexagons.
pub fn style(of: &Described, form: Option<Form>) -> Value {
    let mut layers = Vec::new();
    let mut names: Vec<&String> = of.layers.iter().collect();
    names.sort_by_key(|name| depth(collection(name)));
    for name in names {
        match form {
            None => assets(name, of.layers.len() > 1, &mut layers),
            Some(Form::Hexagons) => hexagons(name, &mut layers),
            Some(Form::Heat) => layers.push(heat(name)),
        }
    }
    let mut value = json!({
        "version": 8, "name": of.title,
        "sources": { "cimbra": { "type": "vector", "url": tilejson_at(of), "promoteId": "id" } },
        "layers": layers,
    });
    if !of.bounds.is_empty() {
        let center = of.bounds.center();
        value["center"] = json!([center[0], center[1]]);
        value["zoom"] = json!(of.zoom());
    }
    value
}

fn collection(name: &str) -> Option<Collection> {
    Collection::ALL.into_iter().find(|c| c.name() == name && *c != Collection::Parts)
}

/// What lies on the ground is drawn first, what is small last.
fn depth(of: Option<Collection>) -> usize {
    const ORDER: [Collection; 9] = [
        Collection::Grids,
        Collection::Components,
        Collection::Pipes,
        Collection::Buildings,
        Collection::Storeys,
        Collection::Spaces,
        Collection::Elements,
        Collection::Addresses,
        Collection::Devices,
    ];
    of.map_or(0, |of| ORDER.iter().position(|c| *c == of).unwrap_or(ORDER.len()))
}

/// The areas, lines and points of one layer. What covers all that is drawn already is an outline: sites and groups, and on the whole
/// map storeys and grids. There rooms and elements come when one is near.
fn assets(name: &str, map: bool, layers: &mut Vec<Value>) {
    let of = collection(name);
    let one = |suffix: &str, kind: &str, shape: &str, paint: Value| {
        let mut layer = json!({ "id": format!("{name}-{suffix}"), "type": kind, "source": "cimbra", "source-layer": name,
            "filter": ["==", ["geometry-type"], shape], "paint": paint });
        if map && matches!(of, Some(Collection::Spaces | Collection::Elements | Collection::Storeys)) {
            layer["minzoom"] = json!(NEAR);
        }
        layer
    };
    let (fill, edge) = (colours(of, 1.0), colours(of, 0.7));
    let covers = map && matches!(of, None | Some(Collection::Storeys | Collection::Grids));
    if !covers {
        let mut area = one("area", "fill", "Polygon", json!({ "fill-color": fill, "fill-opacity": 0.75 }));
        if of.is_none() {
            let over = [Class::Project, Class::Site, Class::Group, Class::Storey, Class::Grid].map(Class::name);
            area["filter"] = json!(["all", area["filter"], ["!", ["in", ["get", "class"], ["literal", over]]]]);
        }
        layers.push(area);
    }
    layers.push(one("edge", "line", "Polygon", json!({ "line-color": edge, "line-width": 0.75 })));
    layers.push(one("line", "line", "LineString", json!({ "line-color": fill, "line-width": 2 })));
    layers.push(one(
        "point",
        "circle",
        "Point",
        json!({ "circle-color": fill, "circle-radius": 4,
        "circle-stroke-color": edge, "circle-stroke-width": 1 }),
    ));
    if matches!(of, None | Some(Collection::Buildings)) {
        let metres = |name: &str| json!(["max", 0, ["coalesce", ["get", name], 0]]);
        let paint = json!({ "fill-extrusion-color": fill, "fill-extrusion-height": metres("height"),
            "fill-extrusion-base": metres("min_height"), "fill-extrusion-opacity": 0.8 });
        let mut volume = one("volume", "fill-extrusion", "Polygon", paint);
        volume["filter"] = json!(["all", volume["filter"], ["==", ["get", "class"], Class::Building.name()]]);
        volume["minzoom"] = json!(NEAR - 2);
        layers.push(volume);
    }
}

/// Darker, the more a hexagon holds.
fn hexagons(name: &str, layers: &mut Vec<Value>) {
    // Walls are too pale for that; roofs are not.
    let colour = match collection(name) {
        None | Some(Collection::Buildings) => hex(colour::of_class(Class::Roof), 0.9),
        other => hex(general(other), 0.7),
    };
    let opacity = json!(["interpolate", ["linear"], ["log10", ["max", 1, ["get", "count"]]], 0, 0.2, 3, 0.9]);
    let fill = json!({ "fill-color": colour, "fill-opacity": opacity });
    let layer = |suffix: &str, kind: &str, paint: Value| json!({ "id": format!("{name}-{suffix}"), "type": kind, "source": "cimbra", "source-layer": name, "paint": paint });
    layers.push(layer("hexagon", "fill", fill));
    layers.push(layer("edge", "line", json!({ "line-color": colour, "line-width": 0.5 })));
}

fn heat(name: &str) -> Value {
    let weight = json!(["interpolate", ["linear"], ["get", "weight"], 0, 0, 25, 1]);
    json!({ "id": format!("{name}-heat"), "type": "heatmap", "source": "cimbra", "source-layer": name,
        "paint": { "heatmap-weight": weight, "heatmap-radius": 24, "heatmap-opacity": 0.8 } })
}

/// The colour of most of what a layer holds.
fn general(of: Option<Collection>) -> [u8; 3] {
    let first = Class::ALL.iter().rfind(|class| Some(class.collection()) == of);
    colour::of_class(first.copied().unwrap_or(Class::Building))
}

/// An expression that gives each class its colour.
fn colours(of: Option<Collection>, light: f64) -> Value {
    let mut by_colour: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let classes = Class::ALL.iter().filter(|class| of.is_none_or(|of| class.collection() == of));
    classes.for_each(|class| by_colour.entry(hex(colour::of_class(*class), light)).or_default().push(class.name()));
    let other = hex(general(of), light);
    if by_colour.len() < 2 {
        return json!(other);
    }
    let mut expression = vec![json!("match"), json!(["get", "class"])];
    by_colour.into_iter().for_each(|(colour, classes)| expression.extend([json!(classes), json!(colour)]));
    expression.push(json!(other));
    Value::Array(expression)
}

fn hex(colour: [u8; 3], light: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most what it was")]
    let [r, g, b] = colour.map(|c| (f64::from(c) * light) as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}
