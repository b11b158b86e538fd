import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepPreferences, readPreferences } from '../src/preferences';

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

test('what was chosen is there again, and nothing chosen leaves nothing', () => {
  keepPreferences({ large: true, language: 'en', theme: 'dark' });
  expect(readPreferences()).toEqual({ large: true, language: 'en', theme: 'dark' });
  keepPreferences({});
  expect([localStorage.length, readPreferences()]).toEqual([0, {}]);
});

test.each(['', 'null', '{', '"x"', '7'])('%j in the storage is no preference', (kept) => {
  localStorage.setItem('faxun:view', kept);
  expect(readPreferences()).toEqual({});
});

test('what is no choice is left out, the rest stays', () => {
  localStorage.setItem('faxun:view', '{"large":"yes","language":"xx","theme":"dark"}');
  expect(readPreferences()).toEqual({ theme: 'dark' });
});

test('a browser that forbids storage is no reason to fail', () => {
  vi.stubGlobal('localStorage', undefined);
  keepPreferences({ large: true });
  expect(readPreferences()).toEqual({});
});
