//! Vector tiles over HTTP: what OGC API Tiles says must be told, what is refused, entity tags, rights, other times. What is in a
//! tile is judged by other people's readers in `browser::flat`.

use crate::support::{Server, Town, key, run, town};
use serde_json::{Value, json};

const SET: &str = "WebMercatorQuad";

fn links<'a>(body: &'a Value, rel: &str) -> Vec<&'a str> {
    let all = body["links"].as_array().unwrap().iter();
    let meant = all.filter(|link| link["rel"].as_str().unwrap().rsplit('/').next() == Some(rel));
    meant.map(|link| link["href"].as_str().unwrap()).collect()
}

fn follow(server: &Server, href: &str) -> Value {
    let (status, body) = server.get(href.strip_prefix(&server.base).unwrap());
    assert_eq!(status, 200, "{href}: {body}");
    body
}

/// A tile in which the whole small city lies.
fn whole(path: &str) -> String {
    format!("{path}/tiles/{SET}/12/1662/3399")
}

fn bytes(town: &Town, path: &str, key: Option<&str>) -> Vec<u8> {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
    let (status, headers, body) = town.server.get_bytes(path, &headers);
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    assert_eq!(headers["content-type"], "application/vnd.mapbox-vector-tile", "{path}");
    body
}

fn holds(tile: &[u8], text: &str) -> bool {
    tile.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn from_the_landing_page_links_lead_to_every_tile() {
    let town = town(&[]);
    let server = &town.server;
    let landing = server.get("/").1;
    let conformance = server.get("/conformance").1.to_string();
    for class in ["core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "mvt"] {
        assert!(conformance.contains(&format!("ogcapi-tiles-1/1.0/conf/{class}\"")), "{class}");
    }
    let sets = follow(server, links(&landing, "tiling-schemes")[0]);
    let set = follow(server, links(&sets["tileMatrixSets"][0], "self")[0]);
    assert_eq!((&set["id"], set["tileMatrices"].as_array().unwrap().len()), (&json!(SET), 25));
    let mut lists = vec![follow(server, links(&landing, "tilesets-vector")[0])];
    for collection in server.get("/collections").1["collections"].as_array().unwrap() {
        lists.push(follow(server, links(collection, "tilesets-vector")[0]));
    }
    assert!(lists.len() > 10);
    for list in lists {
        let item = &list["tilesets"][0];
        assert_eq!((&item["dataType"], links(item, "tiling-scheme").len()), (&json!("vector"), 1));
        let tileset = follow(server, links(item, "self")[0]);
        let tilejson = follow(server, links(&tileset, "alternate")[0]);
        let style = follow(server, links(&tileset, "describedby")[0]);
        assert!(style["sources"]["cimbra"]["url"].as_str().unwrap().ends_with("?f=tilejson"), "{style}");
        let level = tileset["tileMatrixSetLimits"].as_array().unwrap().iter().find(|l| l["tileMatrix"] == "12");
        let Some(level) = level else { continue };
        let (row, col) = (level["minTileRow"].to_string(), level["minTileCol"].to_string());
        let template = links(&tileset, "item")[0];
        let tile = template.replace("{tileMatrix}", "12").replace("{tileRow}", &row).replace("{tileCol}", &col);
        let same = tilejson["tiles"][0].as_str().unwrap();
        assert_eq!(same.replace("{z}", "12").replace("{y}", &row).replace("{x}", &col), tile);
        assert!(!bytes(&town, tile.strip_prefix(&server.base).unwrap(), None).is_empty(), "{tile}");
    }
}

#[test]
fn what_is_no_tile_is_refused_by_name() {
    let town = town(&[]);
    let buildings = format!("/collections/buildings/tiles/{SET}");
    for (path, status, name) in [
        (format!("/tiles/{SET}/25/0/0"), 404, Some("tile")),
        (format!("/tiles/{SET}/2/4/0"), 404, Some("tile")),
        (format!("/tiles/{SET}/2/0/x"), 404, Some("tile")),
        ("/tiles/WorldCRS84Quad".to_owned(), 404, Some("tileMatrixSetId")),
        ("/tileMatrixSets/nothing".to_owned(), 404, Some("tileMatrixSetId")),
        (format!("/collections/nothing/tiles/{SET}/0/0/0"), 404, Some("collectionId")),
        (format!("/collections/cameras/tiles/{SET}/0/0/0"), 401, None),
        ("/collections/cameras/tiles/style.json".to_owned(), 401, None),
        (format!("{buildings}/0/0/0?f=png"), 400, Some("f")),
        (format!("{buildings}/0/0/0?nonsense=1"), 400, Some("nonsense")),
        (format!("{buildings}/0/0/0?resolution=3"), 400, Some("resolution")),
        (format!("{buildings}/0/0/0?property=height"), 400, Some("property")),
        (format!("{buildings}/0/0/0?aggregate=h3&resolution=16"), 400, Some("resolution")),
        (format!("{buildings}/0/0/0?aggregate=h3&properties=a"), 400, Some("properties")),
        (format!("{buildings}/0/0/0?aggregate=h3&property=state.smoke&datetime=2026-01-01"), 400, Some("property")),
        (format!("/tiles/{SET}/0/0/0?collections=buildings,cameras"), 400, Some("collections")),
    ] {
        let (found, problem) = town.server.get(&path);
        assert_eq!((found, problem["status"].as_u64()), (status, Some(status.into())), "{path}: {problem}");
        assert_eq!(problem["errors"][0]["name"].as_str(), name, "{path}: {problem}");
    }
    assert!(bytes(&town, &format!("{buildings}/12/0/0"), None).is_empty(), "nothing is there, which is no error");
}

#[test]
fn a_tile_is_not_sent_twice_and_says_the_revision() {
    let town = town(&[]);
    let path = whole("/collections/buildings");
    let (_, headers, first) = town.server.get_bytes(&path, &[]);
    assert!(!first.is_empty() && headers.contains_key("cimbra-revision"));
    let (status, _, again) = town.server.get_bytes(&path, &[("If-None-Match", headers["etag"].to_str().unwrap())]);
    assert_eq!((status, again.len()), (304, 0));
    let (_, other, _) = town.server.get_bytes(&whole("/collections/devices"), &[]);
    assert_ne!(headers["etag"], other["etag"]);
}

#[test]
fn cameras_and_what_is_personal_are_in_the_tiles_of_those_who_may_see_them_only() {
    let town = town(&[]);
    let camera = "camera";
    for path in ["", "/collections/assets"] {
        // Who may see them asks first, so that a tile kept for one would be given to the other.
        let own = bytes(&town, &whole(path), Some(&town.operator));
        let open = bytes(&town, &whole(path), None);
        assert!(holds(&own, camera) && !holds(&open, camera), "{path}");
        assert!(holds(&open, "smoke_detector"), "{path}");
    }
    let (_, headers, _) = town.server.get_bytes(&whole(""), &[("Authorization", &format!("Bearer {}", town.operator))]);
    assert!(headers["cache-control"].to_str().unwrap().contains("private"), "not for shared caches");
    // How to reach who answers for a grid is personal: as an attribute, and as a number to sum up.
    let ring = json!([[[118.78, 32.04], [118.7802, 32.04], [118.7802, 32.0402], [118.78, 32.04]]]);
    let grid = json!({ "type": "Feature", "id": "g9", "geometry": { "type": "Polygon", "coordinates": ring },
        "properties": { "class": "grid", "owner": "a post", "owner_phone": 13_812_345_678_u64 } });
    let file = json!({ "type": "FeatureCollection", "features": [grid] });
    let (status, report) = town.server.post("/imports?name=g.geojson", Some(&town.integrator), &file);
    assert_eq!(status, 201, "{report}");
    let grids = whole("/collections/grids");
    let asked = |query: &str, key: Option<&str>| bytes(&town, &format!("{grids}?{query}"), key);
    let (own, open) = (asked("", Some(&town.operator)), asked("", None));
    assert!(holds(&own, "owner_phone") && holds(&open, "a post") && !holds(&open, "owner_phone"));
    assert!(!holds(&asked("properties=owner_phone", None), "owner_phone"));
    let sum = "aggregate=h3&property=owner_phone";
    assert!(holds(&asked(sum, Some(&town.operator)), "mean") && !holds(&asked(sum, None), "mean"));
}

#[test]
fn a_tile_is_narrowed_by_property_and_by_time() {
    let town = town(&[]);
    let devices = whole("/collections/devices");
    let narrowed = bytes(&town, &format!("{devices}?class=smoke_detector"), None);
    assert!(holds(&narrowed, "smoke_detector") && !holds(&narrowed, "hydrant"));
    assert!(holds(&bytes(&town, &devices, None), "hydrant"));
    let past = bytes(&town, &format!("{devices}?datetime=2000-01-01T00:00:00Z"), None);
    assert!(past.is_empty(), "there was nothing then");
    let ever = bytes(&town, &format!("{devices}?datetime=2000-01-01T00:00:00Z/.."), None);
    assert!(holds(&ever, "hydrant"));
    let bare = bytes(&town, &format!("{devices}?properties=serial"), None);
    assert!(!holds(&bare, "datastreams") && holds(&bytes(&town, &devices, None), "datastreams"));
    let some = bytes(&town, &format!("/tiles/{SET}/12/1662/3399?collections=grids"), None);
    assert!(holds(&some, "grids") && !holds(&some, "buildings"));
}

#[test]
fn several_sites_are_one_map_and_a_change_is_seen_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("two.geojson"));
    let house = |id: &str, lon: f64| {
        let ring = [[lon, 32.0], [lon + 0.0002, 32.0], [lon + 0.0002, 32.0002], [lon, 32.0002], [lon, 32.0]];
        let geometry = json!({ "type": "Polygon", "coordinates": [ring] });
        let feature = json!({ "type": "Feature", "id": id, "properties": { "height": 20 }, "geometry": geometry });
        json!({ "type": "FeatureCollection", "features": [feature] })
    };
    for (site, lon) in [("320106003001", 118.78), ("320106003002", 119.98)] {
        std::fs::write(&file, house(&format!("house-{site}"), lon).to_string()).unwrap();
        let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
        let output = run(&["import", file, "--site", site, "--dataset", "houses", "--store", store]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let key = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let asked = |tile: &str| server.get_bytes(&format!("/collections/houses/tiles/{SET}/{tile}"), &[]);
    let (west, east) = ("10/415/849", "10/415/853");
    let (_, _, both) = asked("6/25/53");
    assert!(holds(&both, "house-320106003001") && holds(&both, "house-320106003002"));
    let (_, _, one) = asked(west);
    assert!(holds(&one, "house-320106003001") && !holds(&one, "house-320106003002"));
    let tag = |tile: &str| asked(tile).1["etag"].to_str().unwrap().to_owned();
    let before = [tag(west), tag(east)];
    let path = "/imports?name=more.geojson&site=320106003002&origin=119.98,32,12";
    let (status, report) = server.post(path, Some(&key), &house("new-house", 119.981));
    assert_eq!(status, 201, "{report}");
    assert_eq!((tag(west) == before[0], tag(east) == before[1]), (true, true), "it is of another dataset");
    let (_, headers, all) = server.get_bytes(&format!("/tiles/{SET}/{east}"), &[]);
    assert!(holds(&all, "new-house") && holds(&all, "house-320106003002"));
    let mut changed = house("house-320106003002", 119.98);
    changed["features"][0]["properties"]["height"] = json!(33);
    let path = "/imports?name=houses.geojson&site=320106003002&dataset=houses";
    assert_eq!(server.post(path, Some(&key), &changed).0, 201);
    assert!(tag(west) == before[0] && tag(east) != before[1], "only what changed is another");
    let (_, again, _) = server.get_bytes(&format!("/tiles/{SET}/{east}"), &[]);
    assert_ne!(headers["etag"], again["etag"]);
}
