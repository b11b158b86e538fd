// `/api/v1/tickets`: the messages that were left.

import { newId } from '../outbox';
import type { Message, TicketAct, TicketItem } from '../wire';

const PATH = '/api/v1/tickets';
const DAY_MS = 24 * 60 * 60 * 1000;

export interface TicketList {
  tickets: TicketItem[];
  total: number;
}

/** What the list can be narrowed to. */
export const VIEWS = {
  pending: { label: '待答复', query: '?status=open,reopened' },
  mine: { label: '分给我的', query: '?status=open,reopened&staff=me' },
  callback: { label: '回访', query: '?callback=true' },
  review: { label: '抽查', query: '?review=true' },
  answered: { label: '已答复', query: '?status=answered' },
  closed: { label: '已结束', query: '?status=closed' },
} as const;
export type View = keyof typeof VIEWS;

/** A refusal in words, as the server gave it. */
export class Refused extends Error {}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(PATH + path, { cache: 'no-store', ...init });
  } catch {
    throw new Refused('连不上服务器，请检查网络后再试。');
  }
  if (response.ok) return (await response.json()) as T;
  const error = (await response.json().catch(() => ({}))) as { message?: string };
  throw new Refused(error.message ?? '没有成功，请再试一次。');
}

export function list(view: View): Promise<TicketList> {
  return ask<TicketList>(VIEWS[view].query);
}

export function messages(conversation: string): Promise<{ messages: Message[]; more: boolean }> {
  return ask(`/${conversation}/messages`);
}

/** Tried again under the same id it does nothing twice. */
export function act(conversation: string, todo: TicketAct, id = newId()): Promise<{ ticket?: TicketItem }> {
  return ask(`/${conversation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, act: todo }),
  });
}

/** `还有 3 天`, `今天到期`, `已超期 2 天`; `大约` where the holidays were not known. */
export function dueText(ticket: TicketItem, nowMs: number): string {
  const left = ticket.due_ms - nowMs;
  const about = ticket.exact ? '' : '大约';
  if (left <= 0) return `已超期 ${Math.floor(-left / DAY_MS) + 1} 天`;
  if (left <= DAY_MS) return '24 小时内到期';
  return `${about}还有 ${Math.floor(left / DAY_MS)} 天`;
}
