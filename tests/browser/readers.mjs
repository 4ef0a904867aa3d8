// readers.mjs URL COLUMN…: walks a tileset, plain and packed, as @loaders.gl/3d-tiles reads it and has the Khronos glTF validator look at
// every tile; one JSON result with what each says, and a row of columns for each feature of the finest tiles.
import { load } from "@loaders.gl/core";
import { Tiles3DLoader } from "@loaders.gl/3d-tiles";
import { report } from "./chromium.mjs";
import { bytesOf, validate } from "./glb.mjs";

/** Reads all contents below a tileset, the tilesets within it too. */
async function read(url, columns) {
  const result = { tilesets: 0, contents: 0, rows: [], errors: [], invalid: [] };
  const open = (place, isTileset) => load(place, Tiles3DLoader, { "3d-tiles": { isTileset, loadGLTF: true }, worker: false });
  const visit = async (tile) => {
    for (const child of tile.children ?? []) await visit(child);
    const place = tile.contentUrl;
    if (!place) return;
    if (new URL(place).pathname.endsWith(".json")) return tileset(place);
    result.contents++;
    result.invalid.push(...(await validate(await bytesOf(place), place)));
    const { gltf } = await open(place, false);
    if (tile.children?.length) return;
    const [{ count, properties }] = gltf.extensions.EXT_structural_metadata.propertyTables;
    for (let place = 0; place < count; place++) result.rows.push(columns.map((name) => properties[name]?.data[place] ?? null));
  };
  const tileset = async (place) => {
    result.tilesets++;
    await visit((await open(place, true)).root);
  };
  await tileset(url).catch((error) => result.errors.push(error.stack));
  return result;
}

report(async () => {
  const [url, ...columns] = process.argv.slice(2);
  const errors = [];
  // loaders.gl tells some troubles to the console and goes on, and its decoder tells of itself there.
  for (const level of ["warn", "error"]) console[level] = (...words) => errors.push(words.join(" "));
  console.log = () => {};
  return { plain: await read(url, columns), packed: await read(`${url}?compression=meshopt`, columns), errors };
});
