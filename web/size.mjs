// Prints what a visitor downloads, gzipped, and fails when it is more than an old phone should load.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The script that other sites embed, in KiB gzipped. */
const WIDGET_KIB_MAX = 40;
/** A whole page with its scripts and styles, in KiB gzipped. */
const PAGE_KIB_MAX = 100;

const dist = new URL('dist/', import.meta.url).pathname;
const kib = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1024;

/** A page and every asset that it or its assets name. */
function withAssets(page) {
  const all = readdirSync(join(dist, 'assets')).map((name) => `assets/${name}`);
  const found = new Set([page]);
  for (const file of found) {
    const text = readFileSync(join(dist, file), 'utf8');
    for (const asset of all) if (text.includes(asset.slice('assets/'.length))) found.add(asset);
  }
  return [...found];
}

let failed = false;
for (const [name, files, most] of [
  ['widget.js', ['widget.js'], WIDGET_KIB_MAX],
  ['index.html', withAssets('index.html'), PAGE_KIB_MAX],
  ['desk.html', withAssets('desk.html'), PAGE_KIB_MAX],
]) {
  const size = files.reduce((sum, file) => sum + kib(file), 0);
  if (size > most) failed = true;
  console.log(`${name.padEnd(12)} ${size.toFixed(1).padStart(6)} KiB gzipped of ${most}${size > most ? '  TOO MUCH' : ''}`);
}
process.exitCode = failed ? 1 : 0;
