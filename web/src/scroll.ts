// Which part of a conversation is in view while it grows.

import type { Message } from './wire';

/** Nearer to the end than this, in px, new messages scroll into view. */
const NEAR_END_PX = 120;
/** Space kept above a parked message, in px. */
const PARK_PX = 8;
/** Messages within this time, in ms, belong to one answer. */
const BURST_MS = 1_500;
/** More messages at once than this are history, not an answer. */
const BURST_MESSAGES_MAX = 6;

export class Follower {
  /** New messages came below while the reader was further up. */
  behind = false;
  /** The view goes along with new messages, until the reader scrolls away. */
  following = true;
  private atEnd = true;
  /** Its beginning stays in view while answers grow below it: one's own last question. */
  private parked: number | undefined;
  private parkedAt = 0;
  /** Where the view was put by itself, in px: anything else is the reader's scrolling. */
  private setTop = 0;
  /** Height of the log before older messages came in on top, in px. */
  private heightBefore: number | undefined;

  constructor(
    private readonly log: () => HTMLElement | null,
    private readonly message: (seq: number) => HTMLElement | undefined,
  ) {}

  beforeUpdate(): void {
    const log = this.log();
    if (log) this.atEnd = distance(log) < NEAR_END_PX;
  }

  beforeOlder(): void {
    this.heightBefore = this.log()?.scrollHeight;
  }

  afterOlder(): void {
    const log = this.log();
    if (this.heightBefore === undefined || !log) return;
    log.scrollTop += log.scrollHeight - this.heightBefore;
    this.heightBefore = undefined;
  }

  /** `first`: the first messages since the page was opened. */
  arrived(fresh: readonly Message[], first: boolean): void {
    const now = Date.now();
    const own = fresh.filter((m) => m.from.kind === 'citizen').pop();
    const others = fresh.find((m) => m.from.kind !== 'citizen');
    const burst = now - this.parkedAt < BURST_MS;
    if (first && fresh.length > BURST_MESSAGES_MAX) this.parked = undefined;
    else if (own || (this.following && this.atEnd && !burst)) {
      this.parked = (own ?? others)?.seq;
      this.parkedAt = now;
      this.following = true;
    } else if (others && !burst) this.behind = true;
    if (this.following) this.follow();
  }

  toEnd(): void {
    this.behind = false;
    this.following = true;
    this.parked = undefined;
    this.follow();
  }

  scrolled(): void {
    const log = this.log();
    if (!log || Math.abs(log.scrollTop - this.setTop) < 2) return;
    this.following = distance(log) < NEAR_END_PX;
    if (this.following) this.behind = false;
  }

  /** Scrolls to the end, but not past the beginning of what is parked. */
  private follow(): void {
    const log = this.log();
    if (!log) return;
    log.scrollTop = log.scrollHeight;
    const message = this.parked === undefined ? undefined : this.message(this.parked);
    if (message) {
      const above = message.getBoundingClientRect().top - log.getBoundingClientRect().top - PARK_PX;
      if (above < 0) log.scrollTop += above;
    }
    this.setTop = log.scrollTop;
  }
}

/** From the lower edge of the view to the end, in px. */
function distance(log: HTMLElement): number {
  return log.scrollHeight - log.scrollTop - log.clientHeight;
}
