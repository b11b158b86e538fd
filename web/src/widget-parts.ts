// Parts of the widget that only show what the chat knows.

import { html, nothing, type TemplateResult } from 'lit';
import type { Chat } from './chat';
import type { Pending } from './items';
import { scored } from './bodies';
import { plain } from './markdown';
import type { Sendable } from './memory';
import { t } from './texts';
import type { Owner } from './wire';

/** Who answers now, and one's place in the queue. */
export function ownerText(owner: Owner, position: number | undefined): string {
  const words = t().owner;
  switch (owner.kind) {
    case 'bot':
      return words.bot;
    case 'queue':
      return position === undefined ? words.queue : words.queueAt(position);
    case 'consultant':
      return words.consultant(owner.name, t().roles[owner.role]);
    case 'closed':
      return words.closed;
  }
}

export function silentBox(silent: boolean, toggle: (event: Event) => void): TemplateResult {
  return html`<label><input type="checkbox" .checked=${silent} @change=${toggle} />${t().silent}</label>`;
}

export function connection(chat: Chat): TemplateResult {
  const { unsent } = chat.outbox;
  const text = chat.lost ? (unsent > 0 ? t().lostTexting(unsent) : t().lost) : chat.line;
  return html`<div role="status">${text ? html`<p class="connection">${text}</p>` : nothing}</div>`;
}

/** What to know before the first message: whole until it was read, folded afterwards. */
export function notice(chat: Chat, box: TemplateResult, read: () => void): TemplateResult | typeof nothing {
  if (!chat.notice) return nothing;
  const text = chat.notice.text.split('\n').map(noticeLine);
  if (chat.noticeRead) {
    return html`<details class="card">
      <summary>${t().noticeLabel}</summary>
      <div lang="zh-Hans">${text}</div>
    </details>`;
  }
  return html`<section class="card notice" aria-label=${t().noticeLabel}>
    <div lang="zh-Hans">${text}</div>
    <div class="agree">${box}<button type="button" class="primary" @click=${read}>${t().noticeRead}</button></div>
  </section>`;
}

/** A line of the notice; what stands before its colon is set off. */
function noticeLine(line: string): TemplateResult {
  const [, head, rest] = /^([^：，。]{2,8}：)(.+)$/.exec(line) ?? [];
  return head === undefined || rest === undefined
    ? html`<p>${plain(line)}</p>`
    : html`<p><strong>${head}</strong>${plain(rest)}</p>`;
}

/** How to begin, as long as nothing was said. */
export function examples(chat: Chat, say: (text: string) => void): TemplateResult | typeof nothing {
  const begun = chat.messages.size > 0 || chat.outbox.items.length > 0 || chat.messages.older || chat.loadingOlder;
  if (begun || chat.status !== 'open' || (chat.notice && !chat.noticeRead)) return nothing;
  const [before, after] = t().inDanger;
  return html`<div class="hello">
    <h3>${t().hello}</h3>
    <p>${t().helloHelp}${' '}${before}${plain('110')}${after} ${t().answersIn}</p>
    <ul class="examples">
      ${t().examples.map(
        (text) => html`<li><button type="button" lang="zh-Hans" @click=${() => say(text)}>${text}</button></li>`,
      )}
    </ul>
  </div>`;
}

/** What is on its way: as lines of its own, and as choices and scores of the messages they belong to. */
export function pendingOf(chat: Chat): {
  pending: Pending[];
  choosing: Map<number, number>;
  rating: Map<number, number>;
} {
  const choosing = new Map<number, number>();
  const rating = new Map<number, number>();
  const pending: Pending[] = [];
  for (const item of chat.outbox.items) {
    const { frame } = item;
    if (item.state === 'sending' && frame.type === 'choose') choosing.set(frame.of, frame.option);
    if (item.state === 'sending' && frame.type === 'rate') rating.set(frame.of, frame.score);
    pending.push({ item, text: pendingText(chat, frame) });
  }
  return { pending, choosing, rating };
}

function pendingText(chat: Chat, frame: Sendable): string {
  switch (frame.type) {
    case 'say':
      return frame.text;
    case 'choose': {
      const body = chat.messages.get(frame.of)?.body;
      const choices = body === undefined ? [] : 'options' in body ? body.options : 'next' in body ? body.next : [];
      return choices.find((c) => c.option === frame.option)?.label ?? String(frame.option);
    }
    case 'rate':
      return scored(frame.score);
    case 'human':
      return t().human;
    case 'end':
      return t().end;
  }
}
