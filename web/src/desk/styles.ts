// Looks of the desk.

import { css } from 'lit';

export const desk = css`
  :host { display: flex; flex-direction: column; height: 100%; background: var(--ground); font-size: 15px; }
  header { flex: none; display: flex; align-items: center; flex-wrap: wrap; padding: 0.35em 1em; background: var(--brand-deep); color: #fff; }
  header h1 { flex: 1 1 auto; margin: 0; font-size: 1.15em; letter-spacing: 0.05em; }
  header span { margin-right: 1em; }
  header .bad { background: #ffe9b8; color: #533300; padding: 0.1em 0.6em; border-radius: 1em; }
  header button { background: transparent; color: #fff; border-color: #7fa9ab; }
  header button { margin: 0.15em 0 0.15em 0.5em; }
  header button:hover { background: #0b5c63; }
  .banner { flex: none; display: flex; align-items: center; flex-wrap: wrap; padding: 0.4em 1em; background: var(--danger); color: #fff; font-weight: 600; }
  .banner span { flex: 1 1 auto; }
  .banner button { margin-left: 0.5em; border-color: #fff; }
  .banner .quiet { background: transparent; color: #fff; }
  .invitation { flex: none; display: flex; align-items: center; flex-wrap: wrap; padding: 0.5em 1em; background: #e3f1ee; border-bottom: 2px solid var(--brand); }
  .invitation.urgent { background: var(--danger-tint); border-color: var(--danger); }
  .invitation span:first-child { flex: 1 1 auto; font-weight: 600; }
  .invitation .left { min-width: 6em; font-variant-numeric: tabular-nums; }
  .invitation button { margin: 0.2em 0 0.2em 0.5em; }
  .note { flex: none; margin: 0; padding: 0.4em 1em; background: #fff8e6; border-bottom: 1px solid var(--line); }
  .line { flex: none; margin: 0; padding: 0.4em 1em; background: var(--warn-tint); color: #5f3a00; }
  .sheet { flex: 1 1 auto; min-height: 0; display: flex; }
  .sheet[hidden] { display: none; }
  faxun-tickets { flex: 1 1 auto; min-height: 0; }
  aside { flex: none; width: 320px; overflow-y: auto; background: #fff; border-right: 1px solid var(--line); padding: 0.75em; }
  aside h2 { margin: 0.25em 0 0.5em; font-size: 1em; color: var(--soft); }
  aside ul { list-style: none; margin: 0 0 1.25em; padding: 0; }
  aside p { color: var(--soft); margin: 0 0 1em; }
  .row { padding: 0.6em 0.75em; margin-bottom: 0.5em; border: 1px solid var(--line); border-radius: 10px; }
  .row.urgent { border: 2px solid var(--danger); background: var(--danger-tint); padding: 0.6em 0.75em; }
  .row.shown { box-shadow: inset 4px 0 0 var(--brand); }
  .row .what { display: flex; align-items: baseline; }
  .row .what strong { flex: 1 1 auto; }
  .row .wait { font-variant-numeric: tabular-nums; color: var(--soft); }
  .row.urgent .wait { color: #8f1612; font-weight: 600; }
  .row .do { display: flex; margin-top: 0.4em; }
  .row .do button { margin-right: 0.5em; }
  .chip { display: inline-block; padding: 0 0.55em; margin: 0.2em 0.35em 0 0; border-radius: 1em; font-size: 0.8125em; background: #e4e9ec; color: #33414d; }
  .chip.red { background: var(--danger); color: #fff; }
  .chip.count { background: #1d5fbf; color: #fff; margin: 0 0 0 0.4em; }
  main { flex: 1 1 auto; min-width: 0; display: flex; flex-direction: column; }
  .tabs { flex: none; display: flex; overflow-x: auto; padding: 0.5em 0.75em 0; background: #e7edef; border-bottom: 1px solid var(--line); }
  .tabs button { flex: none; border: 1px solid var(--line); border-bottom: 0; border-radius: 10px 10px 0 0; margin-right: 0.35em; background: #f2f5f6; color: var(--ink); }
  .tabs button[aria-selected='true'] { background: #fff; font-weight: 600; }
  .head { flex: none; display: flex; align-items: center; flex-wrap: wrap; padding: 0.4em 0.75em; background: #fff; border-bottom: 1px solid var(--line); }
  .head .state { flex: 1 1 auto; margin: 0.2em 0; }
  .head button { margin: 0.2em 0 0.2em 0.5em; }
  .log { flex: 1 1 auto; min-height: 0; overflow-y: auto; padding: 1em; }
  .log:focus { outline-offset: -4px; }
  .inner { max-width: 52em; margin: 0 auto; }
  .older { text-align: center; }
  .typing { color: var(--soft); }
  form.closing { flex: none; padding: 0.75em 1em; background: #f7fafb; border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; align-items: flex-end; }
  form.closing label { margin: 0 0.75em 0.5em 0; }
  form.closing label > * { display: block; }
  form.closing button { margin: 0 0.5em 0.5em 0; }
  .reply { flex: none; background: #fff; border-top: 1px solid var(--line); padding: 0.6em 0.75em; }
  .reply > div { display: flex; align-items: flex-end; max-width: 52em; margin: 0 auto; }
  .reply textarea { flex: 1 1 auto; min-width: 0; resize: none; max-height: 40vh; }
  .reply button { flex: none; margin-left: 0.5em; }
  .reply p, .keys { margin: 0.35em auto 0; max-width: 52em; font-size: 0.8125em; color: var(--soft); }
  .reply .over { color: var(--danger); font-weight: 600; }
  #conversation { flex: 1 1 auto; min-height: 0; display: flex; flex-direction: column; }
  .summary { flex: none; padding: 0.35em 0.75em; background: var(--ground); border-bottom: 1px solid var(--line); color: var(--soft); font-size: 0.9em; }
  .call { display: flex; align-items: center; color: var(--soft); }
  .call input { width: 7em; margin-left: 0.4em; padding: 0.3em 0.5em; }
  dialog.help { width: 30em; max-width: calc(100vw - 2em); border: 1px solid var(--line); border-radius: 14px; padding: 1.25em 1.5em; color: var(--ink); background: var(--paper); }
  dialog.help::backdrop { background: rgba(8, 30, 34, 0.5); }
  dialog.help h2 { margin: 0 0 0.5em; font-size: 1.15em; }
  dialog.help dl { margin: 0 0 1em; }
  dialog.help dl div { display: flex; padding: 0.3em 0; border-bottom: 1px solid var(--line); }
  dialog.help dt { flex: none; width: 11em; font-weight: 600; }
  dialog.help dd { margin: 0; }
  header button[aria-pressed='true'] { background: #ffe9b8; color: #533300; }
  .printed { display: none; color: var(--soft); font-size: 0.875em; }
  .empty { margin: auto; padding: 2em; color: var(--soft); text-align: center; }
  .sign-in { margin: 12vh auto auto; width: 22em; max-width: calc(100vw - 2em); padding: 1.5em; background: #fff; border: 1px solid var(--line); border-radius: 14px; }
  .sign-in h1 { margin: 0 0 0.75em; font-size: 1.3em; color: var(--brand-deep); }
  .sign-in label { display: block; margin-bottom: 0.9em; }
  .sign-in input { display: block; width: 100%; margin-top: 0.25em; }
  .sign-in button { width: 100%; }
  .sign-in .problem { color: var(--danger); font-weight: 600; }
  @media print {
    :host { display: block; height: auto; background: none; }
    header, aside, .banner, .line, .tabs, .head, .summary, .reply, .older, .typing, .closing, faxun-canned, .keys { display: none !important; }
    .sheet, main, #conversation, .log { display: block; overflow: visible; height: auto; }
    .printed { display: block; }
    .msg { max-width: 100%; page-break-inside: avoid; break-inside: avoid; }
  }
  @media (max-width: 760px) {
    .sheet { flex-direction: column; }
    aside { width: auto; max-height: 38vh; border-right: 0; border-bottom: 1px solid var(--line); }
    .keys { display: none; }
  }
`;
