// Replies prepared beforehand: what they say, their variables, and which of them fit what was just written.

export interface Canned {
  title: string;
  text: string;
  /** Words of a citizen that make this reply worth offering first. */
  words: string[];
}

/** Values of the variables; one without a value stays in the text, to be filled by hand. */
export type Values = Record<string, string | undefined>;

/** Most replies that somebody keeps. */
export const CANNED_MAX = 100;
/** Longest title and longest text, in characters. */
export const TITLE_CHARS_MAX = 40;
export const CANNED_CHARS_MAX = 1000;
/** Most replies offered first. */
const FITTING_MAX = 3;

/** Variables with what they stand for. */
export const VARIABLES: readonly (readonly [string, string])[] = [
  ['称呼', '对来访者的称呼，不填是“您”'],
  ['我', '你的名字'],
  ['身份', '你的身份（咨询员、律师）'],
  ['今天', '今天的日期'],
];

/** To begin with. No promise of an outcome, no fee, no firm; what was not asked is not told. */
export const BEGINNING: readonly Canned[] = [
  {
    title: '开场',
    text: '{称呼}好，我是{身份}{我}。前面的对话我看过了，先问几个问题。现在方便说话吗？',
    words: ['你好', '在吗', '有人吗'],
  },
  {
    title: '问安全',
    text: '{称呼}现在安全吗？有危险先打 110，不方便说话可以发短信到 12110（各地开通不同）。',
    words: ['打我', '家暴', '威胁', '害怕', '不敢'],
  },
  { title: '怎么联系', text: '怎么联系您安全、什么时间方便？没有您的同意，我们不会主动打电话。', words: ['电话', '联系', '微信'] },
  {
    title: '要证据',
    text: '手里有这些的请留好，不要删：合同、工资条或转账记录、考勤、聊天记录、证人的名字。先不用发身份证号和银行卡号。',
    words: ['工资', '合同', '证据', '借条', '转账', '聊天记录'],
  },
  {
    title: '问期限',
    text: '有没有收到法院、仲裁委或其他机关的文书？请看落款和送达的日期，告诉我是哪一天收到的。在这里咨询，期限不会停。',
    words: ['判决', '裁决', '传票', '上诉', '仲裁', '期限', '法院'],
  },
  {
    title: '法律援助',
    text: '您可能可以申请法律援助，由法律援助机构审查决定。要不要申请由您定，我可以告诉您去哪里、带什么。',
    words: ['没钱', '律师', '请不起', '困难', '低保'],
  },
  { title: '先别签', text: '对方给的东西先不要签字、按手印，也不要写“已结清”。拍照给我看，不急在这一刻。', words: ['签', '协议', '按手印'] },
  { title: '请稍等', text: '我查一下，请等我几分钟，不要离开这个页面。', words: [] },
  { title: '结束', text: '{称呼}，今天先到这里。以后有新情况，接着在这里写就行。有期限的事请记着日子。', words: ['谢谢', '明白了', '知道了'] },
];

const VARIABLE = /\{([^{}\s]{1,12})\}/g;

/** The text with its variables filled. One that is unknown or has no value stays as it stands. */
export function fill(text: string, values: Values): string {
  return text.replace(VARIABLE, (whole, name: string) => values[name] ?? whole);
}

/** Where the first variable stands that has no value: from and to, in UTF-16 units; undefined when all are filled. */
export function open(text: string): [number, number] | undefined {
  VARIABLE.lastIndex = 0;
  const found = VARIABLE.exec(text);
  VARIABLE.lastIndex = 0;
  return found ? [found.index, found.index + found[0].length] : undefined;
}

/** Replies whose words occur in what a citizen wrote, best first. */
export function fitting(all: readonly Canned[], said: string): Canned[] {
  return all
    .map((reply) => ({ reply, hits: reply.words.filter((w) => w !== '' && said.includes(w)).length }))
    .filter(({ hits }) => hits > 0)
    .sort((a, b) => b.hits - a.hits)
    .slice(0, FITTING_MAX)
    .map(({ reply }) => reply);
}

/** Replies whose title or text holds every part of what is looked for. */
export function search(all: readonly Canned[], query: string): Canned[] {
  const parts = query.trim().split(/\s+/);
  return all.filter((reply) => parts.every((part) => `${reply.title}\n${reply.text}`.includes(part)));
}

/** The replies of a member of staff on this device; the beginning ones when nothing was kept. */
export function load(staff: string): Canned[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(staff)) ?? 'null');
    if (Array.isArray(kept)) return kept.filter(isCanned).slice(0, CANNED_MAX);
  } catch {
    // Damaged or forbidden: the beginning ones are better than none.
  }
  return [...BEGINNING];
}

/** False when the browser did not keep them. */
export function keep(staff: string, all: readonly Canned[]): boolean {
  try {
    localStorage.setItem(keyOf(staff), JSON.stringify(all.slice(0, CANNED_MAX)));
    return true;
  } catch {
    return false;
  }
}

function keyOf(staff: string): string {
  return `faxun:desk:canned:${staff}`;
}

function isCanned(item: unknown): item is Canned {
  if (typeof item !== 'object' || item === null) return false;
  const { title, text, words } = item as Partial<Canned>;
  return (
    typeof title === 'string' &&
    typeof text === 'string' &&
    Array.isArray(words) &&
    words.every((word) => typeof word === 'string')
  );
}
