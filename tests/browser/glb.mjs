// glb.mjs FILE-OR-URL…: the Khronos glTF validator over each; one JSON result with every error and warning.
import { readFile } from "node:fs/promises";
import validator from "gltf-validator";
import { report } from "./chromium.mjs";

const LEVELS = ["errors", "warnings"];

/** Validates one GLB; gives `[{ level, code, message, pointer }]`. */
export async function validate(bytes, name) {
  const { issues } = await validator.validateBytes(bytes, { uri: name, format: "glb", maxIssues: 100, writeTimestamp: false });
  return issues.messages.filter(({ severity }) => severity < 2).map(({ severity, ...issue }) => ({ level: LEVELS[severity], ...issue, name }));
}

/** The bytes of a file or URL. */
export async function bytesOf(place) {
  if (!/^https?:/.test(place)) return new Uint8Array(await readFile(place));
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${answer.status} ${place}`);
  return new Uint8Array(await answer.arrayBuffer());
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  report(async () => {
    const found = [];
    for (const place of process.argv.slice(2)) found.push(...(await validate(await bytesOf(place), place)));
    const of = (level) => found.filter((issue) => issue.level === level);
    return { files: process.argv.length - 2, errors: of("errors"), warnings: of("warnings") };
  });
}
