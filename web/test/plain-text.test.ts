import { afterEach, expect, test } from 'vitest';
import { fileOf, stamp, textOf } from '../src/plain-text';
import { setLanguage } from '../src/texts';
import type { Body, From, Message } from '../src/wire';

afterEach(() => setLanguage('zh-Hans'));

/** 2026-11-25 14:05 on the clock of whoever runs the test. */
const AT = new Date(2026, 10, 25, 14, 5).getTime();

function message(seq: number, from: From, body: Body): Message {
  return { seq, at: AT, from, body };
}

const answer: Body = {
  kind: 'answer',
  entry: 'labour.wages',
  title: '单位拖欠工资',
  safety: '想不开，打 120。',
  markdown: '## 先做什么\n**先**留证据\n1. 哪里投诉',
  citations: [{ law: '劳动合同法', article: '第三十条', verdict: 'in_force', text: '用人单位应当及时足额支付。' }],
  next: [{ option: 1, label: '哪里投诉' }],
};

test('an answer is read without marks, with its safety line, law and numbered choices', () => {
  expect(textOf(message(2, { kind: 'bot' }, answer), true)).toBe(
    [
      '想不开，打 120。',
      '单位拖欠工资',
      '先做什么',
      '先留证据',
      '法律依据',
      '《劳动合同法》第三十条（现行有效）',
      '用人单位应当及时足额支付。',
      '  1. 哪里投诉',
    ].join('\n'),
  );
  expect(textOf(message(2, { kind: 'bot' }, answer), false)).not.toContain('1. 哪里投诉');
});

test('a pointer says that it is no answer, also in the file', () => {
  const body: Body = { kind: 'pointer', text: '可能有关的法条', citations: [] };
  expect(textOf(message(1, { kind: 'bot' }, body), true)).toContain('不是答复');
});

test('the file names every speaker and time, and says that nothing was filed', () => {
  const text = fileOf(
    [
      message(1, { kind: 'citizen' }, { kind: 'text', text: '<b>问</b>' }),
      message(2, { kind: 'consultant', name: '王', role: 'lawyer' }, { kind: 'text', text: '答' }),
    ],
    'citizen',
    AT,
  );
  expect(text).toContain('2026-11-25 14:05  你\n<b>问</b>');
  expect(text).toContain('2026-11-25 14:05  王（律师）\n答');
  expect(text).toContain('没有向任何机关提交过什么，期限不会因此停止');
  expect(stamp(AT)).toBe('2026-11-25 14:05');
});

test('the frame of the file follows the language, what was said does not', () => {
  setLanguage('en');
  const text = fileOf([message(1, { kind: 'citizen' }, { kind: 'text', text: '问' })], 'citizen', AT);
  expect(text).toContain('  You\n问');
  expect(text).toContain('Nothing was filed');
});
