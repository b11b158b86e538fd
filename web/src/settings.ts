// What unfolds under 更多: traces, language, colours, the file, another conversation.

import { html, nothing, type TemplateResult } from 'lit';
import type { Chat } from './chat';
import { type Theme, THEMES } from './preferences';
import { type Language, LANGUAGES, t } from './texts';

export interface Settings {
  chat: Chat;
  language: Language;
  theme: Theme;
  silentBox: TemplateResult;
  /** The file is being put together. */
  saving: boolean;
  /** A new conversation is to be confirmed. */
  asking: boolean;
  speak: (language: Language) => void;
  colour: (theme: Theme) => void;
  download: () => void;
  ask: (asking: boolean) => void;
  renew: () => void;
  end: () => void;
}

export function settings(s: Settings): TemplateResult {
  const { chat } = s;
  const empty = chat.messages.size === 0;
  return html`<div class="more" part="settings"><div class="inner">
    ${s.silentBox}
    <p>${t().silentHelp}</p>
    <div class="pick">
      <label
        >${t().languageLabel}
        <select @change=${(e: Event) => s.speak(valueOf(e) as Language)}>
          ${LANGUAGES.map(
            ([tag, name]) => html`<option value=${tag} lang=${tag} ?selected=${tag === s.language}>${name}</option>`,
          )}
        </select></label
      >
      <label
        >${t().themeLabel}
        <select @change=${(e: Event) => s.colour(valueOf(e) as Theme)}>
          ${THEMES.map(
            (theme) => html`<option value=${theme} ?selected=${theme === s.theme}>${t().themes[theme]}</option>`,
          )}
        </select></label
      >
    </div>
    <button type="button" class="quiet" ?disabled=${empty || s.saving} @click=${s.download}>
      ${s.saving ? t().downloading : t().download}
    </button>
    ${chat.canRenew
      ? html`<button
          type="button"
          class="quiet fresh"
          aria-expanded=${s.asking}
          ?disabled=${empty}
          @click=${() => s.ask(!s.asking)}
        >
          ${t().fresh}
        </button>`
      : nothing}
    <button type="button" class="quiet" ?disabled=${chat.owner.kind === 'closed' || empty} @click=${s.end}>
      ${t().end}
    </button>
    ${s.asking ? confirmation(s) : nothing}
    <p>${t().downloadHelp}</p>
  </div></div>`;
}

function confirmation(s: Settings): TemplateResult {
  const { kind } = s.chat.owner;
  return html`<div class="fresh ask" role="group" aria-labelledby="fresh">
    <p id="fresh">${kind === 'queue' || kind === 'consultant' ? t().freshWaiting : nothing} ${t().freshHelp}</p>
    <button type="button" class="quiet no" @click=${() => s.ask(false)}>${t().no}</button>
    <button type="button" class="quiet" @click=${s.renew}>${t().freshYes}</button>
  </div>`;
}

function valueOf(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}
