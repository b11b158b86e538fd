import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, complete, launch, messages, openChat, picture, screenshot, violations } from './browser';
import { Network, Server } from './server';

const QUESTION = '单位拖欠工资三个月了怎么办';
const NEUTRAL = 'https://www.weather.com.cn/';

let browser: Browser;
let server: Server;
let network: Network;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launch();
  server = new Server();
  await server.start();
  network = new Network(server);
  await network.start();
});

afterAll(async () => {
  await browser?.close();
  network?.stop();
  await server?.remove();
});

beforeEach(async () => {
  context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1100, height: 800 } });
  page = await context.newPage();
});

afterEach(async () => {
  await context.close();
});

async function answered(): Promise<void> {
  await openChat(page, network.url);
  await ask(page, QUESTION);
  await page.locator('.citations li').first().waitFor();
}

test('a question gets an answer with its law, and both survive a reload', async () => {
  await page.goto(network.url);
  await page.getByText('开始之前请看一眼').waitFor();
  await screenshot(page, 'desktop-notice');
  await page.getByRole('button', { name: '我知道了' }).click();
  await page.getByRole('heading', { name: '遇到什么事？' }).waitFor();
  await screenshot(page, 'desktop-start');
  await ask(page, QUESTION);
  const law = page.locator('.citations li').first();
  await law.waitFor();
  expect(await law.textContent()).toMatch(/《.+》第.+条/);
  expect(await page.locator('.msg.own .meta').textContent()).toContain('已送达');
  const n = await complete(page, 2);
  await screenshot(page, 'desktop-answer');
  await picture(page, 'chat');

  await page.reload();
  expect(await complete(page, n)).toBe(n);
  // A new tab holds no messages, only the token: it asks for the page.
  const other = await context.newPage();
  await other.goto(network.url);
  expect(await complete(other, n)).toBe(n);
});

test('a killed and restarted server: the page resumes, nothing is lost or doubled', async () => {
  await answered();
  const before = await complete(page, 2);
  await server.end('SIGKILL');
  await page.getByText('连接断了').waitFor();
  await ask(page, '离婚要什么材料');
  await page.getByText('正在发送').waitFor();
  await server.start();
  await page.getByText('正在发送').waitFor({ state: 'detached' });
  const n = await complete(page, before + 2);
  expect(await messages(page).filter({ hasText: '离婚要什么材料' }).and(page.locator('.own')).count()).toBe(1);
  await page.reload();
  expect(await complete(page, n)).toBe(n);
});

test('a lost network: what was written is sent when it returns', async () => {
  await answered();
  const before = await complete(page, 2);
  network.cut();
  await context.setOffline(true);
  await page.getByText('连接断了').waitFor();
  await screenshot(page, 'desktop-offline');
  await ask(page, '借钱不还怎么办');
  await ask(page, '没有借条');
  network.restore();
  await context.setOffline(false);
  await page.getByText('正在发送').first().waitFor({ state: 'detached' });
  const n = await complete(page, before + 4);
  const own = await page.locator('.msg.own[data-seq] .bubble').allTextContents();
  expect(own.map((t) => t.trim())).toEqual([QUESTION, '借钱不还怎么办', '没有借条']);
  expect(n).toBeGreaterThan(before);
});

test('a connection that only carries one way is noticed and replaced', async () => {
  await answered();
  const before = await complete(page, 2);
  network.mute();
  await ask(page, '押金不退怎么办');
  await page.getByText('正在发送').waitFor();
  // The server has it, the page does not know. The watchdog gives the connection up; then the way is free again.
  await page.getByText('连接断了').waitFor();
  network.restore();
  await complete(page, before + 2);
  expect(await page.locator('.msg.own[data-seq]').filter({ hasText: '押金不退怎么办' }).count()).toBe(1);
});

test('快速离开 and Esc leave, and leave nothing behind', async () => {
  await context.route(NEUTRAL, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>天气</h1>' }));
  for (const leave of [
    () => page.getByRole('button', { name: '快速离开' }).click(),
    () => page.keyboard.press('Escape'),
  ]) {
    await page.goto('about:blank');
    await answered();
    const before = await page.evaluate(() => history.length);
    expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBeGreaterThan(0);
    await leave();
    await page.waitForURL(NEUTRAL);
    expect(await page.evaluate(() => history.length)).toBe(before);
    await page.goBack().catch(() => null);
    expect(page.url()).toBe('about:blank');
    await page.goto(network.url);
    await page.getByRole('button', { name: '我知道了' }).waitFor();
    expect(await messages(page).count()).toBe(0);
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(QUESTION);
    await page.evaluate(() => (localStorage.clear(), sessionStorage.clear()));
  }
});

test('不留痕 keeps nothing on the device', async () => {
  await page.goto(network.url);
  await page.getByLabel(/不留痕/).check();
  await page.getByRole('button', { name: '我知道了' }).click();
  await ask(page, QUESTION);
  await page.locator('.citations li').first().waitFor();
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
  await page.reload();
  await page.getByRole('button', { name: '我知道了' }).waitFor();
  expect(await messages(page).count()).toBe(0);
});

test('everything works by keyboard', async () => {
  await page.goto(network.url);
  await page.getByRole('button', { name: '我知道了' }).waitFor();
  await tabTo('我知道了');
  await page.keyboard.press('Enter');
  await page.keyboard.type('第一行');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type(QUESTION);
  await page.keyboard.press('Enter');
  await page.locator('.citations li').first().waitFor();
  expect(await page.locator('.msg.own .pre').first().textContent()).toBe(`第一行\n${QUESTION}`);
  const n = await complete(page, 2);
  // Back from the field to the first follow-on question of the answer.
  await page.locator('.options button').first().focus();
  await page.keyboard.press('Enter');
  await complete(page, n + 2);
  // The new answer has the focus: its options come next.
  await page.waitForFunction(() => {
    const active = document.querySelector('faxun-chat')?.shadowRoot?.activeElement;
    return active?.classList.contains('msg') === true;
  });
  await tabTo('转人工', true);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '已在排队' }).waitFor();
  expect(await page.locator('.bar .owner').textContent()).toContain('排队');
});

async function tabTo(name: string, backwards = false): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press(backwards ? 'Shift+Tab' : 'Tab');
    const text = await page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active?.textContent?.trim() ?? '';
    });
    if (text === name) return;
  }
  throw new Error(`no tab reaches ${name}`);
}

test('no serious accessibility violations, on a phone and in large type', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(network.url);
  await page.getByRole('button', { name: '我知道了' }).waitFor();
  await screenshot(page, 'phone-notice');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: '我知道了' }).click();
  await screenshot(page, 'phone-start');
  await ask(page, QUESTION);
  await page.locator('.citations li').first().waitFor();
  await screenshot(page, 'phone-answer');
  expect(await violations(page)).toEqual([]);
  await page.locator('.log').evaluate((log) => (log.scrollTop = log.scrollHeight));
  await screenshot(page, 'phone-answer-end');
  await ask(page, '他正在打我');
  await page.locator('.urgent').first().waitFor();
  await screenshot(page, 'phone-urgent');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: '更多' }).click();
  await page.getByRole('button', { name: '大字' }).click();
  await page.setViewportSize({ width: 320, height: 560 });
  await screenshot(page, 'phone-large-320');
  expect(await violations(page)).toEqual([]);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(sideways).toBe(false);
});
