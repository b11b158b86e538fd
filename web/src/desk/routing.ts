// Being asked to take somebody, and giving somebody to a colleague.

import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../texts';
import { NOTE_CHARS_MAX, type QueueItem, type Target } from '../wire';
import type { DeskClient } from './client';
import { REASONS } from './summary';
import { label } from './words';

/** Whom one is asked to take, with the seconds left. The role of an alert is read out once, the countdown is not. */
export function invited(client: DeskClient, take: (item: QueueItem) => void): TemplateResult {
  const { invitation } = client;
  if (!invitation) {
    return html`<div role="alert"></div>
      ${client.resting
        ? html`<p class="line">刚才两次派单没有接，先不再派给你。点一下“我在”就恢复。
            <button type="button" @click=${() => client.askColleagues()}>我在</button></p>`
        : nothing}`;
  }
  const { item, untilMs } = invitation;
  const left = Math.max(0, Math.ceil((untilMs - Date.now()) / 1000));
  return html`<div class="invitation ${item.urgent ? 'urgent' : ''}">
    <span role="alert">请接待：${label(item.conversation)} ${item.area ?? ''}（${REASONS[item.reason]}）${item.urgent ? '，紧急' : ''}</span>
    <span class="left" aria-hidden="true">还有 ${left} 秒</span>
    <button type="button" class="primary" @click=${() => take(item)}>接手（Alt+Y）</button>
    <button type="button" @click=${() => client.decline(item.conversation, false)}>不接（Alt+X）</button>
    <button type="button" class="quiet" @click=${() => client.decline(item.conversation, true)}>利益冲突，回避</button>
  </div>`;
}

export function transferForm(
  client: DeskClient,
  transfer: (to: Target, note: string) => void,
  leave: () => void,
): TemplateResult {
  const areas = [...new Set(client.colleagues.flatMap((c) => c.skills))].sort();
  const submit = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    transfer(targetOf(String(form.get('to') ?? '')), String(form.get('note') ?? '').trim());
  };
  return html`<form class="closing" aria-label="转给同事" @submit=${submit}>
    <label>转给<select name="to">
        <option value="lawyers">任一律师</option>
        ${areas.map((area) => html`<option value="area:${area}">${area}组</option>`)}
        ${client.colleagues.map(
          (c) => html`<option value="staff:${c.staff}">${c.name}（${t().roles[c.role]}，还能接 ${c.free} 位）</option>`,
        )}
      </select></label>
    <label>给同事的话（来访者看不到）<input name="note" maxlength=${NOTE_CHARS_MAX} autocomplete="off" /></label>
    <button type="submit" class="primary">转过去</button>
    <button type="button" class="quiet" @click=${leave}>不转</button>
  </form>`;
}

/** What an option of the transfer form stands for. */
export function targetOf(value: string): Target {
  if (value.startsWith('staff:')) return { kind: 'staff', staff: value.slice('staff:'.length) };
  if (value.startsWith('area:')) return { kind: 'area', area: value.slice('area:'.length) };
  return { kind: 'lawyers' };
}
