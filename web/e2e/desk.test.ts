import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, complete, launch, openChat, screenshot, signIn, violations } from './browser';
import { Server, type Staff } from './server';

let browser: Browser;
let server: Server;
let lawyer: Staff;
let site: HttpServer;
let siteUrl: string;

beforeAll(async () => {
  browser = await launch();
  // A website of somebody else that embeds the widget.
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="zh-CN"><title>某县司法局</title><h1>某县司法局</h1>
      <p>办事指南、通知公告。</p>
      <script type="module" src="${server.url}/widget.js"></script>
      <faxun-chat server="${server.url}"></faxun-chat></html>`);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  siteUrl = `http://127.0.0.1:${port}`;
  server = new Server({ FAXUN_SERVER__ALLOWED_ORIGINS: JSON.stringify([siteUrl]) });
  lawyer = server.addStaff('wang', 'lawyer');
  await server.start();
});

afterAll(async () => {
  await browser?.close();
  site?.close();
  await server?.remove();
});

async function visitor(): Promise<Page> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  await openChat(page, server.url);
  return page;
}

async function consultant(): Promise<Page> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
  return context.newPage();
}

test('a wrong password is refused in words', async () => {
  const desk = await consultant();
  await desk.goto(`${server.url}/desk`);
  await desk.getByLabel('名字').fill(lawyer.name);
  await desk.getByLabel('密码').fill('wrong');
  await desk.getByRole('button', { name: '登录' }).click();
  await desk.getByRole('alert').getByText('密码').waitFor();
  expect(await violations(desk)).toEqual([]);
  await desk.context().close();
});

test('from the bot to a person and back, and closed', async () => {
  const desk = await consultant();
  await signIn(desk, server.url, lawyer);
  const page = await visitor();
  await ask(page, '单位拖欠工资三个月了怎么办');
  await page.locator('.citations li').first().waitFor();
  await page.getByRole('button', { name: '转人工' }).first().click();
  await page.getByRole('button', { name: '已在排队' }).waitFor();
  await screenshot(page, 'phone-queued');

  await desk.getByText('本人要求').waitFor();
  await screenshot(desk, 'desk-queue');
  await desk.keyboard.press('Alt+n');
  await page.locator('.bar .owner').getByText('人工：').waitFor();
  await desk.getByText('由我接待').waitFor();
  // The whole conversation came along.
  await desk.locator('.citations li').first().waitFor();
  await desk.getByRole('textbox', { name: /回复/ }).fill('你好，工资条和考勤还在手里吗？');
  await desk.keyboard.press('Enter');
  await page.locator('.msg.consultant').getByText('工资条').waitFor();
  await ask(page, '在的，还有聊天记录');
  await desk.getByText('还有聊天记录').waitFor();
  await screenshot(desk, 'desk-conversation');
  await screenshot(page, 'phone-consultant');
  expect(await violations(desk)).toEqual([]);

  await desk.getByRole('button', { name: '交回机器人' }).click();
  await page.locator('.bar .owner').getByText('机器人解答中').waitFor();
  await desk.getByText('还没有接手的对话').waitFor();

  await page.getByRole('button', { name: '转人工' }).first().click();
  await desk.getByRole('button', { name: '接手', exact: true }).click();
  await desk.getByRole('button', { name: '结束…' }).click();
  await desk.getByRole('combobox', { name: '结束原因' }).selectOption('已解答');
  await desk.getByRole('button', { name: '结束对话' }).click();
  await page.locator('.bar .owner').getByText('已结束').waitFor();
  await complete(page, 10);
  await page.context().close();
  await desk.context().close();
});

test('danger reaches the desk as a red banner, and two conversations stay apart', async () => {
  const desk = await consultant();
  await signIn(desk, server.url, lawyer);
  const [first, second] = [await visitor(), await visitor()];
  for (const page of [first, second]) {
    await page.getByRole('button', { name: '转人工' }).click();
    await page.getByRole('button', { name: '已在排队' }).waitFor();
  }
  await desk.getByText('等候（2）').waitFor();
  await desk.keyboard.press('Alt+n');
  await desk.getByText('我的对话（1）').waitFor();
  await desk.keyboard.press('Alt+n');
  await desk.getByText('我的对话（2）').waitFor();
  await ask(first, '我是第一个人');
  await ask(second, '我是第二个人');
  // One of the two is shown, the other counts its unread message.
  await desk.getByText('条未读').waitFor();
  await desk.keyboard.press('Alt+1');
  await desk.getByText('条未读').waitFor({ state: 'detached' });
  await ask(first, '他拿着刀正在打我');
  await desk.getByText('提到人身危险').waitFor();
  await screenshot(desk, 'desk-urgent');
  expect(await violations(desk)).toEqual([]);
  // A reload of the desk finds both conversations again.
  await desk.reload();
  await desk.getByText('我的对话（2）').waitFor();
  for (const context of browser.contexts()) await context.close();
});

test('the widget works on an allowed site and only there', async () => {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  await page.goto(siteUrl);
  await page.getByRole('button', { name: '法律咨询' }).click();
  await page.getByRole('button', { name: '我知道了' }).click();
  await ask(page, '单位拖欠工资三个月了怎么办');
  await page.locator('.citations li').first().waitFor();
  await screenshot(page, 'embedded');
  expect(await violations(page)).toEqual([]);
  // The same page under another name is another origin.
  await page.goto(siteUrl.replace('127.0.0.1', 'localhost'));
  await page.getByRole('button', { name: '法律咨询' }).click();
  await page.getByText('连接断了').waitFor();
  await context.close();
});
