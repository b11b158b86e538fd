// 有帮助 / 没帮助 under an answer, with an optional reason.

import { css, html, LitElement } from 'lit';
import { scored } from './bodies';
import { controls } from './styles';
import { t } from './texts';

/** Scores sent for the two buttons. */
const GOOD = 5;
const BAD = 1;
const REASON_CHARS_MAX = 200;

export class FaxunRating extends LitElement {
  static override properties = {
    seq: { type: Number },
    rated: { type: Number },
    asking: { state: true },
    words: {},
  };
  static override styles = [
    controls,
    css`
      :host { display: block; margin-top: 0.75em; padding-top: 0.35em; border-top: 1px solid var(--line); }
      .row { display: flex; flex-wrap: wrap; align-items: center; }
      .row > * { margin: 0.25em 0.5em 0.25em 0; }
      .said { color: var(--soft); font-size: 0.875em; margin: 0.35em 0 0; }
      label { display: block; margin: 0.25em 0; }
      input { width: 100%; box-sizing: border-box; }
      .quiet { font-size: 0.875em; }
    `,
  ];

  declare seq: number;
  declare rated: number | undefined;
  declare asking: boolean;
  /** The interface's language: drawn anew when it changes. */
  declare words: string;
  rate: (of: number, score: number, reason: string | undefined) => void = () => {};

  constructor() {
    super();
    this.asking = false;
  }

  override render() {
    if (this.rated !== undefined) {
      return html`<p class="said">${t().rating.said(scored(this.rated))}</p>`;
    }
    if (this.asking) {
      return html`<form @submit=${this.submit}>
        <label for="reason">${t().rating.why}</label>
        <input id="reason" maxlength=${REASON_CHARS_MAX} autocomplete="off" />
        <div class="row">
          <button type="submit" class="quiet">${t().rating.submit}</button>
          <button type="button" class="quiet" @click=${this.cancel}>${t().rating.cancel}</button>
        </div>
      </form>`;
    }
    return html`<div class="row" role="group" aria-label=${t().rating.label}>
      <button type="button" class="quiet" @click=${() => this.rate(this.seq, GOOD, undefined)}>${t().body.good}</button>
      <button type="button" class="quiet" @click=${this.ask}>${t().body.bad}</button>
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

