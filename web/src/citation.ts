// A citation: law, article and verdict. Unfolded, the text of the article as the server has it today.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { ArticleText, Citation, ErrorCode, Verdict } from './wire';

/** What became of asking for an article: its text, or why there is none. */
export type Found = ArticleText | { problem: string; elsewhere: boolean };
export type LookUp = (law: string, article: string) => Promise<Found>;

export const VERDICTS: Record<Verdict, string> = {
  in_force: '现行有效',
  unreviewed: '按2025-04版本有效，未复核',
  repealed: '已废止或已修改',
  not_yet_in_force: '尚未施行',
  absent: '查无此条',
  unverified: '未能核实',
};

const UNREACHABLE = { problem: '现在取不到条文，请稍后再点一次。', elsewhere: false };
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
      if (typeof answer.message !== 'string') return UNREACHABLE;
      return { problem: answer.message, elsewhere: NOT_HERE.has(answer.code) };
    }
    seen.set(url, answer);
    return answer;
  } catch {
    // No network, or something between that answers without JSON.
    return UNREACHABLE;
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
      <span class="verdict ${verdict}">${VERDICTS[verdict]}</span>`;
    const whole = this.open && this.found !== undefined && 'text' in this.found;
    return html`${this.lookUp
      ? html`<button
            type="button"
            class="cite"
            aria-expanded=${this.open}
            aria-controls=${this.textId}
            @click=${this.toggle}
          >
            ${name} <span class="fold-mark">${this.open ? '收起' : '看条文'}</span>
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
  if (found === undefined) return html`<p>正在取条文…</p>`;
  if ('problem' in found) {
    const hint = found.elsewhere ? html` 原文可以到国家法律法规数据库 flk.npc.gov.cn 查。` : nothing;
    return html`<p>${found.problem}${hint}</p>`;
  }
  return html`<p class="of">《${found.law}》${found.article}</p>
    ${found.text.split('\n').map((paragraph) => html`<p>${paragraph}</p>`)}
    <p class="days">${daysOf(found).map((line) => html`<span>${line}</span>`)}</p>`;
}

/** Verdict and dates in words. */
export function daysOf(text: ArticleText): string[] {
  const lines = [`${day(text.on)}：${VERDICTS[text.verdict]}`];
  lines.push(text.effective_date ? `这一版自${day(text.effective_date)}起施行` : '这一版从哪天起施行，来源没有写明');
  if (text.version_date) lines.push(`${day(text.version_date)}通过`);
  if (text.superseded_on) lines.push(`${day(text.superseded_on)}起被新的版本取代`);
  return lines;
}

/** 2026年11月23日 of 2026-11-23. */
function day(iso: string): string {
  const [year, month, date] = iso.split('-').map(Number);
  return `${year}年${month}月${date}日`;
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
