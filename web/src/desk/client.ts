// The desk's side of `faxun.desk.v1` without any page: the queue and the conversations that are open here.

import { Link, type LinkStatus } from '../link';
import { Messages } from '../messages';
import { newId, Outbox } from '../outbox';
import {
  DESK_PROTOCOL,
  type Colleague,
  type DeskClientFrame,
  type DeskServerFrame,
  type ErrorFrame,
  type Message,
  type Owner,
  type QueueItem,
  type StaffRole,
  type TicketCounts,
  type TransferNote,
} from '../wire';

const PAGE = 50;
const TYPING_EVERY_MS = 3_000;
const TYPING_SHOWN_MS = 5_000;
/** A silent connection is tried this often, in ms: a consultant who looks connected but is not keeps people waiting. */
const PROBE_EVERY_MS = 30_000;

type Sendable = Extract<DeskClientFrame, { id: string }>;
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
export type DeskAction = Without<Sendable, 'id'>;

/** What one is asked to take. */
export interface Invitation {
  item: QueueItem;
  /** By this page's clock, which no server time is compared with. */
  untilMs: number;
}

export interface Opened {
  conversation: string;
  messages: Messages;
  owner: Owner | undefined;
  /** From the consultant before. */
  note: TransferNote | undefined;
  /** Highest seq that was looked at. */
  read: number;
  typingUntil: number;
  loadingOlder: boolean;
}

export interface DeskOptions {
  server: string;
  changed: () => void;
  /** Danger was named in a conversation that is open here. */
  urgent: (conversation: string) => void;
  /** A citizen wrote in a conversation that is open here. */
  incoming: (conversation: string) => void;
  /** One is asked to take somebody. */
  invited: (item: QueueItem) => void;
  /** Somebody new waits. */
  arrived: (item: QueueItem) => void;
  /** How many messages left wait has changed. */
  tickets?: (counts: TicketCounts) => void;
  /** The sign-in may have ended: true to stop connecting. */
  signedOut: () => Promise<boolean>;
}

export class DeskClient {
  status: LinkStatus = 'connecting';
  staff = '';
  role: StaffRole | undefined;
  waiting: QueueItem[] = [];
  /** How many wait in all; `waiting` holds the first. */
  waitingTotal = 0;
  mine: QueueItem[] = [];
  invitations: Invitation[] = [];
  /** Nothing is offered here because invitations were let lapse. */
  resting = false;
  colleagues: Colleague[] = [];
  tickets: TicketCounts | undefined;
  readonly opened = new Map<string, Opened>();
  readonly outbox: Outbox<Sendable>;
  line = '';

  private readonly link: Link<DeskServerFrame, DeskClientFrame>;
  private known: Set<string> | undefined;
  private welcomed = false;
  private probing = false;
  private typedAt = 0;
  /** Who wants every message of a conversation, from the first. */
  private readonly whole = new Map<string, (messages: readonly Message[] | undefined) => void>();
  private probe: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: DeskOptions) {
    this.outbox = new Outbox<Sendable>((frame) => this.welcomed && this.send(frame), options.changed);
    this.link = new Link<DeskServerFrame, DeskClientFrame>({
      url: `${options.server.replace(/^http/, 'ws')}/desk/ws`,
      protocol: DESK_PROTOCOL,
      onOpen: () => this.link.expectReply(),
      onFrame: (frame) => this.receive(frame),
      onStatus: (status) => this.setStatus(status),
    });
  }

  start(): void {
    this.link.start();
    this.probe = setInterval(() => this.probeConnection(), PROBE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.probe);
    this.link.stop();
    this.outbox.stop();
  }

  act(action: DeskAction): string {
    this.line = '';
    const id = newId();
    this.outbox.add({ ...action, id } as Sendable);
    return id;
  }

  /** Shows a conversation and follows it from now on. */
  open(conversation: string): Opened {
    const known = this.opened.get(conversation);
    if (known) return known;
    const opened: Opened = {
      conversation,
      messages: new Messages(),
      owner: undefined,
      note: undefined,
      read: 0,
      typingUntil: 0,
      loadingOlder: false,
    };
    this.opened.set(conversation, opened);
    this.follow(opened);
    return opened;
  }

  /** The invitation that ends first and has not lapsed. */
  get invitation(): Invitation | undefined {
    const now = Date.now();
    const open = this.invitations.filter((i) => i.untilMs > now);
    return open.sort((a, b) => a.untilMs - b.untilMs)[0];
  }

  accept(conversation: string): void {
    this.drop(conversation);
    this.act({ type: 'take', conversation });
  }

  decline(conversation: string, conflict: boolean): void {
    this.drop(conversation);
    this.act({ type: 'decline', conversation, conflict });
  }

  askColleagues(): void {
    if (this.welcomed) this.send({ type: 'colleagues' });
  }

  private drop(conversation: string): void {
    this.invitations = this.invitations.filter((i) => i.item.conversation !== conversation);
  }

  forget(conversation: string): void {
    this.opened.delete(conversation);
    this.outbox.discard((item) => item.frame.conversation !== conversation);
  }

  loadOlder(conversation: string): void {
    const opened = this.opened.get(conversation);
    const before = opened?.messages.first;
    if (!opened || before === undefined || opened.loadingOlder) return;
    opened.loadingOlder = this.send({ type: 'more', conversation, before, limit: PAGE });
    this.options.changed();
  }

  /** Every message from the first, the older ones asked for; undefined when the connection does not allow it. */
  everything(conversation: string): Promise<readonly Message[] | undefined> {
    const opened = this.opened.get(conversation);
    if (!opened || opened.owner === undefined) return Promise.resolve(undefined);
    if (!opened.messages.older) return Promise.resolve(opened.messages.all);
    if (!this.welcomed) return Promise.resolve(undefined);
    this.giveWhole(conversation, undefined);
    return new Promise((resolve) => {
      this.whole.set(conversation, resolve);
      this.loadOlder(conversation);
    });
  }

  private giveWhole(conversation: string, messages: readonly Message[] | undefined): void {
    this.whole.get(conversation)?.(messages);
    this.whole.delete(conversation);
  }

  /** Nothing that was asked for is coming any more. */
  private giveUpPages(): void {
    for (const opened of this.opened.values()) opened.loadingOlder = false;
    for (const conversation of [...this.whole.keys()]) this.giveWhole(conversation, undefined);
  }

  typing(conversation: string): void {
    const now = Date.now();
    if (now - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = now;
    this.link.send({ type: 'typing', conversation });
  }

  owns(conversation: string): boolean {
    const owner = this.opened.get(conversation)?.owner;
    if (owner) return owner.kind === 'consultant' && owner.staff === this.staff;
    return this.mine.some((item) => item.conversation === conversation);
  }

  unread(conversation: string): number {
    const opened = this.opened.get(conversation);
    return opened ? opened.messages.all.filter((m) => m.seq > opened.read && m.from.kind === 'citizen').length : 0;
  }

  private setStatus(status: LinkStatus): void {
    this.status = status;
    if (status !== 'open') {
      this.welcomed = this.probing = false;
      this.giveUpPages();
    }
    // A refused socket looks like a lost one: only the session tells them apart.
    if (status === 'waiting') {
      void this.options.signedOut().then((out) => {
        if (out) this.stop();
      });
    }
    this.options.changed();
  }

  private receive(frame: DeskServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.welcomed = true;
        this.staff = frame.staff;
        this.role = frame.role;
        for (const opened of this.opened.values()) this.follow(opened);
        this.outbox.flush();
        break;
      case 'queue':
        this.queue(frame);
        break;
      case 'colleagues':
        this.colleagues = frame.colleagues;
        break;
      case 'conversation':
        this.conversation(frame);
        break;
      case 'message': {
        const opened = this.opened.get(frame.conversation);
        if (!opened) break;
        const fresh = opened.messages.add(frame.message);
        if (frame.message.from.kind === 'citizen') {
          opened.typingUntil = 0;
          if (fresh) this.options.incoming(frame.conversation);
        }
        if (opened.messages.gap) this.follow(opened);
        break;
      }
      case 'state': {
        const opened = this.opened.get(frame.conversation);
        if (opened) opened.owner = frame.owner;
        break;
      }
      case 'tickets': {
        const { type: _, ...counts } = frame;
        this.tickets = counts;
        this.options.tickets?.(counts);
        break;
      }
      case 'urgent':
        this.options.urgent(frame.conversation);
        break;
      case 'ack':
        this.outbox.acked(frame.id, frame.seq);
        break;
      case 'typing':
        this.showTyping(frame.conversation);
        break;
      case 'error':
        this.error(frame);
        break;
    }
    this.settle();
    this.options.changed();
  }

  private queue(frame: Extract<DeskServerFrame, { type: 'queue' }>): void {
    const { waiting, mine } = frame;
    this.waitingTotal = frame.waiting_total;
    this.resting = frame.resting;
    const asked = new Set(this.invitations.map((i) => i.item.conversation));
    // What was answered here already is not asked again while the answer is on its way.
    const answered = (c: string) =>
      this.outbox.items.some(({ frame: f }) => f.conversation === c && (f.type === 'take' || f.type === 'decline'));
    this.invitations = frame.invitations
      .filter(({ item }) => !answered(item.conversation))
      .map(({ item, left_ms }) => ({ item, untilMs: Date.now() + left_ms }));
    for (const { item } of this.invitations) {
      if (!asked.has(item.conversation)) this.options.invited(item);
    }
    const fresh = this.known ? waiting.filter((item) => !this.known?.has(item.conversation)) : [];
    this.known = new Set(waiting.map((item) => item.conversation));
    this.waiting = waiting;
    this.mine = mine;
    for (const item of mine) this.open(item.conversation);
    for (const item of fresh) this.options.arrived(item);
  }

  private conversation(frame: Extract<DeskServerFrame, { type: 'conversation' }>): void {
    const opened = this.opened.get(frame.conversation);
    if (!opened) return;
    const { messages } = opened;
    const first = messages.first;
    const empty = messages.size === 0;
    for (const message of frame.messages) messages.add(message);
    // A replay after a reconnect says nothing about what lies below.
    const below = first !== undefined && (frame.messages[0]?.seq ?? first) < first;
    if (empty || below) messages.older = frame.more;
    // What was there before is not news; what came while the connection was lost is.
    if (empty) opened.read = messages.last;
    opened.owner = frame.owner;
    // Older pages come without it.
    opened.note = frame.note ?? opened.note;
    opened.loadingOlder = false;
    if (!messages.older) this.giveWhole(frame.conversation, messages.all);
    else if (this.whole.has(frame.conversation) && below) this.loadOlder(frame.conversation);
  }

  private error(frame: ErrorFrame): void {
    if (this.probing && frame.id === undefined) {
      this.probing = false;
      return;
    }
    if (frame.id !== undefined) {
      const item = this.outbox.items.find((i) => i.id === frame.id);
      if (item && item.frame.type !== 'reply' && !frame.retry) {
        // What somebody else did first is told, not offered again.
        this.outbox.discard((i) => i !== item);
      } else if (this.outbox.refused(frame.id, frame.message, frame.retry)) return;
    } else this.giveUpPages();
    this.line = frame.ref === undefined ? frame.message : `${frame.message}（编号 ${frame.ref}）`;
  }

  /** Replies stay until their message is there; everything else is done with its ack. */
  private settle(): void {
    for (const { frame, seq } of this.outbox.items) {
      const leaves = ['hand_back', 'close', 'transfer', 'decline'].includes(frame.type);
      if (leaves && seq !== undefined) this.opened.delete(frame.conversation);
    }
    this.outbox.items = this.outbox.items.filter((item) => {
      if (item.seq === undefined) return true;
      const held = this.opened.get(item.frame.conversation)?.messages.has(item.seq) ?? true;
      return item.frame.type === 'reply' && !held;
    });
  }

  private follow(opened: Opened): void {
    if (!this.welcomed) return;
    const after = opened.messages.after;
    this.send({
      type: 'open',
      conversation: opened.conversation,
      ...(after === undefined ? {} : { after }),
    });
  }

  private showTyping(conversation: string): void {
    const opened = this.opened.get(conversation);
    if (!opened) return;
    opened.typingUntil = Date.now() + TYPING_SHOWN_MS;
    setTimeout(this.options.changed, TYPING_SHOWN_MS + 50);
  }

  private probeConnection(): void {
    // Browsers cannot ping. Any answer proves the connection, and this question is always answered: by a refusal.
    if (this.welcomed) this.probing = this.send({ type: 'more', conversation: '', before: 1, limit: 1 });
  }

  private send(frame: DeskClientFrame): boolean {
    if (!this.link.send(frame)) return false;
    if (frame.type !== 'typing') this.link.expectReply();
    return true;
  }
}
