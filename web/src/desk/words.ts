// What the desk says about a conversation.

import type { Opened } from './client';

/** The newest text of the citizen. */
export function lastSaid(opened: Opened): string {
  const said = opened.messages.all.filter((m) => m.from.kind === 'citizen' && m.body.kind === 'text').pop();
  return said?.body.kind === 'text' ? said.body.text : '';
}

/** A conversation's id is long and means nothing: its last four characters tell it from the others on the screen. */
export function label(conversation: string): string {
  return `#${conversation.slice(-4)}`;
}

/** How long ago, as 4:05 or in hours and minutes. */
export function lasting(sinceMs: number): string {
  const s = Math.max(0, Math.floor((Date.now() - sinceMs) / 1000));
  const seconds = String(s % 60).padStart(2, '0');
  return s < 3600
    ? `${Math.floor(s / 60)}:${seconds}`
    : `${Math.floor(s / 3600)} 小时 ${Math.floor((s % 3600) / 60)} 分`;
}

/** Who answers in a conversation that is open here. */
export function stateText(opened: Opened, own: boolean): string {
  if (own) return '由我接待';
  switch (opened.owner?.kind) {
    case undefined:
      return '正在打开…';
    case 'bot':
      return '机器人解答中';
    case 'queue':
      return '等候中';
    case 'consultant':
      return `已由 ${opened.owner.name} 接手`;
    case 'closed':
      return '已结束';
  }
}

/** The page's title: how many wait, how much is unread. Never a text or a name. */
export function titleOf(waiting: number, unread: number): string {
  const counts = [waiting > 0 ? `${waiting} 人等候` : '', unread > 0 ? `${unread} 条未读` : ''];
  return [...counts, '法询工作台'].filter((part) => part !== '').join(' · ');
}
