// A WebSocket that comes back: exponential backoff with jitter, at once when the network returns or the server
// asks for a resync, and a watchdog for connections that only seem to be open.

import { CLOSE_RESYNC } from './wire';

export type LinkStatus = 'connecting' | 'open' | 'waiting';

export interface LinkOptions<Incoming> {
  url: string;
  protocol: string;
  /** The socket is open: say hello. */
  onOpen: () => void;
  onFrame: (frame: Incoming) => void;
  onStatus: (status: LinkStatus) => void;
}

/** First wait before a new try, in ms; doubles with every failure. */
export const BACKOFF_FIRST_MS = 500;
/** Longest wait before a new try, in ms. */
export const BACKOFF_MAX_MS = 20_000;
/** A connection that lived this long, in ms, makes the next failure the first again. */
export const SETTLED_MS = 5_000;
/** An expected frame, or the opening, that does not come within this time, in ms, means a dead connection. */
export const REPLY_TIMEOUT_MS = 10_000;

/** Wait before try number `failures` (from 1), in ms: between half and all of the doubled time. */
export function backoff(failures: number, random: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return full / 2 + (full / 2) * random;
}

export class Link<Incoming, Outgoing> {
  private socket: WebSocket | undefined;
  private failures = 0;
  private openedAt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;

  constructor(private readonly options: LinkOptions<Incoming>) {}

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    addEventListener('online', this.renew);
    addEventListener('offline', this.giveUp);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    removeEventListener('online', this.renew);
    removeEventListener('offline', this.giveUp);
    clearTimeout(this.retry);
    this.drop();
  }

  get open(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** False when there is no open socket: the caller keeps the frame. */
  send(frame: Outgoing): boolean {
    if (!this.socket || !this.open) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Something must come back now; if nothing does, the connection is given up for a new one. */
  expectReply(): void {
    if (this.watchdog === undefined && this.open) this.watch(this.renew);
  }

  private watch(whenSilent: () => void): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      this.watchdog = undefined;
      whenSilent();
    }, REPLY_TIMEOUT_MS);
  }

  /** Gives up the present connection and connects at once. */
  readonly renew = (): void => {
    if (this.stopped) return;
    this.failures = 0;
    this.drop();
    clearTimeout(this.retry);
    this.connect();
  };

  /** Gives up the present connection and tries again later. */
  readonly giveUp = (): void => {
    if (this.stopped) return;
    this.drop();
    this.later();
  };

  private connect(): void {
    this.options.onStatus('connecting');
    const socket = new WebSocket(this.options.url, [this.options.protocol]);
    this.socket = socket;
    // A browser waits for minutes before it gives a connection up by itself.
    this.watch(this.giveUp);
    socket.onopen = () => {
      this.stopWatching();
      this.openedAt = Date.now();
      this.options.onStatus('open');
      this.options.onOpen();
    };
    socket.onmessage = (event: MessageEvent) => {
      this.stopWatching();
      if (typeof event.data === 'string') this.options.onFrame(JSON.parse(event.data) as Incoming);
    };
    socket.onclose = (event: CloseEvent) => {
      if (socket !== this.socket) return;
      this.drop();
      if (this.stopped) return;
      if (this.settled()) this.failures = 0;
      if (event.code === CLOSE_RESYNC && this.failures === 0) {
        // Counted, so that a server that always asks for it is not hammered.
        this.failures = 1;
        this.connect();
      } else this.later();
    };
  }

  private settled(): boolean {
    return this.openedAt > 0 && Date.now() - this.openedAt >= SETTLED_MS;
  }

  private later(): void {
    this.openedAt = 0;
    this.failures += 1;
    this.options.onStatus('waiting');
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), backoff(this.failures, Math.random()));
  }

  private stopWatching(): void {
    clearTimeout(this.watchdog);
    this.watchdog = undefined;
  }

  private drop(): void {
    this.stopWatching();
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
