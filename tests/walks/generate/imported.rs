//! A generated community as it stands in the city once all its files are in: every structure once, and all point to it.

use crate::support::{Server, town};
use serde_json::Value;
use std::collections::HashMap;

/// Every feature of a collection, page by page.
fn all(server: &Server, collection: &str) -> Vec<Value> {
    let mut features = Vec::new();
    let mut path = format!("/collections/{collection}/items?limit=10000&skipGeometry=true");
    loop {
        let (status, page) = server.get(&path);
        assert_eq!(status, 200, "{page}");
        features.extend(page["features"].as_array().unwrap().iter().cloned());
        let next = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next");
        let Some(next) = next else { return features };
        let next = next["href"].as_str().unwrap();
        path = next.strip_prefix(&server.base).unwrap_or(next).to_owned();
    }
}

#[test]
fn every_structure_stands_once_and_all_that_belongs_to_it_points_there() {
    let town = town(&[]);
    let truth = std::fs::read(town.files.join(".truth/community.json")).unwrap();
    let truth: Value = serde_json::from_slice(&truth).unwrap();
    let assets: HashMap<String, Value> = all(&town.server, "assets")
        .into_iter()
        .map(|f| (f["id"].as_str().unwrap().to_owned(), f["properties"].clone()))
        .collect();
    let building_of = |id: &str| {
        let mut at = &assets[id];
        while at["class"] != "building" {
            at = &assets[at["parent"].as_str().unwrap_or_else(|| panic!("{id} is in no building"))];
        }
        at["name"].as_str().unwrap()
    };
    let buildings = all(&town.server, "buildings");
    let own: Vec<&Value> =
        buildings.iter().map(|b| &b["properties"]).filter(|b| b["dataset"] != "footprints").collect();
    assert_eq!(own.len() as u64, truth["counts"]["structures"].as_u64().unwrap());
    let tower: Vec<&&Value> = own.iter().filter(|b| b["name"] == "1号楼").collect();
    assert_eq!(tower.len(), 1, "{own:?}");
    assert_eq!((&tower[0]["dataset"], &tower[0]["Cimbra_People.Households"]), (&"tower-1".into(), &24.into()));
    assert_eq!(tower[0]["description"], "南京市鼓楼区汉口路22号1号楼");
    // The storeys of a tower are those of its units; the truth counts them once a building.
    let mut storeys = all(&town.server, "storeys");
    let parent = |f: &Value| assets[f["properties"]["parent"].as_str().unwrap()].clone();
    storeys.retain(|f| parent(f)["class"] != "building_unit" || parent(f)["name"] == "1单元");
    assert_eq!(storeys.len() as u64, truth["counts"]["storeys"].as_u64().unwrap());
    let units: Vec<&Value> =
        assets.values().filter(|a| a["class"] == "building_unit" && a["ifc_type"] == "IfcBuilding").collect();
    assert_eq!(units.len(), 2);
    for unit in &units {
        assert_eq!(assets[unit["parent"].as_str().unwrap()]["name"], "1号楼", "{unit}");
        assert!(unit["Cimbra_People.Households"].as_i64().unwrap() > 0, "{unit}");
    }
    let hits = town.server.get("/search?q=1%E5%8F%B7%E6%A5%BC&limit=1000").1;
    let found = hits["features"].as_array().unwrap().iter().filter(|f| f["properties"]["name"] == "1号楼");
    assert_eq!(found.count(), 1);
    assert_eq!(hits["features"][0]["properties"]["dataset"], "tower-1");
    let mut placed = 0;
    for address in assets.values().filter(|a| a["class"] == "address") {
        let number = format!("{}号", address["building"]);
        assert!(building_of(address["place"].as_str().unwrap()).contains(&number), "{address}");
        if let Some(code) = address["house_code"].as_str() {
            let flat = &assets[address["place"].as_str().unwrap()];
            assert!([&flat["house_code"], &flat["Cimbra_Space.HouseCode"]].contains(&&code.into()), "{address} {flat}");
            placed += 1;
        }
    }
    assert_eq!(placed, 24, "every household has an address with its house code");
    for device in assets.values().filter(|a| a["dataset"] == "devices") {
        if let Some(parent) = device["parent"].as_str() {
            // The unit that its name tells is the unit that it hangs in, whichever format the building came in.
            let mut names = Vec::new();
            let mut at = assets.get(parent);
            while let Some(asset) = at {
                names.push((asset["class"].as_str().unwrap(), asset["name"].as_str().unwrap()));
                at = asset["parent"].as_str().and_then(|id| assets.get(id));
            }
            let told = device["name"].as_str().unwrap();
            let units: Vec<_> = names
                .iter()
                .filter(|(class, _)| *class == "building_unit")
                .filter(|(_, n)| n.ends_with("单元"))
                .collect();
            assert_eq!(units.len(), usize::from(told.contains("单元")), "{device} {names:?}");
            assert!(units.iter().all(|(_, name)| told.contains(name)), "{device} {names:?}");
            let number = device["name"].as_str().unwrap().split('号').next().unwrap();
            assert!(building_of(parent).contains(&format!("{number}号")), "{device}");
        }
    }
}
