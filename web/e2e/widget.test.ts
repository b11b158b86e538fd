import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, complete, launch, messages, openChat, picture, screenshot, signIn, violations } from './browser';
import { Server, type Staff } from './server';
import { Site } from './site';

const QUESTION = '单位拖欠工资三个月了怎么办';
const SECRET = 'only the website and the server know it';
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

let browser: Browser;
let server: Server;
let site: Site;
let lawyer: Staff;
let context: BrowserContext;
let page: Page;
/** What the browser refused or could not do. */
let complaints: string[];

beforeAll(async () => {
  browser = await launch();
  site = new Site(() => server.url);
  await site.start();
  server = new Server({
    FAXUN_SERVER__ALLOWED_ORIGINS: JSON.stringify([site.url]),
    FAXUN_IDENTITY__SECRET: SECRET,
  });
  lawyer = server.addStaff('li', 'lawyer');
  await server.start();
});

afterAll(async () => {
  await browser?.close();
  site?.stop();
  await server?.remove();
});

beforeEach(async () => {
  context = await browser.newContext({ locale: 'zh-CN', viewport: DESKTOP });
  page = await fresh(context);
});

afterEach(async () => {
  await context.close();
});

async function fresh(of: BrowserContext): Promise<Page> {
  const made = await of.newPage();
  complaints = [];
  made.on('console', (line) => {
    if (line.type() === 'error') complaints.push(line.text());
  });
  made.on('pageerror', (error) => complaints.push(error.message));
  return made;
}

async function answered(): Promise<number> {
  await ask(page, QUESTION);
  await page.locator('.citations li').first().waitFor();
  return complete(page, 2);
}

/** Opens the floating panel of the other site and reads the notice. */
async function unfold(url = site.url): Promise<void> {
  await page.goto(url);
  await page.locator('.launcher').click();
  await page.getByRole('button', { name: '我知道了' }).click();
}

test('a site with the strictest policy: everything looks and works as it should, and nothing is refused', async () => {
  await unfold();
  await answered();
  expect(complaints).toEqual([]);
  const looks = await page.locator('.panel').evaluate((panel) => {
    const style = getComputedStyle(panel);
    return [style.position, style.width, panel.getRootNode() instanceof ShadowRoot];
  });
  expect(looks).toEqual(['fixed', '400px', true]);
  expect(await violations(page)).toEqual([]);
  await screenshot(page, 'embedded');
  await picture(page, 'widget');
});

test('a folded panel counts what came, on this page and on the next', async () => {
  const desk = await (await browser.newContext({ viewport: DESKTOP })).newPage();
  await signIn(desk, server.url, lawyer);
  await unfold();
  await answered();
  await page.getByRole('button', { name: '转人工' }).first().click();
  await desk.locator('aside').getByRole('button', { name: '接手', exact: true }).first().click();
  await page.locator('.bar .owner').getByText('人工：').waitFor();
  await page.getByRole('button', { name: '收起' }).click();
  expect(await page.locator('.badge').count()).toBe(0);
  await desk.getByRole('textbox', { name: /回复/ }).fill('我是李律师');
  await desk.keyboard.press('Enter');
  await page.locator('.badge').getByText('1').waitFor();
  expect(await page.getByRole('status').first().textContent()).toContain('1 条新消息');
  // The number alone: whoever looks over the shoulder reads nothing.
  expect(await page.locator('faxun-chat').evaluate((el) => el.shadowRoot?.textContent)).not.toContain('李律师');
  await page.goto(`${site.url}/news`);
  await desk.getByRole('textbox', { name: /回复/ }).fill('在吗');
  await desk.keyboard.press('Enter');
  await page.locator('.badge').getByText('1').waitFor();
  await screenshot(page, 'embedded-badge');
  await page.locator('.launcher').click();
  await page.locator('.msg.consultant').getByText('在吗').waitFor();
  await page.getByRole('button', { name: '收起' }).click();
  expect(await page.locator('.badge').count()).toBe(0);
  expect(await page.locator('faxun-chat').evaluate((el) => el.shadowRoot?.activeElement?.className)).toBe('launcher');
  await desk.getByRole('button', { name: '结束…' }).click();
  await desk.getByRole('button', { name: '结束对话' }).click();
  await desk.getByText('还没有接手的对话').waitFor();
  await desk.context().close();
});

test('what somebody wrote stays text: stored markup neither runs nor becomes an element', async () => {
  const evil = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>**粗**<a href="javascript:window.hit=1">点</a>';
  await openChat(page, server.url);
  await ask(page, evil);
  await complete(page, 2);
  await page.getByRole('button', { name: '转人工' }).first().click();
  const desk = await (await browser.newContext({ viewport: DESKTOP })).newPage();
  await signIn(desk, server.url, lawyer);
  await desk.locator('aside').getByRole('button', { name: '接手', exact: true }).first().click();
  await desk.getByText('由我接待').waitFor();
  await desk.getByRole('textbox', { name: /回复/ }).fill(evil);
  await desk.keyboard.press('Enter');
  await page.locator('.msg.consultant').waitFor();
  await page.reload();
  await page.locator('.msg.consultant').waitFor();
  for (const shown of [page, desk]) {
    expect(await shown.locator('.bubble img, .bubble script, .bubble a[href^="javascript"]').count()).toBe(0);
    expect(await shown.locator('.bubble').filter({ hasText: '<script>window.hit=1</script>' }).count()).toBe(2);
    expect(await shown.evaluate(() => 'hit' in window)).toBe(false);
  }
  await desk.getByRole('button', { name: '结束…' }).click();
  await desk.getByRole('button', { name: '结束对话' }).click();
  await desk.getByText('还没有接手的对话').waitFor();
  await desk.context().close();
});

test('the interface speaks three languages, and says in which one it answers', async () => {
  await page.goto(site.with('lang="en-GB"'));
  await page.getByRole('button', { name: 'Legal advice' }).click();
  await page.getByRole('button', { name: 'I understand' }).click();
  await page.getByText('Answers are in Chinese').waitFor();
  await answered();
  // What the server wrote is marked as Chinese, for a voice that would read it as English.
  expect(await page.locator('.msg.bot .bubble').first().getAttribute('lang')).toBe('zh-Hans');
  expect(await page.locator('faxun-chat').getAttribute('lang')).toBe('en');
  await screenshot(page, 'embedded-english');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByLabel('Language').selectOption('zh-Hant');
  await page.getByRole('button', { name: '快速離開' }).waitFor();
  await page.getByText('機器人解答中').waitFor();
  await page.locator('faxun-rating').first().getByText('有幫助').waitFor();
  await screenshot(page, 'embedded-traditional');
  // Remembered on this device, before what the page asks for.
  await page.goto(site.with('lang="en"'));
  await page.getByRole('button', { name: '法律諮詢' }).waitFor();
});

test('dark as the device, as the page, or as the visitor wants it', async () => {
  const ground = (): Promise<string> => page.locator('.panel').evaluate((e) => getComputedStyle(e).backgroundColor);
  const night = 'rgb(18, 25, 29)';
  const day = 'rgb(242, 245, 246)';
  await page.emulateMedia({ colorScheme: 'dark' });
  await openChat(page, server.url);
  await answered();
  expect(await ground()).toBe(night);
  await screenshot(page, 'desktop-dark');
  expect(await violations(page)).toEqual([]);
  await ask(page, '他正在打我');
  await page.locator('.urgent').first().waitFor();
  await page.getByRole('button', { name: '更多' }).click();
  expect(await violations(page)).toEqual([]);
  await screenshot(page, 'desktop-dark-urgent');
  await page.getByLabel('颜色').selectOption('light');
  expect(await ground()).toBe(day);
  await page.reload();
  await page.locator('.msg').first().waitFor();
  expect(await ground()).toBe(day);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.evaluate(() => localStorage.clear());
  await page.goto(site.with('theme="dark"'));
  await page.locator('.launcher').click();
  expect(await ground()).toBe(night);
  expect(await violations(page)).toEqual([]);
});

test('large type is remembered, and gone with 快速离开', async () => {
  await page.setViewportSize(PHONE);
  await openChat(page, server.url);
  await page.getByRole('button', { name: '大字' }).click();
  await answered();
  const size = (): Promise<string> => page.locator('.bubble').first().evaluate((e) => getComputedStyle(e).fontSize);
  expect(await size()).toBe('21px');
  await page.reload();
  await page.locator('.bubble').first().waitFor();
  expect(await size()).toBe('21px');
  await screenshot(page, 'phone-large');
  await picture(page, 'phone-large');
  expect(await violations(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false);
  await context.route('https://www.weather.com.cn/', (r) => r.fulfill({ contentType: 'text/html', body: '天气' }));
  await page.keyboard.press('Escape');
  await page.waitForURL('https://www.weather.com.cn/');
  await page.goto(server.url);
  await page.getByRole('button', { name: '我知道了' }).waitFor();
  expect(await page.evaluate(() => localStorage.getItem('faxun:view'))).toBeNull();
});

test('leaving one tab leaves them all, and a folded one forgets', async () => {
  const NEUTRAL = 'https://www.weather.com.cn/';
  await context.route(NEUTRAL, (r) => r.fulfill({ contentType: 'text/html', body: '天气' }));
  await unfold();
  await answered();
  const second = await context.newPage();
  await second.goto(site.url);
  await second.locator('.launcher').click();
  await complete(second, 2);
  const folded = await context.newPage();
  await folded.goto(site.url);
  await folded.locator('.launcher').click();
  await complete(folded, 2);
  await folded.getByRole('button', { name: '收起' }).click();
  await page.bringToFront();
  await page.getByRole('button', { name: '快速离开' }).click();
  await page.waitForURL(NEUTRAL);
  await second.waitForURL(NEUTRAL);
  await folded.waitForFunction(() => localStorage.length + sessionStorage.length === 0);
  expect(folded.url()).toBe(`${site.url}/`);
  await folded.locator('.launcher').click();
  await folded.getByRole('button', { name: '我知道了' }).waitFor();
  expect(await messages(folded).count()).toBe(0);
});

test('the file holds the whole conversation, under a name that says nothing', async () => {
  await openChat(page, server.url);
  await answered();
  for (let i = 1; i <= 30; i += 1) await ask(page, `第${i}句`);
  await complete(page, 62);
  // Another tab holds only the newest page and has to ask for the rest.
  const other = await fresh(context);
  await other.goto(server.url);
  await other.getByRole('button', { name: '更早的消息' }).waitFor();
  await other.getByRole('button', { name: '更多', exact: true }).click();
  const [download] = await Promise.all([
    other.waitForEvent('download'),
    other.getByRole('button', { name: '下载对话' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^\d{4}-\d\d-\d\d-\d\d-\d\d\.txt$/);
  const text = readFileSync(await download.path(), 'utf8');
  expect(text.charCodeAt(0)).toBe(0xfeff);
  expect(text).toContain(QUESTION);
  expect(text).toContain('第30句');
  expect(text).toContain('期限不会因此停止');
  const said = text.match(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}/gm)?.length ?? 0;
  expect(said).toBe(await complete(other, 62));
});

test('a new conversation is confirmed first, and the old one is not on the device any more', async () => {
  await openChat(page, server.url);
  await answered();
  await page.getByRole('button', { name: '更多' }).click();
  await page.getByRole('button', { name: '开始新的对话' }).click();
  await screenshot(page, 'desktop-new-conversation');
  await page.getByRole('button', { name: '不用了' }).click();
  expect(await messages(page).count()).toBeGreaterThan(1);
  await page.getByRole('button', { name: '开始新的对话' }).click();
  await page.getByRole('button', { name: '确定，开始新的' }).click();
  await page.getByRole('button', { name: '我知道了' }).click();
  await page.getByRole('heading', { name: '遇到什么事？' }).waitFor();
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain('工资三个月');
  await answered();
  await page.reload();
  expect(await complete(page, 2)).toBeLessThan(6);
});

test('answers are read aloud with their law, one at a time, and stop on leaving', async () => {
  await page.addInitScript(() => {
    const spoken: string[] = [];
    let current: SpeechSynthesisUtterance | undefined;
    const voice = {
      getVoices: () => [],
      speak: (u: SpeechSynthesisUtterance) => {
        current = u;
        spoken.push(`${u.lang}:${u.text}`);
      },
      cancel: () => spoken.push('cancel'),
    };
    Object.defineProperty(window, 'speechSynthesis', { value: voice });
    Object.assign(window, { spoken, finish: () => current?.onend?.call(current, new Event('end') as never) });
  });
  await openChat(page, server.url);
  await answered();
  const answer = page.locator('.msg.bot', { has: page.locator('.citations') });
  await answer.getByRole('button', { name: '朗读' }).click();
  const spoken = (): Promise<string[]> => page.evaluate(() => (window as unknown as { spoken: string[] }).spoken);
  expect((await spoken())[0]).toMatch(/^zh-CN:[^]*《.+》第.+条/);
  expect((await spoken())[0]).not.toContain('**');
  await page.evaluate(() => (window as unknown as { finish: () => void }).finish());
  await answer.getByRole('button', { name: '朗读', exact: true }).click();
  await answer.getByRole('button', { name: '停止朗读' }).click();
  expect((await spoken()).slice(2)).toEqual(['cancel']);
});

test('a visitor whom the site vouches for is the same one on another device', async () => {
  const hash = createHmac('sha256', SECRET).update('20931').digest('hex');
  await unfold(site.with(`user="20931" hash="${hash}"`));
  const n = await answered();
  const elsewhere = await browser.newContext({ locale: 'zh-CN', viewport: PHONE });
  page = await fresh(elsewhere);
  await page.goto(site.with(`user="20931" hash="${hash}"`));
  await page.locator('.launcher').click();
  expect(await complete(page, n)).toBe(n);
  await page.getByRole('button', { name: '更多', exact: true }).click();
  expect(await page.getByRole('button', { name: '开始新的对话' }).count()).toBe(0);
  await elsewhere.close();
  const forger = await browser.newContext({ locale: 'zh-CN', viewport: PHONE });
  page = await fresh(forger);
  await page.goto(site.with(`user="20931" hash="${'0'.repeat(64)}"`));
  await page.locator('.launcher').click();
  await page.getByText('身份签名不对').waitFor();
  expect(await messages(page).count()).toBe(0);
  await forger.close();
});

test('a page that asks for it keeps nothing on the device from the first moment', async () => {
  await unfold(site.with('silent'));
  await answered();
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
});

test('a site changes colours, place and parts from outside', async () => {
  await page.goto(`${server.url}/`);
  await page.addStyleTag({
    content: `faxun-chat { --faxun-brand: rgb(120, 20, 20); --faxun-bottom: 80px; --faxun-font: monospace }
      faxun-chat::part(launcher) { border-radius: 0 }`,
  });
  await page.evaluate(() => {
    document.body.innerHTML = '';
    document.body.append(document.createElement('faxun-chat'));
  });
  const looks = await page.locator('.launcher').evaluate((e) => {
    const s = getComputedStyle(e);
    return [s.backgroundColor, s.bottom, s.borderRadius, s.fontFamily];
  });
  expect(looks).toEqual(['rgb(120, 20, 20)', '80px', '0px', 'monospace']);
});

test('where the panel covers the screen, Tab stays in it', async () => {
  await page.setViewportSize(PHONE);
  await unfold();
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe('faxun-chat');
  }
  await page.keyboard.press('Shift+Tab');
  expect(await page.evaluate(() => document.activeElement?.localName)).toBe('faxun-chat');
});

test('on a small phone, light and dark, nothing runs over the edge in any language', async () => {
  await page.setViewportSize(PHONE);
  await page.goto(server.url);
  await page.getByRole('button', { name: '我知道了' }).waitFor();
  await screenshot(page, 'phone-notice-light');
  await page.getByRole('button', { name: '我知道了' }).click();
  await answered();
  await page.getByRole('button', { name: '更多', exact: true }).click();
  for (const tag of ['zh-Hans', 'zh-Hant', 'en'] as const) {
    await page.locator('.more select').first().selectOption(tag);
    for (const large of [false, true]) {
      await page.locator('faxun-chat').evaluate(async (chat, on) => {
        chat.toggleAttribute('large', on);
        await (chat as HTMLElement & { updateComplete: Promise<boolean> }).updateComplete;
      }, large);
      await screenshot(page, `phone-settings-${tag}${large ? '-large' : ''}`);
      const over = await page.locator('faxun-chat').evaluate((chat) => {
        const all = [...(chat.shadowRoot?.querySelectorAll<HTMLElement>('button, h2, select, p, label') ?? [])];
        return all
          .filter((e) => e.getClientRects().length > 0 && !e.closest('.sr') && !e.classList.contains('sr'))
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5)
          .map((e) => `${e.localName}: ${e.textContent}`);
      });
      expect(over).toEqual([]);
      // The settings are to be read, and what one writes in stays in view.
      const [settings, composer] = await page.locator('faxun-chat').evaluate((chat) => {
        const box = (of: string): DOMRect | undefined => chat.shadowRoot?.querySelector(of)?.getBoundingClientRect();
        return [box('.more')?.height ?? 0, (box('.composer')?.bottom ?? Infinity) - innerHeight];
      });
      expect(settings).toBeGreaterThan(PHONE.height / 2);
      expect(composer).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
    }
  }
  await page.locator('faxun-chat').evaluate((chat) => chat.removeAttribute('large'));
  await page.locator('.more select').first().selectOption('zh-Hans');
  await page.getByLabel('颜色').selectOption('dark');
  await page.getByRole('button', { name: '更多', exact: true }).click();
  await screenshot(page, 'phone-dark');
  await page.locator('.log').evaluate((log) => (log.scrollTop = log.scrollHeight));
  await screenshot(page, 'phone-dark-end');
});
