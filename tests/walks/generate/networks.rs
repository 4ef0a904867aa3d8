//! The networks of a generated community, walked by these tests' own steps: pipes that join, fall and reach; ways to every room.

use super::{community, features, rows};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which of `edges` are reached from `start`, step by step.
fn reached<'a>(edges: &[[&'a str; 2]], start: &'a str) -> BTreeSet<&'a str> {
    let mut beside: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for &[a, b] in edges {
        beside.entry(a).or_default().push(b);
        beside.entry(b).or_default().push(a);
    }
    let (mut seen, mut next) = (BTreeSet::from([start]), vec![start]);
    while let Some(node) = next.pop() {
        next.extend(beside.get(node).into_iter().flatten().copied().filter(|other| seen.insert(*other)));
    }
    seen
}

fn text<'a>(feature: &'a Value, name: &str) -> &'a str {
    feature["properties"][name].as_str().expect(name)
}

#[test]
fn every_pipe_joins_two_nodes_and_sewers_fall_and_every_network_is_one() {
    let (dir, _) = community(500, 3);
    let (pipes, nodes) = (features(&dir.path().join("pipes.geojson")), features(&dir.path().join("manholes.geojson")));
    let node: BTreeMap<&str, &Value> = nodes.iter().map(|n| (n["id"].as_str().unwrap(), n)).collect();
    assert_eq!(node.len(), nodes.len(), "no node twice");
    let devices = rows(&dir.path().join("devices.csv"));
    let hydrants: BTreeSet<&str> =
        devices.iter().filter(|row| row["network"] == "water").map(|row| row["id"].as_str()).collect();
    assert!(hydrants.len() > 3 && hydrants.iter().all(|id| id.starts_with("HY-")));
    let mut by_network: BTreeMap<&str, Vec<[&str; 2]>> = BTreeMap::new();
    for pipe in &pipes {
        let ends = ["from", "to"].map(|end| text(pipe, end));
        let network = text(pipe, "network");
        by_network.entry(network).or_default().push(ends);
        let coordinates = pipe["geometry"]["coordinates"].as_array().unwrap();
        for (end, position) in ends.into_iter().zip([coordinates.first().unwrap(), coordinates.last().unwrap()]) {
            if hydrants.contains(end) {
                continue;
            }
            let at = node[end];
            assert_eq!(text(at, "network"), network);
            // The same degrees, and the pipe's own height at the manhole's invert.
            assert_eq!([&position[0], &position[1]], [0, 1].map(|k| &at["geometry"]["coordinates"][k]), "{pipe} {at}");
            assert_eq!(position[2], at["properties"]["invert"], "{pipe} {at}");
            assert!(at["properties"]["rim"].as_f64().unwrap() > at["properties"]["invert"].as_f64().unwrap() + 0.5);
        }
        if ["sewage", "storm"].contains(&network) {
            let height = |end: &str| pipe["properties"][end].as_f64().unwrap();
            assert!(height("invert_from") > height("invert_to"), "{pipe}");
        }
    }
    assert_eq!(by_network.len(), 7);
    for (network, edges) in &by_network {
        let all: BTreeSet<&str> = edges.iter().flatten().copied().collect();
        assert_eq!(reached(edges, edges[0][0]), all, "{network} is in pieces");
        let loops = edges.len() + 1 - all.len();
        assert_eq!(loops > 0, ["water", "gas", "heat"].contains(network), "{network} has {loops} loops");
        let valves = all.iter().filter(|id| node.get(**id).is_some_and(|n| text(n, "class") == "valve")).count();
        assert_eq!(valves > 0, ["water", "gas", "heat"].contains(network), "{network} has {valves} valves");
    }
    assert!(hydrants.iter().all(|id| by_network["water"].iter().flatten().any(|end| end == id)));
    let truth = rows(&dir.path().join(".truth/networks.csv"));
    let told: Vec<[&str; 4]> =
        truth.iter().map(|r| ["segment", "network", "from", "to"].map(|c| r[c].as_str())).collect();
    let written: Vec<[&str; 4]> =
        pipes.iter().map(|p| [p["id"].as_str().unwrap(), text(p, "network"), text(p, "from"), text(p, "to")]).collect();
    assert_eq!(told, written);
}

#[test]
fn every_room_is_reached_on_foot_from_outside_and_nothing_else_is_a_room() {
    let (dir, manifest) = community(500, 3);
    let ways = features(&dir.path().join("ways.geojson"));
    let edges: Vec<[&str; 2]> = ways.iter().map(|way| [text(way, "from"), text(way, "to")]).collect();
    let found = reached(&edges, "OUT-0");
    let places = ["X-", "OUT-", "E-"];
    let rooms: BTreeSet<&str> = found.into_iter().filter(|id| !places.iter().any(|p| id.starts_with(p))).collect();
    assert_eq!(rooms.len() as u64, manifest.counts["rooms"], "every room, and every lift shaft once");
    let text = std::fs::read_to_string(dir.path().join("structures.city.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let objects = document["CityObjects"].as_object().unwrap();
    let written = objects.iter().filter(|(_, o)| o["type"] == "BuildingRoom").map(|(key, _)| key.as_str());
    let missed: Vec<&str> = written.filter(|key| !rooms.contains(key)).collect();
    assert_eq!(missed, Vec::<&str>::new());
    // With every gate shut nobody comes in.
    let shut: Vec<[&str; 2]> =
        ways.iter().zip(&edges).filter(|(way, _)| way["properties"]["kind"] != "gate").map(|(_, edge)| *edge).collect();
    assert_eq!(reached(&shut, "OUT-0").len(), 1);
    assert!(ways.iter().all(|way| way["properties"]["width"].as_f64().unwrap() >= 0.9));
}
