// The messages of one conversation by seq: no duplicates, in order, and aware of gaps.

import type { Message } from './wire';

export class Messages {
  private bySeq = new Map<number, Message>();
  private sorted: Message[] | undefined;
  private low = Infinity;
  private high = 0;
  /** The server has messages below the lowest held. */
  older = false;

  /** False when it was held already. */
  add(message: Message): boolean {
    if (this.bySeq.has(message.seq)) return false;
    this.bySeq.set(message.seq, message);
    this.low = Math.min(this.low, message.seq);
    this.high = Math.max(this.high, message.seq);
    this.sorted = undefined;
    return true;
  }

  /** In order of seq. The same array until something is added. */
  get all(): readonly Message[] {
    this.sorted ??= [...this.bySeq.values()].sort((a, b) => a.seq - b.seq);
    return this.sorted;
  }

  get size(): number {
    return this.bySeq.size;
  }

  get first(): number | undefined {
    return this.size === 0 ? undefined : this.low;
  }

  get last(): number {
    return this.high;
  }

  has(seq: number): boolean {
    return this.bySeq.has(seq);
  }

  get(seq: number): Message | undefined {
    return this.bySeq.get(seq);
  }

  /** The last seq before the first gap: what to resume after. Undefined when nothing is held. */
  get after(): number | undefined {
    if (this.size === 0) return undefined;
    if (this.high - this.low + 1 === this.size) return this.high;
    let seq = this.low;
    while (this.bySeq.has(seq + 1)) seq += 1;
    return seq;
  }

  /** Something between the lowest and the highest is missing. */
  get gap(): boolean {
    return this.size > 0 && this.high - this.low + 1 !== this.size;
  }

  clear(): void {
    this.bySeq.clear();
    this.sorted = undefined;
    this.low = Infinity;
    this.high = 0;
    this.older = false;
  }
}
