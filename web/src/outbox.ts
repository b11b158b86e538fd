// What one's own side wants to send: kept with its id until the server says it is durable, sent again after every
// reconnect. A repeated id makes no second message on the server.

import { UNACKED_MAX } from './wire';

export type OutboxState = 'sending' | 'failed';

/** A frame with a client id, as it was sent first. */
export interface Item<Frame> {
  id: string;
  frame: Frame;
  at: number;
  state: OutboxState;
  /** Tries that the server answered with a passing error. */
  tries: number;
  /** Set by the ack: shown until the message itself arrives. */
  seq?: number;
  problem?: string;
}

/** Passing errors after which the user is asked. */
const TRIES_MAX = 5;
/** First wait after a passing error, in ms; doubles. */
const RETRY_FIRST_MS = 2_000;

/** 128 random bits. `crypto.randomUUID` is missing on plain http and on old phones. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

export class Outbox<Frame extends { id: string }> {
  items: Item<Frame>[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;

  /** `send` returns false when there is no connection. */
  constructor(
    private readonly send: (frame: Frame) => boolean,
    private readonly changed: () => void,
  ) {}

  add(frame: Frame, at = Date.now()): void {
    this.items.push({ id: frame.id, frame, at, state: 'sending', tries: 0 });
    if (this.unacked().length <= UNACKED_MAX) this.send(frame);
    this.changed();
  }

  /** After a welcome, and whenever room was made: what is not acked goes out in order. */
  flush(): void {
    for (const item of this.unacked().slice(0, UNACKED_MAX)) {
      if (!this.send(item.frame)) return;
    }
  }

  acked(id: string, seq: number): void {
    const item = this.items.find((i) => i.id === id);
    if (!item) return;
    const next = this.unacked()[UNACKED_MAX];
    item.seq = seq;
    if (next) this.send(next.frame);
    this.changed();
  }

  /** Forgets what is shown as a message now. */
  settle(held: (seq: number) => boolean): void {
    this.items = this.items.filter((i) => i.seq === undefined || !held(i.seq));
  }

  /** The server refused a frame of ours. True when it was one of these. */
  refused(id: string, problem: string, passing: boolean): boolean {
    const item = this.items.find((i) => i.id === id);
    if (!item) return false;
    item.tries += 1;
    if (passing && item.tries < TRIES_MAX) {
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.flush(), RETRY_FIRST_MS * 2 ** (item.tries - 1));
    } else {
      item.state = 'failed';
      item.problem = problem;
    }
    this.changed();
    return true;
  }

  /** The user tries a failed one again: a new id, since the old one may be taken by another content. */
  again(id: string): void {
    const item = this.items.find((i) => i.id === id);
    if (!item) return;
    this.items = this.items.filter((i) => i !== item);
    this.add({ ...item.frame, id: newId() });
  }

  discard(keep: (item: Item<Frame>) => boolean): void {
    this.items = this.items.filter(keep);
    this.changed();
  }

  stop(): void {
    clearTimeout(this.retry);
  }

  /** How many the server has not confirmed. */
  get unsent(): number {
    return this.unacked().length;
  }

  private unacked(): Item<Frame>[] {
    return this.items.filter((i) => i.state === 'sending' && i.seq === undefined);
  }
}
