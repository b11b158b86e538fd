import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BEGINNING, type Canned, CANNED_CHARS_MAX, fill, fitting, keep, load, open, search, VARIABLES } from '../src/desk/canned';
import { commandOf } from '../src/desk/keys';
import { notify } from '../src/desk/notify';
import { summarise } from '../src/desk/summary';
import { titleOf } from '../src/desk/words';
import type { Body, Message } from '../src/wire';

beforeEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe('prepared replies', () => {
  test('variables are filled; what has no value stays to be seen and filled', () => {
    expect(fill('{称呼}好，我是{身份}{我}', { 称呼: '张女士', 我: '王', 身份: '律师' })).toBe('张女士好，我是律师王');
    const half = fill('请在{几号}前来', { 称呼: '您' });
    expect(half).toBe('请在{几号}前来');
    const [from, to] = open(half) ?? [0, 0];
    expect(half.slice(from, to)).toBe('{几号}');
    expect(open('没有空')).toBeUndefined();
  });

  test('a value is not read as a variable or a pattern again', () => {
    expect(fill('{称呼}', { 称呼: '{我}$&', 我: '王' })).toBe('{我}$&');
    expect(fill('{constructor}{toString}', Object.create(null) as Record<string, string>)).toBe('{constructor}{toString}');
  });

  test('those that fit what was said come first, those that do not are not offered', () => {
    expect(fitting(BEGINNING, '他又打我，我害怕')[0]?.title).toBe('问安全');
    expect(fitting(BEGINNING, '今天天气很好')).toEqual([]);
    expect(search(BEGINNING, '期限 送达').map((c) => c.title)).toEqual(['问期限']);
  });

  test('the beginning ones keep to the limits, use known variables and promise nothing', () => {
    const known = VARIABLES.map(([name]) => name);
    for (const { title, text } of BEGINNING) {
      expect([...text].length, title).toBeLessThan(CANNED_CHARS_MAX);
      for (const [, name] of text.matchAll(/\{(.+?)\}/g)) expect(known).toContain(name);
      expect(text, title).not.toMatch(/一定|保证|肯定能|包赢|马上(就)?到|派人/);
    }
  });

  test('each member of staff has their own, and damaged ones do not take the panel away', () => {
    const own: Canned = { title: '我的', text: '你好', words: [] };
    expect(keep('wang', [own])).toBe(true);
    expect(load('wang')).toEqual([own]);
    expect(load('li')).toEqual(BEGINNING);
    localStorage.setItem('faxun:desk:canned:li', '[{"title":1},null,{"title":"好","text":"好","words":[]}]');
    expect(load('li')).toEqual([{ title: '好', text: '好', words: [] }]);
    localStorage.setItem('faxun:desk:canned:li', '{');
    expect(load('li')).toEqual(BEGINNING);
    vi.stubGlobal('localStorage', undefined);
    expect(keep('wang', [own])).toBe(false);
  });
});

test('keys: by position with Alt, ? only outside a field, never with Ctrl', () => {
  const key = (init: KeyboardEventInit): KeyboardEvent => new KeyboardEvent('keydown', init);
  expect(commandOf(key({ code: 'KeyN', key: '˜', altKey: true }), true)).toEqual({ do: 'take' });
  expect(commandOf(key({ code: 'Digit3', altKey: true }), true)).toEqual({ do: 'show', index: 2 });
  expect(commandOf(key({ code: 'Digit9', altKey: true }), true)).toBeUndefined();
  expect(commandOf(key({ key: '?' }), false)).toEqual({ do: 'help' });
  expect(commandOf(key({ key: '?' }), true)).toBeUndefined();
  expect(commandOf(key({ code: 'KeyN', altKey: true, ctrlKey: true }), false)).toBeUndefined();
});

test('a notice of the system appears only while the desk is not in view', () => {
  const made: unknown[][] = [];
  class Fake {
    static permission = 'granted';
    constructor(...args: unknown[]) {
      made.push(args);
    }
  }
  vi.stubGlobal('Notification', Fake);
  const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  notify('#abcd 有新消息', 'abcd', () => undefined);
  expect(made).toEqual([]);
  focus.mockReturnValue(false);
  notify('#abcd 有新消息', 'abcd', () => undefined);
  expect(made).toEqual([['法询工作台', { body: '#abcd 有新消息', tag: 'faxun:abcd' }]]);
  Fake.permission = 'denied';
  notify('#abcd 有新消息', 'abcd', () => undefined);
  expect(made).toHaveLength(1);
  focus.mockRestore();
});

test('the summary names what was answered once, the furthest step of a form, and every danger', () => {
  const bodies: Body[] = [
    { kind: 'answer', entry: 'a', title: '甲', markdown: '', citations: [], next: [] },
    { kind: 'answer', entry: 'b', title: '乙', markdown: '', citations: [], next: [] },
    { kind: 'answer', entry: 'a', title: '甲', markdown: '', citations: [], next: [] },
    { kind: 'form', form: 'f', title: '法律援助', slot: 's', text: '', options: [], step: 1, steps: 8 },
    { kind: 'form', form: 'f', title: '法律援助', slot: 's', text: '', options: [], step: 3, steps: 8 },
    { kind: 'notice', code: 'danger.violence', text: '', urgent: true, options: [] },
    { kind: 'notice', code: 'ended', text: '', urgent: false, options: [] },
    { kind: 'pointer', text: '', citations: [] },
    { kind: 'rating', of: 1, score: 1 },
    { kind: 'rating', of: 1, score: 5 },
  ];
  const messages: Message[] = bodies.map((body, i) => ({ seq: i + 1, at: 0, from: { kind: 'bot' }, body }));
  const s = summarise(messages, { kind: 'queue', since_ms: 0, urgent: false, reason: 'asked' });
  expect(s.entries.map((e) => e.entry)).toEqual(['b', 'a']);
  expect(s.forms).toEqual([{ title: '法律援助', step: 3, steps: 8, seq: 5 }]);
  expect(s.urgent).toEqual([{ code: 'danger.violence', seq: 6 }]);
  expect([s.pointers, s.unhappy, s.asked, s.reason]).toEqual([1, 1, 0, '本人要求']);
});

test('the title counts who waits and what is unread, and says nothing else', () => {
  expect(titleOf(0, 0)).toBe('法询工作台');
  expect(titleOf(2, 0)).toBe('2 人等候 · 法询工作台');
  expect(titleOf(2, 3)).toBe('2 人等候 · 3 条未读 · 法询工作台');
});
