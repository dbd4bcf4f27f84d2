// Bundles what the browser gets into web/static/vendor/: app.js, app.css, fonts and icons.svg.
// The sprite holds just the icons that screens name: `icon("…")` in a template must exist; any other quoted
// word of a template or of `web/*.py` that is an icon's name comes along, since some are passed on by name.
// A platform names its own: `icon="…"` in its folder of connectors.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ASSETS = dirname(fileURLToPath(import.meta.url));
const WEB = dirname(ASSETS);
const CONNECTORS = join(WEB, "..", "connectors");
const OUT = join(WEB, "static", "vendor");
const ICONS = join(WEB, "..", "node_modules", "@tabler", "icons", "icons", "outline");

/** @param {string} folder */
async function sources(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(html|py)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function iconNames() {
  const known = new Set((await readdir(ICONS)).map((file) => file.replace(/\.svg$/, "")));
  const names = new Set();
  for (const file of await sources(WEB)) {
    const text = await readFile(file, "utf8");
    for (const [, name] of text.matchAll(/\bicon\("([a-z0-9-]+)"/g)) names.add(name);
    for (const [, name] of text.matchAll(/"([a-z][a-z0-9-]+)"/g)) if (known.has(name)) names.add(name);
  }
  for (const file of await sources(CONNECTORS)) {
    const text = await readFile(file, "utf8");
    for (const [, name] of text.matchAll(/\bicon="([a-z0-9-]+)"/g)) names.add(name);
  }
  return [...names].sort();
}

/** @param {string} name */
async function symbol(name) {
  const source = await readFile(join(ICONS, `${name}.svg`), "utf8").catch(() => {
    throw new Error(`a template or a platform names the icon "${name}", which @tabler/icons does not have`);
  });
  const drawing = source.slice(source.indexOf(">", source.indexOf("<svg")) + 1, source.lastIndexOf("</svg>"));
  const strokes =
    'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${strokes}>${drawing.replace(/\s+/g, " ").trim()}</symbol>`;
}

async function sprite() {
  const symbols = await Promise.all((await iconNames()).map(symbol));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

const icons = await sprite();
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await build({
  entryPoints: ["app.js", "app.css"].map((name) => join(ASSETS, name)),
  outdir: OUT,
  bundle: true,
  minify: true,
  sourcemap: false,
  format: "iife",
  target: ["chrome109", "firefox115", "safari16.4"],
  loader: { ".woff2": "file", ".svg": "dataurl" },
  assetNames: "fonts/[name]",
  legalComments: "none",
  logLevel: "warning",
});
await writeFile(join(OUT, "icons.svg"), icons);
