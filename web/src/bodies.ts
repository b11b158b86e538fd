// How each kind of message looks, for the widget and the desk.

import { html, nothing, type TemplateResult } from 'lit';
import { markdown, plain } from './markdown';
import type { Body, Choice, Citation, Message, StaffRole, Verdict } from './wire';

/** What a message lets its reader do; without it everything is only shown. */
export interface Actions {
  choose: (of: number, option: number, byKeyboard: boolean) => void;
  rate: (of: number, score: number, reason: string | undefined) => void;
}

export interface View {
  actions?: Actions;
  /** Option of this message that was chosen already. */
  chosen?: number | undefined;
  /** Score that this message was given already. */
  rated?: number | undefined;
  /** The options of this message still count. */
  current: boolean;
}

const VERDICTS: Record<Verdict, string> = {
  in_force: '现行有效',
  unreviewed: '按2025-04版本有效，未复核',
  repealed: '已废止或已修改',
  not_yet_in_force: '尚未施行',
  absent: '查无此条',
  unverified: '未能核实',
};

/** Fixed texts that are set small. */
const ASIDES = new Set(['bot_disclosure', 'rate.thanks']);

export const ROLES: Record<StaffRole, string> = {
  consultant: '咨询员',
  lawyer: '律师',
  editor: '编辑',
  approver: '审核',
  supervisor: '主管',
  admin: '管理员',
};

export function body(message: Message, view: View): TemplateResult {
  const b = message.body;
  switch (b.kind) {
    case 'text':
      return message.from.kind === 'citizen' ? html`<p class="pre">${b.text}</p>` : html`<p>${plain(b.text)}</p>`;
    case 'choice':
      return html`<p><span class="number" aria-hidden="true">${b.option}</span> ${b.label}</p>`;
    case 'request':
      return html`<p>转人工</p>`;
    case 'rating':
      return html`<p>${b.score >= 3 ? '有帮助' : '没帮助'}${b.reason ? html`：${b.reason}` : nothing}</p>`;
    case 'end':
      return html`<p>结束咨询</p>`;
    case 'answer':
      return answer(message.seq, b, view);
    case 'clarify':
      return html`<p>${plain(bare(b.text, b.options))}</p>${options(message.seq, b.options, view)}`;
    case 'form':
      return form(message.seq, b, view);
    case 'pointer':
      return html`
        <p class="kind">法条原文 · 不是答复</p>
        <p>${plain(b.text)}</p>
        ${citations(b.citations)}`;
    case 'notice':
      return notice(message.seq, b, view);
    case 'handoff':
      return html`<p>${plain(bare(b.text, b.options))}</p>${options(message.seq, b.options, view)}`;
  }
}

function answer(seq: number, b: Extract<Body, { kind: 'answer' }>, view: View): TemplateResult {
  return html`
    ${b.safety ? html`<div class="safety" role="note" aria-label="安全提示">${plain(b.safety)}</div>` : nothing}
    <h3>${b.title}</h3>
    <div class="markdown">${markdown(bare(b.markdown, b.next))}</div>
    ${b.citations.length > 0 ? html`<p class="kind">法律依据</p>${citations(b.citations)}` : nothing}
    ${b.next.length > 0 ? html`<p class="kind">接着问</p>${options(seq, b.next, view)}` : nothing}
    ${view.actions
      ? html`<faxun-rating .seq=${seq} .rated=${view.rated} .rate=${view.actions.rate}></faxun-rating>`
      : nothing}`;
}

function form(seq: number, b: Extract<Body, { kind: 'form' }>, view: View): TemplateResult {
  return html`
    <p class="kind">${b.title} · 第 ${b.step} / ${b.steps} 步</p>
    <progress max=${b.steps} value=${b.step} aria-hidden="true"></progress>
    <p class="ask">${plain(bare(b.text, b.options))}</p>
    ${options(seq, b.options, view.current ? view : { chosen: view.chosen, current: false })}`;
}

function notice(seq: number, b: Extract<Body, { kind: 'notice' }>, view: View): TemplateResult {
  const content = html`<div class="markdown">${markdown(bare(b.text, b.options))}</div>`;
  const boxed = b.urgent
    ? html`<div class="urgent" role="alert">${content}</div>`
    : b.code.startsWith('danger_related.')
      ? html`<div class="safety" role="note" aria-label="安全提示">${content}</div>`
      : ASIDES.has(b.code)
        ? html`<div class="quietly">${content}</div>`
        : content;
  return html`
    ${boxed}
    ${options(seq, b.options, view)}`;
}

function options(seq: number, choices: Choice[], view: View): TemplateResult | typeof nothing {
  if (choices.length === 0) return nothing;
  const { actions } = view;
  return html`<ol class="options">
    ${choices.map((c) => {
      const label = html`<span class="number">${c.option}</span><span>${c.label}</span>`;
      const chosen = view.chosen === c.option;
      return html`<li>
        ${actions
          ? html`<button
              type="button"
              class=${chosen ? 'option chosen' : 'option'}
              aria-pressed=${chosen}
              @click=${(e: MouseEvent) => actions.choose(seq, c.option, e.detail === 0)}
            >
              ${label}
            </button>`
          : html`<span class=${chosen ? 'option still chosen' : 'option still'}>${label}</span>`}
      </li>`;
    })}
  </ol>`;
}

function citations(list: Citation[]): TemplateResult {
  return html`<ul class="citations">
    ${list.map(
      (c) =>
        html`<li>
          <span class="law">《${c.law}》${c.article}</span>
          <span class="verdict ${c.verdict}">${VERDICTS[c.verdict]}</span>
          ${c.text ? html`<blockquote>${c.text}</blockquote>` : nothing}
        </li>`,
    )}
  </ul>`;
}

/** A text without the lines that repeat its options for clients that only show text. */
export function bare(text: string, choices: Choice[]): string {
  if (choices.length === 0) return text;
  const repeated = new Set(choices.map((c) => `${c.option}${c.label}`));
  return text
    .split('\n')
    .filter((line) => !repeated.has(line.replace(/[\s.、．]/g, '')))
    .join('\n')
    .trimEnd();
}
