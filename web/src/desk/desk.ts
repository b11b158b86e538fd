// `<faxun-desk>`: where consultants see who waits, take, answer, hand back and close.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { ROLES } from '../bodies';
import { transcriptOf } from '../items';
import { controls, transcript } from '../styles';
import { type HandoffReason, type QueueItem, TEXT_CHARS_MAX } from '../wire';
import { DeskClient, type Opened } from './client';
import { signIn, signOut, type Who, who } from './session';
import { alarm, allowSound, soundAllowed } from './sound';
import { desk } from './styles';
import './tickets';
import type { FaxunTickets } from './tickets';

const REASONS: Record<HandoffReason, string> = {
  asked: '本人要求',
  danger: '人身危险',
  required: '须由人处理',
  not_understood: '机器没听懂',
  owner_lost: '原接待人断线',
};
const CLOSE_REASONS = ['已解答', '已转介其他机构', '来访者不再回应', '重复或误入', '其他'];
/** Own conversations that have a key of their own: Alt+1 to Alt+5. */
const KEYED_MAX = 5;

export class FaxunDesk extends LitElement {
  static override properties = {
    signedIn: { state: true },
    ready: { state: true },
    problem: { state: true },
    active: { state: true },
    closing: { state: true },
    alarms: { state: true },
    text: { state: true },
    ticketsShown: { state: true },
  };
  static override styles = [controls, transcript, desk];

  declare signedIn: Who | undefined;
  /** It is known whether somebody is signed in. */
  declare ready: boolean;
  declare problem: string;
  /** The conversation shown. */
  declare active: string | undefined;
  declare closing: boolean;
  declare alarms: string[];
  declare text: string;
  /** The messages left are shown instead of the conversations. */
  declare ticketsShown: boolean;

  private client: DeskClient | undefined;
  private clock: ReturnType<typeof setInterval> | undefined;
  private readonly drafts = new Map<string, string>();
  private shown = '';

  constructor() {
    super();
    this.ready = this.closing = this.ticketsShown = false;
    this.problem = this.text = '';
    this.alarms = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.keyed);
    document.addEventListener('pointerdown', allowSound, { once: true });
    this.clock = setInterval(() => this.requestUpdate(), 1000);
    void this.begin();
  }

  override disconnectedCallback(): void {
    document.removeEventListener('keydown', this.keyed);
    clearInterval(this.clock);
    this.client?.stop();
    super.disconnectedCallback();
  }

  private async begin(): Promise<void> {
    try {
      this.signedIn = await who();
      this.problem = '';
    } catch {
      this.problem = '连不上服务器，请检查网络后刷新页面。';
    }
    this.ready = true;
    if (!this.signedIn || !takes(this.signedIn)) return;
    this.client = new DeskClient({
      server: location.origin,
      changed: () => this.requestUpdate(),
      urgent: (conversation) => this.raise(conversation),
      arrived: (item) => {
        if (item.urgent) this.raise(item.conversation);
      },
      tickets: () => void this.renderRoot.querySelector<FaxunTickets>('faxun-tickets')?.refresh(),
      signedOut: () => this.checkSession(),
    });
    this.client.start();
  }

  private async checkSession(): Promise<boolean> {
    const still = await who().catch(() => this.signedIn);
    if (still) return false;
    this.signedIn = undefined;
    this.client = undefined;
    this.problem = '登录已过期，请重新登录。';
    return true;
  }

  private raise(conversation: string): void {
    if (!this.alarms.includes(conversation)) this.alarms = [...this.alarms, conversation];
    alarm();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.ready) return nothing;
    if (!this.signedIn) return this.signInForm();
    const { client } = this;
    if (!client && this.signedIn.role === 'supervisor') {
      return html`${this.top()}<faxun-tickets staff=${this.signedIn.staff}></faxun-tickets>`;
    }
    if (!client) {
      return html`${this.top()}<p class="empty">“${ROLES[this.signedIn.role]}”不接待咨询，没有可看的对话。</p>`;
    }
    return html`
      ${this.top()} ${this.banner()}
      <div role="status">${client.line ? html`<p class="line">${client.line}</p>` : nothing}</div>
      ${this.ticketsShown ? html`<faxun-tickets staff=${this.signedIn.staff}></faxun-tickets>` : nothing}
      <div class="sheet" ?hidden=${this.ticketsShown}>
        <aside aria-label="队列">${this.waiting(client)} ${this.mine(client)}</aside>
        <main>${this.tabs(client)} ${this.conversation(client)}</main>
      </div>`;
  }

  private signInForm(): TemplateResult {
    return html`<form class="sign-in" @submit=${this.submitSignIn}>
      <h1>法询工作台</h1>
      <label>名字<input name="name" autocomplete="username" required autofocus /></label>
      <label>密码<input name="password" type="password" autocomplete="current-password" required /></label>
      <label>验证码（设了才填）<input name="code" inputmode="numeric" maxlength="6" autocomplete="one-time-code" /></label>
      <div role="alert">${this.problem ? html`<p class="problem">${this.problem}</p>` : nothing}</div>
      <button class="primary" type="submit">登录</button>
    </form>`;
  }

  private top(): TemplateResult {
    const lost = this.client && this.client.status !== 'open';
    const me = this.signedIn;
    return html`<header>
      <h1>法询工作台</h1>
      <span role="status">${lost ? html`<span class="bad">连接断了，正在重连</span>` : nothing}</span>
      ${this.client && !soundAllowed() ? html`<span>点一下页面，提示音才会响</span>` : nothing}
      ${this.client ? this.ticketsButton() : nothing}
      <span>${me?.name}${me ? `（${ROLES[me.role]}）` : ''}</span>
      <button type="button" @click=${this.leave}>退出登录</button>
    </header>`;
  }

  private ticketsButton(): TemplateResult {
    const counts = this.client?.tickets;
    const due = counts && counts.soon + counts.overdue > 0 ? `，快到期 ${counts.soon}，超期 ${counts.overdue}` : '';
    return html`<button type="button" aria-pressed=${this.ticketsShown} @click=${this.toggleTickets}>
      ${this.ticketsShown ? '回到对话' : `留言（${counts?.pending ?? 0}${due}）`}
    </button>`;
  }

  private readonly toggleTickets = (): void => {
    this.ticketsShown = !this.ticketsShown;
  };

  private banner(): TemplateResult {
    return html`<div role="alert">
      ${this.alarms.map(
        (c) => html`<div class="banner">
          <span>紧急：${label(c)} 提到人身危险</span>
          <button type="button" @click=${() => this.seeAlarm(c)}>打开</button>
          <button type="button" class="quiet" @click=${() => this.dropAlarm(c)}>知道了</button>
        </div>`,
      )}
    </div>`;
  }

  private waiting(client: DeskClient): TemplateResult {
    return html`<h2>等候（${client.waiting.length}）</h2>
      ${client.waiting.length === 0 ? html`<p>现在没有人在等。</p>` : nothing}
      <ul>
        ${client.waiting.map((item) => this.waitingRow(item))}
      </ul>`;
  }

  private waitingRow(item: QueueItem): TemplateResult {
    const may = this.mayTake(item);
    const shown = this.active === item.conversation;
    return html`<li class="row ${item.urgent ? 'urgent' : ''} ${shown ? 'shown' : ''}">
      <div class="what">
        <strong>${label(item.conversation)} ${item.area ?? ''}</strong>
        <span class="wait">已等 ${lasting(item.since_ms)}</span>
      </div>
      <div>
        ${item.urgent ? html`<span class="chip red">紧急</span>` : nothing}
        <span class="chip">${REASONS[item.reason]}</span>
        ${item.lawyer_only ? html`<span class="chip">仅限律师</span>` : nothing}
      </div>
      <div class="do">
        <button type="button" class="primary" ?disabled=${!may} @click=${() => this.take(item)}>接手</button>
        <button type="button" class="quiet" ?disabled=${!may} @click=${() => this.show(item.conversation)}>查看</button>
      </div>
    </li>`;
  }

  private mine(client: DeskClient): TemplateResult {
    const n = client.mine.length;
    return html`<h2>我的对话（${n}）</h2>
      ${n === 0 ? html`<p>还没有接手的对话。</p>` : nothing}
      <p class="keys">Alt+N 接手下一位 · Alt+1 至 Alt+5 切换 · Alt+M 留言 · 回车发送</p>`;
  }

  /** Own conversations, then the one that is only looked at. */
  private tabList(client: DeskClient): string[] {
    const list = client.mine.map((item) => item.conversation);
    for (const c of client.opened.keys()) {
      if (!list.includes(c) && (client.owns(c) || c === this.active)) list.push(c);
    }
    return list;
  }

  private tabs(client: DeskClient): TemplateResult | typeof nothing {
    const list = this.tabList(client);
    if (list.length === 0) return nothing;
    return html`<div class="tabs" role="tablist" aria-label="打开的对话">
      ${list.map((c, i) => {
        const unread = c === this.active ? 0 : client.unread(c);
        return html`<button
          type="button"
          role="tab"
          aria-selected=${c === this.active}
          aria-controls="conversation"
          @click=${() => this.show(c)}
        >
          ${i < KEYED_MAX && client.owns(c) ? `${i + 1} ` : ''}${label(c)}
          ${unread > 0 ? html`<span class="chip count">${unread}<span class="sr">条未读</span></span>` : nothing}
        </button>`;
      })}
    </div>`;
  }

  private conversation(client: DeskClient): TemplateResult {
    const opened = this.active === undefined ? undefined : client.opened.get(this.active);
    if (!opened) {
      return html`<p class="empty">从左边接手一位来访者，或按 Alt+N 接手下一位。</p>`;
    }
    const own = client.owns(opened.conversation);
    return html`<div
      id="conversation"
      role="tabpanel"
      aria-label="对话 ${label(opened.conversation)}"
      style="display: contents"
    >
      ${this.head(client, opened, own)} ${this.closing && own ? this.closeForm(opened) : nothing}
      <div class="log" role="log" aria-live="polite" aria-label="对话记录" tabindex="0">
        <div class="inner">
          ${opened.messages.older
            ? html`<p class="older">
                <button
                  type="button"
                  class="quiet"
                  ?disabled=${opened.loadingOlder}
                  @click=${() => client.loadOlder(opened.conversation)}
                >
                  更早的消息
                </button>
              </p>`
            : nothing}
          ${transcriptOf({
            messages: opened.messages.all,
            pending: client.outbox.items.flatMap((item) =>
              item.frame.type === 'reply' && item.frame.conversation === opened.conversation
                ? [{ item, text: item.frame.text }]
                : [],
            ),
            reader: 'consultant',
            again: (id) => client.outbox.again(id),
            discard: (id) => client.outbox.discard((i) => i.id !== id),
          })}
          ${opened.typingUntil > Date.now() ? html`<p class="typing">来访者正在输入…</p>` : nothing}
        </div>
      </div>
      ${own ? this.replyForm(opened) : nothing}
    </div>`;
  }

  private head(client: DeskClient, opened: Opened, own: boolean): TemplateResult {
    const item = client.waiting.find((i) => i.conversation === opened.conversation);
    const { conversation } = opened;
    return html`<div class="head">
      <p class="state">${label(conversation)} · ${stateText(opened, own)}</p>
      ${item && this.mayTake(item)
        ? html`<button type="button" class="primary" @click=${() => this.take(item)}>接手</button>`
        : nothing}
      ${own
        ? html`<button type="button" @click=${() => client.act({ type: 'hand_back', conversation })}>交回机器人</button>
            <button type="button" aria-expanded=${this.closing} @click=${() => (this.closing = !this.closing)}>结束…</button>`
        : html`<button type="button" class="quiet" @click=${() => this.dismiss(conversation)}>关上</button>`}
    </div>`;
  }

  private closeForm(opened: Opened): TemplateResult {
    return html`<form class="closing" aria-label="结束对话" @submit=${(e: Event) => this.submitClose(e, opened)}>
      <label>结束原因<select name="reason">
          ${CLOSE_REASONS.map((r) => html`<option>${r}</option>`)}
        </select></label>
      <label>主题编号（可不填）<input name="topic" placeholder="labour.unpaid_wages" maxlength="64" autocomplete="off" /></label>
      <button type="submit" class="primary">结束对话</button>
      <button type="button" class="quiet" @click=${() => (this.closing = false)}>不结束</button>
    </form>`;
  }

  private replyForm(opened: Opened): TemplateResult {
    const left = TEXT_CHARS_MAX - [...this.text].length;
    return html`<form class="reply" @submit=${(e: Event) => this.submitReply(e, opened)}>
      <div>
        <label class="sr" for="reply">回复，回车发送，Shift 加回车换行</label>
        <textarea
          id="reply"
          rows="2"
          .value=${this.text}
          placeholder="回复来访者"
          @input=${(e: Event) => this.typed(e, opened)}
          @keydown=${(e: KeyboardEvent) => this.pressed(e, opened)}
        ></textarea>
        <button type="submit" class="primary" ?disabled=${left < 0 || this.text.trim() === ''}>发送</button>
      </div>
      ${left < 500 ? html`<p class=${left < 0 ? 'over' : ''} role="status">还可以写 ${left} 字</p>` : nothing}
    </form>`;
  }

  protected override updated(_changed: PropertyValues): void {
    const { client, active } = this;
    const count = client?.waiting.length ?? 0;
    document.title = count > 0 ? `(${count}) 法询工作台` : '法询工作台';
    const opened = active === undefined ? undefined : client?.opened.get(active);
    if (active !== undefined && client && !opened) {
      // It was handed back or closed: on to the next of one's own.
      this.active = undefined;
      const next = client.mine.find((item) => item.conversation !== active);
      if (next) this.show(next.conversation);
      return;
    }
    if (!opened) return;
    if (document.visibilityState === 'visible') opened.read = opened.messages.last;
    const state = `${active}:${opened.messages.last}:${client?.outbox.items.length}`;
    if (state !== this.shown) {
      this.shown = state;
      const log = this.renderRoot.querySelector('.log');
      if (log) log.scrollTop = log.scrollHeight;
    }
  }

  private mayTake(item: QueueItem): boolean {
    return !item.lawyer_only || this.signedIn?.role === 'lawyer';
  }

  private take(item: QueueItem): void {
    this.client?.act({ type: 'take', conversation: item.conversation });
    this.dropAlarm(item.conversation);
    this.show(item.conversation);
  }

  private show(conversation: string): void {
    const { client, active } = this;
    if (!client) return;
    if (active !== undefined) {
      if (this.text === '') this.drafts.delete(active);
      else this.drafts.set(active, this.text);
      // What was only looked at is put away.
      const taking = client.outbox.items.some((i) => i.frame.conversation === active);
      if (active !== conversation && !client.owns(active) && !taking) client.forget(active);
    }
    client.open(conversation);
    this.active = conversation;
    this.closing = this.ticketsShown = false;
    this.text = this.drafts.get(conversation) ?? '';
    void this.updateComplete.then(() => this.renderRoot.querySelector('textarea')?.focus());
  }

  private dismiss(conversation: string): void {
    this.client?.forget(conversation);
    this.active = undefined;
  }

  private seeAlarm(conversation: string): void {
    this.dropAlarm(conversation);
    this.show(conversation);
  }

  private dropAlarm(conversation: string): void {
    this.alarms = this.alarms.filter((c) => c !== conversation);
  }

  private typed(event: Event, opened: Opened): void {
    this.text = (event.target as HTMLTextAreaElement).value;
    this.client?.typing(opened.conversation);
  }

  private pressed(event: KeyboardEvent, opened: Opened): void {
    // While an input method composes, Enter picks a word. 229 is what older browsers say then.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    this.submitReply(event, opened);
  }

  private submitReply(event: Event, opened: Opened): void {
    event.preventDefault();
    const text = this.text.trim();
    if (text === '' || [...text].length > TEXT_CHARS_MAX) return;
    this.text = '';
    this.client?.act({ type: 'reply', conversation: opened.conversation, text });
  }

  private submitClose(event: Event, opened: Opened): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.closing = false;
    this.client?.act({
      type: 'close',
      conversation: opened.conversation,
      reason: String(form.get('reason') ?? ''),
      topic: String(form.get('topic') ?? '').trim(),
    });
  }

  private readonly submitSignIn = async (event: Event): Promise<void> => {
    event.preventDefault();
    allowSound();
    const form = new FormData(event.target as HTMLFormElement);
    const problem = await signIn(String(form.get('name') ?? '').trim(), String(form.get('password') ?? ''), String(form.get('code') ?? '').trim());
    this.problem = problem ?? '';
    if (problem === undefined) await this.begin();
  };

  private readonly leave = async (): Promise<void> => {
    await signOut().catch(() => undefined);
    location.reload();
  };

  private readonly keyed = (event: KeyboardEvent): void => {
    const { client } = this;
    if (!event.altKey || event.ctrlKey || event.metaKey || !client) return;
    // By position: with Alt held the character depends on the layout.
    if (event.code === 'KeyN') {
      const next = client.waiting.find((item) => this.mayTake(item));
      if (next) this.take(next);
    } else if (event.code === 'KeyM') {
      this.toggleTickets();
    } else if (/^Digit[1-5]$/.test(event.code)) {
      const conversation = this.tabList(client)[Number(event.code.slice(-1)) - 1];
      if (conversation !== undefined) this.show(conversation);
    } else return;
    event.preventDefault();
  };
}

function takes(me: Who): boolean {
  return me.role === 'consultant' || me.role === 'lawyer';
}

/** A conversation's id is long and means nothing: its last four characters tell it from the others on the screen. */
function label(conversation: string): string {
  return `#${conversation.slice(-4)}`;
}

function lasting(sinceMs: number): string {
  const s = Math.max(0, Math.floor((Date.now() - sinceMs) / 1000));
  const seconds = String(s % 60).padStart(2, '0');
  return s < 3600
    ? `${Math.floor(s / 60)}:${seconds}`
    : `${Math.floor(s / 3600)} 小时 ${Math.floor((s % 3600) / 60)} 分`;
}

function stateText(opened: Opened, own: boolean): string {
  if (own) return '由我接待';
  switch (opened.owner?.kind) {
    case undefined:
      return '正在打开…';
    case 'bot':
      return '机器人解答中';
    case 'queue':
      return '等候中';
    case 'consultant':
      return `已由 ${opened.owner.name} 接手`;
    case 'closed':
      return '已结束';
  }
}

customElements.define('faxun-desk', FaxunDesk);
