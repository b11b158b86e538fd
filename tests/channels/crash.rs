//! kill -9 again and again: each acknowledged message is handled once, and answered.

use crate::driver::{say, text_xml};
use crate::setup::{SEND, Setup, settled};
use crate::support::rounds;
use std::collections::HashSet;
use std::time::Duration;

/// Accounts that write while the server is killed again and again.
const ACCOUNTS: usize = 24;

const KILLS: u32 = 5;

/// Posts until the platform would stop: an answer with 200. Gives the acknowledged texts.
async fn writer(
    address: String,
    account: usize,
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
) -> Vec<String> {
    let mut acked = Vec::new();
    let mut number = 0;
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        number += 1;
        let text = format!("你好{}", "！".repeat(number % 5));
        let xml = text_xml(
            &format!("o{account}"),
            &format!("{account}00{number}"),
            &text,
        );
        while !matches!(say(&address, "mini", &xml).await, Some((200, _))) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        acked.push(text);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..30))).await;
    }
    acked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9_are_handled_once_and_answered() {
    let setup = Setup::new().await;
    let mut server = setup.start();
    let address = server.address.clone();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..ACCOUNTS)
        .map(|account| {
            tokio::spawn(writer(
                address.clone(),
                account,
                std::sync::Arc::clone(&stop),
            ))
        })
        .collect();
    for _ in 0..rounds(KILLS) {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(150..900))).await;
        server.kill();
        server = setup.start_at(&address);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut acked = Vec::new();
    for writer in writers {
        acked.push(writer.await.expect("ends"));
    }
    settled(&server).await;
    server.terminate();
    assert_eq!(setup.undelivered().await, 0);
    let conversations = setup.conversations().await;
    assert_eq!(conversations.len(), ACCOUNTS);
    let total: usize = acked.iter().map(Vec::len).sum();
    println!("{total} acknowledged messages over {} kills", rounds(KILLS));
    for (said, others) in &conversations {
        assert!(*others >= said.len(), "each was answered");
    }
    let mut said: Vec<_> = conversations.into_iter().map(|(said, _)| said).collect();
    said.sort();
    acked.sort();
    assert_eq!(said, acked, "each once, in order");
    let reached: HashSet<String> = setup
        .platform
        .taken(SEND)
        .iter()
        .map(|c| c.body["touser"].to_string())
        .collect();
    assert_eq!(reached.len(), ACCOUNTS);
}
