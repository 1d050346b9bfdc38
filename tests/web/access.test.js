// Nothing keeps a reader out: axe finds no violation on any page, on a desk and on a phone, in light and in dark.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { each, launch, pages, settings, told } from "./report.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const { name, ...options } of settings) {
  test(`axe finds nothing at ${name}`, async () => {
    const found = await each(browser, options, pages, async (tab) => {
      await tab.evaluate(axe);
      return tab.evaluate(async (rules) => {
        // What cannot be seen yet is judged, too: a reader may open everything.
        for (const details of document.querySelectorAll("details")) details.open = true;
        const { violations } = await window.axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
        // One of a kind is enough to find the rest.
        return violations.map(({ id, help, nodes: [node, ...more] }) => `${id}: ${help}: ${node.html.slice(0, 200)} (${more.length} more)`);
      }, rules);
    });
    assert.deepEqual(told(found), []);
  });
}
