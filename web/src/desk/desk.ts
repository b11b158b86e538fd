// `<faxun-desk>`: where consultants see who waits, take, answer, hand back and close.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { articleAt } from '../citation';
import { transcriptOf } from '../items';
import { palette } from '../palette';
import { controls, transcript } from '../styles';
import { t } from '../texts';
import { stamp } from '../plain-text';
import { type QueueItem, type Target, TEXT_CHARS_MAX } from '../wire';
import './canned-panel';
import { open as unfilled, type Values } from './canned';
import { DeskClient, type Opened } from './client';
import { type Command, commandOf, help, KEYED_MAX, writing } from './keys';
import { askPermission, notify, permission } from './notify';
import { banner, replyForm, signInForm, waitingRow } from './parts';
import { invited, transferForm } from './routing';
import { signIn, signOut, type Who, who } from './session';
import { alarm, allowSound, chime, soundAllowed } from './sound';
import { desk } from './styles';
import { summary } from './summary';
import { label, lastSaid, stateText, titleOf } from './words';
import './tickets';
import type { FaxunTickets } from './tickets';

const CLOSE_REASONS = ['已解答', '已转介其他机构', '来访者不再回应', '重复或误入', '其他'];

export class FaxunDesk extends LitElement {
  static override properties = {
    signedIn: { state: true },
    ready: { state: true },
    problem: { state: true },
    active: { state: true },
    closing: { state: true },
    transferring: { state: true },
    alarms: { state: true },
    text: { state: true },
    helping: { state: true },
    canned: { state: true },
    quiet: { state: true },
    printed: { state: true },
    ticketsShown: { state: true },
  };
  static override styles = [palette, controls, transcript, desk];

  declare signedIn: Who | undefined;
  /** It is known whether somebody is signed in. */
  declare ready: boolean;
  declare problem: string;
  /** The conversation shown. */
  declare active: string | undefined;
  declare closing: boolean;
  declare transferring: boolean;
  declare alarms: string[];
  declare text: string;
  declare helping: boolean;
  /** The prepared replies are unfolded. */
  declare canned: boolean;
  /** No tone for messages; danger is always heard. */
  declare quiet: boolean;
  /** When the conversation was last put on paper, in ms. */
  declare printed: number;
  /** The messages left are shown instead of the conversations. */
  declare ticketsShown: boolean;

  private client: DeskClient | undefined;
  private clock: ReturnType<typeof setInterval> | undefined;
  private readonly drafts = new Map<string, string>();
  /** How each visitor is called. Never stored: it may be a name. */
  private readonly salutations = new Map<string, string>();
  private shown = '';

  constructor() {
    super();
    this.ready = this.closing = this.ticketsShown = this.transferring = this.helping = this.canned = this.quiet = false;
    this.printed = 0;
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
      incoming: (conversation) => this.told(conversation),
      invited: () => alarm(),
      arrived: (item) => {
        if (item.urgent) this.raise(item.conversation);
        else notify('有人在等候', 'waiting', () => undefined);
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
    notify(`紧急：${label(conversation)} 提到人身危险`, conversation, () => this.seeAlarm(conversation));
  }

  /** A message in one of one's own conversations. */
  private told(conversation: string): void {
    const inView = conversation === this.active && document.visibilityState === 'visible' && document.hasFocus();
    if (inView) return;
    if (!this.quiet) chime();
    notify(`${label(conversation)} 有新消息`, conversation, () => this.show(conversation));
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.ready) return nothing;
    if (!this.signedIn) return signInForm(this.problem, this.submitSignIn);
    const { client } = this;
    if (!client && this.signedIn.role === 'supervisor') {
      return html`${this.top()}<faxun-tickets staff=${this.signedIn.staff}></faxun-tickets>`;
    }
    if (!client) {
      return html`${this.top()}<p class="empty">“${t().roles[this.signedIn.role]}”不接待咨询，没有可看的对话。</p>`;
    }
    return html`
      ${this.top()} ${banner(this.alarms, (c) => this.seeAlarm(c), (c) => this.dropAlarm(c))}
      ${invited(client, (item) => this.take(item))}
      <div role="status">${client.line ? html`<p class="line">${client.line}</p>` : nothing}</div>
      ${this.ticketsShown ? html`<faxun-tickets staff=${this.signedIn.staff}></faxun-tickets>` : nothing}
      <div class="sheet" ?hidden=${this.ticketsShown}>
        <aside aria-label="队列">${this.waiting(client)} ${this.mine(client)}</aside>
        <main>${this.tabs(client)} ${this.conversation(client)}</main>
      </div>
      ${this.helping ? help(() => (this.helping = false)) : nothing}`;
  }

  private top(): TemplateResult {
    const lost = this.client && this.client.status !== 'open';
    const me = this.signedIn;
    return html`<header>
      <h1>法询工作台</h1>
      <span role="status">${lost ? html`<span class="bad">连接断了，正在重连</span>` : nothing}</span>
      ${this.client && !soundAllowed() ? html`<span>点一下页面，提示音才会响</span>` : nothing}
      ${this.client ? this.ticketsButton() : nothing}
      <span>${me?.name}${me ? `（${t().roles[me.role]}）` : ''}</span>
      ${this.client && permission() === 'ask'
        ? html`<button type="button" @click=${this.askNotices}>打开桌面通知</button>`
        : nothing}
      <button type="button" aria-pressed=${this.quiet} @click=${() => (this.quiet = !this.quiet)}>静音</button>
      <button type="button" @click=${() => (this.helping = true)}>键盘 ?</button>
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

  private waiting(client: DeskClient): TemplateResult {
    return html`<h2>等候（${client.waitingTotal}）</h2>
      ${client.waiting.length === 0 ? html`<p>现在没有人在等。</p>` : nothing}
      <ul>
        ${client.waiting.map((item) =>
          waitingRow(item, {
            may: this.mayTake(item),
            shown: this.active === item.conversation,
            take: () => this.take(item),
            look: () => this.show(item.conversation),
          }),
        )}
      </ul>`;
  }

  private mine(client: DeskClient): TemplateResult {
    const n = client.mine.length;
    return html`<h2>我的对话（${n}）</h2>
      ${n === 0 ? html`<p>还没有接手的对话。</p>` : nothing}
      <p class="keys">Alt+Y 接派单 · Alt+X 不接 · Alt+N 接手下一位 · Alt+1 至 Alt+5 切换 · Alt+K 常用语 · Alt+M 留言 · ? 全部按键</p>`;
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
    >
      ${this.head(client, opened, own)} ${summary(opened.messages, opened.owner)} ${this.closing && own ? this.closeForm(opened) : nothing}
      ${this.transferring && own ? transferForm(client, (to, note) => this.transfer(opened, to, note), () => (this.transferring = false)) : nothing}
      ${opened.note ? html`<p class="note">${opened.note.by}转来时说：${opened.note.text}</p>` : nothing}
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
                <button type="button" class="quiet" @click=${() => void client.everything(opened.conversation)}>全部</button>
              </p>`
            : nothing}
          <p class="printed">
            对话 ${label(opened.conversation)} · ${stamp(this.printed)} 由 ${this.signedIn?.name} 打印 · 内部材料，注意保密
          </p>
          ${transcriptOf({
            messages: opened.messages.all,
            pending: client.outbox.items.flatMap((item) =>
              item.frame.type === 'reply' && item.frame.conversation === opened.conversation
                ? [{ item, text: item.frame.text }]
                : [],
            ),
            reader: 'consultant',
            lookUp: (law, article) => articleAt(location.origin, law, article),
            again: (id) => client.outbox.again(id),
            discard: (id) => client.outbox.discard((i) => i.id !== id),
          })}
          ${opened.typingUntil > Date.now() ? html`<p class="typing">来访者正在输入…</p>` : nothing}
        </div>
      </div>
      ${own && this.canned
        ? html`<faxun-canned
            .staff=${client.staff}
            .said=${lastSaid(opened)}
            .values=${this.values(opened.conversation)}
            .use=${(text: string) => this.insert(text)}
            .close=${() => this.toggleCanned(false)}
          ></faxun-canned>`
        : nothing}
      ${own
        ? replyForm({
            text: this.text,
            canned: this.canned,
            submit: (e) => this.submitReply(e, opened),
            typed: (e) => this.typed(e, opened),
            pressed: (e) => this.pressed(e, opened),
            unfold: () => this.toggleCanned(!this.canned),
          })
        : nothing}
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
        ? html`<label class="call"
              >称呼<input
                maxlength="20"
                autocomplete="off"
                .value=${this.salutations.get(conversation) ?? ''}
                @input=${(e: Event) => this.called(conversation, e)}
            /></label>
            <button type="button" class="quiet" @click=${this.print}>打印</button>
            <button type="button" @click=${() => client.act({ type: 'hand_back', conversation })}>交回机器人</button>
            <button type="button" aria-expanded=${this.transferring} @click=${() => this.openTransfer(client)}>转给…</button>
            <button type="button" aria-expanded=${this.closing} @click=${() => this.openClose()}>结束…</button>`
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

  private openClose(): void {
    this.closing = !this.closing;
    this.transferring = false;
  }

  private openTransfer(client: DeskClient): void {
    this.transferring = !this.transferring;
    this.closing = false;
    if (this.transferring) client.askColleagues();
  }

  private transfer(opened: Opened, to: Target, note: string): void {
    this.transferring = false;
    this.client?.act({ type: 'transfer', conversation: opened.conversation, to, note });
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('helping') && this.helping) this.renderRoot.querySelector('dialog')?.showModal();
    const { client, active } = this;
    const count = client?.waiting.length ?? 0;
    const unread = client ? this.tabList(client).reduce((sum, c) => sum + client.unread(c), 0) : 0;
    document.title = titleOf(count, unread);
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
    this.client?.accept(item.conversation);
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
    this.closing = this.transferring = this.canned = this.ticketsShown = false;
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

  private values(conversation: string): Values {
    const me = this.signedIn;
    const now = new Date();
    return {
      称呼: this.salutations.get(conversation) || '您',
      我: me?.name,
      身份: me ? t().roles[me.role] : undefined,
      今天: `${now.getFullYear()}年${now.getMonth() + 1}月${now.getDate()}日`,
    };
  }

  private called(conversation: string, event: Event): void {
    this.salutations.set(conversation, (event.target as HTMLInputElement).value.trim());
    this.requestUpdate();
  }

  private toggleCanned(shown: boolean): void {
    this.canned = shown;
    if (!shown) this.renderRoot.querySelector('textarea')?.focus();
  }

  /** Puts a prepared reply where the caret is. Nothing is sent before it was looked at. */
  private insert(text: string): void {
    const field = this.renderRoot.querySelector('textarea');
    if (!field) return;
    const at = field.selectionStart;
    this.text = field.value.slice(0, at) + text + field.value.slice(field.selectionEnd);
    this.canned = false;
    void this.updateComplete.then(() => {
      const [from, to] = unfilled(text) ?? [text.length, text.length];
      field.focus();
      field.setSelectionRange(at + from, at + to);
    });
  }

  /** The whole conversation on paper, also what was not loaded yet. */
  private readonly print = async (): Promise<void> => {
    const { client, active } = this;
    if (!client || active === undefined || !client.owns(active)) return;
    if (!(await client.everything(active))) {
      client.line = '没有取全，没有打印。请等连接恢复后再试。';
      this.requestUpdate();
      return;
    }
    this.printed = Date.now();
    await this.updateComplete;
    print();
  };

  private readonly askNotices = async (): Promise<void> => {
    await askPermission();
    this.requestUpdate();
  };

  private readonly keyed = (event: KeyboardEvent): void => {
    const command = commandOf(event, writing(event));
    if (command && this.client && this.obey(command, this.client)) event.preventDefault();
  };

  /** False when there is nothing to do. */
  private obey(command: Command, client: DeskClient): boolean {
    const own = this.active !== undefined && client.owns(this.active);
    switch (command.do) {
      case 'take': {
        const next = client.waiting.find((item) => this.mayTake(item));
        if (next) this.take(next);
        return true;
      }
      case 'accept':
        if (client.invitation) this.take(client.invitation.item);
        return client.invitation !== undefined;
      case 'decline': {
        const invited = client.invitation?.item.conversation;
        if (invited !== undefined) client.decline(invited, false);
        return invited !== undefined;
      }
      case 'show':
      case 'unread': {
        const list = this.tabList(client);
        const to = command.do === 'show' ? list[command.index] : list.find((c) => client.unread(c) > 0);
        if (to !== undefined) this.show(to);
        return true;
      }
      case 'canned':
        if (own) this.toggleCanned(!this.canned);
        return own;
      case 'close':
        if (own) this.openClose();
        return own;
      case 'print':
        if (own) void this.print();
        return own;
      case 'tickets':
        this.toggleTickets();
        return true;
      case 'help':
        this.helping = true;
        return true;
    }
  }
}

function takes(me: Who): boolean {
  return me.role === 'consultant' || me.role === 'lawyer';
}

customElements.define('faxun-desk', FaxunDesk);
