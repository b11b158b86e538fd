// What the bot did before somebody took over, as far as the messages tell it.

import { html, nothing, type TemplateResult } from 'lit';
import type { Messages } from '../messages';
import type { HandoffReason, Message, Owner } from '../wire';

export const REASONS: Record<HandoffReason, string> = {
  asked: '本人要求',
  danger: '人身危险',
  required: '须由人处理',
  not_understood: '机器没听懂',
  owner_lost: '原接待人断线',
  transferred: '同事转来',
};

export interface Summary {
  /** Entries answered, newest last, each once. */
  entries: { entry: string; title: string; seq: number }[];
  /** Forms begun, with the furthest step. */
  forms: { title: string; step: number; steps: number; seq: number }[];
  /** Choices offered because several things could be meant. */
  asked: number;
  /** Articles shown without an answer. */
  pointers: number;
  /** Codes of the urgent notices. */
  urgent: { code: string; seq: number }[];
  /** Ratings below the middle. */
  unhappy: number;
  /** Why it waits or waited, where the owner says so. */
  reason: string | undefined;
}

/** Scores below this are a complaint. */
const MIDDLE = 3;

export function summarise(messages: readonly Message[], owner: Owner | undefined): Summary {
  const s: Summary = {
    entries: [],
    forms: [],
    asked: 0,
    pointers: 0,
    urgent: [],
    unhappy: 0,
    reason: owner?.kind === 'queue' ? REASONS[owner.reason] : undefined,
  };
  for (const { seq, body } of messages) {
    switch (body.kind) {
      case 'answer':
        s.entries = [...s.entries.filter((e) => e.entry !== body.entry), { entry: body.entry, title: body.title, seq }];
        break;
      case 'form': {
        const { title, step, steps } = body;
        s.forms = [...s.forms.filter((f) => f.title !== title), { title, step, steps, seq }];
        break;
      }
      case 'clarify':
        s.asked += 1;
        break;
      case 'pointer':
        s.pointers += 1;
        break;
      case 'notice':
        if (body.urgent) s.urgent.push({ code: body.code, seq });
        break;
      case 'rating':
        if (body.score < MIDDLE) s.unhappy += 1;
        break;
      default:
        break;
    }
  }
  return s;
}

/** In one line, to be read before the first word to the citizen. */
export function summary(messages: Messages, owner: Owner | undefined): TemplateResult {
  const s = summarise(messages.all, owner);
  const parts = [
    s.reason === undefined ? '' : `转人工原因：${s.reason}`,
    s.entries.length > 0 ? `答过：${s.entries.map((e) => e.title).join('、')}` : '',
    s.forms.length > 0 ? `表单：${s.forms.map((f) => `${f.title} ${f.step}/${f.steps}`).join('、')}` : '',
    s.pointers > 0 ? `只给过法条 ${s.pointers} 次` : '',
    s.asked > 0 ? `反问过 ${s.asked} 次` : '',
    s.unhappy > 0 ? `差评 ${s.unhappy} 次` : '',
  ].filter((part) => part !== '');
  return html`<div class="summary" role="note" aria-label="机器人做过什么">
    ${s.urgent.length > 0 ? html`<span class="chip red">危险提示 ${s.urgent.length} 次</span>` : nothing}
    ${[...parts, ...(messages.older ? ['更早的消息没有算进来'] : [])].join(' · ') || '机器人还没有答过'}
  </div>`;
}
