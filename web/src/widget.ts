// `<faxun-chat server="https://…">`: the citizen's chat, as a floating panel on any site or as a whole page.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { ROLES } from './bodies';
import { type Action, Chat } from './chat';
import { articleAt } from './citation';
import { type Pending, transcriptOf } from './items';
import { plain } from './markdown';
import type { Sendable } from './memory';
import { FaxunRating } from './rating';
import { controls, transcript } from './styles';
import { frame } from './widget-styles';
import { type Message, type Owner, TEXT_CHARS_MAX } from './wire';

/** Where 快速离开 goes unless `leave-url` says otherwise: a page that anybody might have open. */
const NEUTRAL_URL = 'https://www.weather.com.cn/';
/** Characters left from which they are counted out. */
const COUNT_FROM = 500;
/** Nearer to the end than this, in px, new messages scroll into view. */
const NEAR_END_PX = 120;
/** Space kept above a parked message, in px. */
const PARK_PX = 8;
/** Messages within this time, in ms, belong to one answer. */
const BURST_MS = 1_500;
/** More messages at once than this are history, not an answer. */
const BURST_MESSAGES_MAX = 6;
const LARGE_KEY = 'faxun:large';
const EXAMPLES = ['老板拖欠工资怎么办', '想离婚，对方不同意', '借出去的钱要不回来', '刚刚被骗了钱'];

export class FaxunChat extends LitElement {
  static override properties = {
    server: {},
    mode: { reflect: true },
    large: { type: Boolean, reflect: true },
    leaveUrl: { attribute: 'leave-url' },
    user: {},
    userHash: { attribute: 'user-hash' },
    heading: {},
    open: { state: true },
    more: { state: true },
    silent: { state: true },
    text: { state: true },
    behind: { state: true },
    left: { state: true },
  };
  static override styles = [controls, transcript, frame];

  declare server: string;
  /** `page` fills its parent; otherwise a button opens a floating panel. */
  declare mode: string;
  declare large: boolean;
  declare leaveUrl: string;
  declare user: string | undefined;
  declare userHash: string | undefined;
  declare heading: string;
  declare open: boolean;
  declare more: boolean;
  declare silent: boolean;
  declare text: string;
  declare behind: boolean;
  declare left: boolean;

  private chat: Chat | undefined;
  /** Last message when the list was last rendered. */
  private shown = 0;
  private atEnd = true;
  /** The view goes along with new messages, until the reader scrolls away. */
  private following = true;
  /** Its beginning stays in view while answers grow below it: one's own last question. */
  private parked: number | undefined;
  private parkedAt = 0;
  /** Where the view was put by itself, in px: anything else is the reader's scrolling. */
  private setTop = 0;
  /** A choice made by keyboard: the answer to it takes the focus, so that its options are next. */
  private focusAnswer = false;
  /** Height of the log before older messages came in on top, in px. */
  private heightBefore: number | undefined;

  constructor() {
    super();
    this.server = location.origin;
    this.mode = 'float';
    this.large = readLarge();
    this.leaveUrl = NEUTRAL_URL;
    this.heading = '法律咨询';
    this.open = this.more = this.silent = this.behind = this.left = false;
    this.text = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.escape);
    if (this.getAttribute('mode') === 'page') this.show();
  }

  override disconnectedCallback(): void {
    document.removeEventListener('keydown', this.escape);
    this.chat?.stop();
    this.chat = undefined;
    super.disconnectedCallback();
  }

  private show(): void {
    this.open = true;
    if (this.chat) return;
    const { user, userHash } = this;
    this.chat = new Chat({
      server: new URL(this.server, location.href).href.replace(/\/+$/, ''),
      identity: user !== undefined && userHash !== undefined ? { user, hash: userHash } : undefined,
      silent: this.silent,
      changed: () => this.requestUpdate(),
    });
    this.chat.start();
  }

  private async unfold(): Promise<void> {
    this.show();
    await this.updateComplete;
    this.field?.focus();
  }

  private async fold(): Promise<void> {
    this.open = false;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.launcher')?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.left) return nothing;
    if (!this.open || !this.chat) {
      return html`<button type="button" class="launcher" @click=${this.unfold}>${this.heading}</button>`;
    }
    const floating = this.mode !== 'page';
    return html`<section class=${floating ? 'panel floating' : 'panel'} aria-label=${this.heading}>
      <header>
        <div class="top">
          <h2>法询<small>${this.heading}</small></h2>
          ${this.humanButton(this.chat.owner)}
          <button type="button" class="leave" @click=${this.leave}>快速离开</button>
          ${floating
            ? html`<button type="button" class="fold" aria-label="收起" @click=${this.fold}>✕</button>`
            : nothing}
        </div>
      </header>
      ${this.bar(this.chat)} ${this.more ? this.settings(this.chat) : nothing} ${this.connection(this.chat)}
      <div class="log" role="log" aria-live="polite" aria-label="对话记录" tabindex="0" @scroll=${this.scrolled}>
        <div class="inner">
          ${this.chat.messages.older
            ? html`<p class="older">
                <button type="button" class="quiet" ?disabled=${this.chat.loadingOlder} @click=${this.loadOlder}>
                  ${this.chat.loadingOlder ? '正在取…' : '更早的消息'}
                </button>
              </p>`
            : nothing}
          ${this.notice(this.chat)} ${this.welcome(this.chat)} ${this.transcript(this.chat)}
          ${this.chat.otherTyping ? html`<p class="typing">对方正在输入…</p>` : nothing}
        </div>
      </div>
      ${this.composer(this.chat)}
    </section>`;
  }

  private humanButton(owner: Owner): TemplateResult {
    const asked = this.chat?.outbox.items.some((i) => i.frame.type === 'human' && i.state === 'sending');
    const label = owner.kind === 'consultant' ? '人工中' : owner.kind === 'queue' ? '已在排队' : '转人工';
    const busy = asked || owner.kind === 'consultant' || owner.kind === 'queue';
    return html`<button type="button" class="human" ?disabled=${busy} @click=${() => this.act({ type: 'human' })}>
      ${label}
    </button>`;
  }

  private bar(chat: Chat): TemplateResult {
    return html`<div class="bar">
      <div class="owner" role="status">
        <span class="dot ${chat.owner.kind}" aria-hidden="true"></span>${ownerText(chat.owner, chat.position)}
      </div>
      <button type="button" aria-pressed=${this.large} @click=${this.toggleLarge}>大字</button>
      <button type="button" aria-expanded=${this.more} @click=${() => (this.more = !this.more)}>更多</button>
    </div>`;
  }

  private settings(chat: Chat): TemplateResult {
    return html`<div class="more">
      ${this.silentBox()}
      <p>
        不留痕：这台设备上不保存对话，关闭或刷新页面后就看不到了；服务器上的记录不受影响。按 Esc
        键或“快速离开”会立刻换到别的页面，并清掉这台设备上的对话。
      </p>
      <button
        type="button"
        class="quiet"
        ?disabled=${chat.owner.kind === 'closed' || chat.messages.size === 0}
        @click=${() => this.act({ type: 'end' })}
      >
        结束咨询
      </button>
    </div>`;
  }

  private silentBox(): TemplateResult {
    return html`<label
      ><input type="checkbox" .checked=${this.silent} @change=${this.toggleSilent} />不留痕（别人也用这台设备）</label
    >`;
  }

  private connection(chat: Chat): TemplateResult {
    const text = chat.lost ? '连接断了，正在重连。没发出去的话会自动补发。' : chat.line;
    return html`<div role="status">${text ? html`<p class="connection">${text}</p>` : nothing}</div>`;
  }

  private notice(chat: Chat): TemplateResult | typeof nothing {
    if (!chat.notice) return nothing;
    const text = chat.notice.text.split('\n').map(noticeLine);
    if (chat.noticeRead) {
      return html`<details class="card"><summary>使用说明与个人信息告知</summary>${text}</details>`;
    }
    return html`<section class="card notice" aria-label="使用说明与个人信息告知">
      ${text}
      <div class="agree">
        ${this.silentBox()}<button type="button" class="primary" @click=${this.readNotice}>我知道了</button>
      </div>
    </section>`;
  }

  private welcome(chat: Chat): TemplateResult | typeof nothing {
    const begun = chat.messages.size > 0 || chat.outbox.items.length > 0 || chat.messages.older || chat.loadingOlder;
    if (begun || chat.status !== 'open' || (chat.notice && !chat.noticeRead)) return nothing;
    return html`<div class="hello">
      <h3>遇到什么事？</h3>
      <p>用平常的话说就行：谁、什么事、什么时候。有危险先打 ${plain('110')}。</p>
      <ul class="examples">
        ${EXAMPLES.map(
          (text) => html`<li><button type="button" @click=${() => this.act({ type: 'say', text })}>${text}</button></li>`,
        )}
      </ul>
    </div>`;
  }

  private transcript(chat: Chat): TemplateResult {
    const choosing = new Map<number, number>();
    const rating = new Map<number, number>();
    const pending: Pending[] = [];
    for (const item of chat.outbox.items) {
      const { frame } = item;
      if (item.state === 'sending' && frame.type === 'choose') choosing.set(frame.of, frame.option);
      if (item.state === 'sending' && frame.type === 'rate') rating.set(frame.of, frame.score);
      pending.push({ item, text: pendingText(chat, frame) });
    }
    return transcriptOf({
      messages: chat.messages.all,
      pending,
      reader: 'citizen',
      choosing,
      rating,
      actions: {
        choose: (of, option, byKeyboard) => {
          this.focusAnswer = byKeyboard;
          this.act({ type: 'choose', of, option });
        },
        rate: (of, score, reason) =>
          this.act({ type: 'rate', of, score, ...(reason === undefined ? {} : { reason }) }),
      },
      lookUp: (law, article) => articleAt(this.server, law, article),
      again: (id) => chat.outbox.again(id),
      discard: (id) => chat.outbox.discard((i) => i.id !== id),
    });
  }

  private composer(chat: Chat): TemplateResult {
    const left = TEXT_CHARS_MAX - [...this.text].length;
    const closed = chat.owner.kind === 'closed';
    return html`<form class="composer" @submit=${this.submit}>
      ${this.behind
        ? html`<button type="button" class="jump" @click=${() => this.toEnd()}>有新消息 ↓</button>`
        : nothing}
      <div class="row">
        <label class="sr" for="text">写下你的问题，回车发送，Shift 加回车换行</label>
        <textarea
          id="text"
          rows="1"
          enterkeyhint="send"
          autocomplete="off"
          placeholder=${closed ? '还有问题，接着写' : '写下你的问题'}
          .value=${this.text}
          aria-describedby="hint"
          @input=${this.typed}
          @keydown=${this.pressed}
        ></textarea>
        <button type="submit" class="primary" ?disabled=${left < 0 || this.text.trim() === ''}>发送</button>
      </div>
      <div id="hint" class="hint" role="status">
        ${left < 0
          ? html`<p class="over">多了 ${-left} 字，请分成几条发送（每条最多 ${TEXT_CHARS_MAX} 字）</p>`
          : left <= COUNT_FROM
            ? html`<p>还可以写 ${left} 字</p>`
            : nothing}
      </div>
      <div class="hint keys"><p>回车发送，Shift+回车换行。按 Esc 立刻离开本页。</p></div>
    </form>`;
  }

  protected override willUpdate(): void {
    const log = this.log;
    if (log) this.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
  }

  protected override updated(changed: PropertyValues): void {
    const { chat, log } = this;
    if (!chat || !log) return;
    if (changed.has('text') || changed.has('large')) this.grow();
    if (this.heightBefore !== undefined && !chat.loadingOlder) {
      log.scrollTop += log.scrollHeight - this.heightBefore;
      this.heightBefore = undefined;
    }
    const fresh = chat.messages.all.filter((m) => m.seq > this.shown);
    if (fresh.length > 0) {
      const first = this.shown === 0;
      this.shown = chat.messages.last;
      this.arrived(fresh, first);
    } else if (chat.outbox.waiting && this.following) this.toEnd();
  }

  private arrived(fresh: readonly Message[], first: boolean): void {
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
    if (this.focusAnswer && others) {
      this.focusAnswer = false;
      this.message(others.seq)?.focus({ preventScroll: true });
    }
  }

  /** Scrolls to the end, but not past the beginning of what is parked. */
  private follow(): void {
    const { log } = this;
    if (!log) return;
    log.scrollTop = log.scrollHeight;
    const message = this.parked === undefined ? undefined : this.message(this.parked);
    if (message) {
      const above = message.getBoundingClientRect().top - log.getBoundingClientRect().top - PARK_PX;
      if (above < 0) log.scrollTop += above;
    }
    this.setTop = log.scrollTop;
  }

  private message(seq: number): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>(`[data-seq='${seq}']`) ?? undefined;
  }

  private toEnd(): void {
    this.behind = false;
    this.following = true;
    this.parked = undefined;
    this.follow();
  }

  private readonly scrolled = (): void => {
    const log = this.log;
    if (!log || Math.abs(log.scrollTop - this.setTop) < 2) return;
    this.following = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    if (this.following) this.behind = false;
  };

  private act(action: Action): void {
    this.toEnd();
    this.chat?.act(action);
  }

  private readonly readNotice = (): void => {
    this.chat?.readNotice();
    this.field?.focus();
  };

  private readonly loadOlder = (): void => {
    this.heightBefore = this.log?.scrollHeight;
    this.chat?.loadOlder();
  };

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    const text = this.text.trim();
    if (text === '' || [...text].length > TEXT_CHARS_MAX) return;
    this.text = '';
    this.act({ type: 'say', text });
    this.field?.focus();
  };

  private readonly typed = (event: Event): void => {
    this.text = (event.target as HTMLTextAreaElement).value;
    this.chat?.typing();
  };

  private readonly pressed = (event: KeyboardEvent): void => {
    // While an input method composes, Enter picks a word. 229 is what older browsers say then.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    this.submit(event);
  };

  private grow(): void {
    const field = this.field;
    if (!field) return;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  private readonly toggleLarge = (): void => {
    this.large = !this.large;
    if (!this.silent) writeLarge(this.large);
  };

  private readonly toggleSilent = (event: Event): void => {
    this.silent = (event.target as HTMLInputElement).checked;
    if (this.silent) writeLarge(false);
    this.chat?.setSilent(this.silent);
  };

  private readonly escape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.open && !event.isComposing && event.keyCode !== 229) this.leave();
  };

  /** Away at once: nothing on the screen, nothing on the device, no way back by the history. */
  private readonly leave = (): void => {
    this.left = true;
    this.text = '';
    this.chat?.forget();
    writeLarge(false);
    document.title = '\u200b';
    document.documentElement.style.visibility = 'hidden';
    try {
      (window.top ?? window).location.replace(this.leaveUrl);
    } catch {
      location.replace(this.leaveUrl);
    }
  };

  private get log(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('.log');
  }

  private get field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector('textarea');
  }
}

function ownerText(owner: Owner, position: number | undefined): string {
  switch (owner.kind) {
    case 'bot':
      return '机器人解答中';
    case 'queue':
      return position === undefined ? '排队等人工' : `排队等人工 · 第 ${position} 位`;
    case 'consultant':
      return `人工：${owner.name}（${ROLES[owner.role]}）`;
    case 'closed':
      return '已结束';
  }
}

/** A line of the notice; what stands before its colon is set off. */
function noticeLine(line: string): TemplateResult {
  const [, head, rest] = /^([^：，。]{2,8}：)(.+)$/.exec(line) ?? [];
  return head === undefined || rest === undefined
    ? html`<p>${plain(line)}</p>`
    : html`<p><strong>${head}</strong>${plain(rest)}</p>`;
}

function pendingText(chat: Chat, frame: Sendable): string {
  switch (frame.type) {
    case 'say':
      return frame.text;
    case 'choose': {
      const body = chat.messages.get(frame.of)?.body;
      const choices = body === undefined ? [] : 'options' in body ? body.options : 'next' in body ? body.next : [];
      return choices.find((c) => c.option === frame.option)?.label ?? String(frame.option);
    }
    case 'rate':
      return frame.score >= 3 ? '有帮助' : '没帮助';
    case 'human':
      return '转人工';
    case 'end':
      return '结束咨询';
  }
}

function readLarge(): boolean {
  try {
    return localStorage.getItem(LARGE_KEY) === '1';
  } catch {
    return false;
  }
}

function writeLarge(large: boolean): void {
  try {
    if (large) localStorage.setItem(LARGE_KEY, '1');
    else localStorage.removeItem(LARGE_KEY);
  } catch {
    // Only for this page then.
  }
}

// A page may load the script twice.
for (const [name, element] of [['faxun-rating', FaxunRating], ['faxun-chat', FaxunChat]] as const) {
  if (!customElements.get(name)) customElements.define(name, element);
}
