//! glTF and OBJ models with pictures.

use super::{
    CELLS, FINE, HERE, baked, drawn, embedded, exported, faces, fits, import, jpeg, mesh, plane, plane_of, png, read,
};
use crate::support::gltf::base64;
use crate::support::textured::{parts, picture, seen};
use crate::support::{Server, key, run};
use cimbra::geom::{Shape, Wrap};
use serde_json::json;

#[test]
fn a_model_s_picture_is_seen_in_its_tiles_and_in_what_is_exported() {
    let cases = [("png", png(), "image/webp", 0), ("jpeg", jpeg(), "image/jpeg", 4)];
    for (what, bytes, media, most) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (file, store) = (dir.path().join("plane.gltf"), dir.path().join("store"));
        let said: &'static str = if what == "png" { "image/png" } else { "image/jpeg" };
        std::fs::write(&file, plane(embedded(bytes.clone(), said), 0.0).to_string()).unwrap();
        let (report, snapshot) = import(&file, &store, &["--origin", HERE]);
        assert!(!report.to_string().contains("left out"), "{report}");
        let own = mesh(&snapshot, "plane");
        assert_eq!((own.triangles.len(), own.surfaces.len()), (32, 1));
        // From afar it has the mean of its picture, taken here over linear light.
        let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
        let [r, ..] = own.surfaces[0].colour.unwrap();
        let mean = drawn().pixels().map(|p| linear(p.0[0])).sum::<f64>() / f64::from((CELLS * FINE).pow(2));
        assert!((linear(r) - mean).abs() < 0.02, "{what}: {r}, not {}", 255.0 * mean.powf(1.0 / 2.2));
        drop(snapshot);
        let glb = exported(&store);
        let all = seen(&glb);
        assert_eq!((all.len(), fits(&all, 0.0, most)), (32, 32), "{what}");
        assert!(all.iter().all(|s| s.media == media));
        let (json, bin) = parts(&glb);
        let (kept, _) = picture(&json, bin, &json!(0));
        assert!(if what == "png" { kept.len() < bytes.len() } else { kept == bytes }, "{what}: {} bytes", kept.len());
        assert_eq!(
            json["accessors"]
                [json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"].as_u64().unwrap() as usize]["componentType"],
            5123
        );
        let tiles = baked(&store);
        assert_eq!(tiles.iter().map(|tile| fits(&seen(tile), 0.0, most)).max(), Some(32), "{what}");
        // What was exported comes in again with its picture.
        let again = dir.path().join("again.glb");
        std::fs::write(&again, &glb).unwrap();
        let (_, snapshot) = import(&again, &dir.path().join("other"), &["--origin", HERE]);
        assert_eq!(mesh(&snapshot, "plane").textures.unwrap().list, own.textures.unwrap().list);
    }
}

#[test]
fn a_picture_beside_its_model_that_repeats_is_kept_once_and_unchanged_when_it_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("plane.gltf"), dir.path().join("store"));
    std::fs::create_dir(dir.path().join("图片")).unwrap();
    std::fs::write(dir.path().join("图片/a b.png"), png()).unwrap();
    let model = plane(|_| json!({ "uri": "%E5%9B%BE%E7%89%87/a%20b.png" }), 6.0);
    std::fs::write(&file, model.to_string()).unwrap();
    let (_, snapshot) = import(&file, &store, &["--origin", HERE]);
    assert!(mesh(&snapshot, "plane").textures.unwrap().list[0].wrap == [Wrap::Repeat; 2]);
    drop(snapshot);
    assert_eq!(fits(&seen(&exported(&store)), 6.0, 0), 32, "beyond its edge the picture comes again");
    let (report, _) = import(&file, &store, &["--origin", HERE]);
    assert_eq!(report["files"][0]["unchanged"], 1, "{report}");
    std::fs::write(dir.path().join("other.gltf"), model.to_string()).unwrap();
    import(&dir.path().join("other.gltf"), &store, &["--origin", HERE]);
    let site = std::fs::read_dir(store.join("sites")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_dir(site.join("pictures")).unwrap().count(), 1);
    // What was damaged since is mended when it comes again.
    let kept = std::fs::read_dir(site.join("pictures")).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&kept).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&kept, &damaged).unwrap();
    import(&file, &store, &["--origin", HERE]);
    assert!(std::fs::read(&kept).unwrap() == whole);
    assert_eq!(std::fs::read_dir(site.join("pictures")).unwrap().count(), 1);
}

#[test]
fn a_transform_of_the_coordinates_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("plane.gltf"), dir.path().join("store"));
    // A quarter turn takes (u, v) to (v, -u), as a viewer draws it (three.js, Matrix3.setUvTransform); the scale comes before it.
    let mut model = plane_of(embedded(png(), "image/png"), |[x, z]| [(4.0 - z) / 4.0 / 2.0, x / 4.0]);
    model["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = json!({ "KHR_texture_transform": {
        "offset": [0.25, 1.0], "scale": [2.0, 1.0], "rotation": std::f64::consts::FRAC_PI_2 } });
    model["extensionsUsed"] = json!(["KHR_texture_transform"]);
    std::fs::write(&file, model.to_string()).unwrap();
    import(&file, &store, &["--origin", HERE]);
    assert_eq!(fits(&seen(&exported(&store)), 1.0, 0), 32);
}

#[test]
fn what_cannot_be_shown_is_told_and_costs_the_picture_and_not_the_shape() {
    let mut huge = png();
    // A width of 100,000 pixels, and the checksum of that header, by the words of PNG.
    huge[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let cut = png()[..60].to_vec();
    let uri = |uri: &'static str| plane(move |_| json!({ "uri": uri }), 0.0);
    let mut beyond = plane(embedded(png(), "image/png"), 0.0);
    beyond["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["index"] = json!(7);
    let mut nowhere = plane(embedded(png(), "image/png"), 0.0);
    nowhere["textures"][0]["source"] = json!(3);
    let mut bare = plane(embedded(png(), "image/png"), 0.0);
    bare["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = json!(1);
    let mut outside = plane(embedded(png(), "image/png"), 0.0);
    outside["images"][0]["bufferView"] = json!(99);
    let mut far = plane(embedded(png(), "image/png"), 0.0);
    far["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] =
        json!({ "KHR_texture_transform": { "scale": [1e39, 1.0] } });
    let cases = [
        (far, "beyond all numbers"),
        (uri("none.png"), "beside it"),
        (uri("../secret.png"), "own folder"),
        (uri("https://example.org/a.png"), "own folder"),
        (plane(embedded(huge, "image/png"), 0.0), "8192 pixels"),
        (plane(embedded(cut, "image/png"), 0.0), "not whole"),
        (plane(embedded(b"GIF89a".to_vec(), "image/gif"), 0.0), "no PNG, JPEG"),
        (beyond, "not among the 1"),
        (nowhere, "names no picture"),
        (bare, "TEXCOORD_1"),
        (outside, "not lie in its buffer"),
    ];
    for (model, wanted) in cases {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("model");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(dir.path().join("secret.png"), png()).unwrap();
        std::fs::write(inner.join("plane.gltf"), model.to_string()).unwrap();
        let (report, snapshot) = import(&inner.join("plane.gltf"), &dir.path().join("store"), &["--origin", HERE]);
        let notes = report["files"][0]["notes"].to_string();
        assert!(notes.contains(wanted) && notes.contains("'plane'"), "{wanted}: {notes}");
        let own = mesh(&snapshot, "plane");
        assert!(own.textures.is_none() && own.triangles.len() == 32, "{wanted}");
    }
}

#[test]
fn a_server_reads_pictures_in_its_worker_and_serves_them() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("plane.gltf"), dir.path().join("store"));
    std::fs::write(&file, plane(embedded(png(), "image/png"), 0.0).to_string()).unwrap();
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let done = run(&["import", file.to_str().unwrap(), "--url", &server.base, "--key", &integrator, "--origin", HERE]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    drop(server);
    assert_eq!(fits(&seen(&exported(&store)), 0.0, 0), 32);
}

#[test]
fn obj_faces_show_the_picture_of_their_material() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("yard.obj");
    std::fs::create_dir(dir.path().join("maps")).unwrap();
    std::fs::write(dir.path().join("maps/a.jpg"), jpeg()).unwrap();
    std::fs::write(
        dir.path().join("yard.mtl"),
        "newmtl a\nKd 0 0 0\nmap_Kd -clamp on maps\\a.jpg\nnewmtl b\nmap_Kd -s 2 2 1 maps/a.jpg\n",
    )
    .unwrap();
    let text = "mtllib yard.mtl\no yard\nv 0 0 0\nv 4 0 0\nv 4 0 4\nv 0 0 4\nvt 0 1\nvt 1 1\nvt 1 0\nvt 0 0\nusemtl a\nf 1/1 4/4 3/3 2/2\n\
        o other\nusemtl b\nf 1/1 4/4 3/3\n";
    std::fs::write(&file, text).unwrap();
    let (objects, notes, pictures) = read(&file);
    assert_eq!((objects.len(), pictures), (2, 1));
    let face = |k: usize| &faces(&objects[k].shape)[0];
    let shown = face(0).shown.as_ref().unwrap();
    assert_eq!((shown.texture.wrap, shown.texture.tint), ([Wrap::Clamp; 2], [255; 4]));
    assert_eq!(shown.at, [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]);
    assert!(face(1).shown.is_none());
    assert!(notes.contains("'other'") && notes.contains("-s"), "{notes}");
    let store = dir.path().join("store");
    import(&file, &store, &["--origin", HERE]);
    assert_eq!(fits(&seen(&exported(&store)), 0.0, 4), 2);
}

#[test]
fn data_uris_hold_pictures_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plane.gltf");
    let uri = format!("data:image/png;base64,{}", base64(&png()));
    std::fs::write(&file, plane(|_| json!({ "uri": uri }), 0.0).to_string()).unwrap();
    let (objects, notes, pictures) = read(&file);
    assert!(matches!(&objects[0].shape, Shape::Mesh(mesh) if mesh.textures.is_some()) && pictures == 1, "{notes}");
}

#[test]
fn what_leaves_as_cityjson_comes_in_again_with_its_picture() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("plane.gltf"), dir.path().join("store"));
    std::fs::write(&file, plane(embedded(png(), "image/png"), 6.0).to_string()).unwrap();
    let (_, before) = import(&file, &store, &["--origin", HERE, "--class", "city_furniture"]);
    let was = mesh(&before, "plane");
    drop(before);
    let out = dir.path().join("out.city.json");
    let done = run(&["export", out.to_str().unwrap(), "--store", store.to_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let pictures: Vec<_> = std::fs::read_dir(dir.path().join("out_pictures")).unwrap().collect();
    assert_eq!(pictures.len(), 1);
    let written = image::open(pictures[0].as_ref().unwrap().path()).unwrap().to_rgb8();
    assert_eq!(written, drawn(), "as PNG, and nothing lost");
    let (report, after) = import(&out, &dir.path().join("other"), &[]);
    let own = mesh(&after, "plane");
    assert_eq!(own.textures.as_ref().map(|t| &t.list), was.textures.as_ref().map(|t| &t.list), "{report}");
    // The plane is turned into the map's axes: what stays is how far corners are from each other, here and in the picture.
    assert_eq!(own.triangles.len(), was.triangles.len());
    for (k, triangle) in own.triangles.iter().enumerate() {
        let (points, shown) = (triangle.map(|i| own.point(i).unwrap()), own.shown(k).unwrap());
        for (a, b) in [(0, 1), (1, 2), (2, 0)] {
            let far: f64 = (0..3).map(|c| (points[a][c] - points[b][c]).powi(2)).sum::<f64>().sqrt();
            let in_picture: f64 = (0..2).map(|c| f64::from(shown[a][c] - shown[b][c]).powi(2)).sum::<f64>().sqrt();
            assert!((far - 4.0 * in_picture).abs() < 5e-3, "{far} m and {in_picture} of 4 m");
        }
    }
    let around = |mesh: &cimbra::geom::Mesh| {
        let all: Vec<f32> = mesh.textures.as_ref().unwrap().corners.iter().flatten().map(|[u, _]| *u).collect();
        [all.iter().copied().fold(f32::MAX, f32::min), all.iter().copied().fold(f32::MIN, f32::max)]
    };
    assert_eq!((around(&own), around(&was)), ([1.5, 2.5], [1.5, 2.5]));
}

#[test]
fn a_ktx2_goes_through_as_it_is() {
    // The header of Khronos KTX 2.0 §3: a flat picture of 16 by 8 pixels in BasisLZ, one level of 16 bytes at its end.
    let mut ktx2 = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
    ktx2.extend([0_u32, 1, 16, 8, 0, 0, 1, 1, 1].iter().flat_map(|word| word.to_le_bytes()));
    ktx2.extend([0; 32]);
    ktx2.extend([104_u64, 16, 16].iter().flat_map(|word| word.to_le_bytes()));
    ktx2.extend([7; 16]);
    let mut model = plane(embedded(ktx2.clone(), "image/ktx2"), 0.0);
    model["textures"][0] = json!({ "extensions": { "KHR_texture_basisu": { "source": 0 } } });
    for member in ["extensionsUsed", "extensionsRequired"] {
        model[member] = json!(["KHR_texture_basisu"]);
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("plane.gltf"), dir.path().join("store"));
    std::fs::write(&file, model.to_string()).unwrap();
    import(&file, &store, &["--origin", HERE]);
    let glb = exported(&store);
    let (json, bin) = parts(&glb);
    let (kept, media) = picture(&json, bin, &json!(0));
    assert!(kept == ktx2 && media == "image/ktx2", "{media}");
    assert!(!baked(&store).is_empty(), "and the checker finds its tiles sound");
}

#[test]
fn another_picture_or_colour_alone_is_told_as_another_appearance() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: Vec<u8>, red: f64| {
        let mut model = plane(embedded(bytes, "image/png"), 0.0);
        model["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = json!([red, 1.0, 1.0, 1.0]);
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("plane.gltf"), model.to_string()).unwrap();
        folder.join("plane.gltf")
    };
    let old = file("old", png(), 1.0);
    let others =
        [("same", png(), 1.0), ("picture", jpeg(), 1.0), ("colour", png(), 0.5)].map(|(n, b, c)| file(n, b, c));
    for (other, wanted) in others.iter().zip([json!([]), json!(["appearance"]), json!(["appearance"])]) {
        let done = run(&["diff", old.to_str().unwrap(), other.to_str().unwrap(), "--origin", HERE, "--json"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let attributes = told["changes"][0]["attributes"].as_array().cloned().unwrap_or_default();
        assert_eq!(json!(attributes), wanted, "{told}");
        assert!(told["changes"].as_array().unwrap().iter().all(|c| c["change"] == json!(["reattributed"])), "{told}");
    }
}

#[test]
fn a_picture_in_a_model_is_not_the_file_that_is_called_as_it_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = plane(embedded(png(), "image/png"), 0.0);
    let (image, primitive) = (model["images"][0].clone(), model["meshes"][0]["primitives"][0].clone());
    model["images"] = json!([image, { "uri": "image%200" }, { "uri": "image 0" }]);
    model["textures"] = json!([{ "source": 0 }, { "source": 1 }, { "source": 2 }]);
    let material = |k: u32| json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": k } } });
    model["materials"] = (0..3).map(material).collect();
    let shows = |k: u32| {
        let mut primitive = primitive.clone();
        primitive["material"] = json!(k);
        primitive
    };
    model["meshes"][0]["primitives"] = (0..3).map(shows).collect();
    std::fs::write(dir.path().join("image 0"), jpeg()).unwrap();
    std::fs::write(dir.path().join("plane.gltf"), model.to_string()).unwrap();
    let (_, notes, pictures) = read(&dir.path().join("plane.gltf"));
    assert_eq!(pictures, 2, "{notes}");
}
