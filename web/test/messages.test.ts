import { expect, test } from 'vitest';
import { Messages } from '../src/messages';
import type { Message } from '../src/wire';

function message(seq: number): Message {
  return { seq, at: 0, from: { kind: 'bot' }, body: { kind: 'text', text: String(seq) } };
}

function holding(...seqs: number[]): Messages {
  const messages = new Messages();
  for (const seq of seqs) messages.add(message(seq));
  return messages;
}

test('any order of arrival gives one order', () => {
  for (const seqs of [[1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]]) {
    expect(holding(...seqs).all.map((m) => m.seq)).toEqual([1, 2, 3, 4]);
  }
});

test('a repeated message is held once', () => {
  const messages = holding(1, 2);
  expect(messages.add(message(2))).toBe(false);
  expect(messages.all).toHaveLength(2);
});

test('resuming starts before the first gap', () => {
  expect(holding().after).toBeUndefined();
  expect(holding(1, 2, 3).after).toBe(3);
  const broken = holding(1, 2, 5, 6);
  expect([broken.gap, broken.after, broken.last]).toEqual([true, 2, 6]);
  broken.add(message(3));
  expect(broken.after).toBe(3);
  broken.add(message(4));
  expect([broken.gap, broken.after]).toEqual([false, 6]);
});

test('a later page that starts in the middle is no gap', () => {
  const page = holding(51, 52);
  expect([page.gap, page.first, page.after]).toEqual([false, 51, 52]);
});

test('the list is the same object until something is added', () => {
  const messages = holding(1);
  const before = messages.all;
  messages.add(message(1));
  expect(messages.all).toBe(before);
  messages.add(message(2));
  expect(messages.all).not.toBe(before);
});
