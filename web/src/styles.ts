// Shared looks. Written for phone browsers of 2020: no flex gaps, no :is, no nesting.

import { css } from 'lit';
import { citationStyles } from './citation';

/** Buttons, inputs, focus. Every target is 44 px or more. */
export const controls = css`
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  button, input, textarea, select { font: inherit; color: inherit; }
  button {
    min-height: 44px;
    min-width: 44px;
    padding: 0.35em 1em;
    border: 1px solid var(--brand);
    border-radius: 10px;
    background: var(--paper);
    color: var(--brand-deep);
    cursor: pointer;
    touch-action: manipulation;
  }
  button:hover { background: var(--brand-tint); }
  button:disabled { border-color: var(--line); background: var(--ground); color: var(--soft); cursor: default; }
  button.primary { background: var(--brand); color: var(--on-brand); font-weight: 600; }
  button.primary:hover { background: var(--brand-deep); }
  button.primary:disabled { background: var(--off); color: var(--soft); border-color: var(--off); }
  button.quiet { border-color: var(--edge); color: var(--ink); }
  input, textarea, select {
    min-height: 44px;
    padding: 0.5em 0.75em;
    border: 1px solid var(--edge);
    border-radius: 10px;
    background: var(--paper);
  }
  ::placeholder { color: var(--soft); opacity: 1; }
  input[type='checkbox'] { min-height: 0; width: 1.25em; height: 1.25em; margin: 0 0.5em 0 0; accent-color: var(--brand); }
  button:focus, a:focus, input:focus, textarea:focus, select:focus, summary:focus, [tabindex]:focus {
    outline: 3px solid var(--focus);
    outline-offset: 2px;
  }
  input:focus, textarea:focus, select:focus { outline-width: 2px; outline-offset: 0; border-color: var(--focus); }
  /* Where the browser knows how focus came, a mouse or a finger leaves no ring. */
  @supports selector(:focus-visible) {
    button:focus:not(:focus-visible), a:focus:not(:focus-visible), summary:focus:not(:focus-visible),
    [tabindex]:focus:not(:focus-visible) { outline: none; }
  }
  a { color: var(--link); }
  .sr {
    position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0;
    overflow: hidden; clip: rect(0 0 0 0); white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    * { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
  }
`;

/** The messages of a conversation. */
export const transcript = [css`
  .msg { max-width: 88%; width: -moz-fit-content; width: fit-content; margin: 0 0 0.9em; }
  .msg:focus { outline-offset: 4px; }
  .msg .bubble {
    padding: 0.65em 0.9em;
    border-radius: 4px 14px 14px 14px;
    background: var(--paper);
    border: 1px solid var(--line);
    overflow-wrap: break-word;
    word-wrap: break-word;
  }
  .msg.own { margin-left: auto; }
  .msg.own .bubble { margin-left: auto; width: -moz-fit-content; width: fit-content; }
  .msg.own .bubble { background: var(--own); border-color: var(--own-line); border-radius: 14px 4px 14px 14px; }
  .msg.consultant .bubble { background: var(--staff); border-color: var(--staff-line); }
  .msg.system { max-width: 100%; width: auto; }
  .msg.system .bubble { background: var(--system); border-color: var(--line); border-radius: 12px; }
  .meta { margin: 0 0 0.25em; font-size: 0.8125em; color: var(--soft); }
  .msg.own .meta { text-align: right; margin: 0.2em 0 0; }
  .aloud { margin: 0.1em 0 0 !important; }
  .aloud button { border-color: transparent; background: transparent; color: var(--soft); padding: 0 0.5em; text-decoration: underline; }
  .aloud button[aria-pressed='true'] { color: var(--brand-deep); font-weight: 600; }
  .meta .failed { color: var(--danger); font-weight: 600; }
  .bubble p { margin: 0 0 0.6em; }
  .bubble > :last-child, .markdown > :last-child, .urgent > :last-child, .safety > :last-child { margin-bottom: 0; }
  .bubble .pre { white-space: pre-wrap; }
  h3 { margin: 0 0 0.4em; font-size: 1.08em; line-height: 1.4; color: var(--brand-deep); }
  .markdown ol, .markdown ul { margin: 0 0 0.6em; padding-left: 1.6em; }
  .markdown li { margin-bottom: 0.25em; }
  .kind { font-size: 0.875em; font-weight: 600; color: var(--soft); margin: 0.8em 0 0.35em !important; }
  .bubble > .kind:first-child { margin-top: 0 !important; }
  .quietly { font-size: 0.875em; color: var(--soft); }
  .safety, .urgent { padding: 0.6em 0.8em; margin: 0 0 0.75em; border-radius: 8px; }
  .safety { background: var(--warn-tint); border-left: 5px solid var(--warn-line); color: var(--warn-ink); }
  .urgent { background: var(--danger-tint); border: 2px solid var(--danger); color: var(--danger-ink); }
  .msg.alarm .bubble { padding: 0.4em; border-color: var(--danger); background: var(--danger-tint); }
  .msg.alarm .urgent { margin: 0; border: 0; }
  a.phone { font-weight: 700; color: inherit; text-decoration: underline; }
  .options { list-style: none; margin: 0.5em 0 0; padding: 0; }
  .options li { margin: 0 0 0.45em; }
  .options .option {
    display: flex; align-items: center; width: 100%; min-height: 44px; padding: 0.4em 0.75em; text-align: left;
    border: 1px solid var(--option-line); border-radius: 10px; background: var(--option); color: var(--brand-deep);
  }
  .options .option.still { background: transparent; border-color: var(--line); color: var(--ink); }
  .options .option.chosen { background: var(--brand-tint); border-color: var(--brand); font-weight: 600; }
  .options button.option:hover { background: var(--brand-tint); }
  .number {
    flex: none; display: inline-block; min-width: 1.7em; margin-right: 0.6em; padding: 0 0.3em; border-radius: 0.85em;
    background: var(--brand); color: var(--on-brand); text-align: center; font-size: 0.9em; line-height: 1.7em;
  }
  .citations { list-style: none; margin: 0; padding: 0; }
  .citations li { padding: 0.4em 0 0.4em 0.75em; border-left: 3px solid var(--option-line); margin-bottom: 0.4em; }
  .citations .law { margin-right: 0.5em; }
  .verdict {
    display: inline-block; padding: 0 0.55em; border-radius: 1em; font-size: 0.8125em; white-space: nowrap;
    background: var(--chip); color: var(--chip-ink);
  }
  .verdict.in_force { background: var(--good-tint); color: var(--good-ink); }
  .verdict.unreviewed { background: var(--warn-tint); color: var(--warn-ink); }
  .verdict.repealed, .verdict.not_yet_in_force, .verdict.absent { background: var(--danger-tint); color: var(--danger-ink); }
  blockquote { margin: 0.35em 0 0; color: var(--soft); font-size: 0.9375em; }
  progress { display: block; width: 100%; height: 6px; margin: 0 0 0.6em; accent-color: var(--brand); }
`, citationStyles];
