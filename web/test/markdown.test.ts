import { render } from 'lit';
import { describe, expect, test } from 'vitest';
import { bare } from '../src/bodies';
import { inline, markdown, parse, phones, plain } from '../src/markdown';

function shown(template: ReturnType<typeof markdown>): string {
  const host = document.createElement('div');
  render(template, host);
  return host.innerHTML.replace(/<!--.*?-->/g, '').replace(/\s+/g, ' ').trim();
}

describe('blocks', () => {
  test('paragraphs, bold, numbered and bulleted lists', () => {
    const text = '**结论。**\n\n**今天就能做**\n1. 存证据\n2. 打 12333\n\n当心：\n- 别签\n- 别交原件';
    expect(shown(markdown(text))).toBe(
      '<p><strong>结论。</strong></p><p><strong>今天就能做</strong></p>' +
        '<ol start="1"><li>存证据</li><li>打 <a class="phone" href="tel:12333">12333</a></li></ol>' +
        '<p>当心：</p><ul><li>别签</li><li>别交原件</li></ul>',
    );
  });

  test('a list goes on after a blank line, and lines indented under an item belong to it', () => {
    const blocks = parse('1. 一\n   还是一\n\n2. 二');
    expect(blocks).toHaveLength(1);
    expect(blocks[0]).toMatchObject({ kind: 'list', ordered: true, start: 1 });
    expect(blocks[0]?.kind === 'list' && blocks[0].items.map((i) => i.length)).toEqual([2, 1]);
  });

  test('a list that begins at three says three', () => {
    expect(shown(markdown('3. 第三步'))).toBe('<ol start="3"><li>第三步</li></ol>');
  });

  test('single line breaks stay', () => {
    expect(shown(markdown('第一行\n第二行'))).toBe('<p>第一行<br>第二行</p>');
  });

  test('no HTML comes through', () => {
    const html = shown(markdown('<img src=x onerror=alert(1)>\n\n- <b>粗</b>\n\n[x](javascript:alert(1))'));
    expect(html).not.toMatch(/<(img|b)[ >]/);
    expect(html).not.toContain('href');
    expect(html).toContain('&lt;img');
    expect(shown(plain('<script>1</script>'))).not.toContain('<script');
  });

  test('any text gives blocks without throwing', () => {
    for (const text of ['', '**', '****', '** **', '1.', '-', '#', '\n\n\n', '1. \n- \n# ', '**a', 'a**b**c**d']) {
      expect(() => shown(markdown(text))).not.toThrow();
    }
    expect(inline('a**b')).toEqual([{ kind: 'text', text: 'a**b' }]);
  });
});

describe('telephone numbers', () => {
  const links = (text: string): string[] => phones(text).flatMap((p) => (p.href ? [p.href] : []));

  test('hotlines are links, text messages go to 12110', () => {
    expect(links('打 110。不便说话，发短信到 12110，受伤打120、12348（各地时间不同）')).toEqual([
      'tel:110',
      'sms:12110',
      'tel:120',
      'tel:12348',
    ]);
  });

  test('amounts, articles, days and longer numbers are not', () => {
    expect(links('赔 120 元；110条；第122条；119.5；0110；12011；110%；110 天；110万；120-130；12345 人')).toEqual([]);
  });

  test('nothing is lost in between', () => {
    const text = '报警 110，急救 120，共 120 元';
    expect(phones(text).map((p) => p.text).join('')).toBe(text);
  });
});

test('options that a text repeats are shown once', () => {
  const choices = [
    { option: 1, label: '安全' },
    { option: 2, label: '不安全' },
  ];
  expect(bare('你现在安全吗？\n1 安全\n2. 不安全', choices)).toBe('你现在安全吗？');
  expect(bare('1 安全', [])).toBe('1 安全');
});
