import { html, render } from 'lit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { body } from '../src/bodies';
import { articleAt, daysOf, type FaxunCitation, type Found } from '../src/citation';
import type { ArticleText, Citation, Message } from '../src/wire';

const CITED: Citation = { law: '风筝法', article: '第二条', verdict: 'in_force' };
const TEXT: ArticleText = {
  law: '中华人民共和国风筝法',
  article: '第二条',
  on: '2026-11-23',
  verdict: 'in_force',
  text: '放风筝的人应当赔偿。\n线断的除外。',
  version_date: '2019-05-01',
  superseded_on: '2027-01-01',
  source: 'test',
};

let host!: HTMLElement;

beforeEach(() => {
  host = document.createElement('div');
  document.body.append(host);
});

afterEach(() => {
  host.remove();
  vi.unstubAllGlobals();
});

async function shown(lookUp?: () => Promise<Found>, citation = CITED): Promise<FaxunCitation> {
  render(html`<faxun-citation .citation=${citation} .lookUp=${lookUp}></faxun-citation>`, host);
  const element = host.querySelector('faxun-citation') as FaxunCitation;
  await element.updateComplete;
  return element;
}

async function press(element: FaxunCitation): Promise<void> {
  element.querySelector('button')?.click();
  // The look-up's promise, then the rendering of what it gave.
  await new Promise((resolve) => setTimeout(resolve));
  await element.updateComplete;
}

function said(element: Element | null): string {
  return (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
}

test('a citation unfolds to its text, verdict and days, and folds again', async () => {
  const lookUp = vi.fn(async () => TEXT);
  const element = await shown(lookUp);
  const button = element.querySelector('button');
  const article = element.querySelector<HTMLElement>('.article');
  expect(button?.type).toBe('button');
  expect(button?.getAttribute('aria-expanded')).toBe('false');
  expect(button?.getAttribute('aria-controls')).toBe(article?.id);
  expect(said(button)).toBe('《风筝法》第二条 现行有效 看条文');
  expect(article?.hidden).toBe(true);

  await press(element);
  expect(lookUp).toHaveBeenCalledWith('风筝法', '第二条');
  expect(button?.getAttribute('aria-expanded')).toBe('true');
  expect(article?.hidden).toBe(false);
  expect([...element.querySelectorAll('.article p')].slice(0, 3).map(said)).toEqual([
    '《中华人民共和国风筝法》第二条',
    '放风筝的人应当赔偿。',
    '线断的除外。',
  ]);
  expect(said(element.querySelector('.days'))).toContain('2026年11月23日：现行有效');

  await press(element);
  expect(button?.getAttribute('aria-expanded')).toBe('false');
  expect(article?.hidden).toBe(true);
  await press(element);
  expect(lookUp).toHaveBeenCalledTimes(1);
});

test('why there is no text is said, and asked again the next time', async () => {
  const answers: Found[] = [{ problem: '这台服务器没有导入法条全文。', elsewhere: true }, TEXT];
  const element = await shown(async () => answers.shift() ?? TEXT);
  await press(element);
  expect(said(element.querySelector('.article'))).toMatch(/^这台服务器没有导入法条全文。.*flk\.npc\.gov\.cn/);
  await press(element);
  await press(element);
  expect(said(element.querySelector('.article'))).toContain('放风筝的人应当赔偿。');
});

test('while it is fetched, it says so; an answer for another citation is dropped', async () => {
  let answer: (found: Found) => void = () => undefined;
  const lookUp = (): Promise<Found> => new Promise((resolve) => (answer = resolve));
  const element = await shown(lookUp);
  await press(element);
  expect(said(element.querySelector('.article'))).toBe('正在取条文…');
  await shown(lookUp, { ...CITED, article: '第三条' });
  answer(TEXT);
  await new Promise((resolve) => setTimeout(resolve));
  await element.updateComplete;
  expect(said(element.querySelector('.article'))).toBe('');
  expect(element.querySelector('button')?.getAttribute('aria-expanded')).toBe('false');
});

test('the beginning that a pointer shows gives way to the whole text', async () => {
  const element = await shown(async () => TEXT, { ...CITED, text: '放风筝的人…' });
  expect(said(element.querySelector('blockquote'))).toBe('放风筝的人…');
  await press(element);
  expect(element.querySelector('blockquote')).toBeNull();
});

test('without a server to ask, it is only shown', async () => {
  const element = await shown();
  expect(element.querySelector('button')).toBeNull();
  expect(said(element)).toBe('《风筝法》第二条 现行有效');
});

test('an answer in the transcript has citations that unfold', async () => {
  const message: Message = {
    seq: 2,
    at: 0,
    from: { kind: 'bot' },
    body: { kind: 'pointer', text: '可能有关的条文', citations: [CITED] },
  };
  render(body(message, { current: true, lookUp: async () => TEXT }), host);
  await (host.querySelector('faxun-citation') as FaxunCitation).updateComplete;
  expect(said(host.querySelector('.citations button'))).toContain('《风筝法》第二条');
});

test('dates that are not known are not made up', () => {
  expect(daysOf(TEXT)).toEqual([
    '2026年11月23日：现行有效',
    '这一版从哪天起施行，来源没有写明',
    '2019年5月1日通过',
    '2027年1月1日起被新的版本取代',
  ]);
  const known: ArticleText = { ...TEXT, effective_date: '2020-01-01', verdict: 'repealed' };
  expect(daysOf(known).slice(0, 2)).toEqual(['2026年11月23日：已废止或已修改', '这一版自2020年1月1日起施行']);
});

test('the server is asked once, leaves nothing in the cache of the browser, and its reasons are passed on', async () => {
  const answers = [
    new Response(JSON.stringify({ code: 'no_statutes', message: '没有导入', retry: false }), { status: 404 }),
    new Response('<html>', { status: 502 }),
    new Response(JSON.stringify(TEXT)),
  ];
  const fetched = vi.fn(async (_url: string, _options: RequestInit) => answers.shift() as Response);
  vi.stubGlobal('fetch', fetched);
  const ask = (): Promise<Found> => articleAt('https://law.example/', '风筝法', '第二条');
  expect(await ask()).toEqual({ problem: '没有导入', elsewhere: true });
  expect(await ask()).toMatchObject({ elsewhere: false });
  expect(await ask()).toEqual(TEXT);
  expect(await ask()).toEqual(TEXT);
  expect(fetched).toHaveBeenCalledTimes(3);
  const [url, options] = fetched.mock.calls[0] ?? [];
  expect(url).toBe(`https://law.example/api/v1/laws/${encodeURIComponent('风筝法')}/${encodeURIComponent('第二条')}`);
  expect(options).toMatchObject({ cache: 'no-store', credentials: 'omit' });
});
