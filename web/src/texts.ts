// Every word of the interface, in the three languages it speaks. What the server says (answers, notices, questions of
// a form) stays in the language it was checked in: simplified Chinese.

import type { Media, StaffRole, Verdict } from './wire';

export type Language = 'zh-Hans' | 'zh-Hant' | 'en';

/** Languages with the names they call themselves by. */
export const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['zh-Hans', '简体中文'],
  ['zh-Hant', '繁體中文'],
  ['en', 'English'],
];

export interface Texts {
  heading: string;
  /** Says what the interface's language cannot change; empty in simplified Chinese. */
  answersIn: string;
  human: string;
  humanAsked: string;
  humanHere: string;
  leave: string;
  fold: string;
  unread: (n: number) => string;
  log: string;
  large: string;
  more: string;
  older: string;
  loading: string;
  typing: string;
  newMessages: string;
  lost: string;
  lostTexting: (waiting: number) => string;
  startedOver: string;
  reference: (message: string, ref: string) => string;
  owner: {
    bot: string;
    queue: string;
    queueAt: (position: number) => string;
    consultant: (name: string, role: string) => string;
    closed: string;
  };
  roles: Record<StaffRole, string>;
  media: Record<Media, string>;
  verdicts: Record<Verdict, string>;
  /** The text of an article under its citation. */
  article: {
    unfold: string;
    fold: string;
    fetching: string;
    unreachable: string;
    elsewhere: string;
    on: (day: string, verdict: string) => string;
    since: (day: string) => string;
    sinceUnknown: string;
    passed: (day: string) => string;
    superseded: (day: string) => string;
    day: (year: number, month: number, date: number) => string;
  };
  silent: string;
  silentHelp: string;
  end: string;
  download: string;
  downloadHelp: string;
  downloading: string;
  downloadFailed: string;
  fresh: string;
  freshHelp: string;
  freshWaiting: string;
  freshYes: string;
  no: string;
  languageLabel: string;
  themeLabel: string;
  themes: { auto: string; light: string; dark: string };
  noticeLabel: string;
  noticeRead: string;
  hello: string;
  helloHelp: string;
  /** What stands before and after the number to call. */
  inDanger: readonly [string, string];
  examples: readonly string[];
  field: string;
  placeholder: string;
  placeholderClosed: string;
  send: string;
  over: (by: number, max: number) => string;
  left: (n: number) => string;
  keys: string;
  speak: string;
  speakStop: string;
  speakers: { you: string; bot: string; system: string; staff: (name: string, role: string) => string };
  delivered: string;
  sending: string;
  undelivered: string;
  again: string;
  discard: string;
  when: (month: number, day: number, time: string) => string;
  body: {
    good: string;
    bad: string;
    reason: (reason: string) => string;
    pointer: string;
    basis: string;
    next: string;
    step: (title: string, step: number, steps: number) => string;
    safety: string;
  };
  rating: { said: (score: string) => string; why: string; submit: string; cancel: string; label: string };
  file: { title: string; made: (when: string) => string; caution: string; option: (n: number, label: string) => string };
}

const zhHans: Texts = {
  heading: '法律咨询',
  answersIn: '',
  human: '转人工',
  humanAsked: '已在排队',
  humanHere: '人工中',
  leave: '快速离开',
  fold: '收起',
  unread: (n) => `${n} 条新消息`,
  log: '对话记录',
  large: '大字',
  more: '更多',
  older: '更早的消息',
  loading: '正在取…',
  typing: '对方正在输入…',
  newMessages: '有新消息 ↓',
  lost: '连接断了，正在重连。没发出去的话会自动补发。',
  lostTexting: (n) => `连接断了，正在重连。还有 ${n} 条没发出去，连上后自动补发。`,
  startedOver: '之前的对话已不能接着用，已为你开始新的对话。',
  reference: (message, ref) => `${message}（编号 ${ref}）`,
  owner: {
    bot: '机器人解答中',
    queue: '排队等人工',
    queueAt: (n) => `排队等人工 · 第 ${n} 位`,
    consultant: (name, role) => `人工：${name}（${role}）`,
    closed: '已结束',
  },
  roles: { consultant: '咨询员', lawyer: '律师', editor: '编辑', approver: '审核', supervisor: '主管', admin: '管理员' },
  media: { image: '图片', voice: '语音', video: '视频', file: '文件', location: '位置', link: '链接', other: '其他内容' },
  verdicts: {
    in_force: '现行有效',
    unreviewed: '按2025-04版本有效，未复核',
    repealed: '已废止或已修改',
    not_yet_in_force: '尚未施行',
    absent: '查无此条',
    unverified: '未能核实',
  },
  article: {
    unfold: '看条文',
    fold: '收起',
    fetching: '正在取条文…',
    unreachable: '现在取不到条文，请稍后再点一次。',
    elsewhere: '原文可以到国家法律法规数据库 flk.npc.gov.cn 查。',
    on: (day, verdict) => `${day}：${verdict}`,
    since: (day) => `这一版自${day}起施行`,
    sinceUnknown: '这一版从哪天起施行，来源没有写明',
    passed: (day) => `${day}通过`,
    superseded: (day) => `${day}起被新的版本取代`,
    day: (year, month, date) => `${year}年${month}月${date}日`,
  },
  silent: '不留痕（别人也用这台设备）',
  silentHelp:
    '不留痕：这台设备上不保存对话，关闭或刷新页面后就看不到了；服务器上的记录不受影响。按 Esc 键或“快速离开”会立刻换到别的页面，并清掉这台设备上的对话。',
  end: '结束咨询',
  download: '下载对话',
  downloadHelp: '存成一个文本文件，留在这台设备的“下载”里。别人也用这台设备时，请不要下载。',
  downloading: '正在整理…',
  downloadFailed: '没有取全，文件没有存。请等连接恢复后再试。',
  fresh: '开始新的对话',
  freshHelp: '这台设备上会看不到现在的对话，也回不去。需要的话先下载。',
  freshWaiting: '你正在等人工或和人工对话，开始新的会结束它。',
  freshYes: '确定，开始新的',
  no: '不用了',
  languageLabel: '界面语言',
  themeLabel: '颜色',
  themes: { auto: '跟随系统', light: '浅色', dark: '深色' },
  noticeLabel: '使用说明与个人信息告知',
  noticeRead: '我知道了',
  hello: '遇到什么事？',
  helloHelp: '用平常的话说就行：谁、什么事、什么时候。',
  inDanger: ['有危险先打 ', '。'],
  examples: ['老板拖欠工资怎么办', '想离婚，对方不同意', '借出去的钱要不回来', '刚刚被骗了钱'],
  field: '写下你的问题，回车发送，Shift 加回车换行',
  placeholder: '写下你的问题',
  placeholderClosed: '还有问题，接着写',
  send: '发送',
  over: (by, max) => `多了 ${by} 字，请分成几条发送（每条最多 ${max} 字）`,
  left: (n) => `还可以写 ${n} 字`,
  keys: '回车发送，Shift+回车换行。按 Esc 立刻离开本页。',
  speak: '朗读',
  speakStop: '停止朗读',
  speakers: { you: '你', bot: '法询机器人', system: '系统', staff: (name, role) => `${name}（${role}）` },
  delivered: '已送达',
  sending: '正在发送…',
  undelivered: '未送达',
  again: '重发',
  discard: '删除',
  when: (month, day, time) => `${month}月${day}日 ${time}`,
  body: {
    good: '有帮助',
    bad: '没帮助',
    reason: (reason) => `：${reason}`,
    pointer: '法条原文 · 不是答复',
    basis: '法律依据',
    next: '接着问',
    step: (title, step, steps) => `${title} · 第 ${step} / ${steps} 步`,
    safety: '安全提示',
  },
  rating: {
    said: (score) => `你的评价：${score}`,
    why: '哪里不对、缺了什么？（可不填）',
    submit: '提交评价',
    cancel: '取消',
    label: '这个答复有帮助吗',
  },
  file: {
    title: '对话记录',
    made: (when) => `整理于 ${when}`,
    caution: '机器检索生成的内容供参考，不是律师意见。这里没有向任何机关提交过什么，期限不会因此停止。',
    option: (n, label) => `  ${n}. ${label}`,
  },
};

const zhHant: Texts = {
  ...zhHans,
  heading: '法律諮詢',
  answersIn: '答覆用簡體中文，請用中文提問。',
  human: '轉人工',
  humanAsked: '已在排隊',
  humanHere: '人工中',
  leave: '快速離開',
  unread: (n) => `${n} 則新訊息`,
  log: '對話記錄',
  more: '更多',
  older: '更早的訊息',
  loading: '正在取…',
  typing: '對方正在輸入…',
  newMessages: '有新訊息 ↓',
  lost: '連線斷了，正在重連。沒送出的話會自動補送。',
  lostTexting: (n) => `連線斷了，正在重連。還有 ${n} 則沒送出，連上後自動補送。`,
  startedOver: '之前的對話已不能接著用，已為你開始新的對話。',
  reference: (message, ref) => `${message}（編號 ${ref}）`,
  owner: {
    bot: '機器人解答中',
    queue: '排隊等人工',
    queueAt: (n) => `排隊等人工 · 第 ${n} 位`,
    consultant: (name, role) => `人工：${name}（${role}）`,
    closed: '已結束',
  },
  roles: { consultant: '諮詢員', lawyer: '律師', editor: '編輯', approver: '審核', supervisor: '主管', admin: '管理員' },
  media: { image: '圖片', voice: '語音', video: '影片', file: '檔案', location: '位置', link: '連結', other: '其他內容' },
  verdicts: {
    in_force: '現行有效',
    unreviewed: '按2025-04版本有效，未複核',
    repealed: '已廢止或已修改',
    not_yet_in_force: '尚未施行',
    absent: '查無此條',
    unverified: '未能核實',
  },
  article: {
    unfold: '看條文',
    fold: '收起',
    fetching: '正在取條文…',
    unreachable: '現在取不到條文，請稍後再點一次。',
    elsewhere: '原文可以到國家法律法規資料庫 flk.npc.gov.cn 查。',
    on: (day, verdict) => `${day}：${verdict}`,
    since: (day) => `這一版自${day}起施行`,
    sinceUnknown: '這一版從哪天起施行，來源沒有寫明',
    passed: (day) => `${day}通過`,
    superseded: (day) => `${day}起被新的版本取代`,
    day: (year, month, date) => `${year}年${month}月${date}日`,
  },
  silent: '不留痕（別人也用這部裝置）',
  silentHelp:
    '不留痕：這部裝置上不保存對話，關閉或重新整理頁面後就看不到了；伺服器上的記錄不受影響。按 Esc 鍵或「快速離開」會立刻換到別的頁面，並清掉這部裝置上的對話。',
  end: '結束諮詢',
  download: '下載對話',
  downloadHelp: '存成一個文字檔，留在這部裝置的「下載」裡。別人也用這部裝置時，請不要下載。',
  downloadFailed: '沒有取全，檔案沒有存。請等連線恢復後再試。',
  fresh: '開始新的對話',
  freshHelp: '這部裝置上會看不到現在的對話，也回不去。需要的話先下載。',
  freshWaiting: '你正在等人工或和人工對話，開始新的會結束它。',
  freshYes: '確定，開始新的',
  languageLabel: '介面語言',
  themeLabel: '顏色',
  themes: { auto: '跟隨系統', light: '淺色', dark: '深色' },
  noticeLabel: '使用說明與個人資料告知',
  hello: '遇到什麼事？',
  helloHelp: '用平常的話說就行：誰、什麼事、什麼時候。',
  inDanger: ['有危險先打 ', '。'],
  field: '寫下你的問題，按 Enter 送出，Shift 加 Enter 換行',
  placeholder: '寫下你的問題',
  placeholderClosed: '還有問題，接著寫',
  send: '送出',
  over: (by, max) => `多了 ${by} 字，請分成幾則送出（每則最多 ${max} 字）`,
  left: (n) => `還可以寫 ${n} 字`,
  keys: 'Enter 送出，Shift+Enter 換行。按 Esc 立刻離開本頁。',
  speak: '朗讀',
  speakStop: '停止朗讀',
  speakers: { you: '你', bot: '法詢機器人', system: '系統', staff: (name, role) => `${name}（${role}）` },
  delivered: '已送達',
  sending: '正在傳送…',
  undelivered: '未送達',
  again: '重送',
  discard: '刪除',
  body: {
    good: '有幫助',
    bad: '沒幫助',
    reason: (reason) => `：${reason}`,
    pointer: '法條原文 · 不是答覆',
    basis: '法律依據',
    next: '接著問',
    step: (title, step, steps) => `${title} · 第 ${step} / ${steps} 步`,
    safety: '安全提示',
  },
  rating: {
    said: (score) => `你的評價：${score}`,
    why: '哪裡不對、缺了什麼？（可不填）',
    submit: '提交評價',
    cancel: '取消',
    label: '這個答覆有幫助嗎',
  },
  file: {
    title: '對話記錄',
    made: (when) => `整理於 ${when}`,
    caution: '機器檢索產生的內容供參考，不是律師意見。這裡沒有向任何機關提交過什麼，期限不會因此停止。',
    option: (n, label) => `  ${n}. ${label}`,
  },
};

const en: Texts = {
  heading: 'Legal advice',
  answersIn: 'Answers are in Chinese. Please ask in Chinese, or ask for a person.',
  human: 'Human help',
  humanAsked: 'Queued',
  humanHere: 'With a person',
  leave: 'Leave',
  fold: 'Close',
  unread: (n) => (n === 1 ? '1 new message' : `${n} new messages`),
  log: 'Conversation',
  large: 'Large type',
  more: 'More',
  older: 'Earlier messages',
  loading: 'Loading…',
  typing: 'The other side is typing…',
  newMessages: 'New messages ↓',
  lost: 'Connection lost, trying again. What you write is sent once it is back.',
  lostTexting: (n) => `Connection lost, trying again. ${n} not sent yet; it will be sent once the connection is back.`,
  startedOver: 'The earlier conversation cannot be continued. A new one was started for you.',
  reference: (message, ref) => `${message} (reference ${ref})`,
  owner: {
    bot: 'Answered by the bot',
    queue: 'Waiting for a person',
    queueAt: (n) => `Waiting for a person · number ${n}`,
    consultant: (name, role) => `${name} (${role})`,
    closed: 'Ended',
  },
  roles: { consultant: 'consultant', lawyer: 'lawyer', editor: 'editor', approver: 'approver', supervisor: 'supervisor', admin: 'administrator' },
  media: { image: 'picture', voice: 'voice message', video: 'video', file: 'file', location: 'location', link: 'link', other: 'something else' },
  verdicts: {
    in_force: 'in force',
    unreviewed: 'in force as of 2025-04, not rechecked',
    repealed: 'repealed or amended',
    not_yet_in_force: 'not yet in force',
    absent: 'no such article',
    unverified: 'could not be verified',
  },
  article: {
    unfold: 'Show the article',
    fold: 'Fold',
    fetching: 'Fetching the article…',
    unreachable: 'The article cannot be fetched now; please try again later.',
    elsewhere: 'The original is in the national database of laws, flk.npc.gov.cn.',
    on: (day, verdict) => `${day}: ${verdict}`,
    since: (day) => `This version in force since ${day}`,
    sinceUnknown: 'The source does not say since when this version is in force',
    passed: (day) => `Passed on ${day}`,
    superseded: (day) => `Superseded by a new version on ${day}`,
    day: (year, month, date) =>
      `${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`,
  },
  silent: 'Leave no trace (others use this device)',
  silentHelp:
    'Leave no trace: nothing is kept on this device, and the conversation is gone here once the page is closed or reloaded. The record on the server stays. Esc or “Leave” goes to another page at once and clears the conversation from this device.',
  end: 'End the conversation',
  download: 'Download',
  downloadHelp: 'Saves a text file among the downloads of this device. Do not download if others use the device.',
  downloading: 'Preparing…',
  downloadFailed: 'Not everything could be loaded, so no file was saved. Try again once you are connected.',
  fresh: 'New conversation',
  freshHelp: 'The present conversation disappears from this device for good. Download it first if you need it.',
  freshWaiting: 'You are waiting for a person or talking to one. A new conversation ends that.',
  freshYes: 'Yes, start a new one',
  no: 'No',
  languageLabel: 'Language',
  themeLabel: 'Colours',
  themes: { auto: 'As the device', light: 'Light', dark: 'Dark' },
  noticeLabel: 'How this works and what happens to your data',
  noticeRead: 'I understand',
  hello: 'What happened?',
  helloHelp: 'Plain words are fine: who, what, when.',
  inDanger: ['In danger, call ', ' first.'],
  examples: zhHans.examples,
  field: 'Write your question; Enter sends, Shift and Enter begins a new line',
  placeholder: 'Write your question',
  placeholderClosed: 'Write on if you have more questions',
  send: 'Send',
  over: (by, max) => `${by} characters too many; send it in parts (at most ${max} each)`,
  left: (n) => `${n} characters left`,
  keys: 'Enter sends, Shift+Enter begins a new line. Esc leaves this page at once.',
  speak: 'Read aloud',
  speakStop: 'Stop reading',
  speakers: { you: 'You', bot: 'Faxun bot', system: 'System', staff: (name, role) => `${name} (${role})` },
  delivered: 'delivered',
  sending: 'Sending…',
  undelivered: 'Not delivered',
  again: 'Send again',
  discard: 'Delete',
  when: (month, day, time) => `${month}/${day} ${time}`,
  body: {
    good: 'Helpful',
    bad: 'Not helpful',
    reason: (reason) => `: ${reason}`,
    pointer: 'Text of the law · not an answer',
    basis: 'Legal basis',
    next: 'Related questions',
    step: (title, step, steps) => `${title} · step ${step} of ${steps}`,
    safety: 'Safety',
  },
  rating: {
    said: (score) => `Your rating: ${score}`,
    why: 'What is wrong or missing? (optional)',
    submit: 'Send rating',
    cancel: 'Cancel',
    label: 'Was this answer helpful?',
  },
  file: {
    title: 'Conversation',
    made: (when) => `Saved ${when}`,
    caution:
      'What the machine found is for reference and is not a lawyer’s opinion. Nothing was filed with any authority, and no deadline has stopped.',
    option: (n, label) => `  ${n}. ${label}`,
  },
};

const TABLE: Record<Language, Texts> = { 'zh-Hans': zhHans, 'zh-Hant': zhHant, en };

let current: Language = 'zh-Hans';

/** The words to show now. A page speaks one language at a time, all its widgets with it. */
export function t(): Texts {
  return TABLE[current];
}

export function language(): Language {
  return current;
}

export function setLanguage(language: Language): void {
  current = language;
}

/** The nearest language to a tag such as `zh-TW` or `en-GB`; anything unknown is simplified Chinese. */
export function nearest(tag: string): Language {
  const parts = tag.toLowerCase().split(/[-_]/);
  if (parts[0] === 'en') return 'en';
  if (parts[0] === 'zh' && !parts.includes('hans') && parts.some((p) => ['hant', 'tw', 'hk', 'mo'].includes(p))) {
    return 'zh-Hant';
  }
  return 'zh-Hans';
}
