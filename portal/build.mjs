// Builds the page into `dist`: bundles the parts of CesiumJS it uses, and copies our own modules as they are.
// Run by `make portal` after `npm ci`; the Rust build then embeds `dist` in the binary.
import { cp, rm } from "node:fs/promises";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url).pathname;
const engine = "node_modules/@cesium/engine";

await rm(here("dist"), { recursive: true, force: true });
await cp(here("src"), here("dist"), { recursive: true });
await build({
  entryPoints: [here("src/cesium.js")],
  outfile: here("dist/cesium.js"),
  allowOverwrite: true,
  bundle: true,
  minify: true,
  format: "esm",
  legalComments: "none",
  logLevel: "warning",
});
// The licence travels with the code; the notices of what Cesium itself carries are in the same file.
await cp(here(`${engine}/LICENSE.md`), here("dist/cesium-LICENSE.md"));
// All that Cesium fetches by itself for this scene: the Earth's orientation about the fixed time at which it is lit, a table its
// camera reads, and the picture of its credit. The browser test fails when something else is asked for.
for (const asset of ["IAU2006_XYS/IAU2006_XYS_18.json", "approximateTerrainHeights.json", "Images/ion-credit.png"]) {
  await cp(here(`${engine}/Source/Assets/${asset}`), here(`dist/Assets/${asset}`));
}
