// The little Markdown that answers use: paragraphs, bold, lists, headings. Everything else is text. Rendered to
// Lit templates, so no HTML can come through.

import { html, type TemplateResult } from 'lit';

export type Inline = { kind: 'text' | 'bold'; text: string };
export type Block =
  | { kind: 'paragraph'; lines: Inline[][] }
  | { kind: 'heading'; line: Inline[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][][] };

const BULLET = /^\s{0,3}[-*•]\s+(.*)$/;
const NUMBER = /^\s{0,3}(\d{1,3})[.、．)）]\s*(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;

/** Splits text into blocks. Total: any text gives some blocks. */
export function parse(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const raw of markdown.replace(/\r\n?/g, '\n').split('\n')) {
    const line = raw.trimEnd();
    if (line.trim() === '') {
      // A blank line ends a paragraph; a list may go on after it.
      if (open?.kind === 'paragraph') open = undefined;
      continue;
    }
    const heading = HEADING.exec(line);
    const bullet = BULLET.exec(line);
    const number = NUMBER.exec(line);
    if (heading) {
      blocks.push({ kind: 'heading', line: inline(heading[1] ?? '') });
      open = undefined;
    } else if (bullet || number) {
      const ordered = bullet === null;
      if (open?.kind !== 'list' || open.ordered !== ordered) {
        open = { kind: 'list', ordered, start: Number(number?.[1] ?? 1), items: [] };
        blocks.push(open);
      }
      open.items.push([inline((bullet ? bullet[1] : number?.[2]) ?? '')]);
    } else if (open?.kind === 'list' && /^\s/.test(raw)) {
      open.items[open.items.length - 1]?.push(inline(line.trim()));
    } else {
      if (open?.kind !== 'paragraph') {
        open = { kind: 'paragraph', lines: [] };
        blocks.push(open);
      }
      open.lines.push(inline(line.trim()));
    }
  }
  return blocks;
}

/** Splits a line at `**bold**`. An asterisk without its partner stays text. */
export function inline(line: string): Inline[] {
  const parts: Inline[] = [];
  line.split(/\*\*(\S(?:.*?\S)?)\*\*/).forEach((text, i) => {
    if (text !== '') parts.push({ kind: i % 2 === 1 ? 'bold' : 'text', text });
  });
  return parts;
}

// Numbers that answers name: emergency first, then hotlines. 12110 takes text messages.
const HOTLINES = new Set(
  '110 119 120 122 12110 12309 12315 12333 12338 12345 12348 12355 12356 12368 12385 96110'.split(' '),
);
/** What makes a number an amount, a day, an article. (No lookbehind in patterns: old phones cannot read it.) */
const COUNTED = /^(?:[\d.,%％—~～至-]|\s*(?:元|块|万|天|日|个|名|人|年|月|条|款|岁|小时|分|平|米|公里|斤|次|户|号令|以))/;

export interface Piece {
  text: string;
  href?: string;
}

/** Splits text at the telephone numbers it names. */
export function phones(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/\d+/g)) {
    const number = match[0];
    const at = match.index ?? 0;
    const end = at + number.length;
    const counted = /[.\-第]$/.test(text.slice(0, at)) || COUNTED.test(text.slice(end));
    if (!HOTLINES.has(number) || counted) continue;
    if (at > from) pieces.push({ text: text.slice(from, at) });
    pieces.push({ text: number, href: `${number === '12110' ? 'sms' : 'tel'}:${number}` });
    from = end;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** Plain text with its line breaks and telephone links. */
export function plain(text: string): TemplateResult {
  return html`${text.split('\n').map((line, i) => html`${i > 0 ? html`<br />` : ''}${linked(line)}`)}`;
}

export function markdown(text: string): TemplateResult {
  return html`${parse(text).map(block)}`;
}

function block(b: Block): TemplateResult {
  switch (b.kind) {
    case 'heading':
      return html`<p class="heading"><strong>${inlines(b.line)}</strong></p>`;
    case 'paragraph':
      return html`<p>${broken(b.lines)}</p>`;
    case 'list': {
      const items = b.items.map((lines) => html`<li>${broken(lines)}</li>`);
      return b.ordered ? html`<ol start=${b.start}>${items}</ol>` : html`<ul>${items}</ul>`;
    }
  }
}

function broken(lines: Inline[][]): TemplateResult[] {
  return lines.map((line, i) => html`${i > 0 ? html`<br />` : ''}${inlines(line)}`);
}

function inlines(parts: Inline[]): TemplateResult[] {
  return parts.map((p) =>
    p.kind === 'bold' ? html`<strong>${linked(p.text)}</strong>` : html`${linked(p.text)}`,
  );
}

function linked(text: string): TemplateResult[] {
  return phones(text).map((p) => (p.href ? html`<a class="phone" href=${p.href}>${p.text}</a>` : html`${p.text}`));
}
