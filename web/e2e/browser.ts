// Chromium, and the few things that every test does with a page.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import type { Staff } from './server';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launch(): Promise<Browser> {
  const executablePath = process.env['FAXUN_CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`no ${executablePath}: run "apt-get install -y chromium fonts-noto-cjk" or set FAXUN_CHROMIUM`);
  }
  return chromium.launch({ executablePath, args: ARGS });
}

/** Opens the chat page and reads the notice. */
export async function openChat(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('button', { name: '我知道了' }).click();
}

export async function ask(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox').fill(text);
  await page.keyboard.press('Enter');
}

/** Messages that the server has, in order. */
export function messages(page: Page): Locator {
  return page.locator('.msg[data-seq]');
}

/** Waits until the messages held are 1 to n without gap or double, n at least `least`, and returns n. */
export async function complete(page: Page, least: number): Promise<number> {
  const seqs = await page.waitForFunction((atLeast) => {
    const root = document.querySelector('faxun-chat')?.shadowRoot;
    const found = [...(root?.querySelectorAll<HTMLElement>('.msg[data-seq]') ?? [])].map((m) => Number(m.dataset['seq']));
    return found.length >= atLeast ? found : undefined;
  }, least);
  const found = (await seqs.jsonValue()) as number[];
  const expected = found.map((_seq, i) => i + 1);
  if (found.join() !== expected.join()) throw new Error(`messages ${found.join()} instead of ${expected.join()}`);
  return found.length;
}

export async function signIn(page: Page, url: string, staff: Staff): Promise<void> {
  await page.goto(`${url}/desk`);
  await page.getByLabel('名字').fill(staff.name);
  await page.getByLabel('密码').fill(staff.password);
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByText('我的对话').waitFor();
}

/** Into the folder that FAXUN_SCREENSHOTS names, if it names one. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['FAXUN_SCREENSHOTS'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Into docs/images when FAXUN_BLESS is set (`make pictures`). */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env['FAXUN_BLESS'] !== '1') return;
  const folder = new URL('../../docs/images/', import.meta.url).pathname;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Rules that the page breaks seriously, with the places. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run;
    const { violations: found } = await run();
    return found
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.flat().join(' ')).join('; ')}`);
  });
}

interface AxeResults {
  violations: { id: string; impact: string; nodes: { target: string[][] }[] }[];
}
