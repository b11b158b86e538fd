import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, complete, launch, openChat, picture, screenshot, signIn, violations } from './browser';
import { Network, Server, type Staff } from './server';
import { Site } from './site';

let browser: Browser;
let server: Server;
let lawyer: Staff;
let site: Site;

beforeAll(async () => {
  browser = await launch();
  site = new Site(() => server.url);
  await site.start();
  server = new Server({
    FAXUN_SERVER__ALLOWED_ORIGINS: JSON.stringify([site.url]),
    FAXUN_LIMITS__MESSAGES_PER_MINUTE: '0',
  });
  lawyer = server.addStaff('wang', 'lawyer');
  await server.start();
});

afterAll(async () => {
  await browser?.close();
  site?.stop();
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

  await desk.locator('aside').getByText('本人要求').waitFor();
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
  await picture(desk, 'desk');
  await screenshot(page, 'phone-consultant');
  expect(await violations(desk)).toEqual([]);

  await desk.getByRole('button', { name: '交回机器人' }).click();
  await page.locator('.bar .owner').getByText('机器人解答中').waitFor();
  await desk.getByText('还没有接手的对话').waitFor();

  await page.getByRole('button', { name: '转人工' }).first().click();
  await desk.locator('aside').getByRole('button', { name: '接手', exact: true }).first().click();
  await desk.getByRole('button', { name: '结束…' }).click();
  await desk.getByRole('combobox', { name: '结束原因' }).selectOption('已解答');
  await desk.getByRole('button', { name: '结束对话' }).click();
  await page.locator('.bar .owner').getByText('已结束').waitFor();
  await complete(page, 10);
  await page.context().close();
  await desk.context().close();
});

test('prepared replies, keys and the whole conversation on paper', async () => {
  const desk = await consultant();
  await signIn(desk, server.url, lawyer);
  const page = await visitor();
  await ask(page, '单位拖欠工资三个月了怎么办');
  await page.locator('.citations li').first().waitFor();
  await page.getByRole('button', { name: '转人工' }).first().click();
  await desk.getByText('等候（1）').waitFor();
  // More than the desk loads at first.
  for (let i = 1; i <= 55; i += 1) await ask(page, `补充第${i}句`);
  await complete(page, 58);

  // Outside a field the question mark lists the keys, Esc puts the list away.
  await desk.keyboard.press('Shift+?');
  await desk.getByRole('dialog').getByText('到下一个有未读的对话').waitFor();
  await screenshot(desk, 'desk-keys');
  expect(await violations(desk)).toEqual([]);
  await desk.keyboard.press('Escape');
  await desk.getByRole('dialog').waitFor({ state: 'detached' });

  await desk.keyboard.press('Alt+n');
  await desk.getByText('由我接待').waitFor();
  await desk.getByText('更早的消息没有算进来').waitFor();
  await ask(page, '对方让我签一份协议，你好');
  await desk.locator('.msg').getByText('签一份协议').waitFor();
  await desk.getByLabel('称呼').fill('张女士');
  await desk.keyboard.press('Alt+k');
  await desk.getByRole('button', { name: /开场\s*建议/ }).waitFor();
  await screenshot(desk, 'desk-replies');
  await picture(desk, 'desk-replies');
  expect(await violations(desk)).toEqual([]);
  await desk.getByRole('searchbox').fill('开场');
  await desk.keyboard.press('Enter');
  const field = desk.getByRole('textbox', { name: /^回复/ });
  expect(await field.inputValue()).toMatch(/^张女士好，我是律师wang。/);
  // It was only put into the field: nothing is sent unseen.
  expect(await page.locator('.msg.consultant').count()).toBe(0);
  await desk.keyboard.press('Enter');
  await page.locator('.msg.consultant').getByText('张女士好').waitFor();

  await desk.keyboard.press('Alt+k');
  await desk.getByRole('button', { name: '新写一条' }).click();
  await desk.getByLabel('名称').fill('地址');
  await desk.getByLabel('内容').fill('请在{几号}到服务窗口来。');
  await desk.getByRole('button', { name: '保存' }).click();
  await desk.getByRole('button', { name: /^地址/ }).click();
  expect(await field.evaluate((f: HTMLTextAreaElement) => f.value.slice(f.selectionStart, f.selectionEnd))).toBe('{几号}');
  await field.fill('');

  // On paper is the whole conversation, not only the newest page, and nothing of the desk around it.
  expect(await desk.locator('.msg[data-seq="1"]').count()).toBe(0);
  await desk.evaluate(() => Object.assign(window, { print: () => Object.assign(window, { printed: true }) }));
  await desk.keyboard.press('Alt+p');
  await desk.waitForFunction(() => 'printed' in window);
  expect(await desk.locator('.msg[data-seq="1"]').count()).toBe(1);
  await desk.getByText(/答过：.*工资/).waitFor();
  await desk.emulateMedia({ media: 'print' });
  expect(await desk.locator('aside').isVisible()).toBe(false);
  expect(await desk.locator('.printed').textContent()).toContain('wang 打印');
  const log = await desk.locator('.log').evaluate((e) => e.scrollHeight - e.clientHeight);
  expect(log).toBe(0);
  await desk.emulateMedia({ media: 'screen' });

  await desk.keyboard.press('Alt+w');
  await desk.getByRole('combobox', { name: '结束原因' }).selectOption('已解答');
  await desk.getByRole('button', { name: '结束对话' }).click();
  await page.locator('.bar .owner').getByText('已结束').waitFor();
  await page.context().close();
  await desk.context().close();
});

test('a desk that lost its network shows every message it missed, and tells without a word of them', async () => {
  const relay = new Network(server);
  await relay.start();
  const desk = await consultant();
  await desk.addInitScript(() => {
    const told: string[] = [];
    class Fake {
      static permission = 'granted';
      constructor(title: string, options: NotificationOptions) {
        told.push(`${title}: ${options.body}`);
      }
    }
    Object.assign(window, { Notification: Fake, told });
    Object.defineProperty(document, 'hasFocus', { value: () => false });
  });
  await signIn(desk, relay.url, lawyer);
  const page = await visitor();
  await page.getByRole('button', { name: '转人工' }).click();
  await desk.getByText('等候（1）').waitFor();
  await desk.keyboard.press('Alt+n');
  await desk.getByText('由我接待').waitFor();
  // The conversation is loaded: what comes from here on is news.
  await desk.locator('.msg').first().waitFor();
  await ask(page, '第一句秘密');
  await desk.locator('.msg').getByText('第一句秘密').waitFor();
  relay.cut();
  await desk.getByText('连接断了').waitFor();
  for (const text of ['断线时一', '断线时二', '断线时三']) await ask(page, text);
  await complete(page, 6);
  await desk.getByRole('textbox', { name: /^回复/ }).fill('断线时写的回复');
  await desk.keyboard.press('Enter');
  await desk.getByText('正在发送').waitFor();
  relay.restore();
  await page.locator('.msg.consultant').getByText('断线时写的回复').waitFor();
  await desk.locator('.msg').getByText('断线时三').waitFor();
  const seqs = await desk.locator('.msg[data-seq]').evaluateAll((all) => all.map((m) => Number((m as HTMLElement).dataset['seq'])));
  expect(seqs).toEqual(seqs.map((_seq, i) => i + 1));
  const told = await desk.evaluate(() => (window as unknown as { told: string[] }).told);
  expect(told.length).toBeGreaterThan(0);
  expect(told.join()).toMatch(/#.{4} 有新消息/);
  expect(told.join()).not.toContain('秘密');
  await desk.keyboard.press('Alt+w');
  await desk.getByRole('button', { name: '结束对话' }).click();
  await desk.getByText('还没有接手的对话').waitFor();
  relay.stop();
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
  // Loaded, so that what comes from here on is news.
  await desk.locator('.msg').first().waitFor();
  await desk.keyboard.press('Alt+n');
  await desk.getByText('我的对话（2）').waitFor();
  await desk.locator('.msg').first().waitFor();
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
  await page.goto(site.url);
  await page.getByRole('button', { name: '法律咨询' }).click();
  await page.getByRole('button', { name: '我知道了' }).click();
  await ask(page, '单位拖欠工资三个月了怎么办');
  await page.locator('.citations li').first().waitFor();
  expect(await violations(page)).toEqual([]);
  // The same page under another name is another origin.
  await page.goto(site.url.replace('127.0.0.1', 'localhost'));
  await page.getByRole('button', { name: '法律咨询' }).click();
  await page.getByText('连接断了').waitFor();
  await context.close();
});
