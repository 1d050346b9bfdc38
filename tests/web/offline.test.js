// The report is a folder: nothing is asked of anybody else, nothing needs a script, and every link leads somewhere.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { each, everything, folder, launch, pages, told } from "./report.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const home = pathToFileURL(folder).href + "/";

test("no request leaves the folder", async () => {
  const asked = [];
  const found = await each(browser, {}, pages, async (tab, page) => {
    const listen = (request) => {
      const url = request.url();
      if (!url.startsWith(home) && !url.startsWith("data:")) asked.push(`${page}: ${url}`);
    };
    tab.on("request", listen);
    await tab.reload();
    // Pictures load as they come near.
    await tab.evaluate(async () => {
      for (const image of document.images) image.loading = "eager";
      await Promise.all([...document.images].filter((image) => image.getClientRects().length).map((image) => image.decode().catch(() => {})));
    });
    tab.off("request", listen);
    return tab.evaluate(() => [...document.images].filter((image) => image.getClientRects().length && !image.naturalWidth).map((image) => `${image.src} is not shown`));
  });
  assert.deepEqual(asked, []);
  assert.deepEqual(told(found), []);
});

test("the words are the same without scripts", async () => {
  const words = (tab) => tab.locator("body").innerText();
  const [on, off] = [await each(browser, {}, pages, words), await each(browser, { javaScriptEnabled: false }, pages, words)];
  assert.deepEqual(on, off);
});

test("every link leads somewhere", async () => {
  const anchors = await each(browser, {}, everything, (tab) => tab.evaluate(() => [...document.querySelectorAll("[id]")].map(({ id }) => id)));
  const known = new Map(Object.entries(anchors).map(([page, ids]) => [new URL(page, home).href, new Set(ids)]));
  const links = await each(browser, {}, everything, (tab) =>
    tab.evaluate(() => [...document.querySelectorAll("a[href], link[href], area[href]")].map((a) => a.href.baseVal !== undefined ? new URL(a.href.baseVal, document.baseURI).href : a.href)));
  const lost = Object.entries(links).flatMap(([page, urls]) => urls.filter((url) => url.startsWith("file:")).filter((url) => {
    const [file, anchor] = url.split("#");
    if (!file.startsWith(home)) return true;
    if (!existsSync(fileURLToPath(file))) return true;
    return anchor && known.has(file) && !known.get(file).has(decodeURIComponent(anchor));
  }).map((url) => `${page}: ${url}`));
  assert.deepEqual(lost, []);
});
