//! What every store promises. Each check gets a fresh store.

use super::{append, header, log, plain, record};
use faxun::store::*;

pub async fn a_new_log_is_empty(store: &dyn Store) {
    let a = log("conv/a");
    assert_eq!(store.last(&a).await.unwrap(), None);
    assert!(store.after(&a, 0, 10).await.unwrap().is_empty());
    assert!(store.before(&a, u64::MAX, 10).await.unwrap().is_empty());
    assert!(store.logs("", None, 10).await.unwrap().is_empty());
    assert_eq!(store.erase(&a).await.unwrap(), Erased::Absent);
    assert_eq!(store.health(), Health::Ok);
    append(
        store,
        &a,
        Revision::START,
        record(1, "after an erasure of nothing"),
    )
    .await;
}

pub async fn what_was_appended_is_read_back(store: &dyn Store) {
    let (a, ab) = (log("conv/a"), log("conv/a-b"));
    let one = append(store, &a, Revision::START, record(2, "一")).await;
    append(store, &ab, Revision::START, record(1, "another log")).await;
    let two = append(store, &a, one, record(3, "")).await;
    let (last, revision) = store.last(&a).await.unwrap().unwrap();
    assert_eq!(plain(&[last]), [(2, 3, String::new())]);
    assert_eq!(revision, two);
    let all = store.after(&a, 0, 10).await.unwrap();
    assert_eq!(plain(&all), [(1, 2, "一".into()), (2, 3, String::new())]);
}

pub async fn an_append_needs_the_last_revision(store: &dyn Store) {
    let (a, b) = (log("conv/a"), log("conv/b"));
    let one = append(store, &a, Revision::START, record(1, "1")).await;
    let again = store.append(&a, Revision::START, record(1, "other")).await;
    assert_eq!(again.unwrap(), Appended::Conflict);
    let two = append(store, &a, one, record(2, "2")).await;
    assert_eq!(
        store.append(&a, one, record(2, "late")).await.unwrap(),
        Appended::Conflict
    );
    assert_eq!(
        store.append(&b, two, record(9, "ahead")).await.unwrap(),
        Appended::Conflict
    );
    assert_eq!(store.last(&b).await.unwrap(), None);
    assert_eq!(
        plain(&store.after(&a, 0, 9).await.unwrap()),
        [(1, 1, "1".into()), (2, 2, "2".into())]
    );
}

pub async fn of_racing_appends_one_wins(store: &dyn Store) {
    let a = log("conv/a");
    let mut at = Revision::START;
    for turn in 1..=20 {
        let racers = (0..8).map(|racer| store.append(&a, at, record(turn, &racer.to_string())));
        let results = futures_util::future::join_all(racers).await;
        let mut winners = Vec::new();
        for (racer, result) in results.into_iter().enumerate() {
            match result.unwrap() {
                Appended::Done(next) => winners.push((racer, next)),
                lost => assert_eq!(lost, Appended::Conflict),
            }
        }
        let [(winner, next)] = winners[..] else {
            panic!("{winners:?} won turn {turn}")
        };
        let (last, revision) = store.last(&a).await.unwrap().unwrap();
        assert_eq!(plain(&[last]), [(turn, turn, winner.to_string())]);
        assert_eq!(revision, next);
        at = next;
    }
}

pub async fn history_is_paged_both_ways(store: &dyn Store) {
    let a = log("conv/a");
    let mut at = Revision::START;
    // Turn n holds messages 2n-1 and 2n.
    for turn in 1..=6 {
        at = append(store, &a, at, record(turn * 2, "x")).await;
    }
    let turns = |records: Vec<Record>| records.iter().map(|r| r.turn).collect::<Vec<_>>();
    let after = |seq, limit| store.after(&a, seq, limit);
    assert_eq!(turns(after(0, 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(turns(after(3, 9).await.unwrap()), [2, 3, 4, 5, 6]);
    assert_eq!(turns(after(4, 2).await.unwrap()), [3, 4]);
    assert_eq!(turns(after(12, 9).await.unwrap()), [0; 0]);
    assert_eq!(turns(after(u64::MAX, 9).await.unwrap()), [0; 0]);
    let before = |seq, limit| store.before(&a, seq, limit);
    assert_eq!(turns(before(u64::MAX, 2).await.unwrap()), [5, 6]);
    assert_eq!(turns(before(13, 99).await.unwrap()), [1, 2, 3, 4, 5, 6]);
    // Message 7 is the first of turn 4, so nothing of turn 4 lies before it; message 8 is its second.
    assert_eq!(turns(before(7, 2).await.unwrap()), [2, 3]);
    assert_eq!(turns(before(8, 2).await.unwrap()), [3, 4]);
    assert_eq!(turns(before(2, 9).await.unwrap()), [1]);
    assert_eq!(turns(before(1, 9).await.unwrap()), [0; 0]);
    assert_eq!(turns(before(0, 9).await.unwrap()), [0; 0]);
    assert_eq!(turns(before(9, 0).await.unwrap()), [0; 0]);
    assert_eq!(turns(after(0, 0).await.unwrap()), [0; 0]);
}

pub async fn turns_without_messages_are_kept(store: &dyn Store) {
    let a = log("conv/a");
    let mut at = Revision::START;
    for last_seq in [0, 2, 2, 2, 4] {
        at = append(store, &a, at, record(last_seq, "x")).await;
    }
    let turns = |records: Vec<Record>| records.iter().map(|r| r.turn).collect::<Vec<_>>();
    assert_eq!(turns(store.after(&a, 0, 9).await.unwrap()), [2, 3, 4, 5]);
    assert_eq!(turns(store.after(&a, 2, 9).await.unwrap()), [5]);
    assert_eq!(turns(store.before(&a, 3, 2).await.unwrap()), [3, 4]);
    assert_eq!(turns(store.before(&a, 4, 2).await.unwrap()), [4, 5]);
    assert_eq!(turns(store.before(&a, 2, 9).await.unwrap()), [1, 2]);
    assert_eq!(store.last(&a).await.unwrap().unwrap().0.turn, 5);
}

pub async fn seq_never_goes_back(store: &dyn Store) {
    let a = log("conv/a");
    let one = append(store, &a, Revision::START, record(5, "x")).await;
    assert_eq!(
        store.append(&a, one, record(4, "x")).await,
        Err(StoreError::SeqBackwards)
    );
    append(store, &a, one, record(5, "x")).await;
}

pub async fn the_open_index_follows_the_header(store: &dyn Store) {
    let (a, b) = (log("conv/a"), log("conv/b"));
    let with = |header: Header| NewRecord {
        header: Some(header),
        ..record(1, "x")
    };
    let mut at = append(store, &a, Revision::START, record(1, "bot")).await;
    append(store, &b, Revision::START, with(header(1))).await;
    assert_eq!(store.open().await.unwrap(), [(b.clone(), header(1))]);

    let taken = Header {
        consultant: Some("li".into()),
        owner: OwnerTag::Consultant,
        ..header(1)
    };
    at = append(store, &a, at, with(header(1))).await;
    at = append(store, &a, at, with(taken.clone())).await;
    let open = store.open().await.unwrap();
    assert_eq!(open, [(a.clone(), taken), (b.clone(), header(1))]);

    // Refused appends change no index.
    let late = store.append(&a, Revision::START, record(1, "late")).await;
    assert_eq!(late.unwrap(), Appended::Conflict);
    assert_eq!(store.open().await.unwrap().len(), 2);

    let parked = Header {
        open: false,
        next_due_ms: Some(50),
        ..header(1)
    };
    at = append(store, &a, at, with(parked)).await;
    assert_eq!(store.open().await.unwrap(), [(b, header(1))]);
    assert_eq!(store.due(50, 9).await.unwrap(), [(50, a.clone())]);
    append(store, &a, at, record(1, "bot again")).await;
    assert!(store.due(i64::MAX, 9).await.unwrap().is_empty());
}

pub async fn due_is_ordered_and_limited(store: &dyn Store) {
    for (id, due_ms) in [
        ("conv/a", 30),
        ("conv/b", -5),
        ("conv/c", 20),
        ("conv/d", 20),
    ] {
        let header = Header {
            next_due_ms: Some(due_ms),
            ..header(1)
        };
        let new = NewRecord {
            header: Some(header),
            ..record(1, "x")
        };
        append(store, &log(id), Revision::START, new).await;
    }
    let due = |until_ms, limit| store.due(until_ms, limit);
    let [a, b, c, d] = ["conv/a", "conv/b", "conv/c", "conv/d"].map(log);
    let first = [(-5, b.clone()), (20, c.clone()), (20, d.clone())];
    assert_eq!(due(29, 9).await.unwrap(), first);
    assert_eq!(due(30, 2).await.unwrap(), first[..2]);
    assert!(due(-6, 9).await.unwrap().is_empty());
    let moved = Header {
        next_due_ms: Some(10),
        ..header(1)
    };
    let at = store.last(&a).await.unwrap().unwrap().1;
    append(
        store,
        &a,
        at,
        NewRecord {
            header: Some(moved),
            ..record(1, "x")
        },
    )
    .await;
    store.erase(&c).await.unwrap();
    assert_eq!(due(i64::MAX, 9).await.unwrap(), [(-5, b), (10, a), (20, d)]);
}

pub async fn erasing_leaves_a_tombstone(store: &dyn Store) {
    let (a, b) = (log("conv/a"), log("conv/b"));
    let new = NewRecord {
        header: Some(header(1)),
        ..record(1, "秘密")
    };
    let at = append(store, &a, Revision::START, new).await;
    append(store, &a, at, record(2, "more")).await;
    append(store, &b, Revision::START, record(1, "stays")).await;
    assert_eq!(store.erase(&a).await.unwrap(), Erased::Done);
    assert_eq!(store.last(&a).await, Err(StoreError::Gone));
    assert_eq!(store.after(&a, 0, 9).await, Err(StoreError::Gone));
    assert_eq!(store.before(&a, 9, 9).await, Err(StoreError::Gone));
    let again = [Revision::START, at];
    for at in again {
        assert_eq!(
            store.append(&a, at, record(3, "back")).await.unwrap(),
            Appended::Gone
        );
    }
    assert_eq!(store.erase(&a).await.unwrap(), Erased::Already);
    assert!(store.open().await.unwrap().is_empty());
    assert_eq!(
        store.logs("", None, 9).await.unwrap(),
        std::slice::from_ref(&b)
    );
    assert_eq!(
        plain(&store.after(&b, 0, 9).await.unwrap()),
        [(1, 1, "stays".into())]
    );
}

pub async fn rotating_keeps_everything_readable(store: &dyn Store) {
    let ids: Vec<LogId> = (0..5).map(|n| log(&format!("conv/{n}"))).collect();
    let mut at = Vec::new();
    for id in &ids {
        at.push(append(store, id, Revision::START, record(1, id.as_str())).await);
    }
    store.erase(&ids[0]).await.unwrap();
    let first = store.rotate().await.unwrap();
    let second = store.rotate().await.unwrap();
    assert_eq!((first.keys, second.keys), (4, 4));
    assert_eq!(second.generation, first.generation + 1);
    for (id, at) in ids.iter().zip(at).skip(1) {
        append(store, id, at, record(2, "after")).await;
        let records = store.after(id, 0, 9).await.unwrap();
        assert_eq!(
            plain(&records),
            [(1, 1, id.to_string()), (2, 2, "after".into())]
        );
    }
    assert_eq!(store.last(&ids[0]).await, Err(StoreError::Gone));
}

pub async fn rotating_while_appending_loses_nothing(store: &dyn Store) {
    let write = async {
        for n in 0..200 {
            let id = log(&format!("conv/{n}"));
            let at = append(store, &id, Revision::START, record(1, "first")).await;
            append(store, &id, at, record(2, "second")).await;
        }
    };
    let rotate = async {
        for _ in 0..10 {
            store.rotate().await.unwrap();
        }
    };
    futures_util::future::join(write, rotate).await;
    store.rotate().await.unwrap();
    for n in 0..200 {
        let records = store.after(&log(&format!("conv/{n}")), 0, 9).await.unwrap();
        assert_eq!(
            plain(&records),
            [(1, 1, "first".into()), (2, 2, "second".into())]
        );
    }
}

pub async fn logs_are_listed_by_prefix(store: &dyn Store) {
    for id in ["conv/b", "staff", "conv/a", "conv/c", "con", "ticket/1"] {
        append(store, &log(id), Revision::START, record(1, "x")).await;
    }
    store.erase(&log("conv/b")).await.unwrap();
    let list = |prefix: &'static str, after: Option<&'static str>, limit| async move {
        store.logs(prefix, after.map(log).as_ref(), limit).await
    };
    assert_eq!(
        list("conv/", None, 9).await.unwrap(),
        [log("conv/a"), log("conv/c")]
    );
    assert_eq!(list("conv/", None, 1).await.unwrap(), [log("conv/a")]);
    assert_eq!(
        list("conv/", Some("conv/a"), 9).await.unwrap(),
        [log("conv/c")]
    );
    assert_eq!(
        list("conv/", Some("con"), 1).await.unwrap(),
        [log("conv/a")]
    );
    assert!(list("conv/", Some("staff"), 9).await.unwrap().is_empty());
    assert_eq!(list("", None, 99).await.unwrap().len(), 5);
    assert!(list("", None, 0).await.unwrap().is_empty());
}

pub async fn what_is_too_large_is_refused(store: &dyn Store) {
    let a = log(&"x".repeat(LOG_ID_BYTES_MAX));
    let body = |bytes| NewRecord {
        last_seq: 1,
        body: vec![7; bytes],
        header: None,
    };
    let too_large = store
        .append(&a, Revision::START, body(RECORD_BYTES_MAX + 1))
        .await;
    assert_eq!(too_large, Err(StoreError::TooLarge));
    let mut at = Revision::START;
    // Enough of the largest to fill pages of every kind.
    for turn in 1..=40 {
        at = append(
            store,
            &a,
            at,
            NewRecord {
                last_seq: turn,
                ..body(RECORD_BYTES_MAX)
            },
        )
        .await;
    }
    let records = store.after(&a, 0, 99).await.unwrap();
    assert_eq!(records.len(), 40);
    assert!(
        records
            .iter()
            .all(|r| r.body == body(RECORD_BYTES_MAX).body)
    );
    let long = Header {
        reason: "r".repeat(HEADER_BYTES_MAX),
        ..header(1)
    };
    let new = NewRecord {
        header: Some(long),
        ..record(41, "x")
    };
    assert_eq!(store.append(&a, at, new).await, Err(StoreError::TooLarge));
}

pub async fn a_closed_store_takes_no_appends(store: &dyn Store) {
    let a = log("conv/a");
    let at = append(store, &a, Revision::START, record(1, "x")).await;
    store.close().await.unwrap();
    let refused = |r| matches!(r, Err(StoreError::Unavailable(_)));
    assert!(refused(
        store.append(&a, at, record(2, "y")).await.map(|_| ())
    ));
    assert!(refused(store.erase(&a).await.map(|_| ())));
    assert!(refused(store.rotate().await.map(|_| ())));
    assert!(matches!(store.health(), Health::Failed(_)));
    assert_eq!(
        plain(&store.after(&a, 0, 9).await.unwrap()),
        [(1, 1, "x".into())]
    );
    store.close().await.unwrap();
}
