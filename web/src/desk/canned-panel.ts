// `<faxun-canned>`: choosing a prepared reply, and writing one's own.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { controls } from '../styles';
import {
  type Canned,
  CANNED_CHARS_MAX,
  CANNED_MAX,
  fill,
  fitting,
  keep,
  load,
  search,
  TITLE_CHARS_MAX,
  type Values,
  VARIABLES,
} from './canned';

export class FaxunCanned extends LitElement {
  static override properties = {
    staff: {},
    said: {},
    values: {},
    all: { state: true },
    query: { state: true },
    editing: { state: true },
    problem: { state: true },
  };
  static override styles = [
    controls,
    css`
      :host { display: block; flex: none; padding: 0.6em 0.75em; background: var(--ground); border-top: 1px solid var(--line); max-height: 45vh; overflow-y: auto; }
      .inner { max-width: 52em; margin: 0 auto; }
      .find { display: flex; margin-bottom: 0.4em; }
      .find button { flex: none; margin-left: 0.5em; }
      .find input { flex: 1 1 auto; min-width: 0; }
      ul { list-style: none; margin: 0; padding: 0; }
      li { display: flex; align-items: center; margin-bottom: 0.3em; }
      li .use { flex: 1 1 auto; min-width: 0; text-align: left; border-color: var(--line); color: var(--ink); }
      li .use span { display: block; color: var(--soft); font-size: 0.875em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      li .quiet { flex: none; margin-left: 0.4em; border-color: transparent; background: transparent; color: var(--soft); }
      .fits { padding: 0 0.5em; border-radius: 1em; background: var(--good-tint); color: var(--good-ink); font-size: 0.8125em; font-weight: 400; }
      form label { display: block; margin-bottom: 0.4em; }
      form input, form textarea { display: block; width: 100%; }
      p { margin: 0.3em 0; color: var(--soft); font-size: 0.875em; }
      .problem { color: var(--danger); font-weight: 600; }
      form button { margin-right: 0.5em; }
    `,
  ];

  declare staff: string;
  /** What the citizen wrote last: replies that fit come first. */
  declare said: string;
  declare values: Values;
  declare all: Canned[];
  declare query: string;
  /** Index of the reply being written; -1 for a new one. */
  declare editing: number | undefined;
  declare problem: string;
  use: (text: string) => void = () => {};
  close: () => void = () => {};

  constructor() {
    super();
    this.staff = this.said = this.query = this.problem = '';
    this.values = {};
    this.all = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.all = load(this.staff);
    void this.updateComplete.then(() => this.field('input')?.focus());
  }

  protected override render(): TemplateResult {
    return html`<div class="inner">${this.editing === undefined ? this.list() : this.form(this.editing)}</div>`;
  }

  private list(): TemplateResult {
    const fits = this.query.trim() === '' ? fitting(this.all, this.said) : [];
    const shown = [...fits, ...search(this.all, this.query).filter((reply) => !fits.includes(reply))];
    return html`<div class="find">
        <input
          type="search"
          aria-label="找常用语，回车用第一条"
          placeholder="找常用语"
          autocomplete="off"
          .value=${this.query}
          @input=${(e: Event) => (this.query = (e.target as HTMLInputElement).value)}
          @keydown=${(e: KeyboardEvent) => this.pressed(e, shown[0])}
        />
        <button type="button" class="quiet" ?disabled=${this.all.length >= CANNED_MAX} @click=${() => this.edit(-1)}>新写一条</button>
        <button type="button" class="quiet" @click=${this.close}>收起</button>
      </div>
      <ul>
        ${shown.map((reply) => this.row(reply, fits.includes(reply)))}
      </ul>
      ${shown.length === 0 ? html`<p>没有找到，换个词，或者新写一条。</p>` : nothing}`;
  }

  private row(reply: Canned, fits: boolean): TemplateResult {
    return html`<li>
      <button type="button" class="use" @click=${() => this.choose(reply)}>
        ${reply.title} ${fits ? html`<b class="fits">建议</b>` : nothing}
        <span>${fill(reply.text, this.values)}</span>
      </button>
      <button type="button" class="quiet" aria-label="改“${reply.title}”" @click=${() => this.edit(this.all.indexOf(reply))}>改</button>
    </li>`;
  }

  private form(index: number): TemplateResult {
    const reply = this.all[index];
    return html`<form @submit=${this.submit}>
      <label>名称<input name="title" required maxlength=${TITLE_CHARS_MAX} .value=${reply?.title ?? ''} autocomplete="off" /></label>
      <label>内容<textarea name="text" rows="4" required maxlength=${CANNED_CHARS_MAX} .value=${reply?.text ?? ''}></textarea></label>
      <label>来访者说到这些词时先显示（空格隔开，可不填）
        <input name="words" .value=${reply?.words.join(' ') ?? ''} autocomplete="off" /></label>
      <p>${VARIABLES.map(([name, meaning]) => `{${name}} ${meaning}`).join('；')}。不要写进来访者的姓名和案情。</p>
      <div role="alert">${this.problem ? html`<p class="problem">${this.problem}</p>` : nothing}</div>
      <button type="submit" class="primary">保存</button>
      <button type="button" class="quiet" @click=${() => this.edit(undefined)}>取消</button>
      ${reply ? html`<button type="button" class="quiet" @click=${() => this.drop(index)}>删除</button>` : nothing}
    </form>`;
  }

  private choose(reply: Canned): void {
    this.use(fill(reply.text, this.values));
  }

  private pressed(event: KeyboardEvent, first: Canned | undefined): void {
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.close();
    } else if (event.key === 'Enter' && !event.isComposing && event.keyCode !== 229 && first) {
      event.preventDefault();
      this.choose(first);
    }
  }

  private edit(index: number | undefined): void {
    this.editing = index;
    this.problem = '';
    void this.updateComplete.then(() => this.field('input')?.focus());
  }

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const part = (name: string): string => String(form.get(name) ?? '').trim();
    const reply: Canned = { title: part('title'), text: part('text'), words: part('words').split(/\s+/).filter(Boolean) };
    if (reply.title === '' || reply.text === '') return;
    const at = this.editing ?? -1;
    this.store(at < 0 ? [reply, ...this.all] : this.all.map((old, i) => (i === at ? reply : old)));
  };

  private drop(index: number): void {
    this.store(this.all.filter((_reply, i) => i !== index));
  }

  private store(all: Canned[]): void {
    if (!keep(this.staff, all)) {
      this.problem = '这个浏览器不让保存，没有存下来。';
      return;
    }
    this.all = all;
    this.edit(undefined);
  }

  private field(selector: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(selector);
  }
}

customElements.define('faxun-canned', FaxunCanned);
