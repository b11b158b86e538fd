// The desk's keys, and the overlay that lists them.

import { html, type TemplateResult } from 'lit';

export type Command =
  | { do: 'take' }
  | { do: 'accept' }
  | { do: 'decline' }
  | { do: 'show'; index: number }
  | { do: 'unread' }
  | { do: 'canned' }
  | { do: 'close' }
  | { do: 'print' }
  | { do: 'tickets' }
  | { do: 'help' };

/** Own conversations that have a key of their own. */
export const KEYED_MAX = 5;

const HELP: readonly (readonly [string, string])[] = [
  ['Alt + Y / Alt + X', '接派单 / 不接'],
  ['Alt + N', '接手下一位'],
  [`Alt + 1 … ${KEYED_MAX}`, '切换到第几个对话'],
  ['Alt + U', '到下一个有未读的对话'],
  ['Alt + K', '常用语；找到后回车填入'],
  ['Alt + W', '结束对话的表格'],
  ['Alt + M', '留言工单，再按一次回到对话'],
  ['Alt + P', '打印整段对话'],
  ['回车 / Shift + 回车', '发送 / 换行'],
  ['? 或 Alt + H', '这张表'],
  ['Esc', '关上这张表或常用语'],
];

/** What a key means; undefined when it is nobody's. By position: with Alt held the character depends on the layout. */
export function commandOf(event: KeyboardEvent, writing: boolean): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.isComposing) return undefined;
  if (!event.altKey) return event.key === '?' && !writing ? { do: 'help' } : undefined;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  if (digit !== undefined) {
    const index = Number(digit) - 1;
    return index < KEYED_MAX ? { do: 'show', index } : undefined;
  }
  switch (event.code) {
    case 'KeyY':
      return { do: 'accept' };
    case 'KeyX':
      return { do: 'decline' };
    case 'KeyN':
      return { do: 'take' };
    case 'KeyU':
      return { do: 'unread' };
    case 'KeyK':
      return { do: 'canned' };
    case 'KeyW':
      return { do: 'close' };
    case 'KeyP':
      return { do: 'print' };
    case 'KeyM':
      return { do: 'tickets' };
    case 'KeyH':
      return { do: 'help' };
    default:
      return undefined;
  }
}

/** Whether a key goes into a field. */
export function writing(event: Event): boolean {
  return event.composedPath().some((at) => at instanceof HTMLElement && at.matches('input, textarea, select'));
}

export function help(close: () => void): TemplateResult {
  return html`<dialog class="help" aria-labelledby="keys" @close=${close}>
    <h2 id="keys">键盘</h2>
    <dl>
      ${HELP.map(([keys, meaning]) => html`<div><dt>${keys}</dt><dd>${meaning}</dd></div>`)}
    </dl>
    <form method="dialog"><button class="primary" autofocus>关上</button></form>
  </dialog>`;
}
