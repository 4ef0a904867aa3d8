//! `/collections/{c}/diff` over two imports of one dataset.

use crate::support::{Server, key};
use serde_json::{Value, json};

fn houses(all: &[(&str, f64, u32)]) -> String {
    let one = |(id, x, height): &(&str, f64, u32)| {
        let ring: Vec<Value> = [(0.0, 0.0), (2e-4, 0.0), (2e-4, 2e-4), (0.0, 2e-4), (0.0, 0.0)]
            .map(|(dx, dy)| json!([118.78 + x * 1e-3 + dx, 32.04 + dy]))
            .to_vec();
        json!({ "type": "Feature", "id": id, "properties": { "height": height },
            "geometry": { "type": "Polygon", "coordinates": [ring] } })
    };
    json!({ "type": "FeatureCollection", "features": all.iter().map(one).collect::<Vec<_>>() }).to_string()
}

fn import(server: &Server, key: &str, body: &str) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = format!("{}/imports?name=houses.geojson&site=320106003001&origin=118.78,32.04,12", server.base);
    let mut answer = agent.post(url).header("X-API-Key", key).send(body).unwrap();
    assert_eq!(answer.status().as_u16(), 201, "{}", answer.body_mut().read_to_string().unwrap());
}

#[test]
fn two_imports_are_told_apart_by_exact_counts_and_pages() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let now = || {
        std::thread::sleep(std::time::Duration::from_millis(30));
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        cimbra::units::Instant(since.as_millis() as i64).to_string()
    };
    let before = now();
    import(&server, &integrator, &houses(&[("same", 0.0, 5), ("grows", 1.0, 5), ("goes", 2.0, 5)]));
    let between = now();
    import(&server, &integrator, &houses(&[("same", 0.0, 5), ("grows", 1.0, 7), ("comes", 3.0, 5), ("also", 4.0, 5)]));
    let after = now();
    let ask = |query: &str| server.get(&format!("/collections/buildings/diff?{query}"));
    let counts = |of: &Value| {
        ["added", "removed", "changed", "unchanged", "numberMatched"].map(|name| of[name].as_u64().unwrap())
    };
    let (status, whole) = ask(&format!("from={between}"));
    assert_eq!((status, counts(&whole)), (200, [2, 1, 1, 1, 4]), "{whole}");
    assert_eq!(whole["from"], between);
    let told = |of: &Value| -> Vec<(String, Value)> {
        let changes = of["changes"].as_array().unwrap().iter();
        changes.map(|c| (c["id"].as_str().unwrap().to_owned(), c["change"].clone())).collect()
    };
    let mut all = told(&whole);
    let listed = all.clone();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [("also", json!(["added"])), ("comes", json!(["added"])), ("goes", json!(["removed"]))];
    for (id, change) in expected {
        assert!(all.contains(&(id.to_owned(), change)), "{id}: {all:?}");
    }
    assert!(all.iter().any(|(id, change)| id == "grows" && change.as_array().unwrap().contains(&json!("reshaped"))));
    assert!(whole["changes"].as_array().unwrap().iter().all(|c| c["site"] == "320106003001"));
    for limit in 1..=5 {
        let (mut path, mut paged) = (format!("/collections/buildings/diff?from={between}&limit={limit}"), Vec::new());
        loop {
            let page = server.get(&path).1;
            assert_eq!(counts(&page), [2, 1, 1, 1, 4], "{page}");
            paged.extend(told(&page));
            let Some(next) = page["links"][0]["href"].as_str() else { break };
            assert!(next.contains("&to="), "what comes meanwhile is not in the next page: {next}");
            path = next.strip_prefix(&server.base).unwrap().to_owned();
        }
        assert_eq!(paged, listed, "{limit}");
    }
    assert_eq!(counts(&ask(&format!("from={before}&to={between}")).1), [3, 0, 0, 0, 3]);
    assert_eq!(counts(&ask(&format!("from={after}")).1), [0, 0, 0, 4, 0]);
    assert_eq!(counts(&server.get(&format!("/collections/houses/diff?from={between}")).1), [2, 1, 1, 1, 4]);
    assert_eq!(counts(&server.get(&format!("/collections/devices/diff?from={between}")).1), [0; 5]);
    assert_eq!(server.get(&format!("/collections/cameras/diff?from={between}")).0, 401);
    for (query, name) in [
        (String::new(), "from"),
        ("from=monday".to_owned(), "from"),
        (format!("from={after}&to={before}"), "from"),
        (format!("from={before}&to=x"), "to"),
        (format!("from={before}&cursor=x"), "cursor"),
    ] {
        let (status, problem) = ask(&query);
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{query}: {problem}");
    }
}
