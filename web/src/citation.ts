// A citation: law, article and verdict. Unfolded, the text of the article as the server has it today.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { t } from './texts';
import type { ArticleText, Citation, ErrorCode } from './wire';

/** What became of asking for an article: its text, or why there is none. */
export type Found = ArticleText | { problem: string; elsewhere: boolean };
export type LookUp = (law: string, article: string) => Promise<Found>;

const unreachable = (): Found => ({ problem: t().article.unreachable, elsewhere: false });
/** Codes after which the text has to be looked for elsewhere. */
const NOT_HERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['no_statutes', 'no_article']);

/** Texts seen, by address, as long as the page is open: which articles somebody reads is not left on the device. */
const seen = new Map<string, ArticleText>();

/** Asks a server for an article as it stands today. */
export async function articleAt(server: string, law: string, article: string): Promise<Found> {
  const path = ['api', 'v1', 'laws', law, article].map(encodeURIComponent).join('/');
  const url = `${new URL(server, location.href).href.replace(/\/+$/, '')}/${path}`;
  const known = seen.get(url);
  if (known) return known;
  try {
    const response = await fetch(url, { cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' });
    const answer = await response.json();
    if (!response.ok) {
      if (typeof answer.message !== 'string') return unreachable();
      return { problem: answer.message, elsewhere: NOT_HERE.has(answer.code) };
    }
    seen.set(url, answer);
    return answer;
  } catch {
    // No network, or something between that answers without JSON.
    return unreachable();
  }
}

let made = 0;

export class FaxunCitation extends LitElement {
  static override properties = {
    citation: { attribute: false },
    open: { state: true },
    found: { state: true },
  };

  declare citation: Citation;
  declare open: boolean;
  declare found: Found | undefined;
  /** Without it there is nothing to unfold. */
  lookUp: LookUp | undefined;
  private readonly textId = `article-${++made}`;
  private asking = false;

  constructor() {
    super();
    this.open = false;
  }

  /** Into the transcript itself: it looks as the messages do. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get('citation') as Citation | undefined;
    if (before && (before.law !== this.citation.law || before.article !== this.citation.article)) {
      this.open = false;
      this.found = undefined;
    }
  }

  protected override render(): TemplateResult {
    const { law, article, verdict, text } = this.citation;
    const name = html`<span class="law">《${law}》${article}</span>
      <span class="verdict ${verdict}">${t().verdicts[verdict]}</span>`;
    const whole = this.open && this.found !== undefined && 'text' in this.found;
    return html`${this.lookUp
      ? html`<button
            type="button"
            class="cite"
            aria-expanded=${this.open}
            aria-controls=${this.textId}
            @click=${this.toggle}
          >
            ${name} <span class="fold-mark">${this.open ? t().article.fold : t().article.unfold}</span>
          </button>
          <div class="article" id=${this.textId} ?hidden=${!this.open}>
            ${this.open ? articleOf(this.found) : nothing}
          </div>`
      : name}
    ${text && !whole ? html`<blockquote>${text}</blockquote>` : nothing}`;
  }

  private readonly toggle = (): void => {
    this.open = !this.open;
    if (this.open && !(this.found && 'text' in this.found)) void this.ask();
  };

  private async ask(): Promise<void> {
    const { citation, lookUp } = this;
    if (this.asking || !lookUp) return;
    this.asking = true;
    this.found = undefined;
    const found = await lookUp(citation.law, citation.article);
    this.asking = false;
    if (citation.law === this.citation.law && citation.article === this.citation.article) this.found = found;
  }
}

function articleOf(found: Found | undefined): TemplateResult {
  if (found === undefined) return html`<p>${t().article.fetching}</p>`;
  if ('problem' in found) {
    const hint = found.elsewhere ? html` ${t().article.elsewhere}` : nothing;
    return html`<p>${found.problem}${hint}</p>`;
  }
  return html`<p class="of">《${found.law}》${found.article}</p>
    ${found.text.split('\n').map((paragraph) => html`<p>${paragraph}</p>`)}
    <p class="days">${daysOf(found).map((line) => html`<span>${line}</span>`)}</p>`;
}

/** Verdict and dates in words. */
export function daysOf(text: ArticleText): string[] {
  const { article, verdicts } = t();
  const lines = [article.on(day(text.on), verdicts[text.verdict])];
  lines.push(text.effective_date ? article.since(day(text.effective_date)) : article.sinceUnknown);
  if (text.version_date) lines.push(article.passed(day(text.version_date)));
  if (text.superseded_on) lines.push(article.superseded(day(text.superseded_on)));
  return lines;
}

/** 2026年11月23日 of 2026-11-23. */
function day(iso: string): string {
  const [year, month, date] = iso.split('-').map(Number);
  return t().article.day(year ?? 0, month ?? 0, date ?? 0);
}

/** Beside the styles of the transcript, which has `law`, `verdict` and `blockquote`. */
export const citationStyles = css`
  .cite {
    display: block; width: 100%; min-height: 44px; padding: 0.3em 0.4em; text-align: left;
    border: 0; border-radius: 6px; background: transparent; color: inherit;
  }
  .fold-mark { margin-left: 0.4em; font-size: 0.875em; color: var(--brand-deep); text-decoration: underline; white-space: nowrap; }
  .article { margin: 0.35em 0 0.2em; padding: 0.6em 0.75em; border-radius: 8px; background: var(--ground); }
  .article p { margin: 0 0 0.5em; }
  .article .of { font-weight: 600; }
  .article .days { margin: 0; font-size: 0.875em; color: var(--soft); }
  .article .days span { display: block; }
`;

// The widget and the desk both load this, and a page may load the widget twice.
if (!customElements.get('faxun-citation')) customElements.define('faxun-citation', FaxunCitation);
