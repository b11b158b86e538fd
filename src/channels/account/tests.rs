//! What is kept of an account, over time.

use super::*;

const LIMITS: Limits = Limits {
    text_bytes: 2048,
    per_message: Some(5),
    per_event: 3,
    window_ms: 48 * 3_600_000,
    event_window_ms: 60_000,
};

fn said(id: &str) -> Vec<Waiting> {
    vec![Waiting {
        id: id.into(),
        at_ms: 0,
        said: Said::Text {
            text: "你好".into(),
        },
    }]
}

#[test]
fn a_key_is_claimed_once_for_eight_hours_and_over_a_restart() {
    let hour_ms = 3_600_000;
    let mut account = Account::new("wx", "o1");
    assert_eq!(account.claim(7, said("a"), &LIMITS, 0), Claimed::New);
    let bytes = serde_json::to_vec(&account).unwrap();
    let mut again: Account = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(again, account);
    assert_eq!(
        again.claim(8, said("b"), &LIMITS, 4 * hour_ms),
        Claimed::New
    );
    assert_eq!(
        again.claim(7, said("a"), &LIMITS, 8 * hour_ms),
        Claimed::Duplicate
    );
    assert_eq!(again.inbox.len(), 2);
}

#[test]
fn a_full_inbox_takes_nothing_and_remembers_nothing() {
    let mut account = Account::new("wx", "o1");
    for n in 0..INBOX_MAX as u64 {
        assert_eq!(account.claim(n, said("a"), &LIMITS, 0), Claimed::New);
    }
    assert_eq!(account.claim(900, said("a"), &LIMITS, 0), Claimed::Full);
    account.inbox.pop_front();
    assert_eq!(account.claim(900, said("a"), &LIMITS, 0), Claimed::New);
}

#[test]
fn the_largest_state_fits_a_record() {
    let mut account = Account::new("wx", &"o".repeat(128));
    for n in 0..CLAIMS_MAX as u64 * 2 {
        account.claim(n, said("a"), &LIMITS, 0);
        account.inbox.clear();
    }
    for n in 0..INBOX_MAX as u64 {
        let text = "字".repeat(1_000);
        let waiting = vec![Waiting {
            id: "i".repeat(64),
            at_ms: 0,
            said: Said::Text { text },
        }];
        account.claim(90_000 + n, waiting, &LIMITS, 0);
    }
    assert!(account.inbox.len() > INBOX_MAX / 2);
    let bytes = serde_json::to_vec(&account).unwrap();
    assert!(
        bytes.len() < crate::store::RECORD_BYTES_MAX,
        "{}",
        bytes.len()
    );
}

#[test]
fn failures_wait_longer_and_longer_and_end_as_a_dead_letter_that_can_be_revived() {
    let mut account = Account::new("wx", "o1");
    account.conversation = Some("c".into());
    account.cursor = 3;
    account.sending = Some(Sending {
        conversation: "c".into(),
        after: 3,
        through: 5,
        owed: 0,
        parts_done: 1,
        tries: 0,
        next_ms: 0,
    });
    let mut before = 0;
    let mut now_ms = 0;
    while !account.part_failed(0, 0.0, now_ms) {
        let next = account.sending.as_ref().unwrap().next_ms;
        let pause = next - now_ms;
        assert!(pause >= before && pause <= RETRY_MAX_MS);
        before = pause;
        now_ms = next;
    }
    account.bury("45009", now_ms);
    assert_eq!((account.cursor, account.dead.len()), (5, 1));
    assert!(!account.revive("c", 4), "no such dead letter");
    assert!(account.revive("c", 3));
    let again = account.next_batch(9).unwrap();
    assert_eq!((again.after, again.through, again.parts_done), (3, 5, 1));
    account.batch_done();
    let rest = account.next_batch(9).unwrap();
    assert_eq!((rest.after, rest.through), (5, 9), "nothing is sent twice");
}

#[test]
fn a_message_opens_five_sends_and_an_event_three_for_a_minute() {
    let mut account = Account::new("wx", "o1");
    account.claim(1, said("a"), &LIMITS, 0);
    assert_eq!(account.left(&LIMITS, 1), Left::Some(5));
    account.part_sent(true);
    account.part_sent(false);
    assert_eq!(account.left(&LIMITS, 1), Left::Some(4));
    assert_eq!(account.left(&LIMITS, LIMITS.window_ms), Left::Some(0));
    let mut greeting = said("b");
    greeting[0].said = Said::Greeting;
    account.claim(2, greeting.clone(), &LIMITS, 10);
    assert_eq!(
        account.left(&LIMITS, 11),
        Left::Some(4),
        "an event takes nothing away"
    );
    let mut fresh = Account::new("wx", "o2");
    fresh.claim(2, greeting, &LIMITS, 10);
    assert_eq!(fresh.left(&LIMITS, 11), Left::Some(3));
    assert_eq!(fresh.left(&LIMITS, 60_011), Left::Some(0));
    assert_eq!(fresh.owed, ["channel.welcome", "notice"]);
}

#[test]
fn what_did_not_arrive_waits_for_the_person_or_is_listed() {
    let mut account = Account::new("kf", "wm1");
    account.begin("c".into(), 0, 0);
    account.claim(1, said("a"), &LIMITS, 0);
    account.inbox.clear();
    for part in 0..2 {
        let batch = account.next_batch(4).unwrap().clone();
        account.note_sent(format!("s{part}"), &batch);
        account.part_sent(false);
    }
    account.batch_done();
    let report = |send_id: &str, later| {
        vec![Waiting {
            id: "r".into(),
            at_ms: 0,
            said: Said::NotDelivered {
                send_id: send_id.into(),
                code: "fail_6".into(),
                later,
            },
        }]
    };
    for (key, id) in [(2, "s1"), (3, "s0"), (4, "unknown")] {
        account.claim(key, report(id, true), &LIMITS, 1);
    }
    assert_eq!(
        account.left(&LIMITS, 1),
        Left::Some(0),
        "nothing goes out before the person writes"
    );
    assert_eq!(account.again.len(), 1);
    let batch = account.next_batch(4).unwrap().clone();
    assert_eq!((batch.after, batch.through, batch.parts_done), (0, 4, 0));
    let mut stored = Account::new("kf", "wm1");
    stored.again.push(Dead {
        conversation: "c".into(),
        after: 0,
        through: 4,
        parts_done: 0,
        at_ms: 0,
        code: String::new(),
        owed: vec!["notice".into()],
    });
    let planned = stored.clone().next_batch(4).unwrap().clone();
    stored.adopt(&planned);
    assert_eq!(
        (stored.owed.len(), planned.owed),
        (1, 1),
        "its fixed texts come with it"
    );
    account.note_sent("s9".into(), &batch);
    account.claim(5, report("s9", false), &LIMITS, 1);
    assert_eq!(account.dead.len(), 1);
}

#[test]
fn a_closed_conversation_s_last_words_are_sent_before_the_new_one_s() {
    let mut account = Account::new("wx", "o1");
    account.begin("old".into(), 0, 0);
    account.cursor = 4;
    account.begin("new".into(), 6, 0);
    let batch = account.next_batch(2).unwrap().clone();
    assert_eq!(
        (batch.conversation.as_str(), batch.after, batch.through),
        ("old", 4, 6)
    );
    account.batch_done();
    assert_eq!(account.cursor, 0);
    let batch = account.next_batch(2).unwrap();
    assert_eq!((batch.conversation.as_str(), batch.through), ("new", 2));
}
