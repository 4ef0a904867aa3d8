//! Planning variants from the outside: a BIM with two moved walls beside the city, in items, tiles, pictures and differences.

use crate::support::{Server, key, town};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn send(server: &Server, method: &str, path: &str, key: &str, body: &[u8]) -> (u16, Value) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", server.base));
    if !key.is_empty() {
        request = request.header("X-API-Key", key);
    }
    let mut answer = agent.run(request.body(body.to_vec()).unwrap()).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
}

fn import(server: &Server, key: &str, query: &str, body: &[u8]) -> Value {
    let (status, report) = send(server, "POST", &format!("/imports?site=320106003001&{query}"), key, body);
    assert_eq!(status, 201, "{query}: {report}");
    report["files"][0].clone()
}

/// Everything in a collection, by id.
fn items(server: &Server, collection: &str, query: &str) -> BTreeMap<String, Value> {
    let mut path = format!("/collections/{collection}/items?limit=1000&{query}");
    let mut all = BTreeMap::new();
    loop {
        let (status, page) = server.get(&path);
        assert_eq!(status, 200, "{path}: {page}");
        for feature in page["features"].as_array().unwrap() {
            let before = all.insert(feature["id"].as_str().unwrap().to_owned(), feature.clone());
            assert!(before.is_none(), "{feature}");
        }
        let links = page["links"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else { return all };
        path = next["href"].as_str().unwrap().strip_prefix(&server.base).unwrap().to_owned();
    }
}

/// The files under a tileset, by their names: documents and tiles, each with its bytes. Every address ends in `ends`.
fn files(server: &Server, path: &str, ends: &str) -> BTreeMap<String, Vec<u8>> {
    let (status, _, body) = server.get_bytes(path, &[]);
    assert_eq!(status, 200, "{path}");
    let tileset: Value = serde_json::from_slice(&body).unwrap();
    let (folder, _) = path.split('?').next().unwrap().rsplit_once('/').unwrap();
    let (mut found, mut waiting) = (BTreeMap::new(), vec![tileset["root"].clone()]);
    while let Some(tile) = waiting.pop() {
        waiting.extend(tile["children"].as_array().into_iter().flatten().cloned());
        let Some(uri) = tile["content"]["uri"].as_str() else { continue };
        let name = uri.strip_suffix(ends).expect("what is asked of a tileset is asked of its files");
        let at = format!("{folder}/{uri}");
        if name.ends_with(".json") {
            found.extend(files(server, &at, ends));
        } else {
            let (status, headers, bytes) = server.get_bytes(&at, &[]);
            assert_eq!((status, &bytes[..4]), (200, &b"glTF"[..]), "{at}");
            assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
            found.insert(name.to_owned(), bytes);
        }
    }
    found
}

/// The tower's IFC, and the same with two of its walls 0.15 m farther east.
fn towers(files: &Path) -> [String; 2] {
    let text = std::fs::read_to_string(files.join("tower-1.ifc")).unwrap();
    let mut moved = text.clone();
    let line = |number: &str| text.lines().find(|line| line.starts_with(&format!("{number}="))).unwrap();
    let within = |line: &str, from: &str| line.split_once(from).unwrap().1.split([',', ')']).next().unwrap().to_owned();
    let mut walls = 0;
    for wall in text.lines().filter(|line| line.contains("=IFCWALL(")) {
        let placement = wall.rsplit(',').nth(3).unwrap();
        let axes = line(placement).rsplit_once(",").unwrap().1.trim_end_matches(");").to_owned();
        let number = within(line(&axes), "(");
        let corner = line(&number);
        let x: f64 = within(corner, "((").parse().unwrap();
        let other = corner.replacen(&format!("(({x:?},"), &format!("(({:?},", x + 0.15), 1);
        // Walls of one shape in several storeys share their place in each.
        let shared =
            text.matches(&format!(",{axes});")).count() > 1 || text.matches(&format!("({number},")).count() > 1;
        if other != corner && walls < 2 && !shared {
            walls += 1;
            moved = moved.replace(corner, &other);
        }
    }
    assert_eq!(walls, 2);
    [text, moved]
}

fn now() -> String {
    std::thread::sleep(std::time::Duration::from_millis(30));
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    cimbra::units::Instant(since.as_millis() as i64).to_string()
}

#[test]
fn two_moved_walls_are_a_variant_and_the_city_stays_what_it_is() {
    let city = town(&[]);
    let (server, integrator) = (&city.server, city.integrator.as_str());
    let [plain, moved] = towers(&city.files);
    let map = "/3dtiles/tileset.json";
    let (before, drawn) = (items(server, "elements", ""), files(server, map, ""));
    let revision = |server: &Server| server.get_bytes("/", &[]).1["cimbra-revision"].clone();
    let (at, then) = (revision(server), now());

    let report = import(server, integrator, "name=tower-1.ifc&variant=moved", moved.as_bytes());
    assert_eq!((&report["added"], &report["removed"]), (&json!(0), &json!(0)), "{report}");
    let replaced = report["replaced"].as_u64().unwrap();
    assert!((2..20).contains(&replaced), "the walls, and what is placed by them or is as large as them: {report}");
    assert!(report["notes"].to_string().contains("variant 'moved'"), "{report}");

    // The city is what it was: not one name or byte of it is another.
    assert_eq!(items(server, "elements", ""), before);
    assert!(files(server, map, "") == drawn);
    assert_eq!(revision(server), at);
    assert_eq!(items(server, "elements", &format!("datetime={then}")), before);

    // The variant shows the walls where they would be, and all else.
    let seen = items(server, "elements", "variant=moved");
    let of_variant = files(server, &format!("{map}?variant=moved"), "?variant=moved");
    let differ: Vec<&String> = before.keys().filter(|id| before[*id] != seen[*id]).collect();
    let is_wall = |id: &&&String| before[**id]["properties"]["class"] == "wall";
    let walls: Vec<&String> = differ.iter().filter(is_wall).copied().collect();
    assert!(walls.len() == 2 && differ.len() < 20 && seen.len() == before.len(), "{differ:?}");
    for wall in &walls {
        let one = |query: &str| server.get(&format!("/collections/elements/items/{wall}{query}")).1;
        let (here, there) = (one(""), one("?variant=moved"));
        let apart = there["bbox"][0].as_f64().unwrap() - here["bbox"][0].as_f64().unwrap();
        assert!((apart.abs() * 94_400.0 - 0.15).abs() < 0.05, "{apart}");
        let own = there["links"][0]["href"].as_str().unwrap().strip_prefix(&server.base).unwrap();
        assert_eq!(server.get(own).1["bbox"], there["bbox"], "its own link leads back to it");
    }
    let (same, other): (Vec<&String>, Vec<&String>) = of_variant.keys().partition(|name| drawn.contains_key(*name));
    assert!(!other.is_empty() && other.len() <= 6 && same.len() > 2, "{other:?} of {}", of_variant.len());
    assert!(same.iter().all(|name| of_variant[*name] == drawn[*name]), "one name, one file");

    // What the variant changes, asked of it.
    let (status, diff) = server.get("/collections/elements/diff?variant=moved&limit=1");
    assert_eq!((status, &diff["added"], &diff["removed"]), (200, &json!(0), &json!(0)), "{diff}");
    assert_eq!(diff["changed"].as_u64().unwrap(), differ.len() as u64, "{diff}");
    let next = diff["links"][0]["href"].as_str().unwrap().strip_prefix(&server.base).unwrap();
    let second = server.get(next).1;
    for change in [&diff["changes"][0], &second["changes"][0]] {
        assert!(differ.iter().any(|id| **id == change["id"]), "{change}");
    }
    assert_ne!(diff["changes"][0]["id"], second["changes"][0]["id"]);
    // From whenever after the city's last commit: the variant comes after all of that.
    let later = server.get(&format!("/collections/elements/diff?variant=moved&from={}", now())).1;
    assert_eq!((&later["changed"], &later["numberMatched"]), (&diff["changed"], &diff["numberMatched"]), "{later}");

    // A second city in which the same file is imported straight is what the variant shows.
    let straight = town(&[]);
    import(&straight.server, &straight.integrator, "name=tower-1.ifc", moved.as_bytes());
    for collection in ["elements", "buildings", "storeys", "spaces", "devices", "components", "pipes"] {
        let [own, wanted] = [(server, "variant=moved"), (&straight.server, "")].map(|(s, q)| items(s, collection, q));
        assert!(own == wanted, "{collection}");
    }
    let wanted = files(&straight.server, map, "");
    assert!(of_variant.keys().eq(wanted.keys()), "the names of a city in which it is so");
    let narrow = |server: &Server, of: &str, more: &str| {
        let query = if more.is_empty() { format!("?{of}") } else { format!("?{more}&{of}") };
        let path = format!("/collections/elements/3dtiles/tileset.json{query}");
        files(server, &path, &query)
    };
    for of in ["storey=1", "filter=class%3D'wall'"] {
        let (own, wanted) = (narrow(server, of, "variant=moved"), narrow(&straight.server, of, ""));
        assert!(!own.is_empty() && own.keys().eq(wanted.keys()), "{of}");
    }

    // The city goes on beneath it; what was named is answered still.
    let old: Vec<String> = of_variant.keys().map(|name| name.replace(".glb", ".glb?variant=moved")).collect();
    let posts = "id,name,class,lon,lat,h\nP1,柱,city_furniture,118.78,32.041,5\n";
    import(server, integrator, "name=posts.csv", posts.as_bytes());
    assert!(items(server, "assets", "variant=moved").contains_key("P1"));
    assert_eq!(items(server, "elements", "variant=moved"), seen);
    files(server, &format!("{map}?variant=moved"), "?variant=moved");
    for name in &old {
        assert_eq!(server.get_bytes(&format!("/3dtiles/320106003001/{name}"), &[]).0, 200, "{name}");
    }

    // It is there after kill -9, and in pictures.
    let (store, id) = (city.store.clone(), walls[0].clone());
    city.server.kill();
    let server = Server::start(&store, &[]);
    assert_eq!(items(&server, "elements", "variant=moved"), seen);
    let view = |query: &str| server.get_bytes(&format!("/views?asset={id}&size=160x120&layers=elements{query}"), &[]);
    let (here, there) = (view(""), view("&variant=moved"));
    if here.0 != 503 {
        assert_eq!((here.0, there.0), (200, 200));
        assert!(here.2 != there.2, "the picture shows the wall elsewhere");
    }

    // The file as it was puts the walls back: the variant then shows the city.
    let report = import(&server, &city.integrator, "name=tower-1.ifc&variant=moved", plain.as_bytes());
    assert_eq!(report["replaced"].as_u64().unwrap(), replaced, "{report}");
    assert_eq!(items(&server, "assets", "variant=moved"), items(&server, "assets", ""));
    assert_eq!(server.get("/collections/elements/diff?variant=moved").1["numberMatched"], 0);
}

pub(super) const LAMPS: &str =
    "id,name,class,lon,lat,h\nL1,灯一,lamp_pole,118.78,32.04,5\nL2,灯二,lamp_pole,118.7801,32.04,5\n";
pub(super) const FEWER: &str = "id,name,class,lon,lat,h\nL2,灯二号,lamp_pole,118.7801,32.04,5\n";
const CAMERAS: &str = "id,name,class,lon,lat,h\nC1,相机,camera,118.78,32.04,5\n";

#[test]
fn variants_are_listed_and_removed_by_those_who_may_and_bad_questions_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let [integrator, viewer] = ["integrator", "viewer"].map(|role| key(&store, role));
    let server = Server::start(&store, &[]);
    let refused = |query: &str, body: &str, key: &str| {
        let (status, problem) = send(&server, "POST", &format!("/imports?{query}"), key, body.as_bytes());
        (status, problem.to_string())
    };
    // A variant is of a site that is there.
    let (status, told) = refused("name=lamps.csv&variant=dark", LAMPS, &integrator);
    assert!(status == 400 && told.contains("there is no site") && told.contains("variant"), "{told}");
    import(&server, &integrator, "name=lamps.csv", LAMPS.as_bytes());
    import(&server, &integrator, "name=cameras.csv", CAMERAS.as_bytes());
    let (status, told) = refused("name=lamps.csv&variant=a.b", LAMPS, &integrator);
    assert!(status == 400 && told.contains("a.b"), "{told}");
    assert_eq!(refused("name=lamps.csv&variant=dark", LAMPS, &viewer).0, 403);
    let raster = crate::support::tiff::tiff(&crate::support::tiff::placed());
    let (status, problem) = send(&server, "POST", "/imports?name=hill.tif&variant=dark", &integrator, &raster);
    assert!(status == 400 && problem["detail"].as_str().unwrap().contains("assets alone"), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("'variant'"), "in the words of the query: {problem}");
    let (status, told) =
        refused("name=x.geojson&variant=dark", r#"{"type":"FeatureCollection","features":["#, &integrator);
    assert!((400..500).contains(&status), "{told}");
    let begun = std::fs::read_dir(store.join("sites/320106003001/variants")).unwrap().count();
    assert_eq!(begun, 0, "nor leaves anything of it: {told}");
    assert_eq!(server.get("/variants").1, json!({ "variants": [] }), "what was refused makes none");

    let report = import(&server, &integrator, "name=lamps.csv&variant=dark", FEWER.as_bytes());
    assert_eq!([&report["added"], &report["replaced"], &report["removed"]].map(|n| n.as_u64()), [0, 1, 1].map(Some));
    import(&server, &integrator, "name=new.csv&variant=watched", CAMERAS.replace("C1", "C2").as_bytes());
    let listed = |key: &str| -> Vec<String> {
        let all = send(&server, "GET", "/variants", key, b"").1["variants"].as_array().unwrap().clone();
        let one =
            |v: &Value| format!("{} {} {} {} {}", v["id"], v["datasets"], v["added"], v["replaced"], v["removed"]);
        all.iter().map(one).collect()
    };
    let dark = r#""dark" ["lamps"] 0 1 1"#.to_owned();
    assert_eq!(listed("").as_slice(), std::slice::from_ref(&dark), "a camera is not for everybody");
    assert_eq!(listed(&viewer), [dark, r#""watched" ["new"] 1 0 0"#.to_owned()]);
    // Who may not see what a variant changes is not told that there is one.
    let (status, problem) = server.get("/collections/assets/items?variant=watched");
    assert!(status == 404 && problem["detail"].to_string().contains("the variants are dark"), "{problem}");
    let (status, page) = send(&server, "GET", "/collections/cameras/items?variant=watched", &viewer, b"");
    assert_eq!((status, &page["numberMatched"]), (200, &json!(2)), "{page}");
    assert_eq!(server.get("/collections/cameras/items?variant=dark").0, 401);
    // A dataset that only the variant has is a collection there.
    let of_new = |query: &str| send(&server, "GET", &format!("/collections/new/items{query}"), &viewer, b"").0;
    assert_eq!((of_new("?variant=watched"), of_new("?variant=dark"), of_new("")), (200, 404, 404));
    let ids = |query: &str| items(&server, "devices", query).into_keys().collect::<Vec<_>>();
    assert_eq!((ids(""), ids("variant=dark")), (vec!["L1".into(), "L2".into()], vec!["L2".to_owned()]));
    assert_eq!(server.get("/collections/lamps/items/L2?variant=dark").1["properties"]["name"], "灯二号");
    assert_eq!(server.get("/collections/lamps/items/L1?variant=dark").0, 404);

    for (path, status, word) in [
        ("/collections/assets/items?variant=none", 404, "the variants are dark"),
        ("/collections/assets/items/L1?variant=none", 404, "variant"),
        ("/3dtiles/tileset.json?variant=none", 404, "the variants are dark"),
        ("/collections/devices/3dtiles/tileset.json?variant=none", 404, "the variants are dark"),
        ("/3dtiles/320106003001/tileset.json?variant=a%2Fb", 400, "variant"),
        ("/3dtiles/tileset.json?variant=dark&datetime=2026-01-01T00:00:00Z", 400, "variant"),
        ("/collections/assets/items?variant=dark&datetime=2026-01-01T00:00:00Z", 400, "variant"),
        ("/collections/assets/items/L1?variant=dark&datetime=2026-01-01T00:00:00Z", 400, "variant"),
        ("/collections/assets/diff?variant=dark&to=2026-01-01T00:00:00Z", 400, "to"),
        ("/collections/assets/diff?variant=none", 404, "the variants are dark"),
        ("/views?bbox=118.77,32.03,118.79,32.05&variant=none", 404, "the variants are dark"),
        ("/views/pick?bbox=118.77,32.03,118.79,32.05&x=1&y=1&variant=a.b", 400, "variant"),
        ("/search?q=L&variant=dark", 400, "variant"),
    ] {
        let (answered, problem) = server.get(path);
        assert!(answered == status && problem.to_string().contains(word), "{path}: {answered} {problem}");
    }

    // Nor when something changed that they may not see.
    let changed = |key: &str| send(&server, "GET", "/variants", key, b"").1["variants"][0]["changed"].clone();
    let before = changed("");
    assert_eq!(changed(&viewer), before);
    let then = now();
    import(&server, &integrator, "name=cameras.csv&variant=dark", CAMERAS.replace("相机", "相机二").as_bytes());
    assert_eq!((changed(""), listed("")[0].as_str()), (before, r#""dark" ["lamps"] 0 1 1"#));
    assert!(changed(&viewer).as_str().unwrap() > then.as_str(), "{}", changed(&viewer));

    let delete = |path: &str, key: &str| send(&server, "DELETE", path, key, b"").0;
    assert_eq!((delete("/variants/dark", ""), delete("/variants/dark", &viewer)), (401, 403));
    assert_eq!((delete("/variants/none", &integrator), delete("/variants/a.b", &integrator)), (404, 400));
    assert_eq!(send(&server, "DELETE", "/variants/dark", &integrator, b""), (200, json!({ "removed": 1 })));
    assert_eq!((delete("/variants/dark", &integrator), listed("")), (404, Vec::new()));
    assert_eq!(server.get("/collections/assets/items?variant=dark").0, 404);
    assert_eq!(ids(""), ["L1", "L2"]);
    server.kill();
    let server = Server::start(&store, &[]);
    assert_eq!(server.get("/variants").1, json!({ "variants": [] }));
    let (_, all) = send(&server, "GET", "/variants", &viewer, b"");
    assert_eq!(all["variants"].as_array().unwrap().len(), 1, "{all}");
}

/// Houses in rows of 40, of a height each.
fn houses(height: u32) -> String {
    let house = |k: u32| {
        let (x, y) = (118.781 + f64::from(k % 40) * 4e-4, 32.041 + f64::from(k / 40) * 4e-4);
        let ring = [(0.0, 0.0), (1e-4, 0.0), (1e-4, 1e-4), (0.0, 0.0)].map(|(u, v)| [x + u, y + v]);
        let height = if k == 7 { height } else { 6 };
        json!({ "type": "Feature", "id": format!("h{k}"), "properties": { "height": height },
            "geometry": { "type": "Polygon", "coordinates": [ring] } })
    };
    json!({ "type": "FeatureCollection", "features": (0..1600).map(house).collect::<Vec<_>>() }).to_string()
}

#[test]
fn a_variant_is_told_by_subtrees_too() {
    let dir = tempfile::tempdir().unwrap();
    let served = |name: &str| {
        let store = dir.path().join(name);
        let integrator = key(&store, "integrator");
        (Server::start(&store, &[]), integrator)
    };
    let query = "name=houses.geojson&class=building&origin=118.78,32.04,12";
    let [(server, integrator), (straight, other)] = [served("a"), served("b")];
    import(&server, &integrator, query, houses(6).as_bytes());
    let report = import(&server, &integrator, &format!("{query}&variant=high"), houses(60).as_bytes());
    assert_eq!((&report["replaced"], &report["unchanged"]), (&json!(1), &json!(1599)), "{report}");
    import(&straight, &other, query, houses(60).as_bytes());
    // The root's templates, and what is at the first places of its tiling.
    let first = |server: &Server, more: &str| {
        let path = format!("/collections/buildings/3dtiles/tileset.json?tiling=implicit{more}");
        let text = server.get(&path).1.to_string();
        let all: Vec<String> = text.split('"').filter(|s| s.contains("{level}")).map(str::to_owned).collect();
        assert!(!all.is_empty(), "{text}");
        all.iter()
            .map(|uri| {
                let at = uri.replace("{level}", "0").replace("{x}", "0").replace("{y}", "0");
                let (status, headers, bytes) = server.get_bytes(&format!("/collections/buildings/3dtiles/{at}"), &[]);
                assert_eq!(status, 200, "{at}");
                (uri.replace("?variant=high", ""), headers["etag"].clone(), bytes)
            })
            .collect::<Vec<_>>()
    };
    let high = first(&server, "&variant=high");
    assert!(high == first(&straight, "") && high != first(&server, ""));
}
