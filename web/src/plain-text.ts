// Messages as plain text: to be read aloud, to be kept as a file.

import { bare, scored } from './bodies';
import { speaker } from './items';
import { t } from './texts';
import type { Choice, Citation, Message } from './wire';

/** What a message says, one line each. `choices`: with its numbered options. */
export function textOf(message: Message, choices: boolean): string {
  const b = message.body;
  switch (b.kind) {
    case 'text':
      return b.text;
    case 'choice':
      return `${b.option}. ${b.label}`;
    case 'request':
      return t().human;
    case 'rating':
      return `${scored(b.score)}${b.reason ? t().body.reason(b.reason) : ''}`;
    case 'end':
      return t().end;
    case 'attachment':
      return `［${t().media[b.media]}］`;
    case 'answer':
      return lines(
        b.safety,
        b.title,
        unmarked(bare(b.markdown, b.next)),
        b.citations.length > 0 ? t().body.basis : undefined,
        ...b.citations.map(citation),
        ...offered(b.next, choices),
      );
    case 'pointer':
      return lines(t().body.pointer, b.text, ...b.citations.map(citation));
    case 'form':
      return lines(t().body.step(b.title, b.step, b.steps), bare(b.text, b.options), ...offered(b.options, choices));
    case 'clarify':
    case 'handoff':
      return lines(bare(b.text, b.options), ...offered(b.options, choices));
    case 'notice':
      return lines(unmarked(bare(b.text, b.options)), ...offered(b.options, choices));
  }
}

/** A whole conversation as a file: who said what and when, with a caution on top. `now` in ms since 1970. */
export function fileOf(messages: readonly Message[], reader: 'citizen' | 'consultant', now: number): string {
  const { file } = t();
  const said = messages.map((m) => `${stamp(m.at)}  ${speaker(m.from, reader)}\n${textOf(m, true)}`);
  return `${[`${file.title}\n${file.made(stamp(now))}\n${file.caution}`, ...said].join('\n\n')}\n`;
}

/** 2026-11-25 14:05, on the device's clock. */
export function stamp(at: number): string {
  const when = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return `${day} ${two(when.getHours())}:${two(when.getMinutes())}`;
}

function citation(c: Citation): string {
  return `《${c.law}》${c.article}（${t().verdicts[c.verdict]}）${c.text ? `\n${c.text}` : ''}`;
}

function offered(choices: Choice[], wanted: boolean): string[] {
  return wanted ? choices.map((c) => t().file.option(c.option, c.label)) : [];
}

function lines(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n');
}

/** The little Markdown of answers without its marks. */
function unmarked(markdown: string): string {
  return markdown.replace(/^#{1,6}\s+/gm, '').replace(/\*\*(\S(?:.*?\S)?)\*\*/g, '$1');
}
