// Generated from src/wire.rs and src/dialogue/nouns.rs by `make wire`. Do not edit.

export const PROTOCOL = "faxun.v1";
export const DESK_PROTOCOL = "faxun.desk.v1";
export const TEXT_CHARS_MAX = 4000;
export const UNACKED_MAX = 32;
export const PAGE_MESSAGES_MAX = 100;
export const CLOSE_RESYNC = 4001;

/**
 * What a message says.
 */
export type Body = { "kind": "text", text: string, } | { "kind": "choice", of: number, option: number, label: string, } | { "kind": "request", what: string, } | { "kind": "rating", of: number, score: number, reason?: string, } | { "kind": "end" } | { "kind": "answer", entry: string, title: string, markdown: string, citations: Array<Citation>, 
/**
 * Follow-on questions, numbered.
 */
next: Array<Choice>, safety?: string, } | { "kind": "clarify", text: string, options: Array<Choice>, } | { "kind": "form", form: string, title: string, slot: string, text: string, options: Array<Choice>, 
/**
 * From 1.
 */
step: number, steps: number, } | { "kind": "pointer", text: string, citations: Array<Citation>, } | { "kind": "notice", code: string, text: string, urgent: boolean, options: Array<Choice>, } | { "kind": "handoff", state: HandoffState, text: string, options: Array<Choice>, };

/**
 * A numbered choice. `option` is what `choose` sends back and what a digit typed as text means.
 */
export type Choice = { option: number, label: string, };

/**
 * A cited article with its verdict on the day of the answer.
 */
export type Citation = { 
/**
 * Title without 中华人民共和国.
 */
law: string, 
/**
 * 第四十七条, 第二百七十六条之一.
 */
article: string, verdict: Verdict, 
/**
 * The article's text where a message is to show it (pointers), shortened.
 */
text?: string, };

/**
 * What a citizen's client sends.
 */
export type ClientFrame = { "type": "hello", token?: string, 
/**
 * Replays every message with a greater seq.
 */
after?: number, identity?: Identity, } | { "type": "say", id: string, text: string, } | { "type": "choose", id: string, of: number, option: number, } | { "type": "rate", id: string, of: number, 
/**
 * 1 (bad) to 5 (good).
 */
score: number, reason?: string, } | { "type": "human", id: string, } | { "type": "end", id: string, } | { "type": "typing" } | { "type": "more", before: number, limit: number, };

/**
 * What the desk's client sends; the socket is opened with the session cookie of a signed-in consultant.
 */
export type DeskClientFrame = { "type": "open", conversation: string, 
/**
 * Only messages with a greater seq (after a reconnect); otherwise the newest page.
 */
after?: number, } | { "type": "take", id: string, conversation: string, } | { "type": "reply", id: string, conversation: string, text: string, } | { "type": "hand_back", id: string, conversation: string, } | { "type": "close", id: string, conversation: string, reason: string, 
/**
 * An intent id, or empty.
 */
topic: string, } | { "type": "typing", conversation: string, } | { "type": "more", conversation: string, before: number, limit: number, };

/**
 * What the server sends to the desk.
 */
export type DeskServerFrame = { "type": "welcome", staff: string, name: string, role: StaffRole, } | { "type": "queue", waiting: Array<QueueItem>, mine: Array<QueueItem>, } | { "type": "conversation", conversation: string, owner: Owner, messages: Array<Message>, more: boolean, } | { "type": "message", conversation: string, message: Message, } | { "type": "state", conversation: string, owner: Owner, } | { "type": "urgent", conversation: string, } | { "type": "ack", id: string, conversation: string, seq: number, } | { "type": "typing", conversation: string, } | { "type": "tickets" } & TicketCounts | { "type": "error" } & ErrorFrame;

/**
 * Stable error codes. Documented in `docs/protocol.md`; a code is never reused with another meaning.
 */
export type ErrorCode = "bad_json" | "unknown_type" | "bad_field" | "hello_first" | "hello_twice" | "token_invalid" | "token_expired" | "gone" | "identity_invalid" | "id_reused" | "text_empty" | "text_too_long" | "text_invalid" | "rate_limited" | "busy" | "unavailable" | "not_found" | "not_owner" | "not_waiting" | "not_allowed" | "code_needed" | "internal";

export type ErrorFrame = { code: ErrorCode, 
/**
 * Says what to do, in Chinese.
 */
message: string, 
/**
 * The same frame may succeed later.
 */
retry: boolean, 
/**
 * The client id of the frame it answers, where it had one.
 */
id?: string, 
/**
 * Reference of the server's log line, for `internal`.
 */
ref?: string, };

/**
 * Who speaks in a message.
 */
export type From = { "kind": "citizen" } | { "kind": "bot" } | { "kind": "consultant", name: string, role: StaffRole, } | { "kind": "system" };

/**
 * Why a conversation left the bot.
 */
export type HandoffReason = "asked" | "danger" | "required" | "not_understood" | "owner_lost";

export type HandoffState = "queued" | "off_duty" | "taken" | "returned" | "closed";

/**
 * A visitor whom the embedding website vouches for: `hash` is the hex HMAC-SHA256 of `user` under the secret
 * in `[identity] secret`. The same user comes back to the same conversation on any device.
 */
export type Identity = { user: string, hash: string, };

/**
 * One message of a conversation.
 */
export type Message = { seq: number, 
/**
 * Milliseconds since the Unix epoch.
 */
at: number, from: From, body: Body, };

export type Notice = { version: string, text: string, };

/**
 * Who answers now. Exactly one at a time, enforced by the log.
 */
export type Owner = { "kind": "bot" } | { "kind": "queue", since_ms: number, urgent: boolean, reason: HandoffReason, } | { "kind": "consultant", staff: string, name: string, role: StaffRole, } | { "kind": "closed", at_ms: number, };

export type QueueInfo = { 
/**
 * From 1.
 */
position: number, };

/**
 * One line of the queue: never a text, never a name.
 */
export type QueueItem = { conversation: string, since_ms: number, urgent: boolean, reason: HandoffReason, 
/**
 * Area of law, where known.
 */
area?: string, last_seq: number, 
/**
 * Only a lawyer may take it.
 */
lawyer_only: boolean, };

/**
 * What the server sends to a citizen's client.
 */
export type ServerFrame = { "type": "welcome", conversation: string, 
/**
 * Valid for 30 days, renewed at each welcome.
 */
token: string, 
/**
 * Seq of the last message; 0 in a new conversation.
 */
seq: number, owner: Owner, 
/**
 * To be shown before the first message is sent; only in a new conversation.
 */
notice?: Notice, 
/**
 * Seq of an answer to a left message, above `after`: show that something is unread.
 */
unread?: number, } | { "type": "ack", id: string, seq: number, } | { "type": "message" } & Message | { "type": "page", messages: Array<Message>, 
/**
 * There are older ones.
 */
more: boolean, } | { "type": "state", owner: Owner, queue?: QueueInfo, } | { "type": "typing" } | { "type": "error" } & ErrorFrame;

/**
 * What a member of staff may call himself. 律师 only with a checked licence (律师法 13).
 */
export type StaffRole = "consultant" | "lawyer" | "editor" | "approver" | "supervisor" | "admin";

/**
 * What staff do to a ticket.
 */
export type TicketAct = { "kind": "answer", text: string, } | { "kind": "close", reason: string, } | { "kind": "assign", staff: string | null, } | { "kind": "promise", ticket: TicketKind, } | { "kind": "reviewed" };

/**
 * How many tickets wait for somebody, as far as one's role may know.
 */
export type TicketCounts = { 
/**
 * Open or reopened, callbacks not counted.
 */
pending: number, 
/**
 * Of `pending`: due within a day.
 */
soon: number, 
/**
 * Of `pending`: past the promised day.
 */
overdue: number, 
/**
 * Dissatisfied citizens to be called back.
 */
callback: number, 
/**
 * Sampled for review.
 */
review: number, };

/**
 * One line of the list of tickets: never a text, never a name of a citizen.
 */
export type TicketItem = { conversation: string, area?: string, 
/**
 * Only a lawyer sees it.
 */
lawyer_only: boolean, last_seq: number, 
/**
 * What the citizen is told: `1126-7KQ2M`.
 */
number: string, kind: TicketKind, status: TicketStatus, opened_ms: number, 
/**
 * The first moment after the promised day.
 */
due_ms: number, 
/**
 * The holidays on the way were known when it was promised.
 */
exact: boolean, 
/**
 * Sign-in name of whoever is to answer.
 */
staff?: string, 
/**
 * The citizen left a safe way and time to be reached. Otherwise nobody calls.
 */
contact: boolean, 
/**
 * A copy of his own data is asked for (个人信息保护法 45).
 */
export: boolean, 
/**
 * Seq of the question about it that is open.
 */
asking?: number, 
/**
 * Seq of the first answer after which the citizen has not come back.
 */
answer?: number, 
/**
 * A rating that says dissatisfied, until somebody answered again or reviewed it.
 */
score?: number, 
/**
 * Sampled for review, and not reviewed yet.
 */
review: boolean, 
/**
 * When it is closed, or put away.
 */
next_ms?: number, };

/**
 * What a ticket is about, and with it the promised time.
 */
export type TicketKind = "prompt" | "question" | "difficult" | "callback";

export type TicketStatus = "open" | "answered" | "reopened" | "closed";

/**
 * What the data say about a cited article on a given day.
 */
export type Verdict = "in_force" | "unreviewed" | "repealed" | "not_yet_in_force" | "absent" | "unverified";
