// 有帮助 / 没帮助 under an answer, with an optional reason.

import { css, html, LitElement } from 'lit';
import { controls } from './styles';

/** Scores sent for the two buttons. */
const GOOD = 5;
const BAD = 1;
const REASON_CHARS_MAX = 200;

export class FaxunRating extends LitElement {
  static override properties = {
    seq: { type: Number },
    rated: { type: Number },
    asking: { state: true },
  };
  static override styles = [
    controls,
    css`
      :host { display: block; margin-top: 0.75em; padding-top: 0.35em; border-top: 1px solid #e3e8ec; }
      .row { display: flex; flex-wrap: wrap; align-items: center; }
      .row > * { margin: 0.25em 0.5em 0.25em 0; }
      .said { color: #4a5866; font-size: 0.875em; margin: 0.35em 0 0; }
      label { display: block; margin: 0.25em 0; }
      input { width: 100%; box-sizing: border-box; }
      .quiet { font-size: 0.875em; }
    `,
  ];

  declare seq: number;
  declare rated: number | undefined;
  declare asking: boolean;
  rate: (of: number, score: number, reason: string | undefined) => void = () => {};

  constructor() {
    super();
    this.asking = false;
  }

  override render() {
    if (this.rated !== undefined) {
      return html`<p class="said">你的评价：${this.rated >= 3 ? '有帮助' : '没帮助'}</p>`;
    }
    if (this.asking) {
      return html`<form @submit=${this.submit}>
        <label for="reason">哪里不对、缺了什么？（可不填）</label>
        <input id="reason" maxlength=${REASON_CHARS_MAX} autocomplete="off" />
        <div class="row">
          <button type="submit" class="quiet">提交评价</button>
          <button type="button" class="quiet" @click=${this.cancel}>取消</button>
        </div>
      </form>`;
    }
    return html`<div class="row" role="group" aria-label="这个答复有帮助吗">
      <button type="button" class="quiet" @click=${() => this.rate(this.seq, GOOD, undefined)}>有帮助</button>
      <button type="button" class="quiet" @click=${this.ask}>没帮助</button>
    </div>`;
  }

  private ask(): void {
    this.asking = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector('input')?.focus());
  }

  private cancel(): void {
    this.asking = false;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const reason = this.renderRoot.querySelector('input')?.value.trim();
    this.rate(this.seq, BAD, reason === '' ? undefined : reason);
  }
}

