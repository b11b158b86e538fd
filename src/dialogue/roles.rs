//! Who may do what. One table; nothing else decides by role.

use super::nouns::StaffRole;

/// What staff do at the desk. Managing accounts, keys and data belongs to the operator's command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Take conversations and answer in them.
    Serve,
    /// Read and answer where somebody spoke of a crime of his own.
    HearConfession,
    /// See the list of tickets, answer and close one's own and those of nobody.
    Tickets,
    /// Give tickets to others, answer and close anybody's.
    Assign,
    /// See what messaging platforms did not take, and send it again. It holds no text.
    Outbox,
    /// Go through sampled and dissatisfied tickets.
    Review,
}

/// Whether a role may do something. The table of `docs/operating.md`. Editors and approvers
/// work on files: at the desk they may sign in, no more. Admins work at the command line and see what was not delivered.
pub fn may(role: StaffRole, act: Act) -> bool {
    use StaffRole::{Admin, Consultant, Lawyer, Supervisor};
    match act {
        Act::Serve => matches!(role, Consultant | Lawyer),
        // 律师 only: not even a supervisor reads a confession.
        Act::HearConfession => matches!(role, Lawyer),
        Act::Tickets => matches!(role, Consultant | Lawyer | Supervisor),
        Act::Outbox => matches!(role, Consultant | Lawyer | Supervisor | Admin),
        Act::Assign | Act::Review => matches!(role, Supervisor),
    }
}
