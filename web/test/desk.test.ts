import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeskClient } from '../src/desk/client';
import { BACKOFF_FIRST_MS, REPLY_TIMEOUT_MS } from '../src/link';
import { FakeSocket } from './fake-socket';

const MINE = { kind: 'consultant', staff: 'wang', name: '王', role: 'lawyer' };
let desk: DeskClient;
let signedOut = false;
const arrived: string[] = [];
const incoming: string[] = [];
const invited: string[] = [];

function item(conversation: string): object {
  return { conversation, since_ms: 0, urgent: false, reason: 'asked', last_seq: 2, lawyer_only: false };
}

function queue(given: { waiting?: object[]; mine?: object[]; invitations?: object[]; resting?: boolean }): object {
  const { waiting = [], mine = [], invitations = [], resting = false } = given;
  return { type: 'queue', waiting, waiting_total: waiting.length, mine, invitations, resting };
}

function message(seq: number, kind = 'citizen'): object {
  return { seq, at: seq, from: { kind }, body: { kind: 'text', text: String(seq) } };
}

function connect(): void {
  FakeSocket.last.accept();
  FakeSocket.last.push({ type: 'welcome', staff: 'wang', name: '王', role: 'lawyer' });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.all = [];
  signedOut = false;
  arrived.length = incoming.length = invited.length = 0;
  desk = new DeskClient({
    server: 'https://law.example',
    changed: () => undefined,
    urgent: () => undefined,
    incoming: (c) => incoming.push(c),
    invited: (i) => invited.push(i.conversation),
    arrived: (i) => arrived.push(i.conversation),
    signedOut: () => Promise.resolve(signedOut),
  });
  desk.start();
  connect();
});

afterEach(() => {
  desk.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('own conversations are followed, and resumed after the last seq', () => {
  FakeSocket.last.push(queue({ mine: [item('a')] }));
  expect(FakeSocket.last.sent).toEqual([{ type: 'open', conversation: 'a' }]);
  FakeSocket.last.push({ type: 'conversation', conversation: 'a', owner: MINE, messages: [message(1), message(2)], more: false });
  expect(desk.unread('a')).toBe(0);
  FakeSocket.last.lose();
  vi.advanceTimersByTime(BACKOFF_FIRST_MS);
  connect();
  expect(FakeSocket.last.sent).toEqual([{ type: 'open', conversation: 'a', after: 2 }]);
  FakeSocket.last.push({ type: 'conversation', conversation: 'a', owner: MINE, messages: [message(2), message(3)], more: true });
  expect(desk.opened.get('a')?.messages.all.map((m) => m.seq)).toEqual([1, 2, 3]);
  // What was missed is unread, and the replay says nothing about older messages.
  expect([desk.unread('a'), desk.opened.get('a')?.messages.older]).toEqual([1, false]);
});

test('a reply written without a connection goes out once there is one, and is shown once', () => {
  FakeSocket.last.push(queue({ mine: [item('a')] }));
  FakeSocket.last.push({ type: 'conversation', conversation: 'a', owner: MINE, messages: [message(1)], more: false });
  FakeSocket.last.lose();
  const id = desk.act({ type: 'reply', conversation: 'a', text: '好' });
  vi.advanceTimersByTime(BACKOFF_FIRST_MS);
  connect();
  expect(FakeSocket.last.sent).toContainEqual({ type: 'reply', conversation: 'a', text: '好', id });
  FakeSocket.last.push({ type: 'ack', id, conversation: 'a', seq: 2 });
  expect(desk.outbox.items).toHaveLength(1);
  FakeSocket.last.push({ type: 'message', conversation: 'a', message: message(2, 'consultant') });
  expect(desk.outbox.items).toHaveLength(0);
});

test('a reply that is no longer ours to send stays visible as failed', () => {
  const id = desk.act({ type: 'reply', conversation: 'a', text: '好' });
  FakeSocket.last.push({ type: 'error', code: 'not_owner', message: '不由你负责', retry: false, id });
  expect(desk.outbox.items[0]).toMatchObject({ state: 'failed', problem: '不由你负责' });
});

test('somebody else was faster: told, not offered again', () => {
  const id = desk.act({ type: 'take', conversation: 'a' });
  FakeSocket.last.push({ type: 'error', code: 'not_waiting', message: '已被接走', retry: false, id });
  expect([desk.line, desk.outbox.items]).toEqual(['已被接走', []]);
});

test('what was handed back is put away', () => {
  desk.open('a');
  const id = desk.act({ type: 'hand_back', conversation: 'a' });
  FakeSocket.last.push({ type: 'ack', id, conversation: 'a', seq: 3 });
  expect(desk.opened.has('a')).toBe(false);
});

test('only somebody new is announced', () => {
  FakeSocket.last.push(queue({ waiting: [item('a')] }));
  FakeSocket.last.push(queue({ waiting: [item('a'), item('b')] }));
  expect(arrived).toEqual(['b']);
});

test('a silent connection is tried, a refusal proves it, silence ends it', () => {
  vi.advanceTimersByTime(30_000);
  expect(FakeSocket.last.sent).toEqual([{ type: 'more', conversation: '', before: 1, limit: 1 }]);
  FakeSocket.last.push({ type: 'error', code: 'not_allowed', message: '没有权限', retry: false });
  expect(desk.line).toBe('');
  vi.advanceTimersByTime(30_000 + REPLY_TIMEOUT_MS);
  expect(FakeSocket.all).toHaveLength(2);
});

test('a refused socket after the sign-in ended stops the tries', async () => {
  signedOut = true;
  FakeSocket.last.lose();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.all).toHaveLength(1);
});

test('a message is announced once, and only what a citizen wrote', () => {
  FakeSocket.last.push(queue({ mine: [item('a')] }));
  FakeSocket.last.push({ type: 'conversation', conversation: 'a', owner: MINE, messages: [message(1)], more: false });
  FakeSocket.last.push({ type: 'message', conversation: 'a', message: message(2) });
  FakeSocket.last.push({ type: 'message', conversation: 'a', message: message(2) });
  FakeSocket.last.push({ type: 'message', conversation: 'a', message: message(3, 'consultant') });
  expect(incoming).toEqual(['a']);
});

test('everything is asked page after page, and half of it is not taken for all', async () => {
  FakeSocket.last.push(queue({ mine: [item('a')] }));
  const page = (seqs: number[], more: boolean): object => {
    return { type: 'conversation', conversation: 'a', owner: MINE, messages: seqs.map((s) => message(s)), more };
  };
  FakeSocket.last.push(page([5, 6], true));
  const all = desk.everything('a');
  FakeSocket.last.push(page([3, 4], true));
  FakeSocket.last.push(page([1, 2], false));
  expect((await all)?.map((m) => m.seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(FakeSocket.last.sent.filter((f) => f['type'] === 'more').map((f) => f['before'])).toEqual([5, 3]);
  desk.open('b');
  FakeSocket.last.push({ type: 'conversation', conversation: 'b', owner: MINE, messages: [message(9)], more: true });
  const half = desk.everything('b');
  FakeSocket.last.push({ type: 'error', code: 'not_allowed', message: '没有权限', retry: false });
  expect(await half).toBeUndefined();
  expect(desk.opened.get('b')?.loadingOlder).toBe(false);
});

test('an invitation counts down by this clock, is announced once, and lapses here as well', () => {
  FakeSocket.last.push(queue({ invitations: [{ item: item('a'), left_ms: 20_000 }] }));
  FakeSocket.last.push(queue({ invitations: [{ item: item('a'), left_ms: 19_000 }] }));
  expect(invited).toEqual(['a']);
  expect(desk.invitation).toMatchObject({ item: { conversation: 'a' }, untilMs: Date.now() + 19_000 });
  vi.advanceTimersByTime(19_000);
  expect(desk.invitation).toBeUndefined();
});

test('who accepts takes, who declines says why, and neither is shown again before the server answers', () => {
  const asked = (conversation: string) => ({ item: item(conversation), left_ms: 20_000 });
  FakeSocket.last.push(queue({ invitations: [asked('a'), asked('b')] }));
  desk.accept('a');
  desk.decline('b', true);
  expect(desk.invitation).toBeUndefined();
  const sent = FakeSocket.last.sent.map(({ id, ...frame }) => frame);
  expect(sent).toEqual([
    { type: 'take', conversation: 'a' },
    { type: 'decline', conversation: 'b', conflict: true },
  ]);
});

test('what was transferred is put away, and the note of the one before is kept with older pages', () => {
  FakeSocket.last.push(queue({ mine: [item('a')] }));
  const page = { type: 'conversation', conversation: 'a', owner: MINE, messages: [message(3)], more: true };
  FakeSocket.last.push({ ...page, note: { by: '李', text: '请接着看' } });
  FakeSocket.last.push({ ...page, messages: [message(2)] });
  expect(desk.opened.get('a')?.note).toEqual({ by: '李', text: '请接着看' });
  const id = desk.act({ type: 'transfer', conversation: 'a', to: { kind: 'lawyers' }, note: '' });
  FakeSocket.last.push({ type: 'ack', id, conversation: 'a', seq: 4 });
  expect(desk.opened.has('a')).toBe(false);
});
