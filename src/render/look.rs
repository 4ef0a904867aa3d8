//! Who is in a picture and how each looks: layers, storeys, alarms, what is pointed at, and shells that become glass.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::aim::Aimed;
use super::city::City;
use super::request::Request;
use super::{Paint, Style};
use crate::fault::{Fault, Result};
use crate::model::{Class, Collection, Severity};
use crate::store::Row;

/// An asset: which snapshot, which row.
pub(super) type Place = (usize, Row);

/// The layers of a picture that asks for none: what one sees standing outside.
const OUTSIDE: [Collection; 4] =
    [Collection::Buildings, Collection::Parts, Collection::Elements, Collection::Components];

/// An element smaller than this many pixels is not seen on a building with a shape of its own.
const SMALLEST: f64 = 0.6;

/// The decisions of one picture.
pub(super) struct Looks<'a> {
    request: &'a Request,
    city: &'a City<'a>,
    /// The asset that was asked for with everything in it.
    family: HashSet<Place>,
    root: Option<(Place, Class)>,
    pointed: HashSet<Place>,
    /// Assets with an active alarm, and the rooms they are in.
    alarmed: HashMap<Place, Severity>,
    /// Buildings whose inside is shown, with the worst alarm in them.
    opened: HashMap<Place, Option<Severity>>,
    /// The building of each parent met so far.
    buildings: RefCell<HashMap<Place, Option<Place>>>,
}

impl<'a> Looks<'a> {
    /// The decisions for a request.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::fault::Kind::NotFound) about `highlight` for an id of nothing that may be seen.
    pub fn new(request: &'a Request, city: &'a City<'a>, aimed: &Aimed) -> Result<Self> {
        let known = |id: &String| {
            let unknown = || Fault::not_found(format!("there is no asset '{id}' to point out")).about("highlight");
            place_of(city, id).ok_or_else(unknown)
        };
        let mut looks = Self {
            request,
            city,
            family: aimed.family.iter().map(|row| (aimed.home, *row)).collect(),
            root: None,
            pointed: request.highlight.iter().map(known).collect::<Result<_>>()?,
            alarmed: HashMap::new(),
            opened: HashMap::new(),
            buildings: RefCell::default(),
        };
        looks.root = aimed.family.first().and_then(|row| Some(((aimed.home, *row), looks.class((aimed.home, *row))?)));
        if request.style == Style::Alarms {
            for (id, severity) in city.alarms {
                if let Some(place) = place_of(city, id) {
                    looks.raise(place, *severity);
                }
            }
        }
        // The inside of a building is asked for: its shell becomes glass.
        let inside = looks.root.filter(|(_, class)| *class != Class::BuildingPart).map(|(place, _)| place);
        for place in inside.into_iter().chain(looks.pointed.clone()) {
            if let Some(building) = looks.building_of(place) {
                looks.opened.entry(building).or_insert(None);
            }
        }
        Ok(looks)
    }

    /// Notes an alarm on the asset, on the room it is in and on the building.
    fn raise(&mut self, place: Place, severity: Severity) {
        let worst = |map: &mut HashMap<Place, Severity>, place| {
            let now = map.entry(place).or_insert(severity);
            *now = severity.max(*now);
        };
        worst(&mut self.alarmed, place);
        let room = self.ancestors(place).into_iter().find(|(_, c)| matches!(c, Class::Space | Class::Unit));
        if let Some((room, _)) = room {
            worst(&mut self.alarmed, room);
        }
        if let Some(building) = self.building_of(place) {
            let now = self.opened.entry(building).or_insert(None);
            *now = (*now).max(Some(severity));
        }
    }

    /// Whether the picture is about this asset: it is never left out for what is around it.
    pub fn matters(&self, place: Place) -> bool {
        self.family.contains(&place) || self.alarmed.contains_key(&place) || self.pointed.contains(&place)
    }

    /// Whether this asset is drawn.
    pub fn wants(&self, place: Place, class: Class) -> bool {
        // A building is drawn with its parts, whatever collection those are in.
        let collection = if class == Class::BuildingPart { Collection::Buildings } else { class.collection() };
        if self.pointed.contains(&place) || self.alarmed.contains_key(&place) {
            return true;
        }
        if !self.request.peel.is_empty()
            && let Some(asset) = self.city.snapshots.get(place.0).and_then(|s| s.asset(place.1))
            && let Some(label) = if class == Class::Storey { Some(asset.name()) } else { asset.storey() }
            && self.request.peel.iter().any(|peeled| peeled == label)
        {
            return false;
        }
        if let Some(label) = &self.request.storey {
            let Some(asset) = self.city.snapshots.get(place.0).and_then(|s| s.asset(place.1)) else { return false };
            let on_it = asset.storey() == Some(label) || class == Class::Storey && asset.name() == label;
            let shell = matches!(class, Class::Building | Class::BuildingPart);
            let layers = [Collection::Storeys, Collection::Spaces, Collection::Elements, Collection::Devices];
            return match &self.request.layers {
                Some(layers) => (on_it || shell) && layers.contains(&collection),
                None => on_it && layers.contains(&collection) && !self.holds_others(place, class) || shell,
            };
        }
        if let Some(layers) = &self.request.layers {
            return layers.contains(&collection);
        }
        if self.family.contains(&place) {
            let Some((root, root_class)) = self.root else { return false };
            return !self.holds_others(place, class)
                && match collection {
                    _ if place == root => true,
                    Collection::Storeys => false,
                    Collection::Spaces => matches!(root_class, Class::Storey | Class::Unit | Class::Space),
                    Collection::Devices | Collection::Cameras => self.building_of(root).is_some(),
                    _ => true,
                };
        }
        if !OUTSIDE.contains(&collection) {
            return false;
        }
        // Where the inside is looked at, walls and furniture of the rest of the building are in the way.
        let inside = collection == Collection::Elements && self.root.is_some();
        !(inside && self.building_of(place).is_some_and(|b| self.opened.contains_key(&b)))
    }

    /// Whether an asset of `pixels` across is not seen beside what else shows the building that it is or lies in: a footprint under the
    /// building's parts, an element too small to be seen on a shell.
    pub fn is_hidden(&self, place: Place, class: Class, pixels: f64) -> bool {
        if self.matters(place) {
            return false;
        }
        let Some(snapshot) = self.city.snapshots.get(place.0) else { return false };
        let has_mesh = |row: Row| snapshot.asset(row).is_some_and(|asset| asset.has_mesh());
        if class == Class::Building {
            let part = |row: &Row| self.class((place.0, *row)) == Some(Class::BuildingPart) && has_mesh(*row);
            return !has_mesh(place.1)
                && self.city.visible.contains(Class::BuildingPart.collection())
                && snapshot.children(place.1).iter().any(part);
        }
        let small = class.collection() == Collection::Elements && pixels < SMALLEST;
        small && self.building_of(place).is_some_and(|(_, building)| has_mesh(building))
    }

    /// How an asset that is drawn looks; `number` tells neighbours of one kind apart.
    pub fn paint(&self, place: Place, class: Class, number: u32) -> Paint {
        if self.pointed.contains(&place) {
            return Paint::highlighted();
        }
        let alarms = self.request.style == Style::Alarms;
        if let Some(severity) = self.alarmed.get(&place) {
            return Paint::of_alarm(Some(*severity));
        }
        let paint = if alarms { Paint::of_alarm(None) } else { Paint::of_class(class).varied(number) };
        let shell = matches!(class, Class::Building | Class::BuildingPart);
        if self.request.storey.is_some() && shell {
            return paint.as_glass();
        }
        let building = if class == Class::Building { Some(place) } else { self.building_of(place) };
        let inside =
            self.family.contains(&place) && self.root.is_some_and(|(root, _)| self.building_of(root).is_some());
        match building.and_then(|b| self.opened.get(&b)) {
            Some(worst) if !inside => match worst.filter(|_| alarms) {
                Some(severity) => Paint::of_alarm(Some(severity)).as_glass(),
                None => paint.as_glass(),
            },
            _ => paint,
        }
    }

    /// The radius in pixels of the marker of an asset without a mesh.
    pub fn marker_pixels(&self, place: Place) -> f64 {
        if self.alarmed.contains_key(&place) || self.pointed.contains(&place) { 7.0 } else { 3.0 }
    }

    /// Whose id an asset has in the id image: a building's part is its building, unless it was asked for itself.
    pub fn named(&self, place: Place, class: Class) -> Place {
        let own = class != Class::BuildingPart
            || self.pointed.contains(&place)
            || self.root.is_some_and(|(root, _)| root == place);
        let building = (!own).then(|| self.building_of(place)).flatten();
        building.filter(|b| self.class(*b).is_some_and(|c| self.city.visible.contains(c.collection()))).unwrap_or(place)
    }

    /// Whether a storey, a flat or a space of spaces is shown by what is in it rather than by its own hull.
    fn holds_others(&self, (site, row): Place, class: Class) -> bool {
        let Some(snapshot) = self.city.snapshots.get(site) else { return false };
        let shown_by = |class: Class, part: Class| match class {
            Class::Storey => true,
            Class::Space | Class::Unit => matches!(part, Class::Space | Class::Unit),
            _ => false,
        };
        // What the caller may not see must not show by the hull that gives way to it.
        let seen = |part: Class| self.city.visible.contains(part.collection());
        let parts = matches!(class, Class::Storey | Class::Space | Class::Unit).then(|| snapshot.children(row));
        let mut parts = parts.into_iter().flatten().filter_map(|part| snapshot.asset(part));
        parts.any(|part| part.has_mesh() && shown_by(class, part.class()) && seen(part.class()))
    }

    /// The building that an asset is inside of; none for a building itself and for what stands alone.
    fn building_of(&self, place: Place) -> Option<Place> {
        let snapshot = self.city.snapshots.get(place.0)?;
        let parent = (place.0, snapshot.asset(place.1)?.parent()?);
        if let Some(known) = self.buildings.borrow().get(&parent) {
            return *known;
        }
        let found = if self.class(parent) == Some(Class::Building) {
            Some(parent)
        } else {
            self.ancestors(parent).into_iter().find(|(_, class)| *class == Class::Building).map(|(at, _)| at)
        };
        self.buildings.borrow_mut().insert(parent, found);
        found
    }

    fn ancestors(&self, (site, row): Place) -> Vec<(Place, Class)> {
        let rows = self.city.snapshots.get(site).map(|s| s.ancestors(row)).unwrap_or_default();
        rows.into_iter().filter_map(|row| Some(((site, row), self.class((site, row))?))).collect()
    }

    fn class(&self, (site, row): Place) -> Option<Class> {
        Some(self.city.snapshots.get(site)?.asset(row)?.class())
    }
}

/// The asset called `id`, when the caller may see it.
fn place_of(city: &City<'_>, id: &str) -> Option<Place> {
    city.snapshots.iter().enumerate().find_map(|(site, snapshot)| {
        let row = snapshot.find(id)?;
        let asset = snapshot.asset(row)?;
        city.visible.contains(asset.class().collection()).then_some((site, row))
    })
}
