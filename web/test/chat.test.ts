import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Chat } from '../src/chat';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS, backoff, REPLY_TIMEOUT_MS, SETTLED_MS } from '../src/link';
import { FakeSocket } from './fake-socket';

const SERVER = 'https://law.example';
let chat!: Chat;

function fresh(silent = false): Chat {
  chat = new Chat({ server: SERVER, silent, changed: () => undefined });
  chat.start();
  return chat;
}

function welcome(seq = 0, more: object = {}): object {
  return { type: 'welcome', conversation: 'c1', token: 't1', seq, owner: { kind: 'bot' }, ...more };
}

function message(seq: number, text: string, kind = 'bot'): object {
  return { type: 'message', seq, at: seq, from: { kind }, body: { kind: 'text', text } };
}

function shownSeqs(): number[] {
  return chat.messages.all.map((m) => m.seq);
}

function error(code: string, more: object = {}): object {
  return { type: 'error', code, message: code, retry: false, ...more };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.all = [];
  localStorage.clear();
  sessionStorage.clear();
});

afterEach(() => {
  (chat as Chat | undefined)?.stop();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('the first wait doubles up to its bound, with jitter below it', () => {
  expect(backoff(1, 1)).toBe(BACKOFF_FIRST_MS);
  expect(backoff(2, 1)).toBe(2 * BACKOFF_FIRST_MS);
  expect(backoff(3, 0)).toBe(2 * BACKOFF_FIRST_MS);
  expect(backoff(99, 1)).toBe(BACKOFF_MAX_MS);
});

describe('hello', () => {
  test('a new visitor has neither token nor seq', () => {
    fresh();
    expect(FakeSocket.last.url).toBe('wss://law.example/ws');
    expect(FakeSocket.last.protocols).toEqual(['faxun.v1']);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: 'hello' }]);
  });

  test('after a lost connection: the token and the last seq', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '问', 'citizen'), message(2, '答'));
    FakeSocket.last.lose();
    vi.advanceTimersByTime(BACKOFF_FIRST_MS);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: 'hello', token: 't1', after: 2 }]);
    FakeSocket.last.push(welcome(3), message(2, '答'), message(3, '又答'));
    expect(shownSeqs()).toEqual([1, 2, 3]);
  });

  test('after a reload the cache is shown at once and resumed from', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '问', 'citizen'), message(2, '答'));
    chat.stop();
    fresh();
    expect(shownSeqs()).toEqual([1, 2]);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: 'hello', token: 't1', after: 2 }]);
  });

  test('with a token but no cache the newest page is asked for', () => {
    localStorage.setItem(`faxun:${SERVER}`, 't0');
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(57));
    expect(FakeSocket.last.sent).toEqual([
      { type: 'hello', token: 't0' },
      { type: 'more', before: 58, limit: 50 },
    ]);
    const { type: _type, ...m } = message(57, '答') as { type: string };
    FakeSocket.last.push({ type: 'page', messages: [m], more: true });
    expect([shownSeqs(), chat.messages.older]).toEqual([[57], true]);
  });

  test.each(['token_invalid', 'token_expired', 'gone'])('%s begins anew on the same socket and says so', (code) => {
    localStorage.setItem(`faxun:${SERVER}`, 'old');
    fresh();
    chat.act({ type: 'say', text: '还没发出去' });
    FakeSocket.last.accept();
    FakeSocket.last.push(error(code));
    expect(FakeSocket.all).toHaveLength(1);
    expect(FakeSocket.last.sent[1]).toEqual({ type: 'hello' });
    expect(chat.line).toContain('新的对话');
    FakeSocket.last.push(welcome());
    expect(FakeSocket.last.sent[2]).toMatchObject({ type: 'say', text: '还没发出去' });
    expect(localStorage.getItem(`faxun:${SERVER}`)).toBe('t1');
  });

  test('a conversation erased while it is open is begun anew on another socket', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '问', 'citizen'), error('gone', { id: 'x' }));
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: 'hello' }]);
    expect(shownSeqs()).toEqual([]);
  });
});

describe('reconnecting', () => {
  test('waits longer each time, and at once when the network returns', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    fresh();
    for (const wait of [500, 1000, 2000]) {
      const before = FakeSocket.all.length;
      FakeSocket.last.lose();
      vi.advanceTimersByTime(wait - 1);
      expect(FakeSocket.all).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all).toHaveLength(before + 1);
    }
    FakeSocket.last.lose();
    const before = FakeSocket.all.length;
    dispatchEvent(new Event('online'));
    expect(FakeSocket.all).toHaveLength(before + 1);
  });

  test('resync: at once, but not for ever', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '答'));
    FakeSocket.last.lose(4001);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.accept();
    FakeSocket.last.lose(4001);
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(2 * BACKOFF_FIRST_MS);
    expect(FakeSocket.all).toHaveLength(3);
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(1));
    vi.advanceTimersByTime(SETTLED_MS);
    FakeSocket.last.lose(4001);
    expect(FakeSocket.all).toHaveLength(4);
  });

  test('a connection that never opens or never answers is replaced', () => {
    fresh();
    vi.advanceTimersByTime(REPLY_TIMEOUT_MS);
    expect(FakeSocket.last.closed).toBe(true);
    vi.advanceTimersByTime(BACKOFF_FIRST_MS);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome());
    chat.act({ type: 'say', text: '有人吗' });
    vi.advanceTimersByTime(REPLY_TIMEOUT_MS);
    expect(FakeSocket.all).toHaveLength(3);
  });

  test('a gap is filled by resuming before it', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, 'a'), message(3, 'c'));
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent[0]).toMatchObject({ after: 1 });
    // A server that cannot fill it must not be asked for ever.
    FakeSocket.last.push(welcome(3), message(3, 'c'));
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.push(message(2, 'b'));
    expect(shownSeqs()).toEqual([1, 2, 3]);
  });
});

describe('sending', () => {
  test('nothing goes out before the welcome; then in order, with the ids it had', () => {
    fresh();
    chat.act({ type: 'say', text: '一' });
    FakeSocket.last.accept();
    chat.act({ type: 'say', text: '二' });
    expect(FakeSocket.last.types()).toEqual(['hello']);
    FakeSocket.last.push(welcome());
    const first = FakeSocket.last.sent.slice(1);
    expect(first.map((f) => f['text'])).toEqual(['一', '二']);
    FakeSocket.last.push({ type: 'ack', id: first[0]?.['id'], seq: 1 });
    FakeSocket.last.lose();
    vi.advanceTimersByTime(BACKOFF_FIRST_MS);
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(1));
    expect(FakeSocket.last.sent.filter((f) => f['type'] === 'say')).toEqual([first[1]]);
  });

  test('an unsent text outlives a reload', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome());
    FakeSocket.last.lose();
    chat.act({ type: 'say', text: '断网时写的' });
    const id = chat.outbox.items[0]?.id;
    chat.stop();
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome());
    expect(FakeSocket.last.sent[1]).toEqual({ type: 'say', text: '断网时写的', id });
  });

  test('an acked text is shown once, whichever of ack and message comes first', () => {
    for (const ackFirst of [true, false]) {
      fresh(true);
      FakeSocket.last.accept();
      FakeSocket.last.push(welcome());
      chat.act({ type: 'say', text: '问' });
      const id = chat.outbox.items[0]?.id;
      const frames = [{ type: 'ack', id, seq: 1 }, message(1, '问', 'citizen')];
      if (!ackFirst) frames.reverse();
      FakeSocket.last.push(frames[0] as object);
      expect(chat.outbox.items.length).toBe(1);
      FakeSocket.last.push(frames[1] as object);
      expect(chat.outbox.items).toEqual([]);
      chat.stop();
    }
  });

  test('a passing error is retried with the same id, a lasting one is shown and can be sent anew', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome());
    chat.act({ type: 'say', text: '问' });
    const sent = FakeSocket.last.sent[1];
    FakeSocket.last.push(error('busy', { id: sent?.['id'], retry: true }));
    vi.advanceTimersByTime(2_000);
    expect(FakeSocket.last.sent[2]).toEqual(sent);
    FakeSocket.last.push(error('text_invalid', { id: sent?.['id'] }));
    expect(chat.outbox.items[0]).toMatchObject({ state: 'failed', problem: 'text_invalid' });
    chat.outbox.again(String(sent?.['id']));
    expect(FakeSocket.last.sent[3]).toMatchObject({ type: 'say', text: '问' });
    expect(FakeSocket.last.sent[3]?.['id']).not.toBe(sent?.['id']);
  });

  test('at most 32 are on their way at once', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome());
    for (let i = 0; i < 40; i += 1) chat.act({ type: 'say', text: String(i) });
    expect(FakeSocket.last.sent).toHaveLength(1 + 32);
    FakeSocket.last.push({ type: 'ack', id: FakeSocket.last.sent[1]?.['id'], seq: 1 });
    expect(FakeSocket.last.sent).toHaveLength(1 + 33);
    expect(FakeSocket.last.sent[33]).toMatchObject({ text: '32' });
  });

  test('typing is told to a person, once in three seconds', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome());
    chat.typing();
    expect(FakeSocket.last.types()).not.toContain('typing');
    const owner = { kind: 'consultant', staff: 'w', name: '王', role: 'lawyer' };
    FakeSocket.last.push({ type: 'state', owner });
    for (let i = 0; i < 10; i += 1) chat.typing();
    expect(FakeSocket.last.types().filter((t) => t === 'typing')).toHaveLength(1);
    vi.advanceTimersByTime(3_000);
    chat.typing();
    expect(FakeSocket.last.types().filter((t) => t === 'typing')).toHaveLength(2);
  });
});

describe('another conversation', () => {
  test('begins without the token, and the old one is forgotten here', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '旧事', 'citizen'), message(2, '旧答'));
    chat.renew();
    expect([shownSeqs(), localStorage.length, sessionStorage.length]).toEqual([[], 0, 0]);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: 'hello' }]);
    FakeSocket.last.push({ ...welcome(), conversation: 'c2', token: 't2' }, message(1, '新', 'citizen'));
    expect([shownSeqs(), localStorage.getItem(`faxun:${SERVER}`)]).toEqual([[1], 't2']);
    expect(JSON.stringify({ ...sessionStorage })).not.toContain('旧');
  });

  test('whoever waits for a person ends that first, so that nobody is kept at the desk for nobody', () => {
    fresh();
    FakeSocket.last.accept();
    const owner = { kind: 'queue', since_ms: 0, urgent: false, reason: 'asked' };
    FakeSocket.last.push(welcome(), message(1, '问', 'citizen'), { type: 'state', owner });
    chat.renew();
    const end = FakeSocket.last.sent[1];
    expect(end).toMatchObject({ type: 'end' });
    expect(shownSeqs()).toEqual([1]);
    FakeSocket.last.push({ type: 'ack', id: end?.['id'], seq: 2 });
    expect(shownSeqs()).toEqual([]);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: 'hello' }]);
  });

  test('is not offered to a visitor whom the website vouches for: the server would give the same one', () => {
    chat = new Chat({ server: SERVER, identity: { user: 'u', hash: 'h' }, silent: false, changed: () => undefined });
    expect(chat.canRenew).toBe(false);
    expect(fresh().canRenew).toBe(true);
  });
});

describe('everything, for the file', () => {
  function page(from: number, to: number, more: boolean): object {
    const messages = [];
    for (let seq = from; seq <= to; seq += 1) {
      const { type: _type, ...m } = message(seq, String(seq)) as { type: string };
      messages.push(m);
    }
    return { type: 'page', messages, more };
  }

  function joined(): void {
    localStorage.setItem(`faxun:${SERVER}`, 't0');
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(120), page(71, 120, true));
  }

  test('asks page after page until the first message', async () => {
    joined();
    const all = chat.everything();
    FakeSocket.last.push(page(21, 70, true));
    FakeSocket.last.push(page(1, 20, false));
    expect((await all)?.map((m) => m.seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect(FakeSocket.last.sent.filter((f) => f['type'] === 'more').map((f) => f['before'])).toEqual([121, 71, 21]);
  });

  test('half of it is not taken for all of it', async () => {
    joined();
    const all = chat.everything();
    FakeSocket.last.push(page(21, 70, true));
    FakeSocket.last.lose();
    expect(await all).toBeUndefined();
    expect(await chat.everything()).toBeUndefined();
  });
});

test('unread is what others wrote since the chat was last in view', () => {
  fresh();
  FakeSocket.last.accept();
  FakeSocket.last.push(welcome(), message(1, '问', 'citizen'), message(2, '答'));
  chat.read = 2;
  FakeSocket.last.push(message(3, '又问', 'citizen'), message(4, '又答'), message(5, '再答', 'consultant'));
  expect(chat.unread).toBe(2);
  chat.stop();
  // After a reload what was there is not news.
  fresh();
  expect(chat.unread).toBe(0);
});

describe('what stays on the device', () => {
  test('no message text outside the tab, nothing at all in silent mode or after leaving', () => {
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '秘密', 'citizen'));
    expect(JSON.stringify({ ...localStorage })).not.toContain('秘密');
    expect(JSON.stringify({ ...sessionStorage })).toContain('秘密');
    chat.setSilent(true);
    expect(localStorage.length + sessionStorage.length).toBe(0);
    FakeSocket.last.push(message(2, '还是秘密'));
    expect(localStorage.length + sessionStorage.length).toBe(0);
    chat.setSilent(false);
    chat.forget();
    expect(localStorage.length + sessionStorage.length).toBe(0);
    expect(FakeSocket.last.closed).toBe(true);
  });

  test('a browser that forbids storage still has a chat', () => {
    vi.stubGlobal('localStorage', undefined);
    vi.stubGlobal('sessionStorage', undefined);
    fresh();
    FakeSocket.last.accept();
    FakeSocket.last.push(welcome(), message(1, '答'));
    expect(shownSeqs()).toEqual([1]);
  });
});
