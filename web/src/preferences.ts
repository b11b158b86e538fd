// How somebody wants to see the chat. Kept on the device like the conversation's token, and gone with it.

import { type Language, LANGUAGES } from './texts';

export interface Preferences {
  /** 适老化: large type. */
  large?: boolean;
  language?: Language;
  theme?: Theme;
}

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'faxun:view';

export function readPreferences(): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown> | null;
    // Whatever a page of the same site left there must not keep anybody from asking.
    const language = LANGUAGES.find(([tag]) => tag === kept?.['language'])?.[0];
    const theme = THEMES.find((known) => known === kept?.['theme']);
    return {
      ...(kept?.['large'] === true ? { large: true } : {}),
      ...(language ? { language } : {}),
      ...(theme ? { theme } : {}),
    };
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
