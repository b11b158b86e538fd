// What a browser keeps of a conversation. The token lies in localStorage (back after days), messages and unsent
// texts in sessionStorage (gone with the tab); both fall back to memory, and a visitor may want neither.

import type { Item } from './outbox';
import type { ClientFrame, Message, Notice } from './wire';

/** Most messages cached for a reload; older ones are asked of the server. */
const CACHED_MESSAGES_MAX = 100;

export type Sendable = Extract<ClientFrame, { id: string }>;

interface Session {
  conversation: string;
  messages: Message[];
  outbox: Item<Sendable>[];
  notice?: Notice;
  noticeRead: boolean;
}

export interface Kept extends Partial<Session> {
  token?: string;
}

export class Memory {
  private readonly key: string;
  /** 不留痕: nothing leaves the page's memory. */
  private silent: boolean;

  constructor(server: string, silent: boolean) {
    this.key = keyOf(server);
    this.silent = silent;
  }

  load(): Kept {
    if (this.silent) return {};
    const token = read(localStore, this.key);
    const session = parse<Session>(read(sessionStore, this.key));
    return { ...(session && Array.isArray(session.messages) ? session : {}), ...(token ? { token } : {}) };
  }

  keepToken(token: string): void {
    if (!this.silent) write(localStore, this.key, token);
  }

  keepSession(session: Session): void {
    if (this.silent) return;
    const messages = session.messages.slice(-CACHED_MESSAGES_MAX);
    write(sessionStore, this.key, JSON.stringify({ ...session, messages }));
  }

  forget(): void {
    for (const store of [localStore, sessionStore]) {
      try {
        store()?.removeItem(this.key);
      } catch {
        // Nothing was kept where nothing may be kept.
      }
    }
  }

  setSilent(silent: boolean): void {
    this.silent = silent;
    if (silent) this.forget();
  }
}

/** This tab has been in a conversation: it may be taken up again without being asked. */
export function conversationBegun(server: string): boolean {
  const session = parse<Session>(read(sessionStore, keyOf(server)));
  return Array.isArray(session?.messages) && session.messages.length > 0;
}

function keyOf(server: string): string {
  return `faxun:${server}`;
}

// Even naming the storage throws where the browser forbids it.
const localStore = (): Storage | undefined => globalThis.localStorage;
const sessionStore = (): Storage | undefined => globalThis.sessionStorage;

function read(store: () => Storage | undefined, key: string): string | undefined {
  try {
    return store()?.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(store: () => Storage | undefined, key: string, value: string): void {
  try {
    store()?.setItem(key, value);
  } catch {
    // Full or forbidden: this page goes on from memory.
  }
}

function parse<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}
