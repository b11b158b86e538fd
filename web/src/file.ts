// Saving a text as a file of the device.

import { stamp } from './plain-text';

/** How long a browser may take to begin the download, in ms. */
const KEEP_MS = 60_000;

/** The file's name says nothing of what is in it: others may see the list of downloads. `now` in ms since 1970. */
export function save(text: string, now: number): void {
  // The mark at the beginning tells old editors that the text is UTF-8.
  const url = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${stamp(now).replace(/[ :]/g, '-')}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
