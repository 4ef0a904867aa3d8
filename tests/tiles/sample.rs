//! The sample in `tiles/sample` is byte for byte what the code writes, and the style names classes that there are.

use super::{city, tilesets};
use cimbra::lod::{View, colour};
use cimbra::model::{Class, Collection, Collections, Footprint, Geometry};
use cimbra::tiles::{Address, Tiles, tiles3d};
use std::collections::BTreeMap;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tiles"))
}

#[test]
fn the_sample_is_what_is_written_today() {
    let city = city::empty("320106003001");
    let mut assets = Vec::new();
    for (i, name) in ["甲", "乙", "丙"].into_iter().enumerate() {
        let mesh = city::prism(30.0 * i as f64 - 40.0, 25.0, 0.3 * i as f64, 9.0 + 6.0 * i as f64);
        assets.push(city::meshed(&format!("{name}-building"), Class::Building, None, mesh));
    }
    city::bim(&mut assets, [0.0, 0.0]);
    for i in 0..3 {
        let at = city::geodetic([4.0 + 6.0 * f64::from(i), 5.0, 2.6]);
        let geometry = Geometry { footprint: Footprint::Point(at), mesh: None };
        assets.push(city::asset(&format!("smoke-{i}"), Class::SmokeDetector, Some(&format!("r{i}")), geometry));
    }
    city.commit("sample", assets);
    let plan = Tiles::default().plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
    tilesets::walk(&plan);
    // Numbered names, so that the sample does not change with the way in which the store counts versions.
    let json = tiles3d::of_site(&plan, tiles3d::Compression::None, "").unwrap();
    let (mut files, mut named) = (BTreeMap::new(), 0);
    let mut waiting = vec![("tileset.json".to_owned(), String::from_utf8(json).unwrap())];
    while let Some((name, mut json)) = waiting.pop() {
        while let Some(address) = json.split('"').find_map(|s| s.parse::<Address>().ok()) {
            let (uri, bytes) = (address.to_string(), tilesets::file(&plan, address));
            let name = format!("{named}{}", &uri[32..]);
            named += 1;
            json = json.replace(&uri, &name);
            match address {
                Address::Tile(_) => drop(files.insert(name, bytes)),
                Address::Tileset(_) => waiting.push((name, String::from_utf8(bytes).unwrap())),
            }
        }
        files.insert(name, json.into_bytes());
    }
    let folder = root().join("sample");
    if std::env::var_os("CIMBRA_WRITE_SAMPLE").is_some() {
        let _old = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        files.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
    }
    let names = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let kept: BTreeMap<String, Vec<u8>> = names.map(|n| (n.clone(), std::fs::read(folder.join(n)).unwrap())).collect();
    let (have, want): (Vec<&String>, Vec<&String>) = (kept.keys().collect(), files.keys().collect());
    assert_eq!(have, want, "write the sample anew: CIMBRA_WRITE_SAMPLE=1 cargo test --test city tiles::sample");
    assert!(kept == files, "the same names and other bytes: grow tiles3d::FORMAT, then write the sample anew");
}

#[test]
fn styles_name_properties_and_classes_that_there_are_in_their_colours() {
    // Others name what sources say, and are asked of Cesium (`browser::live`).
    let text = std::fs::read_to_string(root().join("styles/class.json")).unwrap();
    let style: serde_json::Value = serde_json::from_str(&text).unwrap();
    for rest in text.split("${").skip(1) {
        let (property, rest) = rest.split_once('}').unwrap();
        assert!(tiles3d::SCHEMA.contains(&format!("\"{property}\"")), "{property}");
        let word = rest.split('\'').nth(1).unwrap();
        let known = match property {
            "class" => Class::ALL.iter().any(|c| c.name() == word),
            _ => Collection::SERVED.iter().any(|c| c.name() == word),
        };
        assert!(known, "{property} {word}");
    }
    for condition in style["color"]["conditions"].as_array().unwrap() {
        let (when, said) = (condition[0].as_str().unwrap(), condition[1].as_str().unwrap());
        let word = when.split('\'').nth(1).unwrap_or("component");
        let class = Class::from_source(word.trim_end_matches('s')).unwrap();
        let [r, g, b] = colour::of_class(class);
        assert!(said.starts_with(&format!("color('#{r:02x}{g:02x}{b:02x}'")), "{when}: {said}, not {r} {g} {b}");
    }
}
