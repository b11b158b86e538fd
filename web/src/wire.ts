// Generated from src/wire.rs and src/dialogue/nouns.rs by `make wire`. Do not edit.

export const PROTOCOL = "faxun.v1";
export const DESK_PROTOCOL = "faxun.desk.v1";
export const TEXT_CHARS_MAX = 4000;
export const NOTE_CHARS_MAX = 200;
export const UNACKED_MAX = 32;
export const PAGE_MESSAGES_MAX = 100;
export const CLOSE_RESYNC = 4001;

/**
 * An article as `GET /api/v1/laws/{law}/{article}` gives it: the version in force on the day, else the newest one.
 */
export type ArticleText = { 
/**
 * Full title.
 */
law: string, 
/**
 * 第四十七条, 第二百七十六条之一.
 */
article: string, 
/**
 * The day that was asked about, `2026-11-23` as the other days.
 */
on: string, verdict: Verdict, 
/**
 * Paragraphs split by line breaks.
 */
text: string, 
/**
 * First day of this version, where it is known.
 */
effective_date?: string, 
/**
 * The day this version was passed.
 */
version_date?: string, 
/**
 * The first day on which a newer version applies.
 */
superseded_on?: string, 
/**
 * Where the text was taken from.
 */
source: string, };

/**
 * What a message says.
 */
export type Body = { "kind": "text", text: string, } | { "kind": "choice", of: number, option: number, label: string, } | { "kind": "request", what: string, } | { "kind": "rating", of: number, score: number, reason?: string, } | { "kind": "end" } | { "kind": "attachment", media: Media, 
/**
 * The channel's name of it; may be empty.
 */
reference: string, } | { "kind": "answer", entry: string, title: string, markdown: string, citations: Array<Citation>, 
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
 * A consultant on duty.
 */
export type Colleague = { staff: string, name: string, role: StaffRole, 
/**
 * Areas of law; empty for all.
 */
skills: Array<string>, 
/**
 * Conversations that can still be taken.
 */
free: number, };

/**
 * What became of a conversation's messages on the platform it came over.
 */
export type Delivery = { conversation: string, 
/**
 * Name of the channel in the settings.
 */
channel: string, 
/**
 * What the channel is, in Chinese: 微信公众号, 飞书, …
 */
label: string, 
/**
 * The platform has taken every message up to this seq.
 */
through: number, state: DeliveryState, 
/**
 * The platform's code, or one of ours, where something stands in the way.
 */
code?: string, 
/**
 * Messages that may still be sent before the person writes again, where the platform counts.
 */
left?: number, };

export type DeliveryState = "delivered" | "sending" | "retrying" | "held" | "failed" | "left";

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
topic: string, } | { "type": "decline", id: string, conversation: string, conflict: boolean, } | { "type": "transfer", id: string, conversation: string, to: Target, 
/**
 * At most 200 characters; may be empty.
 */
note: string, } | { "type": "colleagues" } | { "type": "typing", conversation: string, } | { "type": "more", conversation: string, before: number, limit: number, };

/**
 * What the server sends to the desk.
 */
export type DeskServerFrame = { "type": "welcome", staff: string, name: string, role: StaffRole, } | { "type": "queue", 
/**
 * The first 50 that one may take, in the order in which they are served.
 */
waiting: Array<QueueItem>, 
/**
 * How many wait in all.
 */
waiting_total: number, mine: Array<QueueItem>, invitations: Array<InvitationItem>, 
/**
 * No invitations come because one let some lapse; any frame ends it.
 */
resting: boolean, } | { "type": "colleagues", colleagues: Array<Colleague>, } | { "type": "conversation", conversation: string, owner: Owner, messages: Array<Message>, more: boolean, 
/**
 * What the consultant before wrote for the next.
 */
note?: TransferNote, } | { "type": "message", conversation: string, message: Message, } | { "type": "state", conversation: string, owner: Owner, } | { "type": "urgent", conversation: string, } | { "type": "ack", id: string, conversation: string, seq: number, } | { "type": "typing", conversation: string, } | { "type": "tickets" } & TicketCounts | { "type": "delivery" } & Delivery | { "type": "error" } & ErrorFrame;

/**
 * Stable error codes. Documented in `docs/protocol.md`; a code is never reused with another meaning.
 */
export type ErrorCode = "bad_json" | "unknown_type" | "bad_field" | "hello_first" | "hello_twice" | "token_invalid" | "token_expired" | "gone" | "identity_invalid" | "id_reused" | "text_empty" | "text_too_long" | "text_invalid" | "rate_limited" | "busy" | "unavailable" | "not_found" | "not_owner" | "not_waiting" | "nobody_there" | "not_allowed" | "no_article" | "no_statutes" | "code_needed" | "internal";

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
export type HandoffReason = "asked" | "danger" | "required" | "not_understood" | "owner_lost" | "transferred";

export type HandoffState = "queued" | "off_duty" | "taken" | "returned" | "closed";

/**
 * A visitor whom the embedding website vouches for: `hash` is the hex HMAC-SHA256 of `user` under the secret
 * in `[identity] secret`. The same user comes back to the same conversation on any device.
 */
export type Identity = { user: string, hash: string, };

/**
 * A waiting conversation one is asked to take: `take` accepts, `decline` does not.
 */
export type InvitationItem = { item: QueueItem, 
/**
 * Milliseconds left to accept when the frame was made.
 */
left_ms: number, };

/**
 * What is sent instead of words. It stays where it is: only its kind and the channel's name of it are kept.
 */
export type Media = "image" | "voice" | "video" | "file" | "location" | "link" | "other";

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
 * From 1, in the order in which consultants are asked.
 */
position: number, 
/**
 * Expected wait in seconds, whole minutes; absent while nobody who may take it is on duty.
 */
expected_s?: number, };

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
lawyer_only: boolean, 
/**
 * The messaging platform it came over, in Chinese; the widget's have none.
 */
channel?: string, };

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
 * Where a consultant transfers a conversation to.
 */
export type Target = { "kind": "staff", staff: string, } | { "kind": "area", area: string, } | { "kind": "lawyers" };

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
 * A note for the next consultant.
 */
export type TransferNote = { 
/**
 * Name of who wrote it.
 */
by: string, text: string, };

/**
 * What the data say about a cited article on a given day.
 */
export type Verdict = "in_force" | "unreviewed" | "repealed" | "not_yet_in_force" | "absent" | "unverified";
