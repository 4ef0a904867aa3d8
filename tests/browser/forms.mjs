// forms.mjs FOLDER: serves FOLDER, which holds a tileset of one tile `plain` and `packed`, opens both in plain CesiumJS and picks what
// `aims.json` names; compares the triangles of both as loaders.gl decodes them. One JSON result.
import { load } from "@loaders.gl/core";
import { GLTFLoader } from "@loaders.gl/gltf";
import { readFile } from "node:fs/promises";
import { host, serve } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { bytesOf, validate } from "./glb.mjs";

const FORMS = ["plain", "packed"];

/** Loads a tileset, looks straight down, picks at every aim, then again with a style that shows walls alone. */
async function inCesium(page, url, aims) {
  return page.evaluate(async ([url, aims]) => {
    document.getElementById("map").replaceChildren();
    const viewer = new Cesium.CesiumWidget("map", { globe: false, baseLayer: false, skyBox: false });
    const { scene } = viewer;
    const tileset = scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url));
    const result = { failed: [], features: 0 };
    tileset.tileFailed.addEventListener(({ url, message }) => result.failed.push(`${url}: ${message}`));
    tileset.tileLoad.addEventListener(({ content }) => (result.features += content.featuresLength));
    scene.renderError.addEventListener((_, error) => result.failed.push(String(error)));
    const frame = tileset.root.transform;
    const world = ({ at: [x, y, z] }) => Cesium.Matrix4.multiplyByPoint(frame, new Cesium.Cartesian3(x, y, z), new Cesium.Cartesian3());
    const settle = async () => {
      const until = Date.now() + 60000;
      for (let still = 0; still < 5 && Date.now() < until; ) {
        await new Promise((next) => setTimeout(next, 100));
        still = tileset.tilesLoaded && result.features ? still + 1 : 0;
      }
    };
    // From straight above each aim, a hand's breadth of it on the screen.
    const pick = (aim) => {
      scene.camera.lookAt(world(aim), new Cesium.HeadingPitchRange(0, -Cesium.Math.PI_OVER_TWO, 8));
      scene.camera.frustum.fov = 0.2;
      scene.render();
      return scene.pick(Cesium.SceneTransforms.worldToWindowCoordinates(scene, world(aim)));
    };
    pick(aims[0]);
    await settle();
    const value = (hit) => hit?.getProperty && ["id", "class", "storey", "built"].map((name) => hit.getProperty(name));
    result.picked = aims.map((aim) => value(pick(aim)) ?? null);
    tileset.style = new Cesium.Cesium3DTileStyle({ show: "${class} === 'wall'" });
    await settle();
    result.walls = aims.map((aim) => pick(aim)?.getProperty?.("class") === "wall" && pick(aim).getProperty("id") === aim.id);
    viewer.destroy();
    return result;
  }, [url, aims]);
}

/** The triangles of every mesh of a GLB as loaders.gl reads them: sorted texts of three corners, each from its least one on. */
async function triangles(url) {
  // The decoder tells of itself where the result belongs.
  const { log } = console;
  console.log = () => {};
  const { json, buffers } = await load(url, GLTFLoader, { worker: false, gltf: { decompressMeshes: true, loadBuffers: true } }).finally(() => (console.log = log));
  const KINDS = { 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
  const rows = (number) => {
    const { bufferView, byteOffset = 0, componentType, count, type } = json.accessors[number];
    const view = json.bufferViews[bufferView];
    const [kind, width, buffer] = [KINDS[componentType], type === "SCALAR" ? 1 : 3, buffers[view.buffer]];
    const stride = view.byteStride ?? width * kind.BYTES_PER_ELEMENT;
    const start = (buffer.byteOffset ?? 0) + (view.byteOffset ?? 0) + byteOffset;
    return Array.from({ length: count }, (_, i) => [...new kind(buffer.arrayBuffer, start + i * stride, width)].join(" "));
  };
  const all = [];
  json.meshes.forEach(({ primitives: [{ attributes, indices }] }, mesh) => {
    const [positions, corners] = [rows(attributes.POSITION), rows(indices).map(Number)];
    for (let i = 0; i < corners.length; i += 3) {
      const three = [0, 1, 2].map((k) => positions[corners[i + k]]);
      const least = three.indexOf([...three].sort()[0]);
      all.push([mesh, ...three.slice(least), ...three.slice(0, least)].join("|"));
    }
  });
  return all.sort();
}

report(async () => {
  const [folder] = process.argv.slice(2);
  const aims = JSON.parse(await readFile(`${folder}/aims.json`, "utf8"));
  const [origin, tiles] = [await host(), await serve(folder)];
  const { browser, page, record } = await open({ origins: [origin, tiles] });
  await page.goto(origin);
  const result = { ...record, invalid: [] };
  for (const form of FORMS) {
    result[form] = await inCesium(page, `${tiles}/${form}.json`, aims);
    result.invalid.push(...(await validate(await bytesOf(`${folder}/${form}.glb`), form)));
  }
  await browser.close();
  const plain = await triangles(`${tiles}/plain.glb`);
  const packed = await triangles(`${tiles}/packed.glb`);
  result.triangles = plain.length;
  result.different = plain.filter((text, i) => text !== packed[i]).length + Math.abs(plain.length - packed.length);
  return result;
});
