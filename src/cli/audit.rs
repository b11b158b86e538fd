//! `faxun audit`.

use super::AuditCommand;
use super::open::{self, Open};
use faxun::people::audit;
use faxun::store::Store as _;

/// False when the chain is broken, or does not hold the head that was noted.
pub fn audit(open: &Open, command: AuditCommand) -> anyhow::Result<bool> {
    let AuditCommand::Verify { head } = command;
    let store = open::store(&open.settings()?)?;
    Open::runtime()?.block_on(async {
        let chain = audit::chain(&store, head.as_deref()).await?;
        store.close().await?;
        match chain.broken {
            Some(line) => println!(
                "line {line} of {} does not follow from the one before",
                chain.lines
            ),
            None => println!(
                "{} lines, each follows from the one before; head {}",
                chain.lines, chain.head
            ),
        }
        if !chain.known {
            println!("no line has the noted hash: lines at the end were cut off or replaced");
        }
        Ok(chain.broken.is_none() && chain.known)
    })
}
