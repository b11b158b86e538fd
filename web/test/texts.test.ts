import { afterEach, expect, test } from 'vitest';
import { LANGUAGES, language, nearest, setLanguage, t, type Texts } from '../src/texts';

afterEach(() => setLanguage('zh-Hans'));

test.each([
  ['zh-CN', 'zh-Hans'],
  ['zh', 'zh-Hans'],
  ['zh-TW', 'zh-Hant'],
  ['zh_HK', 'zh-Hant'],
  ['zh-Hant-MO', 'zh-Hant'],
  ['zh-Hans-HK', 'zh-Hans'],
  ['en-GB', 'en'],
  ['bo', 'zh-Hans'],
  ['', 'zh-Hans'],
])('%s is shown in %s', (tag, expected) => {
  expect(nearest(tag)).toBe(expected);
});

/** Every text of a table by its path; functions called with numbers. */
function flat(part: unknown, path: string, out: Map<string, string>): Map<string, string> {
  if (typeof part === 'function') out.set(path, String((part as (...a: unknown[]) => unknown)(1, 2, 3)));
  else if (typeof part === 'string') out.set(path, part);
  else for (const [key, value] of Object.entries(part as object)) flat(value, `${path}.${key}`, out);
  return out;
}

function table(of: (typeof LANGUAGES)[number][0]): Map<string, string> {
  setLanguage(of);
  return flat(t() as Texts, '', new Map());
}

test('no text is missing, and none of the English ones is Chinese', () => {
  const chinese = table('zh-Hans');
  const english = table('en');
  expect(language()).toBe('en');
  for (const [path, text] of english) {
    // Examples are sent as they are, and have to be Chinese to be understood.
    if (path.startsWith('.examples')) continue;
    expect(text, path).not.toBe('');
    expect(/[\u4e00-\u9fff]/.test(text), `${path}: ${text}`).toBe(false);
  }
  expect([...english.keys()]).toEqual([...chinese.keys()]);
});

test('traditional Chinese holds no simplified character that would be written otherwise', () => {
  const simplified = /[们这说对话记录转询离开关设备请问题发现时间还连断经让个为无给钱过进处应认该网动边达条页响纠键换浅颜统随确机构]/;
  for (const [path, text] of table('zh-Hant')) {
    if (path.startsWith('.examples')) continue;
    expect(simplified.exec(text)?.[0], `${path}: ${text}`).toBeUndefined();
  }
});
