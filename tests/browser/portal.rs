//! The portal of a generated community: loading, picking, an alarm that comes and goes, the tree, search, both languages.

use super::{assert_none, node};
use crate::support::{Server, key, run};

#[test]
fn the_portal_shows_picks_and_follows_the_city() {
    // The demo's own size, so that buildings of both formats stand side by side.
    let dir = tempfile::tempdir().unwrap();
    let (files, store) = (dir.path().join("files"), dir.path().join("store"));
    let [files, store_text] = [&files, &store].map(|path| path.to_str().unwrap());
    for command in [
        vec!["generate", "--households", "500", "--seed", "1", files],
        vec!["import", "--site", "320106003001", "--store", store_text, files],
    ] {
        let output = run(&command);
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let [operator, integrator] = ["operator", "integrator"].map(|role| key(&store, role));
    let server = Server::start(&store, &[]);
    let seen = node("portal.mjs", &[&server.base, &operator, &integrator]);
    assert_none(&seen, "/outside");
    assert_none(&seen, "/errors");
    assert!(!seen["address"].as_str().unwrap().contains("ticket"), "the ticket stays in the address bar");
    assert!(seen["tiles"].as_u64().unwrap() > 0);
    let picks = seen["picks"].as_array().unwrap();
    assert!(!picks.is_empty());
    for pick in picks {
        assert_eq!(pick["shown"], pick["clicked"]);
    }
    nothing_is_hidden(&seen);
    let [trail, row] = [&seen["where"]["trail"], &seen["where"]["row"]];
    assert_eq!(trail[0], "1号楼");
    assert_eq!((&trail[1], &trail[2]), (&"2单元".into(), &"Storey 3".into()), "{trail}");
    assert!(row.as_str().unwrap().starts_with("1号楼 2单元 Storey 3 "), "{row}");
    let words: Vec<&str> = row.as_str().unwrap().split(' ').collect();
    assert!(words.iter().enumerate().all(|(i, word)| !words[..i].contains(word)), "a name twice: {row}");
    an_alarm_came_and_went(&seen["alarm"]);
    let towers = seen["roots"].as_array().unwrap().iter().filter(|name| *name == "1号楼").count();
    assert_eq!(towers, 1, "the tower stands once in the tree: {}", seen["roots"]);
    let classes: Vec<&str> = seen["classes"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert_eq!((classes[0], *classes.last().unwrap()), ("building", "space"), "{classes:?}");
    assert!(classes.contains(&"building_unit") && classes.contains(&"storey"), "{classes:?}");
    assert!(!seen["found"].as_array().unwrap().is_empty());
    assert_eq!(seen["sight"], serde_json::json!([true, false]), "what a picked camera sees lies on the ground");
    let said = &seen["said"];
    assert_eq!(said[0], serde_json::json!(["en", "Cimbra city model", "Whole map"]));
    assert_eq!(said[1], serde_json::json!(["zh-CN", "Cimbra 城市信息模型", "全景"]));
    assert_eq!(said[2], said[1], "the language is remembered");
}

/// The whole map, and a chosen building, lie where no panel covers them; the building is highlighted as a whole.
fn nothing_is_hidden(seen: &serde_json::Value) {
    for pointer in ["/start", "/chosen/hidden", "/where/hidden"] {
        assert_none(seen, pointer);
    }
    let chosen = &seen["chosen"];
    assert_eq!(chosen["colours"], serde_json::json!(["#6fd4ff"]), "every wall has the colour of what is selected");
    assert_eq!(chosen["after"], serde_json::json!(["#ffffff"]));
}

fn an_alarm_came_and_went(alarm: &serde_json::Value) {
    let (before, during, after) = (&alarm["before"], &alarm["during"], &alarm["after"]);
    assert!(alarm["seconds"].as_f64().unwrap() < 5.0 && alarm["clearing"].as_f64().unwrap() < 5.0);
    assert!(during["drawn"].as_u64().unwrap() > 0, "nothing draws the building in alarm: {during}");
    assert_ne!(during["colours"], before["colours"]);
    assert_eq!(after["colours"], before["colours"]);
    let red = |at: &serde_json::Value| at["red"].as_i64().unwrap();
    assert!(red(during) > red(before) + 300, "{} red pixels in alarm, {} before", red(during), red(before));
    assert!((red(after) - red(before)).abs() < 100, "{} red pixels after, {} before", red(after), red(before));
    assert_eq!(during["row"], "critical");
    assert_eq!(during["reading"], "0.9");
    assert_eq!(alarm["acknowledged"], true);
}
