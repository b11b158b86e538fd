//! What a desk is shown of the board, as frames.

use super::App;
use crate::engine::board;
use crate::people::staff::Account;
use crate::store::Header;
use crate::wire::{Colleague, DeskServerFrame, InvitationItem, QueueItem};

/// Colleagues named at once.
const COLLEAGUES_MAX: usize = 200;

/// Who waits, whom one is asked to take, and whom one has.
pub fn queue(app: &App, account: &Account, now_ms: i64) -> DeskServerFrame {
    let view = app.engine.board.view(&account.staff);
    let item = |(conversation, header): (String, Header)| {
        let delivery = app.channels.delivery(&conversation);
        item(conversation, header, delivery.map(|d| d.label))
    };
    let items = |list: Vec<(String, Header)>| list.into_iter().map(item).collect();
    let left = |until_ms: i64| u32::try_from(until_ms - now_ms).ok().filter(|ms| *ms > 0);
    let invitations = view.invitations.into_iter();
    let invitations = invitations.filter_map(|(conversation, header, until_ms)| {
        Some(InvitationItem {
            left_ms: left(until_ms)?,
            item: item((conversation, header)),
        })
    });
    DeskServerFrame::Queue {
        invitations: invitations.collect(),
        waiting: items(view.waiting),
        waiting_total: u32::try_from(view.waiting_total).unwrap_or(u32::MAX),
        mine: items(view.mine),
        resting: view.resting,
    }
}

/// Who else is on duty.
pub fn colleagues(app: &App, account: &Account) -> DeskServerFrame {
    let accounts = app.accounts.load();
    let on_duty = app.engine.board.colleagues(&account.staff, COLLEAGUES_MAX);
    let colleagues = on_duty.into_iter().filter_map(|c| {
        let account = accounts.get(&c.staff)?;
        Some(Colleague {
            name: account.name.clone(),
            role: account.role,
            staff: c.staff,
            skills: c.skills,
            free: c.free,
        })
    });
    DeskServerFrame::Colleagues {
        colleagues: colleagues.collect(),
    }
}

fn item(conversation: String, header: Header, channel: Option<String>) -> QueueItem {
    QueueItem {
        conversation,
        since_ms: header.waiting_since_ms,
        urgent: header.urgent,
        reason: board::reason(&header),
        area: header.area,
        last_seq: header.last_seq,
        lawyer_only: header.lawyer_only,
        channel,
    }
}
