// Plain, unmodified CesiumJS on a page of its own.
import { createReadStream } from "node:fs";
import { createServer } from "node:http";

const CESIUM = new URL("../../portal/node_modules/cesium/Build/Cesium", import.meta.url).pathname;
const TYPES = { js: "text/javascript", css: "text/css", json: "application/json", wasm: "application/wasm" };
const PAGE = `<!doctype html><link rel="icon" href="data:,"><div id="map" style="width:1000px;height:700px"></div><script src="/Cesium.js"></script>`;

/** Serves a page, empty unless told, and a folder of modules, Cesium's own build unless told, on a free port of this machine. */
export async function host(text = PAGE, folder = CESIUM) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/") return response.setHeader("Content-Type", "text/html").end(text);
    response.setHeader("Content-Type", TYPES[path.split(".").pop()] ?? "application/octet-stream");
    createReadStream(folder + path).on("error", () => response.writeHead(404).end()).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${server.address().port}`;
}

/** Serves the files of a folder to any page, on a free port of this machine. */
export async function serve(folder) {
  const server = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    const name = new URL(request.url, "http://localhost").pathname.slice(1).replaceAll("..", "");
    createReadStream(`${folder}/${name}`).on("error", () => response.writeHead(404).end()).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${server.address().port}`;
}
