import { afterEach, expect, test, vi } from 'vitest';
import { act, dueText, list, Refused } from '../src/desk/tickets-api';
import type { TicketItem } from '../src/wire';

const DAY_MS = 24 * 60 * 60 * 1000;
const ITEM: TicketItem = {
  conversation: 'a',
  number: '1125-7KQ2M',
  kind: 'question',
  status: 'open',
  opened_ms: 0,
  due_ms: 10 * DAY_MS,
  exact: true,
  contact: false,
  export: false,
  review: false,
  lawyer_only: false,
  last_seq: 1,
};

afterEach(() => vi.unstubAllGlobals());

test('how a promised time stands', () => {
  expect(dueText(ITEM, 0)).toBe('还有 10 天');
  expect(dueText({ ...ITEM, exact: false }, 0)).toBe('大约还有 10 天');
  expect(dueText(ITEM, 9 * DAY_MS)).toBe('24 小时内到期');
  expect(dueText(ITEM, 10 * DAY_MS)).toBe('已超期 1 天');
  expect(dueText(ITEM, 12 * DAY_MS + 1)).toBe('已超期 3 天');
});

test('an act carries its id, a refusal its words', async () => {
  const asked: [string, RequestInit | undefined][] = [];
  let answer = new Response(JSON.stringify({}));
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    asked.push([path, init]);
    return Promise.resolve(answer);
  });
  await act('a', { kind: 'answer', text: '好' }, 'id-1');
  expect(asked[0]?.[0]).toBe('/api/v1/tickets/a');
  expect(JSON.parse(String(asked[0]?.[1]?.body))).toEqual({ id: 'id-1', act: { kind: 'answer', text: '好' } });
  answer = new Response(JSON.stringify({ message: '你没有权限做这件事。' }), { status: 403 });
  await expect(list('pending')).rejects.toThrow(new Refused('你没有权限做这件事。'));
  expect(asked[1]?.[0]).toBe('/api/v1/tickets?status=open,reopened');
});

test('no connection is said in words', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  await expect(list('mine')).rejects.toThrow('连不上服务器');
});
