// On paper there is every caption, and the PDF is tagged. (Digests and lists of all digits stay on the screen.)

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { each, launch, pages, told } from "./report.js";

let browser;
let room;
before(async () => {
  browser = await launch();
  room = mkdtempSync(join(tmpdir(), "print-"));
});
after(async () => {
  await browser.close();
  rmSync(room, { recursive: true });
});

const poppler = !spawnSync("pdftotext", ["-v"]).error;
const squeezed = (text) => text.normalize("NFKC").replace(/[\s\u00ad-]+/g, "");

test("paper has every caption", { skip: poppler ? false : "SKIPPED: there is no pdftotext" }, async () => {
  const found = await each(browser, {}, pages, async (tab, page) => {
    const file = join(room, page.replaceAll("/", "-") + ".pdf");
    await tab.pdf({ path: file, format: "A4", tagged: true, outline: true });
    const text = squeezed(spawnSync("pdftotext", ["-raw", file, "-"], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout);
    const info = spawnSync("pdfinfo", [file], { encoding: "utf8" }).stdout;
    // The first words of each caption: formulas and breaks over pages make the rest of it hard to compare.
    const captions = await tab.locator("figcaption").allInnerTexts();
    const lost = captions.map((caption) => caption.trim().split(/\s+/).slice(0, 4).join(" ")).filter((start) => !text.includes(squeezed(start)));
    return [...lost.map((start) => `no caption “${start}”`), ...(/Tagged:\s+yes/.test(info) ? [] : ["it is not tagged"])];
  });
  assert.deepEqual(told(found), []);
});
