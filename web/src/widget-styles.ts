// Looks of the widget's frame: launcher, panel, header, composer.

import { css } from 'lit';

export const frame = css`
  :host { display: block; font-size: 16px; }
  :host([large]) { font-size: 21px; }
  :host([mode='page']) { height: 100%; }
  .launcher {
    position: fixed; right: var(--faxun-right, 16px); bottom: var(--faxun-bottom, 16px); z-index: var(--faxun-z, 2147483000);
    display: flex; align-items: center; padding: 0.6em 1.2em; border-radius: 2em; border: 1px solid transparent;
    background: var(--brand); color: var(--on-brand); font-weight: 600; box-shadow: 0 4px 16px rgba(8, 40, 45, 0.3);
  }
  .launcher:hover { background: var(--brand-deep); color: var(--on-brand); }
  .badge {
    min-width: 1.6em; margin-left: 0.6em; padding: 0 0.4em; border-radius: 0.8em; background: #a31b16; color: #fff;
    text-align: center; font-size: 0.875em; line-height: 1.6em;
  }
  .panel { display: flex; flex-direction: column; height: 100%; background: var(--ground); overflow: hidden; }
  .panel.floating {
    position: fixed; right: var(--faxun-right, 16px); bottom: var(--faxun-bottom, 16px); z-index: var(--faxun-z, 2147483000);
    width: var(--faxun-width, 400px); max-width: calc(100vw - 32px); height: var(--faxun-height, 640px); max-height: calc(100vh - 32px);
    border-radius: 16px; border: 1px solid var(--edge); box-shadow: 0 10px 40px rgba(8, 40, 45, 0.28);
  }
  @media (max-width: 520px), (max-height: 520px) {
    .panel.floating {
      top: 0; right: 0; bottom: 0; left: 0; width: auto; max-width: none; height: auto; max-height: none;
      border: 0; border-radius: 0;
    }
  }
  header { flex: none; background: var(--head); color: var(--on-head); }
  .top { display: flex; align-items: center; padding: 0.5em 0.75em; }
  .top h2 { flex: 1 1 auto; min-width: 0; margin: 0; font-size: 1.15em; line-height: 1.25; letter-spacing: 0.08em; white-space: nowrap; overflow: hidden; }
  .top h2 small { display: block; overflow: hidden; text-overflow: ellipsis; padding-bottom: 0.15em; font-size: 0.68em; font-weight: 400; letter-spacing: 0; color: var(--on-head-soft); }
  .top button { flex: none; margin-left: 0.5em; padding: 0.25em 0.8em; white-space: nowrap; }
  .top .human { background: #fff; color: #08464c; border-color: #fff; font-weight: 600; }
  .top .human:hover { background: #dcecec; }
  .top .human:disabled { background: #cfe0e0; color: #24484b; border-color: #cfe0e0; }
  .top .leave { background: #a31b16; color: #fff; border-color: #f0b5b2; font-weight: 600; }
  .top .fold:hover { background: rgba(255, 255, 255, 0.18); }
  .top .leave:hover { background: #7d1410; }
  .top .fold { background: transparent; color: var(--on-head); border-color: transparent; padding: 0.25em 0.5em; margin-left: 0; }
  .bar {
    flex: none; display: flex; align-items: center; min-height: 44px; padding: 0 0.5em 0 0.75em;
    background: var(--paper); border-bottom: 1px solid var(--line); font-size: 0.9375em;
  }
  .bar .owner { flex: 1 1 auto; min-width: 0; }
  .dot { display: inline-block; width: 0.65em; height: 0.65em; margin-right: 0.5em; border-radius: 50%; background: #0f7b6c; }
  .dot.queue { background: #c27c00; }
  .dot.consultant { background: #1d5fbf; }
  .dot.closed { background: #7d8c97; }
  .bar button { flex: none; border-color: transparent; padding: 0.2em 0.6em; background: transparent; }
  .bar button[aria-pressed='true'], .bar button[aria-expanded='true'] { background: var(--brand-tint); font-weight: 600; }
  /* All but what has to stay: header, bar, a line of the log, composer. */
  .more { flex: none; min-height: 6em; max-height: calc(100% - 14em); overflow-y: auto; padding: 0.5em 0.75em; background: var(--paper); border-bottom: 1px solid var(--line); }
  .more .inner { max-width: 46em; margin: 0 auto; }
  .more label { display: flex; align-items: center; min-height: 44px; }
  .more p { margin: 0.25em 0; font-size: 0.875em; color: var(--soft); }
  .pick { display: flex; flex-wrap: wrap; margin: 0.25em 0; }
  .pick label { margin: 0.15em 1em 0.15em 0; }
  .pick select { margin-left: 0.5em; }
  .fresh.ask { padding: 0.5em 0.75em; margin: 0.4em 0; background: var(--warn-tint); border-left: 5px solid var(--warn-line); border-radius: 8px; }
  .more .fresh.ask p { color: var(--warn-ink); }
  .more button { margin: 0.25em 0.5em 0.25em 0; }
  .connection { flex: none; margin: 0; padding: 0.35em 0.75em; background: var(--warn-tint); color: var(--warn-ink); font-size: 0.9375em; }
  .log { flex: 1 1 auto; min-height: 0; overflow-y: auto; -webkit-overflow-scrolling: touch; padding: 0.9em 0.75em; position: relative; overflow-anchor: none; }
  .log:focus { outline-offset: -4px; }
  .inner { max-width: 46em; margin: 0 auto; }
  .older { text-align: center; margin-bottom: 0.75em; }
  .card { padding: 0.9em 1em; margin: 0 0 0.9em; background: var(--paper); border: 1px solid var(--line); border-radius: 14px; }
  .card h3 { margin-bottom: 0.5em; }
  .card p { margin: 0 0 0.5em; }
  .card label { display: flex; align-items: center; min-height: 44px; }
  .card button { margin-right: 0.5em; }
  .agree {
    position: sticky; bottom: -0.9em; display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between;
    margin: 0.5em -1em -0.9em; padding: 0.35em 1em 0.6em; background: var(--paper); border-top: 1px solid var(--line);
    border-radius: 0 0 14px 14px;
  }
  .agree label { margin-right: 1em; }
  details.card summary { min-height: 44px; display: flex; align-items: center; cursor: pointer; color: var(--soft); font-size: 0.9375em; }
  details.card summary::before { content: '▸'; margin-right: 0.5em; }
  details.card[open] summary::before { content: '▾'; }
  details.card { padding: 0 1em; }
  details.card[open] { padding-bottom: 0.6em; }
  .hello { padding: 0.5em 0.15em 0.25em; }
  .hello h3 { font-size: 1.3em; margin: 0 0 0.2em; }
  .hello p { margin: 0 0 0.7em; color: var(--soft); }
  .examples { list-style: none; margin: 0 0 0.9em; padding: 0; display: flex; flex-wrap: wrap; }
  .examples li { margin: 0 0.5em 0.5em 0; }
  .examples button { border-radius: 1.5em; border-color: var(--option-line); }
  .typing { color: var(--soft); font-size: 0.9375em; margin: 0 0 0.75em; }
  .jump { position: absolute; left: 50%; bottom: 100%; transform: translate(-50%, -8px); border-radius: 1.5em; box-shadow: 0 2px 10px rgba(8, 40, 45, 0.25); }
  .composer { flex: none; position: relative; background: var(--paper); border-top: 1px solid var(--line); padding: 0.6em 0.75em; }
  .composer .row { display: flex; align-items: flex-end; max-width: 46em; margin: 0 auto; }
  .composer textarea { flex: 1 1 auto; min-width: 0; width: 1px; resize: none; max-height: 40vh; line-height: 1.5; }
  .composer .primary { flex: none; margin-left: 0.5em; }
  .hint { max-width: 46em; margin: 0 auto; }
  .hint p { margin: 0.35em 0 0; font-size: 0.8125em; color: var(--soft); }
  .hint p.over { color: var(--danger); font-weight: 600; }
  @media (max-width: 520px) { .hint.keys { display: none; } .msg { max-width: 96%; } }
  @media (max-width: 360px) {
    .top { padding: 0.4em 0.5em; }
    .top button { margin-left: 0.35em; padding: 0.25em 0.55em; }
    .top h2 small { display: none; }
    .log { padding: 0.75em 0.5em; }
  }
`;
