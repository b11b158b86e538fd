// The citizen's side of `faxun.v1` without any page: one conversation, kept over reloads and lost networks.

import { Link, type LinkStatus } from './link';
import { Memory, type Sendable } from './memory';
import { Messages } from './messages';
import { newId, Outbox } from './outbox';
import { t } from './texts';
import {
  type ClientFrame,
  type ErrorFrame,
  type Identity,
  type Message,
  type Notice,
  type Owner,
  PROTOCOL,
  type ServerFrame,
} from './wire';

/** Messages asked for at a time. */
const PAGE = 50;
/** At most one typing frame in this time, in ms. */
const TYPING_EVERY_MS = 3_000;
/** How long the other side's typing is shown, in ms. */
const TYPING_SHOWN_MS = 5_000;
/** A break shorter than this, in ms, is not worth words. */
const LOST_AFTER_MS = 1_000;
/** While somebody is waited for, a silent connection is tried this often, in ms. */
const PROBE_EVERY_MS = 45_000;

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
export type Action = Without<Sendable, 'id'>;

export interface ChatOptions {
  /** Origin of the server, without a slash at the end. */
  server: string;
  identity?: Identity | undefined;
  silent: boolean;
  changed: () => void;
}

export class Chat {
  readonly messages = new Messages();
  readonly outbox: Outbox<Sendable>;
  owner: Owner = { kind: 'bot' };
  position: number | undefined;
  status: LinkStatus = 'connecting';
  notice: Notice | undefined;
  noticeRead = false;
  otherTyping = false;
  loadingOlder = false;
  /** The connection has been gone for long enough to say so. */
  lost = false;
  /** The last thing to say that belongs to no message. */
  line = '';

  /** Highest seq that was in view. */
  read = 0;

  private readonly memory: Memory;
  private readonly link: Link<ServerFrame, ClientFrame>;
  private token: string | undefined;
  private conversation = '';
  private welcomed = false;
  private identity: Identity | undefined;
  private gapAt: number | undefined;
  private typedAt = 0;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private lostTimer: ReturnType<typeof setTimeout> | undefined;
  private probeTimer: ReturnType<typeof setInterval> | undefined;
  /** Somebody wants every message, from the first. */
  private whole: ((messages: readonly Message[] | undefined) => void) | undefined;
  /** Id of the `end` after which another conversation begins. */
  private ending: string | undefined;

  constructor(private readonly options: ChatOptions) {
    this.identity = options.identity;
    this.memory = new Memory(options.server, options.silent);
    this.outbox = new Outbox<Sendable>(
      (frame) => this.welcomed && this.sendExpecting(frame),
      () => this.changed(),
    );
    const kept = this.memory.load();
    this.token = kept.token;
    // Cached messages without the token that opens their conversation are of no use.
    if (kept.token) {
      this.conversation = kept.conversation ?? '';
      for (const message of kept.messages ?? []) this.messages.add(message);
      this.messages.older = (this.messages.first ?? 1) > 1;
      this.notice = kept.notice;
      this.noticeRead = kept.noticeRead ?? false;
      this.outbox.items = kept.outbox ?? [];
      this.read = this.messages.last;
    }
    this.link = new Link<ServerFrame, ClientFrame>({
      url: `${options.server.replace(/^http/, 'ws')}/ws`,
      protocol: PROTOCOL,
      onOpen: () => this.hello(),
      onFrame: (frame) => this.receive(frame),
      onStatus: (status) => {
        this.setStatus(status);
        if (status !== 'open') {
          this.welcomed = this.loadingOlder = false;
          this.giveWhole(undefined);
        }
        this.changed();
      },
    });
  }

  start(): void {
    this.link.start();
    document.addEventListener('visibilitychange', this.visible);
    this.probeTimer = setInterval(() => this.probeWhileWaiting(), PROBE_EVERY_MS);
  }

  stop(): void {
    this.link.stop();
    this.outbox.stop();
    document.removeEventListener('visibilitychange', this.visible);
    clearInterval(this.probeTimer);
    clearTimeout(this.typingTimer);
    clearTimeout(this.lostTimer);
  }

  /** Messages of others that nobody has seen here. */
  get unread(): number {
    return this.messages.all.filter((m) => m.seq > this.read && m.from.kind !== 'citizen').length;
  }

  act(action: Action): void {
    this.line = '';
    if (this.notice) this.noticeRead = true;
    this.outbox.add({ ...action, id: newId() } as Sendable);
  }

  readNotice(): void {
    this.noticeRead = true;
    this.changed();
  }

  typing(): void {
    const now = Date.now();
    if (this.owner.kind !== 'consultant' || now - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = now;
    this.link.send({ type: 'typing' });
  }

  loadOlder(): void {
    const before = this.messages.first;
    if (before === undefined || this.loadingOlder) return;
    this.loadingOlder = this.more(before);
    this.changed();
  }

  /** Every message from the first, the older ones asked for; undefined when the connection does not allow it. */
  everything(): Promise<readonly Message[] | undefined> {
    if (!this.messages.older) return Promise.resolve(this.messages.all);
    if (!this.welcomed) return Promise.resolve(undefined);
    this.giveWhole(undefined);
    return new Promise((resolve) => {
      this.whole = resolve;
      this.loadOlder();
    });
  }

  private giveWhole(messages: readonly Message[] | undefined): void {
    this.whole?.(messages);
    this.whole = undefined;
  }

  /** A visitor whom the website vouches for always comes back to the same conversation. */
  get canRenew(): boolean {
    return this.identity === undefined;
  }

  /** Another conversation, and this one forgotten here. Whoever waits in it for a person waits no more. */
  renew(): void {
    const waiting = this.owner.kind === 'queue' || this.owner.kind === 'consultant';
    if (!waiting) {
      this.beginAnew();
      return;
    }
    this.ending = newId();
    this.outbox.add({ type: 'end', id: this.ending });
  }

  private beginAnew(): void {
    this.ending = undefined;
    this.startOver();
    this.outbox.items = [];
    this.token = undefined;
    this.line = '';
    this.memory.forget();
    this.link.renew();
    this.options.changed();
  }

  setSilent(silent: boolean): void {
    this.memory.setSilent(silent);
    if (!silent && this.token) this.memory.keepToken(this.token);
    this.changed();
  }

  /** Leaves nothing of the conversation on this device. */
  forget(): void {
    this.stop();
    this.giveWhole(undefined);
    this.memory.setSilent(true);
    this.token = undefined;
    this.messages.clear();
    this.outbox.items = [];
  }

  private hello(): void {
    const after = this.messages.after;
    this.link.send({
      type: 'hello',
      ...(this.token === undefined ? {} : { token: this.token }),
      ...(this.token === undefined || after === undefined ? {} : { after }),
      ...(this.identity === undefined ? {} : { identity: this.identity }),
    });
    this.link.expectReply();
  }

  private receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.welcome(frame);
        break;
      case 'ack':
        this.outbox.acked(frame.id, frame.seq);
        this.outbox.settle((seq) => this.messages.has(seq));
        if (frame.id === this.ending) {
          this.beginAnew();
          return;
        }
        break;
      case 'message':
        this.messages.add(frame);
        this.outbox.settle((seq) => this.messages.has(seq));
        if (frame.from.kind !== 'citizen') this.otherTyping = false;
        this.closeGap();
        break;
      case 'page': {
        for (const message of frame.messages) this.messages.add(message);
        // The answer to a probe is an empty page that says nothing about older messages.
        const empty = frame.messages.length === 0;
        if (!empty) this.messages.older = frame.more;
        this.loadingOlder = false;
        this.outbox.settle((seq) => this.messages.has(seq));
        if (this.whole && !this.messages.older) this.giveWhole(this.messages.all);
        else if (this.whole && !empty) this.loadOlder();
        break;
      }
      case 'state':
        this.owner = frame.owner;
        this.position = frame.queue?.position;
        break;
      case 'typing':
        this.showTyping();
        break;
      case 'error':
        this.error(frame);
        break;
    }
    this.changed();
  }

  private welcome(frame: Extract<ServerFrame, { type: 'welcome' }>): void {
    if (this.conversation !== frame.conversation) {
      // An identity may lead to another conversation than the one that was cached.
      if (this.conversation !== '') this.startOver();
      this.conversation = frame.conversation;
    }
    this.token = frame.token;
    this.memory.keepToken(frame.token);
    this.owner = frame.owner;
    if (frame.notice) {
      if (frame.notice.version !== this.notice?.version) this.noticeRead = false;
      this.notice = frame.notice;
    }
    this.welcomed = true;
    if (frame.seq > 0 && this.messages.size === 0) this.loadingOlder = this.more(frame.seq + 1);
    this.outbox.flush();
  }

  /** A message is missing in between: resume from before it. If that does not bring it, go on. */
  private closeGap(): void {
    if (!this.messages.gap || this.loadingOlder) return;
    const after = this.messages.after;
    if (after === this.gapAt) return;
    this.gapAt = after;
    this.link.renew();
  }

  private error(frame: ErrorFrame): void {
    switch (frame.code) {
      case 'token_invalid':
      case 'token_expired':
      case 'gone':
        this.startOver();
        this.token = undefined;
        this.memory.forget();
        this.line = t().startedOver;
        // A refused hello leaves the socket open for another; a conversation erased under it does not.
        if (this.welcomed) this.link.renew();
        else this.hello();
        return;
      case 'identity_invalid':
        this.identity = undefined;
        this.line = frame.message;
        this.hello();
        return;
      default:
        if (frame.id !== undefined && this.outbox.refused(frame.id, frame.message, frame.retry)) return;
        this.loadingOlder = false;
        this.giveWhole(undefined);
        if (!this.welcomed && frame.retry) this.link.giveUp();
        this.line = frame.ref === undefined ? frame.message : t().reference(frame.message, frame.ref);
    }
  }

  private startOver(): void {
    this.messages.clear();
    this.read = 0;
    this.conversation = '';
    this.notice = undefined;
    this.noticeRead = false;
    this.owner = { kind: 'bot' };
    this.gapAt = undefined;
    // Choices and ratings point at messages of the old conversation.
    this.outbox.discard((item) => item.frame.type === 'say' && item.seq === undefined);
  }

  private setStatus(status: LinkStatus): void {
    this.status = status;
    if (status === 'open') {
      clearTimeout(this.lostTimer);
      this.lostTimer = undefined;
      this.lost = false;
    } else {
      this.lostTimer ??= setTimeout(() => {
        this.lost = true;
        this.changed();
      }, LOST_AFTER_MS);
    }
  }

  private showTyping(): void {
    this.otherTyping = true;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => {
      this.otherTyping = false;
      this.changed();
    }, TYPING_SHOWN_MS);
  }

  private more(before: number): boolean {
    return this.sendExpecting({ type: 'more', before, limit: PAGE });
  }

  private sendExpecting(frame: ClientFrame): boolean {
    if (!this.link.send(frame)) return false;
    this.link.expectReply();
    return true;
  }

  /** Asks for the page before the first message: empty, but it proves that the connection carries both ways. */
  private probe(): void {
    if (this.welcomed) this.sendExpecting({ type: 'more', before: 1, limit: 1 });
  }

  private probeWhileWaiting(): void {
    const waiting = this.owner.kind === 'queue' || this.owner.kind === 'consultant';
    if (waiting && document.visibilityState === 'visible') this.probe();
  }

  private readonly visible = (): void => {
    if (document.visibilityState === 'visible') this.probe();
  };

  private changed(): void {
    if (this.conversation !== '') {
      this.memory.keepSession({
        conversation: this.conversation,
        messages: [...this.messages.all],
        outbox: this.outbox.items,
        ...(this.notice ? { notice: this.notice } : {}),
        noticeRead: this.noticeRead,
      });
    }
    this.options.changed();
  }
}
