// The pages are valid HTML and CSS, in the eyes of the reference checker.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { test } from "node:test";
import { folder, pages } from "./report.js";

const java = spawnSync("java", ["-version"]).status === 0;

test("the validator finds no error", { skip: java ? false : "SKIPPED: there is no Java" }, () => {
  const jar = createRequire(import.meta.url).resolve("vnu-jar/build/dist/vnu.jar");
  const files = [...pages, "style.css"].map((page) => join(folder, page));
  const run = spawnSync("java", ["-jar", jar, "--also-check-css", "--format", "json", "--exit-zero-always", ...files],
    { encoding: "utf8", maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, run.stderr);
  const messages = JSON.parse(run.stderr).messages.filter(({ type }) => type !== "info");
  const lines = messages.map(({ url, lastLine, message }) => `${relative(folder, new URL(url).pathname)}:${lastLine}: ${message}`);
  assert.deepEqual(lines, []);
});
