//! From a real broker to alarms on a real stream, and what SensorThings says of it.

use super::served::{Broker, House, Stream, all, datastream, until};
use serde_json::{Value, json};

#[test]
fn a_reading_over_mqtt_raises_updates_and_clears_an_alarm_that_a_stream_sees() {
    let (mut broker, house) = (Broker::start(), House::new(2));
    let server = house.serve(&["--mqtt", &broker.url()]);
    until("connected", || metric(&server, &house, "mqtt_connections_total") >= 1);
    let mut stream = Stream::open(&server, "", None);
    assert_eq!(stream.next()["type"], "snapshot");
    let at = |s: u32| format!("2026-01-01T02:13:{s:02}Z");
    broker.send("SD-0", "smoke", &at(0), 0.01);
    let state = stream.next_of("state");
    assert_eq!((&state["asset"], &state["state"]["smoke"]["value"]), (&json!("SD-0"), &json!(0.01)));
    broker.send("SD-0", "smoke", &at(1), 0.2);
    let raised = stream.next_of("alarm");
    let alarm = &raised["alarm"];
    assert_eq!(
        (&alarm["state"], &alarm["severity"], &alarm["device"]),
        (&json!("raised"), &json!("critical"), &json!("SD-0"))
    );
    assert_eq!((&alarm["asset"], &alarm["phenomenonTime"]), (&json!("B-12A-厨"), &json!("2026-01-01T02:13:01.000Z")));
    assert_eq!(raised["context"]["ancestors"], json!(["B-12A-厨", "B-12A", "B"]));
    assert_eq!(raised["context"]["path"][0], json!({ "id": "B", "name": "B 名", "class": "building" }));
    let id = alarm["id"].as_u64().unwrap();
    let marked = |asset: &str| server.get("/state/assets").1["features"][asset]["alarm"].clone();
    for asset in ["SD-0", "B-12A-厨", "B-12A", "B"] {
        assert_eq!(marked(asset), json!({ "id": id, "severity": "critical", "state": "raised" }), "{asset}");
    }
    let item = server.get("/collections/devices/items/SD-0").1;
    assert_eq!(item["properties"]["state"]["smoke"]["value"], 0.2);
    assert_eq!(item["properties"]["alarm"]["severity"], "critical");
    let since = raised["seq"].as_u64().unwrap();

    broker.send("SD-0", "smoke", &at(2), 0.21);
    broker.send("SD-0", "smoke", &at(3), 0.4);
    let updated = stream.next_of("alarm");
    assert_eq!((&updated["alarm"]["state"], &updated["alarm"]["value"]), (&json!("updated"), &json!(0.4)));
    let path = format!("/alarms/{id}/acknowledge");
    assert_eq!(server.post(&path, Some(&house.integrator), &json!({})).0, 403);
    let (status, seen) = server.post(&path, Some(&house.operator), &json!({}));
    assert_eq!((status, &seen["acknowledged"], &seen["state"]), (200, &json!(true), &json!("acknowledged")));
    assert_eq!(stream.next_of("alarm")["alarm"]["state"], "acknowledged");
    let (_, noted) = server.post(&format!("/alarms/{id}/comment"), Some(&house.operator), &json!({ "text": "已派人" }));
    assert_eq!(noted["comments"][0]["text"], "已派人");
    assert_eq!(stream.next_of("alarm")["alarm"]["comments"][0]["text"], "已派人");

    // The broker goes away and comes back without its sessions.
    broker.restart();
    until("connected again", || metric(&server, &house, "mqtt_connections_total") >= 2);
    broker.send("SD-0", "smoke", &at(4), 0.01);
    let cleared = stream.next_of("alarm");
    assert_eq!((&cleared["alarm"]["state"], &cleared["alarm"]["id"]), (&json!("cleared"), &json!(id)));
    assert_eq!(marked("B"), Value::Null);
    assert_eq!(server.get("/alarms").1["alarms"], json!([]));
    let past = server.get("/alarms?state=cleared").1;
    assert_eq!((&past["alarms"][0]["id"], &past["alarms"][0]["acknowledged"]), (&json!(id), &json!(true)));
    let delta = server.get(&format!("/state/assets?since={since}")).1;
    assert_eq!(delta["features"]["B"]["alarm"], Value::Null);
    assert!(delta["features"]["B"].as_object().unwrap().contains_key("alarm"), "an alarm that is over is told as null");
    assert_eq!(delta["features"]["SD-0"]["smoke"]["value"], 0.01);

    // What is not bound to a device reaches nothing.
    broker.send("SD-99", "smoke", &at(5), 0.9);
    broker.send("SD-1", "radon", &at(5), 0.9);
    broker.publish(&[("SD-1".to_owned(), b"{\"observations\":".to_vec()), ("SD-1".to_owned(), vec![b' '; 300 << 10])]);
    until("counted", || metric(&server, &house, "mqtt_malformed_total") == 2);
    assert_eq!(metric(&server, &house, "readings_unknown_device_total"), 1);
    assert_eq!(metric(&server, &house, "readings_unknown_property_total"), 1);
    assert_eq!(server.get("/sta/v1.1/Things?$count=true").1["@iot.count"], 2);
}

fn metric(server: &crate::support::Server, house: &House, name: &str) -> u64 {
    let bearer = format!("Bearer {}", house.operator);
    let text = String::from_utf8(server.get_bytes("/metrics", &[("Authorization", &bearer)]).2).unwrap();
    let line = text.lines().find_map(|l| l.strip_prefix(&format!("cimbra_{name} "))).unwrap();
    line.parse().unwrap()
}

#[test]
fn a_stream_that_was_cut_goes_on_where_it_stopped_and_across_a_restart_begins_anew() {
    let house = House::new(3);
    let server = house.serve(&[]);
    let ids: Vec<u64> = (0..3).map(|d| datastream(&server, &format!("SD-{d}"), "smoke")).collect();
    let send = |server: &crate::support::Server, d: usize, n: u32, value: f64| {
        let time = format!("2026-01-01T00:{:02}:{:02}Z", n / 60, n % 60);
        let body = json!({ "result": value, "phenomenonTime": time });
        let (status, _) =
            server.post(&format!("/sta/v1.1/Datastreams({})/Observations", ids[d]), Some(&house.integrator), &body);
        assert_eq!(status, 201);
    };
    let mut stream = Stream::open(&server, "", None);
    let start = stream.next()["seq"].as_u64().unwrap();
    let (mut seqs, mut sent) = (Vec::new(), 0u64);
    // Cut after every few events, with readings and alarms going on meanwhile.
    for round in 0..12u32 {
        for k in 0..5u32 {
            let value = if (round + k) % 3 == 0 { 0.3 } else { 0.01 };
            send(&server, (k % 3) as usize, round * 5 + k, value);
            sent += 1;
        }
        for _ in 0..(round % 4) {
            seqs.push(stream.next()["seq"].as_u64().unwrap());
        }
        let last = stream.last.clone();
        drop(stream);
        stream = Stream::open(&server, "", Some(&last));
    }
    let (_, now) = server.get("/state/assets");
    let head = now["seq"].as_u64().unwrap();
    while seqs.len() < (head - start) as usize {
        seqs.push(stream.next()["seq"].as_u64().unwrap());
    }
    assert!(head - start > sent, "readings and alarms");
    seqs.sort_unstable();
    assert_eq!(seqs, (start + 1..=head).collect::<Vec<_>>(), "each change once");
    let last = stream.last.clone();
    server.kill();
    let server = house.serve(&[]);
    let mut stream = Stream::open(&server, "", Some(&last));
    let begun = stream.next();
    assert_eq!(begun["type"], "snapshot");
    assert!(begun["seq"].as_u64().unwrap() >= head, "numbers only grow");
    assert_eq!(begun["features"], now["features"], "a restart loses nothing of the state");
    send(&server, 0, 3_000, 0.02);
    assert!(stream.next()["seq"].as_u64().unwrap() > begun["seq"].as_u64().unwrap());
    let wrong = server.get_bytes("/live", &[("Last-Event-ID", "yesterday")]);
    assert_eq!(wrong.0, 400);
    assert_eq!(server.get("/live?layers=nothing").0, 400);
}

#[test]
fn a_stream_names_the_tiles_that_a_commit_changed() {
    let house = House::new(2);
    let server = house.serve(&[]);
    let site = server.get("/3dtiles/tileset.json").1["root"]["children"][0]["content"]["uri"].clone();
    let tileset = format!("3dtiles/{}", site.as_str().unwrap());
    let named = || -> Vec<String> {
        let text = String::from_utf8(server.get_bytes(&format!("/{tileset}"), &[]).2).unwrap();
        text.split('"').filter(|s| s.ends_with(".glb") || s.len() == 37).map(str::to_owned).collect()
    };
    let mut stream = Stream::open(&server, "?tiles=true", None);
    assert_eq!(stream.next()["type"], "snapshot");
    let send = |height: u32, lon: f64| {
        let ring =
            json!([[[lon, 32.04], [lon + 0.0001, 32.04], [lon + 0.0001, 32.0401], [lon, 32.0401], [lon, 32.04]]]);
        let feature = json!({ "type": "Feature", "id": "shed", "properties": { "class": "building", "height": height },
            "geometry": { "type": "Polygon", "coordinates": ring } });
        let file = json!({ "type": "FeatureCollection", "features": [feature] });
        let answer = server.post("/imports?name=shed.geojson&height-offset=0", Some(&house.integrator), &file);
        assert_eq!(answer.0, 201, "{}", answer.1);
    };
    let list = |told: &Value, what: &str| -> Vec<String> {
        told[what].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let mut last: Vec<String> = named();
    for height in [5, 7] {
        send(height, 118.78);
        assert_eq!(stream.next_of("assets")["type"], "assets");
        let told = stream.next_of("tiles");
        assert_eq!(told["tileset"], json!(tileset));
        let now = named();
        assert!(now.iter().filter(|n| !last.contains(n)).all(|n| list(&told, "come").contains(n)), "{told}");
        assert!(last.iter().filter(|n| !now.contains(n)).all(|n| list(&told, "gone").contains(n)), "{told}");
        assert!(!list(&told, "come").is_empty());
        // Whoever has not been told yet still gets what the tileset before named.
        let folder = tileset.strip_suffix("tileset.json").unwrap();
        for name in &last {
            assert_eq!(server.get_bytes(&format!("/{folder}{name}"), &[]).0, 200, "{name}");
        }
        last = now;
    }
    // Who goes on after a break has drawn anything before it: nothing is named.
    let before = stream.last.clone();
    send(9, 118.78);
    assert!(!list(&stream.next_of("tiles"), "come").is_empty());
    let mut again = Stream::open(&server, "?tiles=true", Some(&before));
    let told = again.next_of("tiles");
    assert!(told.get("come").is_none() && told.get("gone").is_none(), "{told}");
    send(7, 118.78);
    assert!(!list(&again.next_of("tiles"), "come").is_empty() && !list(&stream.next_of("tiles"), "gone").is_empty());
    // The same file again is a commit that draws nothing else.
    send(7, 118.78);
    let told = stream.next_of("tiles");
    assert_eq!((list(&told, "gone"), list(&told, "come")), (vec![], vec![]), "{told}");
}

#[test]
fn pages_of_sensorthings_are_what_was_sent_in_every_order() {
    let house = House::new(2);
    let server = house.serve(&[]);
    let ids = [datastream(&server, "SD-0", "temperature"), datastream(&server, "SD-1", "temperature")];
    // (number, time, value, stream) as the test's own list; times go back and forth.
    let rows: Vec<(u64, i64, f64)> = (0..60u64).map(|n| (n, ((n * 37) % 61) as i64, ((n * 13) % 17) as f64)).collect();
    let data = |stream: usize| -> Vec<Value> {
        let mine = rows.iter().filter(|(n, ..)| (*n % 2) as usize == stream);
        mine.map(|(_, t, v)| json!([format!("2026-01-01T00:{:02}:{:02}Z", t / 60, t % 60), v])).collect()
    };
    let with_junk = [data(1), vec![json!(["soon", 1])]].concat();
    let body = json!([
        { "Datastream": { "@iot.id": ids[0] }, "components": ["phenomenonTime", "result"], "dataArray": data(0) },
        { "Datastream": { "@iot.id": ids[1] }, "components": ["phenomenonTime", "result"],
          "dataArray@iot.count": 31, "dataArray": with_junk },
        { "Datastream": { "@iot.id": 999 }, "components": ["result"], "dataArray": [[1]] },
    ]);
    let (status, links) = server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &body);
    assert_eq!(status, 201);
    let links = links.as_array().unwrap();
    assert_eq!((links.len(), &links[60], &links[61]), (62, &json!("error"), &json!("error")));
    let one = server.get(links[7].as_str().unwrap().strip_prefix(&server.base).unwrap()).1;
    assert_eq!(one["@iot.selfLink"], links[7]);

    let mut expected: Vec<(i64, f64)> = rows.iter().filter(|(n, ..)| n % 2 == 0).map(|(_, t, v)| (*t, *v)).collect();
    let sent = expected.clone();
    expected.sort_by_key(|(t, _)| *t);
    let seconds = |o: &Value| {
        let text = o["phenomenonTime"].as_str().unwrap();
        text[14..16].parse::<i64>().unwrap() * 60 + text[17..19].parse::<i64>().unwrap()
    };
    let got = |query: &str| -> Vec<(i64, f64)> {
        let all = all(&server, &format!("/sta/v1.1/Datastreams({})/Observations{query}", ids[0]));
        all.iter().map(|o| (seconds(o), o["result"].as_f64().unwrap())).collect()
    };
    for top in [1, 4, 7, 29, 30, 31] {
        assert_eq!(got(&format!("?$top={top}")), expected, "$top={top}");
        let back: Vec<_> = expected.iter().rev().copied().collect();
        assert_eq!(got(&format!("?$top={top}&$orderby=phenomenonTime%20desc")), back);
        assert_eq!(got(&format!("?$top={top}&$skip=5")), expected[5..]);
        assert_eq!(got(&format!("?$orderby=id&$top={top}")), sent);
        let by_value = got(&format!("?$orderby=result%20desc&$top={top}"));
        assert!(by_value.windows(2).all(|w| w[0].1 >= w[1].1) && by_value.len() == 30);
    }
    let page =
        server.get(&format!("/sta/v1.1/Datastreams({})/Observations?$top=2&$count=true&$select=result,id", ids[0])).1;
    assert_eq!(page["@iot.count"], 30);
    let first = page["value"][0].as_object().unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["@iot.id", "result"]);
    assert!(
        page["@iot.nextLink"].as_str().unwrap().contains("%24select=result%2Cid")
            || page["@iot.nextLink"].as_str().unwrap().contains("$select=result%2Cid")
    );
    // All observations, by number, both ways; a reading that comes later does not disturb a walk backwards.
    let every = all(&server, "/sta/v1.1/Observations?$top=9");
    let numbers: Vec<u64> = every.iter().map(|o| o["@iot.id"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    let back = server.get("/sta/v1.1/Observations?$top=9&$orderby=id%20desc&$count=true").1;
    assert_eq!((&back["value"][0]["@iot.id"], &back["@iot.count"]), (&json!(60), &json!(60)));
    let path = format!("/sta/v1.1/Datastreams({})/Observations", ids[0]);
    let late = json!({ "result": 99.0, "phenomenonTime": "2026-01-01T00:00:00.500Z" });
    let (status, made) = server.post(&path, Some(&house.integrator), &late);
    assert_eq!((status, &made["@iot.id"]), (201, &json!(61)));
    let again = server.post(&path, Some(&house.integrator), &late).1;
    assert_eq!(again["@iot.id"], 61, "sent twice, kept once");
    let next = back["@iot.nextLink"].as_str().unwrap().strip_prefix(&server.base).unwrap().to_owned();
    assert_eq!(server.get(&next).1["value"][0]["@iot.id"], 51);
    let stream = server.get(&format!("/sta/v1.1/Datastreams({})", ids[0])).1;
    assert_eq!(stream["properties"]["quality"]["duplicate"], 1);
    assert_eq!(stream["unitOfMeasurement"]["symbol"], "Cel");
    assert_eq!(stream["phenomenonTime"], "2026-01-01T00:00:00.000Z/2026-01-01T00:01:00.000Z");
    assert_eq!(server.get("/state/devices").1["features"]["SD-0"]["temperature"]["time"], "2026-01-01T00:01:00.000Z");
    let thing = server.get(&format!("/sta/v1.1/Datastreams({})/Thing", ids[0])).1;
    assert_eq!(thing["properties"]["device"], "SD-0");
}

#[test]
fn wrong_options_and_bodies_are_named() {
    let house = House::new(1);
    let server = house.serve(&[]);
    for (query, name) in [
        ("Things?$filter=id%20eq%201", "$filter"),
        ("Things?$expand=Datastreams", "$expand"),
        ("Things?$top=-1", "$top"),
        ("Things?$top=10001", "$top"),
        ("Things?$skip=x", "$skip"),
        ("Things?$count=yes", "$count"),
        ("Things?$orderby=colour", "$orderby"),
        ("Things?$orderby=id%20sideways", "$orderby"),
        ("Things?$select=colour", "$select"),
        ("Things(1)?$top=3", "$top"),
        ("Observations?$skiptoken=x", "$skiptoken"),
        ("Things?top=3", "top"),
    ] {
        let (status, problem) = server.get(&format!("/sta/v1.1/{query}"));
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{query}: {problem}");
    }
    for path in ["Things(7)", "Datastreams(0)", "Observations(1)", "Locations", "Things(1)/Sensors"] {
        assert_eq!(server.get(&format!("/sta/v1.1/{path}")).0, 404, "{path}");
    }
    let id = datastream(&server, "SD-0", "smoke");
    let path = format!("/sta/v1.1/Datastreams({id})/Observations");
    for (body, name) in [
        (json!({ "result": "hot" }), "result"),
        (json!({ "result": null }), "result"),
        (json!({ "result": 1, "phenomenonTime": "tomorrow" }), "phenomenonTime"),
        (json!({ "result": 1, "phenomenonTime": "2999-01-01T00:00:00Z" }), "phenomenonTime"),
        (json!({ "result": 1, "Datastream": { "@iot.id": 999 } }), "Datastream"),
    ] {
        let (status, problem) = server.post(&path, Some(&house.integrator), &body);
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{body}: {problem}");
    }
    assert_eq!(server.get(&path).1["value"], json!([]));
    assert_eq!(server.post("/sta/v1.1/Things", Some(&house.integrator), &json!({ "name": "x" })).0, 405);
    for (rule, name) in [
        (json!({ "id": "a b", "observedProperty": "smoke", "raiseAt": 1, "severity": "major" }), "id"),
        (json!({ "id": "x", "observedProperty": "smoke", "raiseAt": 1, "clearAt": 2, "severity": "major" }), "clearAt"),
        (json!({ "id": "x", "observedProperty": "smoke", "raiseAt": 1, "severity": "bad" }), "severity"),
        (json!({ "id": "x", "observedProperty": "smoke", "raiseAt": 1, "severity": "major", "class": "ufo" }), "class"),
    ] {
        let (status, problem) = server.post("/rules", Some(&house.operator), &rule);
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{rule}: {problem}");
    }
    let other = json!({ "id": "smoke", "observedProperty": "gas", "raiseAt": 1, "severity": "major" });
    assert_eq!(server.post("/rules", Some(&house.operator), &other).0, 409);
    let rule = json!({ "id": "warm", "observedProperty": "temperature", "class": "smoke_detector", "raiseAt": 30, "clearAt": 28, "severity": "minor" });
    assert_eq!(server.post("/rules", Some(&house.operator), &rule).0, 201);
    server.kill();
    let server = house.serve(&[]);
    assert_eq!(server.get("/rules/warm").1["severity"], "minor");
    let id = datastream(&server, "SD-0", "temperature");
    let body = json!({ "result": 31 });
    assert_eq!(
        server.post(&format!("/sta/v1.1/Datastreams({id})/Observations"), Some(&house.integrator), &body).0,
        201
    );
    assert_eq!(server.get("/alarms?severity=minor").1["alarms"][0]["rule"], "warm");
}

#[test]
fn times_that_are_sent_are_kept_or_refused_and_a_duplicate_is_shown_as_it_was() {
    let house = House::new(1);
    let server = house.serve(&[]);
    let id = datastream(&server, "SD-0", "temperature");
    let path = format!("/sta/v1.1/Datastreams({id})/Observations");
    let send = |body: Value| server.post(&path, Some(&house.integrator), &body);
    let (at, made) = ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:07.000Z");
    let (status, first) = send(json!({ "result": 20.5, "phenomenonTime": at, "resultTime": made }));
    assert_eq!((status, &first["phenomenonTime"], &first["resultTime"]), (201, &json!(at), &json!(made)), "{first}");
    let (status, again) = send(json!({ "result": 20.5, "phenomenonTime": at, "resultTime": "2026-01-01T00:00:09Z" }));
    assert_eq!((status, &again), (201, &first), "a duplicate is the observation that is there");
    assert_eq!(server.get(&path).1["value"], json!([first]));
    for (body, name) in [
        (json!({ "result": 1, "phenomenonTime": "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z" }), "phenomenonTime"),
        (json!({ "result": 1, "resultTime": "soon" }), "resultTime"),
        (json!({ "result": 1, "phenomenonTime": at, "resultTime": "2999-01-01T00:00:00Z" }), "resultTime"),
        (json!({ "result": 1, "phenomenonTime": "2999-01-01T00:00:00Z", "resultTime": made }), "phenomenonTime"),
        (json!({ "result": 1, "phenomenonTime": "2026-01-01T02:00:00Z", "resultTime": made }), "resultTime"),
    ] {
        let (status, problem) = send(body.clone());
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{body}: {problem}");
    }
    let arrays = json!([{ "Datastream": { "@iot.id": id }, "components": ["phenomenonTime", "resultTime", "result"],
        "dataArray": [["2026-01-01T00:01:00Z", "2026-01-01T00:01:05Z", 21.0], ["2026-01-01T00:01:00Z/2026-01-01T00:02:00Z", null, 22.0],
            ["2026-01-01T00:02:00Z", "2999-01-01T00:00:00Z", 23.0], ["2026-01-01T00:03:00Z", null, 24.0]] }]);
    let (status, links) = server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &arrays);
    assert_eq!((status, &links[1], &links[2]), (201, &json!("error"), &json!("error")), "{links}");
    let kept = server.get(links[0].as_str().unwrap().strip_prefix(&server.base).unwrap()).1;
    assert_eq!(kept["resultTime"], "2026-01-01T00:01:05.000Z");
    assert_ne!(links[3], "error");
    let mut one = house.dir.path().to_owned();
    one.push("cimbra.toml");
    server.kill();
    std::fs::write(&one, "[limits]\nobservations = 3\nsorted = 2\n").unwrap();
    let server = house.serve(&["--config", one.to_str().unwrap()]);
    assert_eq!(server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &arrays).0, 413);
    let (status, problem) = server.get(&format!("{path}?$orderby=result"));
    assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!("$orderby")), "{problem}");
}
