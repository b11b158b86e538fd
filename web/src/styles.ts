// Shared looks. Written for phone browsers of 2020: no flex gaps, no :is, no nesting.

import { css } from 'lit';
import { citationStyles } from './citation';

/** Buttons, inputs, focus. Every target is 44 px or more. */
export const controls = css`
  :host {
    --ink: #1c2733;
    --soft: #4a5866;
    --line: #d5dde3;
    --paper: #ffffff;
    --ground: #f2f5f6;
    --brand: #0b5c63;
    --brand-deep: #08464c;
    --brand-tint: #e3f0f0;
    --danger: #b3201b;
    --danger-tint: #fdeceb;
    --warn: #7a4a00;
    --warn-tint: #fff5dc;
    font-family: -apple-system, 'PingFang SC', 'HarmonyOS Sans SC', 'MiSans', 'Microsoft YaHei', 'Noto Sans CJK SC',
      'Noto Sans SC', system-ui, sans-serif;
    color: var(--ink);
    line-height: 1.6;
  }
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
  button.primary { background: var(--brand); color: #fff; font-weight: 600; }
  button.primary:hover { background: var(--brand-deep); }
  button.primary:disabled { background: #dfe5e8; color: var(--soft); border-color: #dfe5e8; }
  button.quiet { border-color: #a9b7bf; color: var(--ink); }
  input, textarea, select {
    min-height: 44px;
    padding: 0.5em 0.75em;
    border: 1px solid #7d8c97;
    border-radius: 10px;
    background: var(--paper);
  }
  input[type='checkbox'] { min-height: 0; width: 1.25em; height: 1.25em; margin: 0 0.5em 0 0; accent-color: #0b5c63; }
  button:focus, a:focus, input:focus, textarea:focus, select:focus, summary:focus, [tabindex]:focus {
    outline: 3px solid #1f6feb;
    outline-offset: 2px;
  }
  input:focus, textarea:focus, select:focus { outline-width: 2px; outline-offset: 0; border-color: #1f6feb; }
  /* Where the browser knows how focus came, a mouse or a finger leaves no ring. */
  @supports selector(:focus-visible) {
    button:focus:not(:focus-visible), a:focus:not(:focus-visible), summary:focus:not(:focus-visible),
    [tabindex]:focus:not(:focus-visible) { outline: none; }
  }
  a { color: #0a5480; }
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
    border: 1px solid #e1e7ea;
    overflow-wrap: break-word;
    word-wrap: break-word;
  }
  .msg.own { margin-left: auto; }
  .msg.own .bubble { margin-left: auto; width: -moz-fit-content; width: fit-content; }
  .msg.own .bubble { background: #d5ebe9; border-color: #bcdcd9; border-radius: 14px 4px 14px 14px; }
  .msg.consultant .bubble { background: #fffdf5; border-color: #e6d9ae; }
  .msg.system { max-width: 100%; width: auto; }
  .msg.system .bubble { background: #e9eef1; border-color: #d5dde3; border-radius: 12px; }
  .meta { margin: 0 0 0.25em; font-size: 0.8125em; color: var(--soft); }
  .msg.own .meta { text-align: right; margin: 0.2em 0 0; }
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
  .safety { background: var(--warn-tint); border-left: 5px solid #d69500; color: #533300; }
  .urgent { background: var(--danger-tint); border: 2px solid var(--danger); color: #5c0f0c; }
  .msg.alarm .bubble { padding: 0.4em; border-color: var(--danger); background: var(--danger-tint); }
  .msg.alarm .urgent { margin: 0; border: 0; }
  a.phone { font-weight: 700; color: inherit; text-decoration: underline; }
  .options { list-style: none; margin: 0.5em 0 0; padding: 0; }
  .options li { margin: 0 0 0.45em; }
  .options .option {
    display: flex; align-items: center; width: 100%; min-height: 44px; padding: 0.4em 0.75em; text-align: left;
    border: 1px solid #8fb6b5; border-radius: 10px; background: #f6fbfb; color: var(--brand-deep);
  }
  .options .option.still { background: transparent; border-color: var(--line); color: var(--ink); }
  .options .option.chosen { background: var(--brand-tint); border-color: var(--brand); font-weight: 600; }
  .options button.option:hover { background: var(--brand-tint); }
  .number {
    flex: none; display: inline-block; min-width: 1.7em; margin-right: 0.6em; padding: 0 0.3em; border-radius: 0.85em;
    background: var(--brand); color: #fff; text-align: center; font-size: 0.9em; line-height: 1.7em;
  }
  .citations { list-style: none; margin: 0; padding: 0; }
  .citations li { padding: 0.4em 0 0.4em 0.75em; border-left: 3px solid #9db9bf; margin-bottom: 0.4em; }
  .citations .law { margin-right: 0.5em; }
  .verdict {
    display: inline-block; padding: 0 0.55em; border-radius: 1em; font-size: 0.8125em; white-space: nowrap;
    background: #e4e9ec; color: #33414d;
  }
  .verdict.in_force { background: #dcefe0; color: #14532a; }
  .verdict.unreviewed { background: var(--warn-tint); color: #6b4100; }
  .verdict.repealed, .verdict.not_yet_in_force, .verdict.absent { background: var(--danger-tint); color: #8f1612; }
  blockquote { margin: 0.35em 0 0; color: var(--soft); font-size: 0.9375em; }
  progress { display: block; width: 100%; height: 6px; margin: 0 0 0.6em; accent-color: #0b5c63; }
`, citationStyles];
