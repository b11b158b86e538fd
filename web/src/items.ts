// Messages, one's own unsent ones included, as a list of lines.

import { html, nothing, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { repeat } from 'lit/directives/repeat.js';
import { type Actions, ASIDES, body } from './bodies';
import type { LookUp } from './citation';
import type { Item } from './outbox';
import { language, t } from './texts';
import type { From, Message } from './wire';

/** Something of one's own that is on its way, as it will look. */
export interface Pending {
  item: Item<{ id: string }>;
  text: string;
}

export interface Transcript {
  messages: readonly Message[];
  pending: Pending[];
  /** Who reads: their own messages stand on the right. */
  reader: 'citizen' | 'consultant';
  actions?: Actions;
  lookUp?: LookUp;
  /** Options and ratings on their way, by the message they belong to. */
  choosing?: Map<number, number>;
  rating?: Map<number, number>;
  again: (id: string) => void;
  discard: (id: string) => void;
  /** Reads a message aloud, where the device can. */
  speech?: { now: number | undefined; toggle: (message: Message) => void };
}

export function transcriptOf(list: Transcript): TemplateResult {
  const chosen = new Map(list.choosing);
  const rated = new Map(list.rating);
  let lastCitizen = 0;
  for (const m of list.messages) {
    if (m.from.kind === 'citizen') lastCitizen = m.seq;
    if (m.body.kind === 'choice') chosen.set(m.body.of, m.body.option);
    if (m.body.kind === 'rating') rated.set(m.body.of, m.body.score);
  }
  return html`${repeat(
    list.messages,
    (m) => m.seq,
    (m, i) => {
      const view = {
        ...(list.actions ? { actions: list.actions } : {}),
        chosen: chosen.get(m.seq),
        rated: rated.get(m.seq),
        current: m.seq > lastCitizen,
        lookUp: list.lookUp,
      };
      return line(m, list.messages[i - 1], list, body(m, view));
    },
  )}${repeat(
    list.pending,
    (p) => p.item.id,
    (p) => waiting(p, list),
  )}`;
}

function line(m: Message, before: Message | undefined, list: Transcript, content: TemplateResult): TemplateResult {
  const { reader } = list;
  const own = m.from.kind === reader;
  const alarm = m.body.kind === 'notice' && m.body.urgent;
  const follows = before !== undefined && speaker(before.from, reader) === speaker(m.from, reader);
  const time = html`<time datetime=${new Date(m.at).toISOString()}>${clock(m.at)}</time>`;
  const name = speaker(m.from, reader);
  return html`<div
    class="msg ${own ? 'own' : m.from.kind}${alarm ? ' alarm' : ''}"
    part="message ${own ? 'own' : m.from.kind}"
    data-seq=${m.seq}
    tabindex="-1"
  >
    ${own
      ? html`<span class="sr">${name}：</span>`
      : html`<p class=${follows ? 'sr' : 'meta'}>${name} ${time}</p>`}
    <div class="bubble" part="bubble" lang=${ifDefined(serverLanguage(m))}>${content}</div>
    ${own ? html`<p class="meta">${time} · ${t().delivered}</p>` : speech(m, list)}
  </div>`;
}

/** What the server and its people write is simplified Chinese, whatever the interface speaks. */
function serverLanguage(m: Message): string | undefined {
  return m.from.kind !== 'citizen' && language() !== 'zh-Hans' ? 'zh-Hans' : undefined;
}

function speech(m: Message, list: Transcript): TemplateResult | typeof nothing {
  const aside = m.body.kind === 'notice' && ASIDES.has(m.body.code);
  if (!list.speech || aside || m.from.kind === 'citizen') return nothing;
  const { now, toggle } = list.speech;
  return html`<p class="meta aloud">
    <button type="button" class="quiet" aria-pressed=${now === m.seq} @click=${() => toggle(m)}>
      ${now === m.seq ? t().speakStop : t().speak}
    </button>
  </p>`;
}

function waiting(p: Pending, list: Transcript): TemplateResult {
  const failed = p.item.state === 'failed';
  return html`<div class="msg own" part="message own" tabindex="-1">
    <span class="sr">${t().speakers.you}：</span>
    <div class="bubble" part="bubble"><p class="pre">${p.text}</p></div>
    ${failed
      ? html`<p class="meta"><span class="failed">${t().undelivered}</span> ${p.item.problem}</p>
          <p class="meta">
            <button type="button" @click=${() => list.again(p.item.id)}>${t().again}</button>
            <button type="button" class="quiet" @click=${() => list.discard(p.item.id)}>${t().discard}</button>
          </p>`
      : html`<p class="meta">${p.item.seq === undefined ? t().sending : t().delivered}</p>`}
  </div>`;
}

/** Who speaks, as their reader calls them. */
export function speaker(from: From, reader: Transcript['reader']): string {
  const { speakers, roles } = t();
  switch (from.kind) {
    case 'citizen':
      return reader === 'citizen' ? speakers.you : '来访者';
    case 'bot':
      return speakers.bot;
    case 'consultant':
      return reader === 'consultant' ? `我方 ${from.name}` : speakers.staff(from.name, roles[from.role]);
    case 'system':
      return speakers.system;
  }
}

/** 14:05, with the date when it is not today. */
function clock(at: number): string {
  const when = new Date(at);
  const time = `${two(when.getHours())}:${two(when.getMinutes())}`;
  if (when.toDateString() === new Date().toDateString()) return time;
  return t().when(when.getMonth() + 1, when.getDate(), time);
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
