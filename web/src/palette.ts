// Colours and measures, light and dark. A website sets the `--faxun-…` ones; the others are derived here.

import { css } from 'lit';

/** For the outermost element only: what lies inside inherits, so that a dark page stays dark throughout. */
export const palette = css`
  :host {
    --brand: var(--faxun-brand, #0b5c63);
    --brand-deep: var(--faxun-brand-deep, #08464c);
    --head: var(--faxun-head, var(--brand-deep));
    --on-head: var(--faxun-on-head, #ffffff);
    --on-head-soft: var(--faxun-on-head, #cfe4e4);
    --on-brand: var(--faxun-on-brand, #ffffff);
    --brand-tint: #e3f0f0;
    --ink: #1c2733;
    --soft: #4a5866;
    --line: #d5dde3;
    --edge: #7d8c97;
    --paper: #ffffff;
    --ground: #f2f5f6;
    --off: #dfe5e8;
    --link: #0a5480;
    --focus: #1f6feb;
    --danger: #b3201b;
    --danger-tint: #fdeceb;
    --danger-ink: #5c0f0c;
    --warn-tint: #fff5dc;
    --warn-ink: #533300;
    --warn-line: #d69500;
    --good-tint: #dcefe0;
    --good-ink: #14532a;
    --chip: #e4e9ec;
    --chip-ink: #33414d;
    --own: #d5ebe9;
    --own-line: #bcdcd9;
    --staff: #fffdf5;
    --staff-line: #e6d9ae;
    --system: #e9eef1;
    --option: #f6fbfb;
    --option-line: #8fb6b5;
    color-scheme: light;
    font-family: var(
      --faxun-font,
      -apple-system,
      'PingFang SC',
      'HarmonyOS Sans SC',
      'MiSans',
      'Microsoft YaHei',
      'Noto Sans CJK SC',
      'Noto Sans SC',
      system-ui,
      sans-serif
    );
    color: var(--ink);
    line-height: 1.6;
  }
`;

const night = css`
  --brand: var(--faxun-brand-dark, #6cc7c4);
  --brand-deep: var(--faxun-brand-deep-dark, #93dad7);
  --head: var(--faxun-head-dark, #0d3237);
  --on-head: #ffffff;
  --on-head-soft: #b9d3d3;
  --on-brand: #06292b;
  --brand-tint: #1b3d40;
  --ink: #e6edf0;
  --soft: #a9b8c0;
  --line: #36444c;
  --edge: #7f909a;
  --paper: #1d262c;
  --ground: #12191d;
  --off: #2b373e;
  --link: #8cc8f0;
  --focus: #7fb2ff;
  --danger: #ff9a93;
  --danger-tint: #3a1715;
  --danger-ink: #ffdcd8;
  --warn-tint: #38290a;
  --warn-ink: #ffe2a6;
  --good-tint: #173a24;
  --good-ink: #b5e8c4;
  --chip: #2c3941;
  --chip-ink: #d0dbe0;
  --own: #1d4747;
  --own-line: #2f6464;
  --staff: #2e2a19;
  --staff-line: #5f5531;
  --system: #232e34;
  --option: #19292c;
  --option-line: #48787a;
  color-scheme: dark;
`;

/** As the device wants it, unless the attribute `theme` says `light` or `dark`. */
export const dark = css`
  :host([theme='dark']) { ${night} }
  @media (prefers-color-scheme: dark) {
    :host(:not([theme='light'])) { ${night} }
  }
`;
