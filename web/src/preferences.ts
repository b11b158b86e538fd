// How somebody wants to see the chat. Kept on the device like the conversation's token, and gone with it.

import type { Language } from './texts';

export interface Preferences {
  /** 适老化: large type. */
  large?: boolean;
  language?: Language;
  theme?: Theme;
}

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'faxun:view';

export function readPreferences(): Preferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? kept : {};
  } catch {
    return {};
  }
}

/** Nothing to keep, nothing kept: an untouched widget leaves no trace of itself. */
export function keepPreferences(preferences: Preferences): void {
  try {
    if (Object.keys(preferences).length > 0) localStorage.setItem(KEY, JSON.stringify(preferences));
    else localStorage.removeItem(KEY);
  } catch {
    // Only for this page then.
  }
}
