// `<faxun-tickets>`: messages left while nobody could answer. A list by due time, the conversation, an answer box.

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { transcriptOf } from '../items';
import { newId } from '../outbox';
import { controls, transcript } from '../styles';
import { type Message, TEXT_CHARS_MAX, type TicketAct, type TicketItem, type TicketKind } from '../wire';
import { desk } from './styles';
import { act, dueText, list, messages, Refused, type View, VIEWS } from './tickets-api';

const KINDS: Record<TicketKind, string> = { prompt: '急件', question: '咨询', difficult: '疑难', callback: '回访' };
const STATUS = { open: '未答', answered: '已答', reopened: '又来信', closed: '已结束' } as const;
const CLOSE_REASONS = ['已答复', '重复', '误入', '已转其他机构', '其他'];

export class FaxunTickets extends LitElement {
  static override properties = {
    staff: { type: String },
    view: { state: true },
    tickets: { state: true },
    total: { state: true },
    active: { state: true },
    read: { state: true },
    text: { state: true },
    line: { state: true },
    busy: { state: true },
  };
  static override styles = [controls, transcript, desk];

  /** Sign-in name of whoever looks. */
  declare staff: string;
  declare view: View;
  declare tickets: TicketItem[];
  declare total: number;
  declare active: string | undefined;
  declare read: Message[];
  declare text: string;
  declare line: string;
  declare busy: boolean;

  private readonly drafts = new Map<string, string>();
  /** Of the answer under way: tried again it is the same one. */
  private answerId = newId();

  constructor() {
    super();
    this.staff = this.text = this.line = '';
    this.view = 'pending';
    this.tickets = [];
    this.read = [];
    this.total = 0;
    this.busy = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
  }

  /** Reads the list anew; what is being written stays. */
  async refresh(): Promise<void> {
    await this.doing(async () => {
      const { tickets, total } = await list(this.view);
      this.tickets = tickets;
      this.total = total;
    });
  }

  private async doing(work: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    try {
      await work();
      this.line = '';
      return true;
    } catch (error) {
      this.line = error instanceof Refused ? error.message : '没有成功，请再试一次。';
      return false;
    } finally {
      this.busy = false;
    }
  }

  protected override render(): TemplateResult {
    return html`<div role="status">${this.line ? html`<p class="line">${this.line}</p>` : nothing}</div>
      <div class="sheet">
        <aside aria-label="留言">
          <label>显示<select @change=${(e: Event) => this.see((e.target as HTMLSelectElement).value as View)}>
              ${Object.entries(VIEWS).map(([view, { label }]) => html`<option value=${view} ?selected=${view === this.view}>${label}</option>`)}
            </select></label>
          <button type="button" class="quiet" ?disabled=${this.busy} @click=${() => this.refresh()}>刷新</button>
          <h2>留言（${this.total}）</h2>
          ${this.tickets.length === 0 ? html`<p>这里没有留言。</p>` : nothing}
          <ul @keydown=${this.moved}>
            ${this.tickets.map((t) => this.row(t))}
          </ul>
          <p class="keys">上下键选择 · 回车打开 · Ctrl+回车发送答复</p>
        </aside>
        <main>${this.ticket()}</main>
      </div>`;
  }

  private row(t: TicketItem): TemplateResult {
    const pending = t.status === 'open' || t.status === 'reopened';
    const due = dueText(t, Date.now());
    const overdue = pending && t.due_ms <= Date.now();
    return html`<li class="row ${overdue ? 'urgent' : ''} ${t.conversation === this.active ? 'shown' : ''}">
      <button
        type="button"
        class="quiet"
        data-conversation=${t.conversation}
        aria-current=${t.conversation === this.active}
        @click=${() => this.open(t.conversation)}
      >
        <strong>${t.number}</strong> ${t.area ?? ''} ${pending ? html`<span class="wait">${due}</span>` : nothing}
      </button>
      <div>
        <span class="chip">${KINDS[t.kind]}</span> <span class="chip">${STATUS[t.status]}</span>
        ${t.export ? html`<span class="chip">要记录</span>` : nothing}
        ${t.score === undefined ? nothing : html`<span class="chip red">不满意 ${t.score} 分</span>`}
        ${t.review ? html`<span class="chip">抽查</span>` : nothing}
        <span class="chip">${t.contact ? '留了联系方式' : '不要联系'}</span>
        ${t.lawyer_only ? html`<span class="chip">仅限律师</span>` : nothing}
        ${t.staff ? html`<span class="chip">${t.staff === this.staff ? '我的' : t.staff}</span>` : nothing}
      </div>
    </li>`;
  }

  private ticket(): TemplateResult {
    const t = this.tickets.find((item) => item.conversation === this.active);
    if (!t) return html`<p class="empty">从左边打开一条留言。</p>`;
    const pending = t.status === 'open' || t.status === 'reopened';
    const left = TEXT_CHARS_MAX - [...this.text].length;
    return html`<div class="head">
        <p class="state">${t.number} · ${KINDS[t.kind]} · ${STATUS[t.status]}${pending ? ` · ${dueText(t, Date.now())}` : ''}</p>
        ${t.staff ? nothing : html`<button type="button" @click=${() => this.go({ kind: 'assign', staff: this.staff })}>归我</button>`}
        ${pending && t.kind !== 'callback' && t.kind !== 'difficult'
          ? html`<button type="button" @click=${() => this.go({ kind: 'promise', ticket: 'difficult' })}>改为疑难（15 个工作日）</button>`
          : nothing}
        ${t.review || t.score !== undefined
          ? html`<button type="button" @click=${() => this.go({ kind: 'reviewed' })}>已复核</button>`
          : nothing}
        ${t.status === 'closed'
          ? nothing
          : html`<select aria-label="结束原因" id="reason">
                ${CLOSE_REASONS.map((r) => html`<option>${r}</option>`)}</select
              ><button type="button" @click=${() => this.close()}>结束</button>`}
      </div>
      <div class="log" role="log" aria-label="对话记录" tabindex="0">
        <div class="inner">
          ${transcriptOf({ messages: this.read, pending: [], reader: 'consultant', again: () => undefined, discard: () => undefined })}
        </div>
      </div>
      <form class="reply" @submit=${this.answer}>
        <div>
          <label class="sr" for="answer">答复，Ctrl 加回车发送</label>
          <textarea
            id="answer"
            rows="3"
            .value=${this.text}
            placeholder=${t.contact ? '答复会写进对话，对方回来就能看到' : '答复会写进对话；对方没有留联系方式，不要打电话'}
            @input=${(e: Event) => (this.text = (e.target as HTMLTextAreaElement).value)}
            @keydown=${this.pressed}
          ></textarea>
          <button type="submit" class="primary" ?disabled=${this.busy || left < 0 || this.text.trim() === ''}>答复</button>
        </div>
        ${left < 500 ? html`<p class=${left < 0 ? 'over' : ''} role="status">还可以写 ${left} 字</p>` : nothing}
      </form>`;
  }

  private see(view: View): void {
    this.view = view;
    void this.refresh();
  }

  private async open(conversation: string): Promise<void> {
    if (this.active !== undefined) this.drafts.set(this.active, this.text);
    this.active = conversation;
    this.read = [];
    this.text = this.drafts.get(conversation) ?? '';
    this.answerId = newId();
    await this.doing(async () => {
      const page = await messages(conversation);
      if (this.active === conversation) this.read = page.messages;
    });
    await this.updateComplete;
    this.renderRoot.querySelector('textarea')?.focus();
  }

  private async go(todo: TicketAct, id?: string): Promise<boolean> {
    const { active } = this;
    if (active === undefined) return false;
    const done = await this.doing(async () => {
      await act(active, todo, id);
    });
    if (done) await this.refresh();
    return done;
  }

  private close(): void {
    const reason = this.renderRoot.querySelector<HTMLSelectElement>('#reason')?.value ?? '';
    void this.go({ kind: 'close', reason });
  }

  private readonly answer = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { active, busy } = this;
    const text = this.text.trim();
    if (active === undefined || busy || text === '' || [...text].length > TEXT_CHARS_MAX) return;
    // What was refused stays in the box, and goes out under the same id.
    if (!(await this.go({ kind: 'answer', text }, this.answerId))) return;
    this.drafts.delete(active);
    this.answerId = newId();
    if (this.active === active) this.text = '';
    this.active = undefined;
  };

  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing) void this.answer(event);
  };

  private readonly moved = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>('[data-conversation]')];
    const at = rows.indexOf(event.composedPath()[0] as HTMLElement);
    rows[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
    event.preventDefault();
  };
}

customElements.define('faxun-tickets', FaxunTickets);
