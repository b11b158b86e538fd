// Parts of the desk that only show and pass on.

import { html, nothing, type TemplateResult } from 'lit';
import { type QueueItem, TEXT_CHARS_MAX } from '../wire';
import { REASONS } from './summary';
import { label, lasting } from './words';

/** Characters left from which they are counted out. */
const COUNT_FROM = 500;

export function signInForm(problem: string, submit: (event: Event) => void): TemplateResult {
  return html`<form class="sign-in" @submit=${submit}>
    <h1>法询工作台</h1>
    <label>名字<input name="name" autocomplete="username" required autofocus /></label>
    <label>密码<input name="password" type="password" autocomplete="current-password" required /></label>
    <label>验证码（设了才填）<input name="code" inputmode="numeric" maxlength="6" autocomplete="one-time-code" /></label>
    <div role="alert">${problem ? html`<p class="problem">${problem}</p>` : nothing}</div>
    <button class="primary" type="submit">登录</button>
  </form>`;
}

/** Conversations in which danger was named, until somebody says that it was seen. */
export function banner(alarms: string[], see: (c: string) => void, drop: (c: string) => void): TemplateResult {
  return html`<div role="alert">
    ${alarms.map(
      (c) => html`<div class="banner">
        <span>紧急：${label(c)} 提到人身危险</span>
        <button type="button" @click=${() => see(c)}>打开</button>
        <button type="button" class="quiet" @click=${() => drop(c)}>知道了</button>
      </div>`,
    )}
  </div>`;
}

export interface Row {
  /** The role may take it. */
  may: boolean;
  shown: boolean;
  take: () => void;
  look: () => void;
}

export function waitingRow(item: QueueItem, row: Row): TemplateResult {
  return html`<li class="row ${item.urgent ? 'urgent' : ''} ${row.shown ? 'shown' : ''}">
    <div class="what">
      <strong>${label(item.conversation)} ${item.area ?? ''}</strong>
      <span class="wait">已等 ${lasting(item.since_ms)}</span>
    </div>
    <div>
      ${item.urgent ? html`<span class="chip red">紧急</span>` : nothing}
      <span class="chip">${REASONS[item.reason]}</span>
      ${item.lawyer_only ? html`<span class="chip">仅限律师</span>` : nothing}
    </div>
    <div class="do">
      <button type="button" class="primary" ?disabled=${!row.may} @click=${row.take}>接手</button>
      <button type="button" class="quiet" ?disabled=${!row.may} @click=${row.look}>查看</button>
    </div>
  </li>`;
}

export interface Reply {
  text: string;
  /** The prepared replies are unfolded. */
  canned: boolean;
  submit: (event: Event) => void;
  typed: (event: Event) => void;
  pressed: (event: KeyboardEvent) => void;
  unfold: () => void;
}

export function replyForm(reply: Reply): TemplateResult {
  const left = TEXT_CHARS_MAX - [...reply.text].length;
  return html`<form class="reply" @submit=${reply.submit}>
    <div>
      <label class="sr" for="reply">回复，回车发送，Shift 加回车换行</label>
      <textarea
        id="reply"
        rows="2"
        .value=${reply.text}
        placeholder="回复来访者"
        @input=${reply.typed}
        @keydown=${reply.pressed}
      ></textarea>
      <button type="button" class="quiet" aria-expanded=${reply.canned} @click=${reply.unfold}>常用语</button>
      <button type="submit" class="primary" ?disabled=${left < 0 || reply.text.trim() === ''}>发送</button>
    </div>
    ${left < COUNT_FROM ? html`<p class=${left < 0 ? 'over' : ''} role="status">还可以写 ${left} 字</p>` : nothing}
  </form>`;
}
