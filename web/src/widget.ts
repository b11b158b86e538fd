// `<faxun-chat server="https://…">`: the citizen's chat, as a floating panel on any site or as a whole page.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { type Action, Chat } from './chat';
import { articleAt } from './citation';
import { save } from './file';
import { transcriptOf } from './items';
import { conversationBegun } from './memory';
import { dark, palette } from './palette';
import { fileOf } from './plain-text';
import { keepPreferences, type Preferences, readPreferences, type Theme } from './preferences';
import { FaxunRating } from './rating';
import { Follower } from './scroll';
import { settings } from './settings';
import { Speech } from './speech';
import { controls, transcript } from './styles';
import { type Language, nearest, setLanguage, t } from './texts';
import { connection, examples, notice, ownerText, pendingOf, silentBox } from './widget-parts';
import { frame } from './widget-styles';
import { TEXT_CHARS_MAX } from './wire';

/** Where 快速离开 goes unless `leave-url` says otherwise: a page that anybody might have open. */
const NEUTRAL_URL = 'https://www.weather.com.cn/';
/** Where tabs of one site tell each other that somebody left. */
const LEAVE_CHANNEL = 'faxun:leave';
/** Characters left from which they are counted out. */
const COUNT_FROM = 500;
/** Unread messages beyond this are shown as 99+. */
const BADGE_MAX = 99;
/** Where the floating panel fills the screen; the same in widget-styles.ts. */
const WHOLE_SCREEN = '(max-width: 520px), (max-height: 520px)';
/** What the Tab key stops at. */
const STOPS = 'button:not([disabled]), a[href], input, select, textarea, summary, faxun-rating, [tabindex="0"]';

export class FaxunChat extends LitElement {
  static override properties = {
    server: {},
    mode: { reflect: true },
    large: { type: Boolean, reflect: true },
    theme: { reflect: true },
    language: { attribute: 'lang', reflect: true, converter: (tag: string | null) => nearest(tag ?? '') },
    leaveUrl: { attribute: 'leave-url' },
    user: {},
    hash: {},
    heading: {},
    silent: { type: Boolean },
    open: { state: true },
    more: { state: true },
    asking: { state: true },
    saving: { state: true },
    text: { state: true },
    left: { state: true },
  };
  static override styles = [palette, dark, controls, transcript, frame];

  declare server: string;
  /** `page` fills its parent; otherwise a button opens a floating panel. */
  declare mode: string;
  declare large: boolean;
  declare theme: Theme;
  declare language: Language;
  declare leaveUrl: string;
  /** A visitor whom the website vouches for, as `Identity` of the protocol has it. */
  declare user: string | undefined;
  declare hash: string | undefined;
  declare heading: string;
  /** 不留痕: nothing is kept on the device. */
  declare silent: boolean;
  declare open: boolean;
  declare more: boolean;
  /** A new conversation was asked for and is to be confirmed. */
  declare asking: boolean;
  declare saving: boolean;
  declare text: string;
  declare left: boolean;

  private chat: Chat | undefined;
  /** Last message when the list was last rendered. */
  private shown = 0;
  /** A choice made by keyboard: the answer to it takes the focus, so that its options are next. */
  private focusAnswer = false;
  private preferences: Preferences = {};
  /** Missing in old browsers: there each tab leaves for itself. */
  private tabs: BroadcastChannel | undefined;
  private readonly speech = new Speech(() => this.requestUpdate());
  private readonly follower = new Follower(
    () => this.log,
    (seq) => this.message(seq),
  );

  constructor() {
    super();
    this.server = location.origin;
    this.mode = 'float';
    this.theme = 'auto';
    this.language = 'zh-Hans';
    this.leaveUrl = NEUTRAL_URL;
    this.heading = this.text = '';
    this.large = this.silent = this.open = this.more = this.asking = this.saving = this.left = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.preferences = this.silent ? {} : readPreferences();
    const { large, theme, language } = this.preferences;
    if (large) this.large = true;
    if (theme) this.theme = theme;
    if (language) this.language = language;
    if (typeof BroadcastChannel !== 'undefined') {
      this.tabs = new BroadcastChannel(LEAVE_CHANNEL);
      this.tabs.onmessage = this.leftElsewhere;
    }
    document.addEventListener('keydown', this.escape);
    document.addEventListener('visibilitychange', this.seen);
    if (this.getAttribute('mode') === 'page') this.show();
    // Somebody who came from another page of the site goes on hearing that there is an answer.
    else if (!this.silent && conversationBegun(this.origin)) this.begin();
  }

  override disconnectedCallback(): void {
    document.removeEventListener('keydown', this.escape);
    document.removeEventListener('visibilitychange', this.seen);
    this.tabs?.close();
    this.speech.stop();
    this.chat?.stop();
    this.chat = undefined;
    super.disconnectedCallback();
  }

  private get origin(): string {
    return new URL(this.server, location.href).href.replace(/\/+$/, '');
  }

  private begin(): void {
    if (this.chat) return;
    const { user, hash } = this;
    this.chat = new Chat({
      server: this.origin,
      identity: user !== undefined && hash !== undefined ? { user, hash } : undefined,
      silent: this.silent,
      changed: () => this.requestUpdate(),
    });
    this.chat.start();
  }

  private show(): void {
    this.open = true;
    this.begin();
  }

  private async unfold(): Promise<void> {
    this.show();
    await this.updateComplete;
    this.follower.toEnd();
    this.field?.focus();
  }

  private async fold(): Promise<void> {
    this.open = this.more = false;
    this.speech.stop();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.launcher')?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.left) return nothing;
    setLanguage(this.language);
    return this.open && this.chat ? this.panel(this.chat) : this.launcher();
  }

  private launcher(): TemplateResult {
    const unread = this.chat?.unread ?? 0;
    return html`<button type="button" class="launcher" part="launcher" @click=${this.unfold}>
        ${this.heading || t().heading}
        ${unread > 0
          ? html`<span class="badge" part="badge">${unread > BADGE_MAX ? `${BADGE_MAX}+` : unread}</span>`
          : nothing}
      </button>
      <div class="sr" role="status">${unread > 0 ? t().unread(unread) : nothing}</div>`;
  }

  private panel(chat: Chat): TemplateResult {
    const floating = this.mode !== 'page';
    const heading = this.heading || t().heading;
    return html`<section
      class=${floating ? 'panel floating' : 'panel'}
      part="panel"
      aria-label=${heading}
      @keydown=${floating ? this.stay : nothing}
    >
      <header part="header">
        <div class="top">
          <h2><span lang="zh-Hans">法询</span><small>${heading}</small></h2>
          ${this.humanButton(chat)}
          <button type="button" class="leave" part="leave" @click=${this.leave}>${t().leave}</button>
          ${floating
            ? html`<button type="button" class="fold" part="fold" aria-label=${t().fold} @click=${this.fold}>✕</button>`
            : nothing}
        </div>
      </header>
      ${this.bar(chat)} ${this.more ? this.settings(chat) : nothing} ${connection(chat)}
      <div class="log" part="log" role="log" aria-live="polite" aria-label=${t().log} tabindex="0" @scroll=${this.scrolled}>
        <div class="inner">
          ${chat.messages.older
            ? html`<p class="older">
                <button type="button" class="quiet" ?disabled=${chat.loadingOlder} @click=${this.loadOlder}>
                  ${chat.loadingOlder ? t().loading : t().older}
                </button>
              </p>`
            : nothing}
          ${notice(chat, silentBox(this.silent, this.toggleSilent), this.readNotice)}
          ${examples(chat, (text) => this.act({ type: 'say', text }))} ${this.transcript(chat)}
          ${chat.otherTyping ? html`<p class="typing">${t().typing}</p>` : nothing}
        </div>
      </div>
      ${this.composer(chat)}
    </section>`;
  }

  private humanButton(chat: Chat): TemplateResult {
    const { kind } = chat.owner;
    const asked = chat.outbox.items.some((i) => i.frame.type === 'human' && i.state === 'sending');
    const label = kind === 'consultant' ? t().humanHere : kind === 'queue' ? t().humanAsked : t().human;
    const busy = asked || kind === 'consultant' || kind === 'queue';
    return html`<button
      type="button"
      class="human"
      part="human"
      ?disabled=${busy}
      @click=${() => this.act({ type: 'human' })}
    >
      ${label}
    </button>`;
  }

  private bar(chat: Chat): TemplateResult {
    return html`<div class="bar" part="bar">
      <div class="owner" role="status">
        <span class="dot ${chat.owner.kind}" aria-hidden="true"></span>${ownerText(chat.owner, chat.position)}
      </div>
      <button type="button" aria-pressed=${this.large} @click=${this.toggleLarge}>${t().large}</button>
      <button type="button" aria-expanded=${this.more} @click=${this.toggleMore}>${t().more}</button>
    </div>`;
  }

  private settings(chat: Chat): TemplateResult {
    return settings({
      chat,
      language: this.language,
      theme: this.theme,
      silentBox: silentBox(this.silent, this.toggleSilent),
      saving: this.saving,
      asking: this.asking,
      speak: (language) => {
        this.language = language;
        this.prefer({ language });
      },
      colour: (theme) => {
        this.theme = theme;
        this.prefer({ theme });
      },
      download: () => void this.download(chat),
      ask: (asking) => void this.askFresh(asking),
      renew: this.renew,
      end: () => this.act({ type: 'end' }),
    });
  }

  private transcript(chat: Chat): TemplateResult {
    const { pending, choosing, rating } = pendingOf(chat);
    return transcriptOf({
      messages: chat.messages.all,
      pending,
      reader: 'citizen',
      choosing,
      rating,
      ...(Speech.possible ? { speech: this.speech } : {}),
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
    return html`<form class="composer" part="composer" @submit=${this.submit}>
      ${this.follower.behind
        ? html`<button type="button" class="jump" @click=${this.jump}>${t().newMessages}</button>`
        : nothing}
      <div class="row">
        <label class="sr" for="text">${t().field}</label>
        <textarea
          id="text"
          part="field"
          rows="1"
          enterkeyhint="send"
          autocomplete="off"
          placeholder=${closed ? t().placeholderClosed : t().placeholder}
          .value=${this.text}
          aria-describedby="hint"
          @input=${this.typed}
          @keydown=${this.pressed}
        ></textarea>
        <button type="submit" class="primary" part="send" ?disabled=${left < 0 || this.text.trim() === ''}>
          ${t().send}
        </button>
      </div>
      <div id="hint" class="hint" role="status">
        ${left < 0
          ? html`<p class="over">${t().over(-left, TEXT_CHARS_MAX)}</p>`
          : left <= COUNT_FROM
            ? html`<p>${t().left(left)}</p>`
            : nothing}
      </div>
      <div class="hint keys"><p>${t().keys}</p></div>
    </form>`;
  }

  protected override willUpdate(): void {
    this.follower.beforeUpdate();
  }

  protected override updated(changed: PropertyValues): void {
    const { chat, log } = this;
    if (!chat || !log) return;
    this.seen();
    if (changed.has('text') || changed.has('large')) this.grow();
    if (!chat.loadingOlder) this.follower.afterOlder();
    if (chat.messages.last < this.shown) this.shown = 0;
    const fresh = chat.messages.all.filter((m) => m.seq > this.shown);
    if (fresh.length > 0) {
      const first = this.shown === 0;
      this.shown = chat.messages.last;
      const { behind } = this.follower;
      this.follower.arrived(fresh, first);
      if (behind !== this.follower.behind) this.requestUpdate();
      const answer = fresh.find((m) => m.from.kind !== 'citizen');
      if (this.focusAnswer && answer) {
        this.focusAnswer = false;
        this.message(answer.seq)?.focus({ preventScroll: true });
      }
    } else if (chat.outbox.unsent > 0 && this.follower.following) this.follower.toEnd();
  }

  /** What lies on the screen has been read. */
  private readonly seen = (): void => {
    if (this.open && this.chat && document.visibilityState === 'visible') this.chat.read = this.chat.messages.last;
  };

  private message(seq: number): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>(`[data-seq='${seq}']`) ?? undefined;
  }

  private readonly jump = (): void => {
    this.follower.toEnd();
    this.requestUpdate();
  };

  private readonly scrolled = (): void => {
    const { behind } = this.follower;
    this.follower.scrolled();
    if (behind !== this.follower.behind) this.requestUpdate();
  };

  private act(action: Action): void {
    this.follower.toEnd();
    this.chat?.act(action);
  }

  private readonly readNotice = (): void => {
    this.chat?.readNotice();
    this.field?.focus();
  };

  private readonly loadOlder = (): void => {
    this.follower.beforeOlder();
    this.chat?.loadOlder();
  };

  private async download(chat: Chat): Promise<void> {
    this.saving = true;
    const messages = await chat.everything();
    this.saving = false;
    const now = Date.now();
    if (messages) save(fileOf(messages, 'citizen', now), now);
    else chat.line = t().downloadFailed;
    this.requestUpdate();
  }

  private async askFresh(asking: boolean): Promise<void> {
    this.asking = asking;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(asking ? '.ask .no' : '.fresh')?.focus();
  }

  private readonly renew = (): void => {
    this.asking = this.more = false;
    this.text = '';
    this.speech.stop();
    this.chat?.renew();
    this.field?.focus();
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

  private prefer(some: Preferences): void {
    this.preferences = { ...this.preferences, ...some };
    if (!this.silent) keepPreferences(this.preferences);
  }

  private readonly toggleLarge = (): void => {
    this.large = !this.large;
    this.prefer({ large: this.large });
  };

  private readonly toggleMore = (): void => {
    this.more = !this.more;
    this.asking = false;
  };

  private readonly toggleSilent = (event: Event): void => {
    this.silent = (event.target as HTMLInputElement).checked;
    keepPreferences(this.silent ? {} : this.preferences);
    this.chat?.setSilent(this.silent);
  };

  /** Where the panel covers the page, Tab does not wander off behind it. */
  private readonly stay = (event: KeyboardEvent): void => {
    if (event.key !== 'Tab' || !matchMedia(WHOLE_SCREEN).matches) return;
    const stops = [...this.renderRoot.querySelectorAll<HTMLElement>(STOPS)];
    const end = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (this.shadowRoot?.activeElement !== end) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
  };

  private readonly escape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.open && !event.isComposing && event.keyCode !== 229) this.leave();
  };

  /** Another tab of the site was left: this one shows and keeps nothing of the conversation either. */
  private readonly leftElsewhere = (): void => {
    if (this.open) {
      this.away();
      return;
    }
    this.forget();
    this.chat = undefined;
    this.requestUpdate();
  };

  private readonly leave = (): void => {
    this.tabs?.postMessage('');
    this.away();
  };

  private forget(): void {
    this.text = '';
    this.speech.stop();
    this.chat?.forget();
    keepPreferences({});
  }

  /** Away at once: nothing on the screen, nothing on the device, no way back by the history. */
  private away(): void {
    this.left = true;
    this.forget();
    document.title = '\u200b';
    document.documentElement.style.visibility = 'hidden';
    try {
      (window.top ?? window).location.replace(this.leaveUrl);
    } catch {
      location.replace(this.leaveUrl);
    }
  }

  private get log(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('.log');
  }

  private get field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector('textarea');
  }
}

// A page may load the script twice.
for (const [name, element] of [['faxun-rating', FaxunRating], ['faxun-chat', FaxunChat]] as const) {
  if (!customElements.get(name)) customElements.define(name, element);
}
