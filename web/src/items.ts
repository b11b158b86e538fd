// Messages, one's own unsent ones included, as a list of lines.

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { type Actions, body, ROLES } from './bodies';
import type { LookUp } from './citation';
import type { Item } from './outbox';
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
}

export function transcriptOf(t: Transcript): TemplateResult {
  const chosen = new Map(t.choosing);
  const rated = new Map(t.rating);
  let lastCitizen = 0;
  for (const m of t.messages) {
    if (m.from.kind === 'citizen') lastCitizen = m.seq;
    if (m.body.kind === 'choice') chosen.set(m.body.of, m.body.option);
    if (m.body.kind === 'rating') rated.set(m.body.of, m.body.score);
  }
  return html`${repeat(
    t.messages,
    (m) => m.seq,
    (m, i) => {
      const view = {
        ...(t.actions ? { actions: t.actions } : {}),
        chosen: chosen.get(m.seq),
        rated: rated.get(m.seq),
        current: m.seq > lastCitizen,
        lookUp: t.lookUp,
      };
      return line(m, t.messages[i - 1], t.reader, body(m, view));
    },
  )}${repeat(
    t.pending,
    (p) => p.item.id,
    (p) => waiting(p, t),
  )}`;
}

function line(
  m: Message,
  before: Message | undefined,
  reader: Transcript['reader'],
  content: TemplateResult,
): TemplateResult {
  const own = m.from.kind === reader;
  const alarm = m.body.kind === 'notice' && m.body.urgent;
  const follows = before !== undefined && speaker(before.from, reader) === speaker(m.from, reader);
  const time = html`<time datetime=${new Date(m.at).toISOString()}>${clock(m.at)}</time>`;
  const name = speaker(m.from, reader);
  return html`<div
    class="msg ${own ? 'own' : m.from.kind}${alarm ? ' alarm' : ''}"
    data-seq=${m.seq}
    tabindex="-1"
  >
    ${own
      ? html`<span class="sr">${name}：</span>`
      : html`<p class=${follows ? 'sr' : 'meta'}>${name} ${time}</p>`}
    <div class="bubble">${content}</div>
    ${own ? html`<p class="meta">${time} · 已送达</p>` : nothing}
  </div>`;
}

function waiting(p: Pending, t: Transcript): TemplateResult {
  const failed = p.item.state === 'failed';
  return html`<div class="msg own" tabindex="-1">
    <span class="sr">你：</span>
    <div class="bubble"><p class="pre">${p.text}</p></div>
    ${failed
      ? html`<p class="meta"><span class="failed">未送达</span> ${p.item.problem}</p>
          <p class="meta">
            <button type="button" @click=${() => t.again(p.item.id)}>重发</button>
            <button type="button" class="quiet" @click=${() => t.discard(p.item.id)}>删除</button>
          </p>`
      : html`<p class="meta">${p.item.seq === undefined ? '正在发送…' : '已送达'}</p>`}
  </div>`;
}

function speaker(from: From, reader: Transcript['reader']): string {
  switch (from.kind) {
    case 'citizen':
      return reader === 'citizen' ? '你' : '来访者';
    case 'bot':
      return '法询机器人';
    case 'consultant':
      return reader === 'consultant' ? `我方 ${from.name}` : `${from.name}（${ROLES[from.role]}）`;
    case 'system':
      return '系统';
  }
}

/** 14:05, with the date when it is not today. */
function clock(at: number): string {
  const when = new Date(at);
  const time = `${two(when.getHours())}:${two(when.getMinutes())}`;
  if (when.toDateString() === new Date().toDateString()) return time;
  return `${when.getMonth() + 1}月${when.getDate()}日 ${time}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
