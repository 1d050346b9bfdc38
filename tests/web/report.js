// What the checks share: the pages of the report, and a browser that looks at them.

import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const folder = process.env.REPORT;

const html = (below) => readdirSync(join(folder, below)).filter((name) => name.endsWith(".html")).map((name) => join(below, name));

/** All pages, as paths below the report. */
export const everything = [...html("."), ...html("fig")].sort();

const isSource = (page) => page.endsWith(".source.html");

/** The same with one page of program text for all of them: they differ in nothing but the text. */
export const pages = everything.filter((page) => !isSource(page) || page === everything.find(isSource));

/** One page of each kind. */
export const kinds = [...html("."), everything.find((page) => page.startsWith("fig/")), everything.find(isSource)];

export const address = (page) => pathToFileURL(join(folder, page)).href;

/** The widths of a desk and of a phone, in light and in dark. */
export const settings = [1280, 390].flatMap((width) =>
  ["light", "dark"].map((colorScheme) => ({ name: `${width} px, ${colorScheme}`, viewport: { width, height: 900 }, colorScheme })));

export const launch = () => chromium.launch({ executablePath: process.env.CHROME_PATH, args: ["--no-sandbox", "--disable-gpu"] });

/** Calls `look(page)` in a tab for each of `paths`, as many at once as there are cores; what it returns, by path. */
export async function each(browser, options, paths, look) {
  const context = await browser.newContext(options);
  const queue = [...paths];
  const found = {};
  const worker = async () => {
    const tab = await context.newPage();
    for (let path = queue.shift(); path; path = queue.shift()) {
      await tab.goto(address(path));
      found[path] = await look(tab, path);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  await context.close();
  return found;
}

/** What was found, as lines: the same fault of several pages once, with the first of them. */
export function told(found) {
  const pages = new Map();
  for (const [page, faults] of Object.entries(found)) for (const fault of faults) pages.set(fault, [...(pages.get(fault) ?? []), page]);
  return [...pages].map(([fault, [first, ...more]]) => `${first}${more.length ? ` and ${more.length} more` : ""}: ${fault}`);
}
