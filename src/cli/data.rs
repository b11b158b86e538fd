//! `faxun data`.

use super::DataCommand;
use super::open::{self, Open};
use anyhow::Context as _;
use faxun::dialogue::turn::Turn;
use faxun::people::audit::{self, Action};
use faxun::people::{holds, retention};
use faxun::store::Store as _;
use std::io::Write as _;

/// Records read at once.
const RECORDS: usize = 256;

pub fn data(open: &Open, command: DataCommand) -> anyhow::Result<()> {
    let config = open.settings()?;
    let store = open::store(&config)?;
    let now_ms = faxun::clock::now_ms();
    Open::runtime()?.block_on(async {
        match command {
            DataCommand::Export {
                conversation,
                reveal,
            } => {
                export(&store, &conversation, reveal).await?;
                audit::record(&store, "", Action::Exported, &conversation, now_ms).await?;
            }
            DataCommand::Erase { conversation } => {
                let log = log(&conversation)?;
                if let Some(reason) = holds::held(&store).await?.get(&conversation) {
                    anyhow::bail!("{conversation} is held by law ({reason}): `faxun data release` first");
                }
                let erased = store.erase(&log).await?;
                faxun::channels::slots::erase_route(&store, &conversation).await?;
                audit::record(&store, "", Action::Erased, &conversation, now_ms).await?;
                println!(
                    "{conversation}: {erased:?}. Old bytes stay on the disk, unreadable without their key; the \
                     erasure is final after `faxun data rotate`."
                );
            }
            DataCommand::Retain { dry_run } => {
                let terms = retention(&config);
                anyhow::ensure!(terms.any(), "every retention.* setting is 0: nothing ever expires");
                let expired = retention::expired(&store, &terms, now_ms).await?;
                for conversation in &expired {
                    if !dry_run {
                        store.erase(&log(conversation)?).await?;
                        audit::record(&store, "", Action::Expired, conversation, now_ms).await?;
                    }
                    println!("{conversation}");
                }
                let done = if dry_run { "would be erased" } else { "erased" };
                eprintln!("{} {done}; final after `faxun data rotate`", expired.len());
            }
            DataCommand::Hold { conversation, reason } => {
                log(&conversation)?;
                holds::hold(&store, &conversation, &reason, now_ms).await?;
                audit::record(&store, "", Action::Held, &conversation, now_ms).await?;
                println!("{conversation} is held");
            }
            DataCommand::Release { conversation } => {
                holds::release(&store, &conversation, now_ms).await?;
                audit::record(&store, "", Action::Released, &conversation, now_ms).await?;
                println!("{conversation} is held no more");
            }
            DataCommand::Holds => {
                for (conversation, reason) in holds::held(&store).await? {
                    println!("{conversation}\t{reason}");
                }
            }
            DataCommand::Rotate => {
                let rotated = store.rotate().await?;
                audit::record(&store, "", Action::KeysRotated, "", now_ms).await?;
                println!(
                    "{} keys wrapped anew under generation {}; the old master key is destroyed. Backups of it \
                     must be destroyed too.",
                    rotated.keys, rotated.generation
                );
            }
        }
        store.close().await?;
        Ok(())
    })
}

/// The terms of the settings.
pub fn retention(config: &faxun::config::Config) -> retention::Terms {
    retention::Terms {
        bot_days: config.retention.bot_days,
        consulted_days: config.retention.consulted_days,
        grave_days: config.retention.grave_days,
    }
}

fn log(conversation: &str) -> anyhow::Result<faxun::store::LogId> {
    faxun::engine::log_of(conversation)
        .with_context(|| format!("{conversation} is no conversation id"))
}

async fn export(
    store: &faxun::store::sled::SledStore,
    conversation: &str,
    reveal: bool,
) -> anyhow::Result<()> {
    let log = log(conversation)?;
    let mut out = std::io::stdout().lock();
    let mut after = 0;
    loop {
        let records = store.after(&log, after, RECORDS).await?;
        let Some(last) = records.last() else {
            anyhow::ensure!(after > 0, "{conversation} holds no messages");
            return Ok(());
        };
        after = last.last_seq;
        for record in &records {
            for message in Turn::from_bytes(&record.body)?.messages {
                let line = serde_json::to_string(&message)?;
                let line = if reveal {
                    line
                } else {
                    faxun::reading::mask::mask(&line)
                };
                writeln!(out, "{line}")?;
            }
        }
    }
}
