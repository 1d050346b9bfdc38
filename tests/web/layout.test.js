// Pages fit their screens, and what can be operated is operated by keyboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { each, launch, pages, told } from "./report.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const width of [320, 360, 390, 768, 1280]) {
  test(`nothing is wider than a screen of ${width} px`, async () => {
    const found = await each(browser, { viewport: { width, height: 900 } }, pages, (tab) => tab.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      const scrolls = (element) => ["auto", "scroll", "hidden"].includes(getComputedStyle(element).overflowX);
      const inWindow = (element) => element && element !== document.body && (scrolls(element) || inWindow(element.parentElement));
      const wide = [...document.body.querySelectorAll("*")].filter((element) =>
        !(element instanceof SVGElement) && element.getClientRects().length
        && (element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().left < -1)
        && !element.closest(".unseen, .skip") && !inWindow(element.parentElement));
      return wide.slice(0, 5).map((element) => `${element.tagName}.${element.className} ends at ${Math.round(element.getBoundingClientRect().right)}: ${element.textContent.trim().slice(0, 60)}`);
    }));
    assert.deepEqual(told(found), []);
  });
}

test("the scrubber moves by keyboard", async () => {
  let moved = 0;
  const found = await each(browser, {}, pages, async (tab) => {
    const scrubbers = tab.locator(".scrub");
    const faults = [];
    for (let k = 0; k < await scrubbers.count(); k++) {
      const scrub = scrubbers.nth(k);
      const steps = scrub.locator(".steps > .plot");
      const seen = [];
      await scrub.locator("input").first().focus();
      for (let step = 0; step < await steps.count(); step++) {
        const shown = await steps.evaluateAll((all) => all.map((one) => one.getClientRects().length > 0));
        seen.push(shown.indexOf(true));
        moved += 1;
        if (shown.filter(Boolean).length !== 1) faults.push(`step ${step}: ${shown}`);
        await tab.keyboard.press("ArrowRight");
      }
      if (seen.some((at, step) => at !== step)) faults.push(`steps were shown in the order ${seen}`);
    }
    return faults;
  });
  assert.deepEqual(told(found), []);
  assert.ok(moved > 5, `${moved} steps`);
});

test("chart text is large enough to read", async () => {
  let measured = 0;
  for (const [width, least] of [[1280, 10], [390, 9]]) {
    const found = await each(browser, { viewport: { width, height: 900 } }, pages, async (tab) => {
      const shown = await tab.evaluate(async () => {
        for (const image of document.images) image.loading = "eager";
        await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
        return [...document.querySelectorAll("picture > img, svg:has(text)")].filter((one) => one.getClientRects().length)
          .map((one) => ({ file: one.currentSrc ?? "", text: one.outerHTML, width: one.getBoundingClientRect().width }));
      });
      const small = shown.flatMap(({ file, text, width }) => {
        const svg = file ? readFileSync(fileURLToPath(file), "utf8") : text;
        const scale = width / Number(/viewBox="\S+ \S+ ([\d.]+)/.exec(svg)[1]);
        const least_of = Math.min(...[...svg.matchAll(/font-size="(\d+)"/g)].map(([, size]) => Number(size))) * scale;
        measured += Number.isFinite(least_of);
        return least_of < least ? [`text of ${least_of.toFixed(1)} px in ${file.split("/").pop() || svg.slice(0, 60)}`] : [];
      });
      return [...new Set(small)];
    });
    assert.deepEqual(told(found), [], `${width} px`);
    assert.ok(measured > 100, `${measured} pictures with words`);
  }
});
