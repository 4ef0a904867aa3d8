// iTowns, unmodified, for a page of another origin.
import { build } from "../../portal/node_modules/esbuild/lib/main.js";

const HERE = new URL(".", import.meta.url).pathname;

/** A page with a map for it. */
export const MAP = `<!doctype html><link rel="icon" href="data:,"><div id="map" style="width:1000px;height:700px"></div>`;

/**
 * iTowns (MIT or CeCILL-B) and its three.js as one script, made from the modules that npm installs for it, as its users do. The script in
 * its own `dist` (2.46.0) holds a 3d-tiles-renderer of before 0.4.10, which fails at tiles with instances, and at those that leave out a
 * column without values, as EXT_structural_metadata lets them.
 */
export async function itownsScript() {
  const contents = 'export * from "itowns"; export * as THREE from "three";';
  const bundle = { stdin: { contents, resolveDir: HERE }, bundle: true, write: false, format: "iife", globalName: "itowns", logLevel: "error" };
  return (await build(bundle)).outputFiles[0].text;
}
