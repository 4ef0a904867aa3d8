//! Places, codes, poses and checks over HTTP: an address leads to its flat, codes are taken apart, networks and grids are checked.

use crate::support::{Town, town};
use serde_json::{Value, json};

fn encode(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn import(town: &Town, name: &str, text: &str) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.post(format!("{}/imports?name={name}", town.server.base));
    let mut answer = request.header("X-API-Key", &town.integrator).send(text).unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    assert_eq!(answer.status().as_u16(), 201, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["files"][0].clone()
}

/// Features by id, geometry and properties.
fn collection(features: &[(&str, Value, Value)]) -> String {
    let features: Vec<Value> = features
        .iter()
        .map(|(id, geometry, properties)| {
            json!({ "type": "Feature", "id": id, "geometry": geometry, "properties": properties })
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

fn point(dx: f64, h: f64) -> Value {
    json!({ "type": "Point", "coordinates": [118.78 + dx, 32.04, h] })
}

#[test]
fn an_address_leads_to_its_flat_and_none_to_one_that_is_only_like_it() {
    let town = town(&[]);
    let places = |said: &str| {
        let (status, found) = town.server.get(&format!("/places?address={}", encode(said)));
        assert_eq!(status, 200, "{said}: {found}");
        found["features"].as_array().unwrap().clone()
    };
    let flat = places("1-2-102");
    assert_eq!(flat.len(), 1, "{flat:?}");
    let properties = &flat[0]["properties"];
    let path: Vec<&str> = properties["path"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(
        (properties["name"].as_str(), path[path.len() - 3..].to_vec()),
        (Some("102室"), vec!["1号楼", "2单元", "1"])
    );
    let plate = &properties["addresses"][0];
    assert_eq!(plate["name"], "南京市鼓楼区汉口路22号1号楼2单元102室");
    for said in [
        "1号楼2单元102",
        "汉口路22号1号楼2单元102室",
        "01-02-0102",
        "１－２－１０２",
        "南京市鼓楼区汉口路22号1号楼2单元102室",
    ] {
        assert_eq!(places(said).iter().map(|f| &f["id"]).collect::<Vec<_>>(), [&flat[0]["id"]], "{said}");
    }
    let code = properties["Cimbra_Space.HouseCode"].as_str().unwrap();
    assert_eq!(places(code).iter().map(|f| &f["id"]).collect::<Vec<_>>(), [&flat[0]["id"]], "{code}");
    assert_eq!(places("1-2"), Vec::<Value>::new(), "a building has no flat 2");
    assert_eq!(places("1号楼2单元")[0]["properties"]["class"], "building_unit");
    assert_eq!(places("汉口路22号1号楼")[0]["properties"]["class"], "building");
    for said in ["1-2-1029", "1-3-102", "999-1-102", "汉口路23号1号楼2单元102", "上海路22号1号楼2单元102"]
    {
        assert_eq!(places(said), Vec::<Value>::new(), "{said}");
    }
    // The item says its door plates, and searching for one shows what it leads to.
    let item = town.server.get(&format!("/collections/spaces/items/{}", encode(flat[0]["id"].as_str().unwrap()))).1;
    assert_eq!(item["properties"]["addresses"], properties["addresses"]);
    let hit = town.server.get(&format!("/search?q={}&limit=1", encode("汉口路22号1号楼2单元102室"))).1;
    let hit = &hit["features"][0];
    assert_eq!((&hit["properties"]["class"], &hit["id"]), (&json!("address"), &plate["id"]), "{hit}");
    let leads = hit["properties"]["path"].as_array().unwrap().last().unwrap();
    assert_eq!(leads["id"], flat[0]["id"]);
    assert_eq!(hit["properties"]["room"], "102");
    assert_eq!(town.server.get("/places").0, 400);
}

#[test]
fn a_flat_is_found_by_the_number_that_it_had() {
    let town = town(&[]);
    let flat = |id, name, former: Value| {
        (id, Value::Null, json!({ "class": "space", "name": name, "parent": "u1", "former_codes": former }))
    };
    let features = [
        ("b90", point(0.0, 20.0), json!({ "class": "building", "name": "90号楼" })),
        ("u1", Value::Null, json!({ "class": "building_unit", "name": "1单元", "parent": "b90" })),
        flat("f1", "1201室", json!(["3201060030010090011202", "1202", "1203"])),
        flat("f2", "1204室", json!("1205; 3201060030010090011206")),
        flat("f3", "1203室", Value::Null),
    ];
    import(&town, "merged.geojson", &collection(&features));
    let places = |said: &str| -> Vec<(String, bool)> {
        let found = town.server.get(&format!("/places?address={}", encode(said))).1;
        let each = found["features"].as_array().unwrap().iter();
        each.map(|f| (f["id"].as_str().unwrap().to_owned(), f["properties"]["former"] == true)).collect()
    };
    assert_eq!(places("90-1-1201"), [("f1".to_owned(), false)]);
    assert_eq!(places("90-1-1202"), [("f1".to_owned(), true)]);
    assert_eq!(places("90-1-1203"), [("f3".to_owned(), false)], "who is called so now is meant");
    assert_eq!(places("90-1-1205"), [("f2".to_owned(), true)]);
    assert_eq!(places("3201060030010090011206"), [("f2".to_owned(), true)]);
}

#[test]
fn a_plate_leads_to_what_has_no_number_of_its_own() {
    let town = town(&[]);
    let features = [
        ("hall", point(0.0, 20.0), json!({ "class": "building", "name": "服务楼" })),
        ("left", Value::Null, json!({ "class": "space", "name": "甲", "parent": "hall" })),
        ("a1", point(0.0, 20.0), json!({ "class": "address", "name": "幸福路88号91号楼", "target": "hall" })),
        (
            "a2",
            point(0.0, 20.0),
            json!({ "class": "address", "name": "左边", "road": "幸福路", "number": 88, "building": 91, "unit": 1, "room": 101, "target": "left" }),
        ),
    ];
    import(&town, "plates.geojson", &collection(&features));
    let places = |said: &str| -> Vec<String> {
        let found = town.server.get(&format!("/places?address={}", encode(said))).1;
        found["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        [places("91-1-101"), places("幸福路88号91号楼"), places("91-101")],
        [vec!["left"], vec!["hall"], vec!["left"]]
    );
    assert_eq!([places("91-2-101"), places("幸福路89号91号楼")], [Vec::<String>::new(), vec![]]);
    let plate = town.server.get("/collections/addresses/items/a1").1["properties"].clone();
    assert_eq!(plate["parts"], json!({ "road": "幸福路", "number": "88", "building": "91" }));
    assert_eq!(plate["parent"], "hall");
}

#[test]
fn codes_are_taken_apart_and_what_does_not_hold_is_found_and_kept() {
    let town = town(&[]);
    let page = town.server.get("/collections/components/items?class=component&limit=1").1;
    let own = &page["features"][0];
    let parts = &own["properties"]["codes"]["component"];
    assert_eq!((&parts["code"], &parts["district"]), (&own["id"], &json!("320106")), "{own}");
    assert!(parts["class"]["zh"].is_string() && parts["class"]["en"].is_string(), "{parts}");
    let camera = |id, said: Value| (id, point(0.001, 20.0), said);
    let report = import(
        &town,
        "odd.geojson",
        &collection(&[
            ("lamp", point(0.0, 16.0), json!({ "class": "component", "code": "3201060718000001" })),
            ("good", point(0.0, 16.0), json!({ "class": "component", "code": "3201060118000001" })),
            camera("cam-1", json!({ "class": "camera", "gb28181": "32010600001110000001", "方位角": 400 })),
            camera(
                "cam-2",
                json!({ "class": "camera", "gb28181": "32010600001310000002", "方位角": 90, "pitch": -30, "fov": 60, "range": 50, "安装高度": 5 }),
            ),
        ]),
    );
    assert_eq!((&report["objects"], &report["refused"]), (&json!(4), &json!([])), "nothing is lost");
    let found: Vec<[&str; 2]> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| ["id", "kind"].map(|k| f[k].as_str().unwrap()))
        // Other checks may have their own say of devices without a building.
        .filter(|[_, kind]| !kind.starts_with("device_") && !kind.starts_with("no_") && !kind.starts_with("missing_"))
        .collect();
    assert_eq!(found, [["lamp", "component_code"], ["cam-1", "camera_id"], ["cam-1", "camera_pose"]], "{report}");
    assert!(
        report["findings"].as_array().unwrap().iter().find(|f| f["id"] == "lamp").unwrap()["said"]
            .as_str()
            .unwrap()
            .contains("class 07"),
        "{report}"
    );
    let good = town.server.get("/collections/components/items/good").1;
    assert_eq!(
        good["properties"]["codes"]["component"]["kind"],
        json!({ "number": 18, "zh": "路灯", "en": "Street lamp" })
    );
    assert_eq!(town.server.get("/collections/components/items/lamp").1["properties"]["codes"], Value::Null);

    assert_eq!(town.server.get("/collections/cameras/items/cam-2").0, 401);
    let bearer = format!("Bearer {}", town.viewer);
    let body = town.server.get_bytes("/collections/cameras/items/cam-2", &[("Authorization", &bearer)]).2;
    let properties = serde_json::from_slice::<Value>(&body).unwrap()["properties"].clone();
    assert_eq!(properties["codes"]["camera"]["kind"]["zh"], "摄像机");
    assert_eq!(
        properties["pose"],
        json!({ "height": 5.0, "heading": 90.0, "pitch": -30.0, "horizontalFov": 60.0, "range": 50.0 })
    );
    let ring = properties["view"]["coordinates"][0].as_array().unwrap();
    let east: Vec<f64> = ring.iter().map(|p| (p[0].as_f64().unwrap() - 118.781) * 94_500.0).collect();
    // Level ground 5 m below, looking east: from 30° + 16.0° below the horizon to 30° - 16.0°, whose tangents are those of half of
    // 60° over 16:9.
    let up = (30.0_f64.to_radians().tan() * 9.0 / 16.0).atan().to_degrees();
    let (near, far) = (5.0 / (30.0 + up).to_radians().tan(), 5.0 / (30.0 - up).to_radians().tan());
    let (low, high) = (east.iter().copied().fold(f64::MAX, f64::min), east.iter().copied().fold(f64::MIN, f64::max));
    assert!((low - near).abs() < 0.05 && (high - far).abs() < 0.2, "{low} {near} {high} {far}");
    assert_eq!(ring.first(), ring.last());
    assert!(ring.iter().all(|p| (p[2].as_f64().unwrap() - 15.0).abs() < 1e-6));
}

#[test]
fn networks_and_grids_are_checked_and_a_valve_stops_what_is_connected() {
    let town = town(&[]);
    let (status, all) = town.server.get("/checks/networks");
    let site = &all["sites"][0];
    assert_eq!((status, &site["findings"]), (200, &json!([])), "the community is sound: {site}");
    let networks = site["networks"].as_array().unwrap();
    assert_eq!(networks.len(), 7);
    assert!(networks.iter().all(|n| n["components"] == 1 && n["segments"].as_u64().unwrap() > 3), "{networks:?}");
    let grids = town.server.get("/checks/grids").1;
    assert_eq!(
        (&grids["sites"][0]["numberMatched"], grids["sites"][0]["grids"].as_u64().unwrap() > 0),
        (&json!(0), true),
        "{grids}"
    );

    let said =
        |network: &str, from: &str, to: &str| json!({ "class": "pipe", "network": network, "from": from, "to": to });
    let line = |a: f64, b: f64| json!({ "type": "LineString", "coordinates": [[118.78 + a, 32.03, 14.0], [118.78 + b, 32.03, 14.0]] });
    let at = |x: f64| json!({ "type": "Point", "coordinates": [118.78 + x, 32.03, 14.0] });
    let node = |class: &str| json!({ "class": class, "network": "给水" });
    let report = import(
        &town,
        "main.geojson",
        &collection(&[
            ("n1", at(0.0), node("manhole")),
            ("v", at(0.001), node("valve")),
            ("n2", at(0.002), node("manhole")),
            ("p1", line(0.0, 0.001), said("water", "n1", "v")),
            ("p2", line(0.001, 0.002), said("water", "v", "n2")),
            ("p3", line(0.002, 0.003), said("water", "n2", "nowhere")),
            (
                "g1",
                json!({ "type": "Polygon", "coordinates": [[[118.7, 32.0], [118.701, 32.0], [118.701, 32.001], [118.7, 32.001], [118.7, 32.0]]] }),
                json!({ "class": "grid", "owner": "岗位7", "负责人": "张三", "phone": "13800000000", "Owner Phone": "139", "联系人电话": "137" }),
            ),
            (
                "g2",
                json!({ "type": "Polygon", "coordinates": [[[118.7005, 32.0], [118.702, 32.0], [118.702, 32.001], [118.7005, 32.001], [118.7005, 32.0]]] }),
                json!({ "class": "grid" }),
            ),
        ]),
    );
    let found: Vec<[&str; 2]> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| ["id", "kind"].map(|k| f[k].as_str().unwrap()))
        // Other checks may have their own say of devices without a building.
        .filter(|[_, kind]| !kind.starts_with("device_") && !kind.starts_with("no_") && !kind.starts_with("missing_"))
        .collect();
    assert_eq!(found, [["p3", "unknown_node"], ["g1", "overlap"]], "{report}");
    // Half a thousandth of a degree by a whole one: 47.2 m by 110.9 m at 32°.
    let told =
        report["findings"].as_array().unwrap().iter().find(|f| f["id"] == "g1").unwrap()["said"].as_str().unwrap();
    let metres: f64 = told.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!((metres - 0.0005 * 94_500.0 * 0.001 * 110_880.0).abs() < 15.0, "{told}");
    assert_eq!(town.server.get("/checks/grids").1["sites"][0]["findings"][0]["others"], json!(["g2"]));
    let connected = |query: &str| town.server.get(&format!("/networks/connected?{query}")).1;
    assert_eq!(connected("id=n1")["nodes"], json!(["n1", "n2", "v"]));
    let shut = connected("id=n1&closed=v");
    assert_eq!((&shut["nodes"], &shut["segments"]), (&json!(["n1", "v"]), &json!(["p1"])), "{shut}");
    assert_eq!(town.server.get("/networks/connected?id=p1").0, 404);

    // Who answers for a grid is a person: shown to those who may read what is guarded.
    let open = town.server.get("/collections/grids/items/g1").1["properties"].clone();
    assert_eq!((&open["owner"], &open["负责人"], &open["phone"]), (&json!("岗位7"), &Value::Null, &Value::Null));
    assert_eq!((&open["Owner Phone"], &open["联系人电话"]), (&Value::Null, &Value::Null), "in whatever spelling");
    let editions = |key: &[(&str, &str)]| {
        let body = town.server.get_bytes("/datasets/main", key).2;
        serde_json::from_slice::<Value>(&body).unwrap()["editions"][0]["assets"].clone()
    };
    let bearer = format!("Bearer {}", town.viewer);
    assert_eq!((editions(&[]), editions(&[("Authorization", &bearer)])), (Value::Null, json!(8)), "guarded ones count");
    let body = town.server.get_bytes("/collections/grids/items/g1", &[("Authorization", &bearer)]).2;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["properties"]["负责人"], "张三");
}
