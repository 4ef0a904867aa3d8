//! Which flat, unit or building an address means: part by part, exactly, down the tree of what holds what.

use crate::fault::Result;
use crate::model::{Address, Class, Collections, labels, spelling};
use crate::store::{AssetRef, Row, Snapshot};

/// Names of the attributes that hold a flat's codes: its own, and those of flats that it was made from.
const CODES: &[&str] = &["house_code", "Cimbra_Space.HouseCode", "房屋编码"];
const FORMER: &[&str] = &["former_codes", "former_code", "曾用编码"];
/// Names of the attributes that hold a building's address.
const ADDRESS: &[&str] = &["address", "description", "地址"];

/// What an address led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The building, unit, storey or flat.
    pub row: Row,
    /// Whether it was found by a code or number that it had formerly.
    pub former: bool,
}

/// The places of a site that `said` means, of the `visible` collections: `3-2-1202`, `汉口路22号3号楼2单元1202室`, a house code.
/// Parts are compared whole, so that there is none rather than one that is only like it.
///
/// # Errors
/// Attributes that cannot be paged in.
pub fn place(snapshot: &Snapshot, said: &str, visible: Collections) -> Result<Vec<Place>> {
    let said = said.trim();
    let seen = |class: Class| visible.contains(class.collection());
    let asset = |row: Row| snapshot.asset(row).filter(|a| seen(a.class()));
    let Some(address) = Address::parse(said) else { return by_code(snapshot, said, visible) };
    let mut found = Vec::new();
    let buildings = snapshot.rows().filter_map(asset).filter(|a| a.class() == Class::Building);
    for building in buildings {
        if is_building(snapshot, &building, &address)? {
            descend(snapshot, &building, &address, visible, &mut found)?;
        }
    }
    if found.is_empty() {
        let by_plate = by_plate(snapshot, &address, visible)?;
        return if by_plate.is_empty() { by_code(snapshot, said, visible) } else { Ok(by_plate) };
    }
    // A flat that is called so now is meant before one that once was.
    if found.iter().any(|place| !place.former) {
        found.retain(|place| !place.former);
    }
    Ok(found)
}

/// What door plates of this very address lead to: for buildings and flats whose own names do not say their numbers.
fn by_plate(snapshot: &Snapshot, address: &Address, visible: Collections) -> Result<Vec<Place>> {
    let mut found = Vec::new();
    let seen = |a: &AssetRef<'_>| visible.contains(a.class().collection());
    for row in snapshot.rows() {
        let Some(plate) = snapshot.asset(row).filter(|a| a.class() == Class::Address && seen(a)) else { continue };
        let Some(leads) = plate.parent().filter(|row| snapshot.asset(*row).is_some_and(|a| seen(&a))) else { continue };
        let own = Address::of(&*snapshot.attributes(row)?).or(Address::parse(plate.name()).unwrap_or_default());
        if own.is_meant_by(address) {
            found.push(Place { row: leads, former: false });
        }
    }
    found.sort_unstable_by_key(|place| place.row);
    found.dedup();
    Ok(found)
}

/// Whether a building is the one that an address names, by its number and by what its own address says of road and number.
fn is_building(snapshot: &Snapshot, building: &AssetRef<'_>, address: &Address) -> Result<bool> {
    let called = labels(building.name()).building;
    if let (Some(asked), Some(called)) = (&address.building, &called)
        && !asked.eq_ignore_ascii_case(called)
    {
        return Ok(false);
    }
    let attributes = snapshot.attributes(building.row())?;
    let own = spelling::text(&attributes, ADDRESS).and_then(|text| Address::parse(&text)).unwrap_or_default();
    let number = called.or_else(|| own.building.clone()).or(Address::of(&attributes).building);
    let named = match (&address.building, &number) {
        (Some(asked), Some(own)) => asked.eq_ignore_ascii_case(own),
        (Some(_), None) => false,
        // A road and a number alone may mean several buildings; they are given all.
        (None, _) => address.road.is_some() && address.number.is_some() && own.road.is_some() && own.number.is_some(),
    };
    let streets = Address { road: own.road, number: own.number, ..Address::default() };
    Ok(named && address.agrees(&streets))
}

/// Looks below a building for the unit and the flat, as far as the address names them.
fn descend(
    snapshot: &Snapshot,
    building: &AssetRef<'_>,
    address: &Address,
    visible: Collections,
    found: &mut Vec<Place>,
) -> Result<()> {
    if address.unit.is_none() && address.room.is_none() {
        found.push(Place { row: building.row(), former: false });
        return Ok(());
    }
    // What is still to be looked at, and whether it lies in the unit that is asked for.
    let mut next = vec![(building.row(), address.unit.is_none())];
    let mut steps = 0_usize;
    while let Some((row, in_unit)) = next.pop() {
        for child in snapshot.children(row) {
            let Some(asset) = snapshot.asset(child).filter(|a| visible.contains(a.class().collection())) else {
                continue;
            };
            let class = asset.class();
            if !matches!(class, Class::BuildingPart | Class::Unit | Class::Storey | Class::Space) {
                continue;
            }
            steps += 1;
            let own = labels(asset.name());
            if let Some(unit) = own.unit.filter(|_| class != Class::Storey) {
                let is_it = address.unit.as_ref().is_none_or(|asked| asked.eq_ignore_ascii_case(&unit));
                match (is_it, &address.room) {
                    (true, None) => found.push(Place { row: child, former: false }),
                    (true, Some(_)) => next.push((child, true)),
                    (false, _) => {}
                }
                continue;
            }
            let flat = matches!(class, Class::Unit | Class::Space) && in_unit;
            if let Some(asked) = address.room.as_ref().filter(|_| flat) {
                let fits =
                    address.storey.as_ref().is_none_or(|s| asset.storey().is_none_or(|o| o.eq_ignore_ascii_case(s)));
                if fits && own.room.as_ref().is_some_and(|room| room.eq_ignore_ascii_case(asked)) {
                    found.push(Place { row: child, former: false });
                    continue;
                }
                if fits && was_called(snapshot, child, asked)? {
                    found.push(Place { row: child, former: true });
                    continue;
                }
            }
            // A flat's own rooms are no flats; a storey may be called by a number as flats are.
            if class == Class::Storey || (class != Class::Space && own.room.is_none()) {
                next.push((child, in_unit));
            }
        }
        if steps > 200_000 {
            break;
        }
    }
    found.sort_unstable_by_key(|place| place.row);
    Ok(())
}

/// Whether a flat was called so, or had a code that ends so, before flats were merged or split.
fn was_called(snapshot: &Snapshot, row: Row, room: &str) -> Result<bool> {
    Ok(former(&*snapshot.attributes(row)?).iter().any(|code| code.eq_ignore_ascii_case(room)))
}

/// The codes and numbers that a flat had.
fn former(attributes: &crate::model::Attributes) -> Vec<String> {
    use crate::model::Value;
    let one = |text: &str| text.split([';', ',', '；', '，', '、']).map(|t| t.trim().to_owned()).collect::<Vec<_>>();
    match spelling::find(attributes, FORMER).map(|(_, value)| value) {
        Some(Value::Text(text)) => one(text),
        Some(Value::Int(number)) => vec![number.to_string()],
        Some(Value::List(values)) => values
            .iter()
            .filter_map(|v| if let Value::Text(text) = v { Some(text.trim().to_owned()) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

fn is_code(said: &str) -> bool {
    said.len() >= 8 && said.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The flats of this house code, or that had it.
fn by_code(snapshot: &Snapshot, said: &str, visible: Collections) -> Result<Vec<Place>> {
    if !is_code(said) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for row in snapshot.rows() {
        let flat = |a: &AssetRef<'_>| {
            matches!(a.class(), Class::Unit | Class::Space) && visible.contains(a.class().collection())
        };
        let Some(asset) = snapshot.asset(row).filter(flat) else { continue };
        // Rooms carry their flat's code; the flat alone is meant.
        if labels(asset.name()).room.is_none() {
            continue;
        }
        let attributes = snapshot.attributes(row)?;
        let is = |code: String| code.eq_ignore_ascii_case(said);
        if spelling::text(&attributes, CODES).is_some_and(is) {
            found.push(Place { row, former: false });
        } else if former(&attributes).into_iter().any(is) {
            found.push(Place { row, former: true });
        }
    }
    Ok(found)
}
