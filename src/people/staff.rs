//! Accounts of staff: an append log of changes, read into memory.

use super::{PeopleError, append, read_all};
use crate::dialogue::desk::fit::Profile;
use crate::dialogue::nouns::{Millis, StaffRole};
use crate::store::Store;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const LOG: &str = "staff";
/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, in bytes: hashing must not become a way to keep the server busy.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Longest account name, in bytes.
const NAME_BYTES_MAX: usize = 40;

/// One change of the accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Change {
    Added {
        at_ms: Millis,
        account: Box<Account>,
    },
    Removed {
        at_ms: Millis,
        staff: String,
    },
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Sign-in name.
    pub staff: String,
    /// What citizens are shown.
    pub name: String,
    pub role: StaffRole,
    /// Licence number of a lawyer (律师法 13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What routing may know of him.
    #[serde(default)]
    pub profile: Profile,
    /// Argon2id, PHC string format.
    pub password_hash: String,
    /// Secret of the second factor (see [`super::totp`]), base 32; without it the password is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<String>,
}

/// The accounts by sign-in name.
#[derive(Debug, Clone, Default)]
pub struct Accounts(BTreeMap<String, Account>);

impl Accounts {
    pub async fn load(store: &dyn Store) -> Result<Accounts, PeopleError> {
        let mut accounts = BTreeMap::new();
        for change in read_all::<Change>(store, LOG).await? {
            match change {
                Change::Added { account, .. } => {
                    accounts.insert(account.staff.clone(), *account);
                }
                Change::Removed { staff, .. } => {
                    accounts.remove(&staff);
                }
            }
        }
        Ok(Accounts(accounts))
    }

    pub fn get(&self, staff: &str) -> Option<&Account> {
        self.0.get(staff)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.0.values()
    }

    /// The account of a name and password. Slow on purpose (some 20 ms): call it off the async workers.
    pub fn sign_in(&self, staff: &str, password: &str) -> Option<&Account> {
        let account = self.get(staff);
        // An unknown name costs as much as a wrong password, so that names cannot be probed.
        let hash = account.map_or(NOBODY, |a| a.password_hash.as_str());
        let hash = PasswordHash::new(hash).ok()?;
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .ok()?;
        account
    }
}

/// A hash with the default costs that belongs to no password anyone knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$3ZQ0S7mUqYJ6tq0mV1m8w0pJ3u3l0m1q5m7m0h6f1yA";

/// Adds or replaces an account. Refuses weak passwords and lawyers without a licence number.
pub async fn add(
    store: &dyn Store,
    staff: &str,
    name: &str,
    role: StaffRole,
    licence: Option<String>,
    password: &str,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    let invalid = |why: String| Err(PeopleError::Invalid(why));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if staff.is_empty() || staff.len() > NAME_BYTES_MAX || !staff.chars().all(plain) {
        return invalid(format!(
            "the sign-in name is 1 to {NAME_BYTES_MAX} of a-z, 0-9, dot, dash, underscore"
        ));
    }
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
        return invalid(format!("the shown name is 1 to {NAME_BYTES_MAX} bytes"));
    }
    if role == StaffRole::Lawyer && licence.as_deref().is_none_or(|l| l.trim().is_empty()) {
        return invalid("a lawyer is shown as 律师 only with a checked licence number (律师法 13): give --licence NUMBER".into());
    }
    let password_hash = hash(password)?;
    // A new password by the operator does not take the second factor away: `totp_off` does.
    let before = Accounts::load(store).await?;
    let account = Account {
        staff: staff.to_owned(),
        name: name.to_owned(),
        role,
        licence,
        profile: Profile::default(),
        password_hash,
        totp: before.get(staff).and_then(|a| a.totp.clone()),
    };
    put(store, account, at_ms).await
}

async fn put(store: &dyn Store, account: Account, at_ms: Millis) -> Result<(), PeopleError> {
    append(store, LOG, |_| Change::Added {
        at_ms,
        account: Box::new(account.clone()),
    })
    .await
}

/// Most skills, regions, languages and conflicts of an account, each.
const LIST_MAX: usize = 200;
/// Longest item of such a list, in bytes.
const ITEM_BYTES_MAX: usize = 120;
/// Most conversations at once that an account may declare.
const CAPACITY_MAX: u32 = 50;

/// Changes what routing may know of an account. Its sign-ins stay.
pub async fn set_profile(
    store: &dyn Store,
    staff: &str,
    profile: Profile,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    check_profile(&profile).map_err(PeopleError::Invalid)?;
    change(store, staff, at_ms, |a| a.profile = profile).await
}

fn check_profile(profile: &Profile) -> Result<(), String> {
    let lists = [
        ("skills", &profile.skills),
        ("regions", &profile.regions),
        ("languages", &profile.languages),
        ("conflicts", &profile.conflicts),
    ];
    for (name, list) in lists {
        let bad = |item: &&String| item.trim().is_empty() || item.len() > ITEM_BYTES_MAX;
        if list.len() > LIST_MAX || list.iter().any(|item| bad(&item)) {
            return Err(format!(
                "{name}: at most {LIST_MAX}, each of 1 to {ITEM_BYTES_MAX} bytes"
            ));
        }
    }
    let code = |r: &String| matches!(r.len(), 2 | 4 | 6) && r.bytes().all(|b| b.is_ascii_digit());
    if let Some(region) = profile.regions.iter().find(|r| !code(r)) {
        return Err(format!(
            "region {region}: 2, 4 or 6 digits of GB/T 2260 (37 山东, 3702 青岛, 370202 市南区)"
        ));
    }
    if profile
        .capacity
        .is_some_and(|n| !(1..=CAPACITY_MAX).contains(&n))
    {
        return Err(format!("the capacity is 1 to {CAPACITY_MAX} conversations"));
    }
    Ok(())
}

/// Slow on purpose.
fn hash(password: &str) -> Result<String, PeopleError> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(PeopleError::Invalid(format!(
            "the password has {PASSWORD_CHARS_MIN} characters or more (and {PASSWORD_BYTES_MAX} bytes or less)"
        )));
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(PeopleError::Hash)?.to_string())
}

async fn change(
    store: &dyn Store,
    staff: &str,
    at_ms: Millis,
    change: impl FnOnce(&mut Account),
) -> Result<(), PeopleError> {
    let accounts = Accounts::load(store).await?;
    let Some(mut account) = accounts.get(staff).cloned() else {
        return Err(PeopleError::Invalid(format!("there is no account {staff}")));
    };
    change(&mut account);
    put(store, account, at_ms).await
}

/// Sets another password; every sign-in with the old one ends.
pub async fn set_password(
    store: &dyn Store,
    staff: &str,
    password: &str,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    let password_hash = hash(password)?;
    change(store, staff, at_ms, |a| a.password_hash = password_hash).await
}

/// Sets the secret of the second factor, or takes it away.
pub async fn set_totp(
    store: &dyn Store,
    staff: &str,
    secret: Option<String>,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    change(store, staff, at_ms, |a| a.totp = secret).await
}

/// Removes an account; its open sign-ins end.
pub async fn remove(store: &dyn Store, staff: &str, at_ms: Millis) -> Result<(), PeopleError> {
    if Accounts::load(store).await?.get(staff).is_none() {
        return Err(PeopleError::Invalid(format!("there is no account {staff}")));
    }
    let staff = staff.to_owned();
    append(store, LOG, |_| Change::Removed {
        at_ms,
        staff: staff.clone(),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::super::{audit, session::Sessions};
    use super::*;
    use crate::store::memory::MemoryStore;

    const LICENCE: Option<&str> = Some("made-up 1");

    async fn with_li() -> MemoryStore {
        let store = MemoryStore::default();
        let role = StaffRole::Lawyer;
        add(
            &store,
            "li",
            "李律师",
            role,
            LICENCE.map(str::to_owned),
            "correct horse",
            0,
        )
        .await
        .unwrap();
        store
    }

    #[tokio::test]
    async fn accounts_come_and_go_and_sign_in_wants_the_password() {
        let store = with_li().await;
        let accounts = Accounts::load(&store).await.unwrap();
        assert_eq!(
            accounts.sign_in("li", "correct horse").unwrap().name,
            "李律师"
        );
        assert!(accounts.sign_in("li", "wrong horse").is_none());
        assert!(accounts.sign_in("wang", "correct horse").is_none());
        remove(&store, "li", 1).await.unwrap();
        assert!(Accounts::load(&store).await.unwrap().get("li").is_none());
        assert!(remove(&store, "li", 2).await.is_err());
    }

    #[tokio::test]
    async fn bad_accounts_are_refused() {
        let store = MemoryStore::default();
        let role = StaffRole::Consultant;
        for (staff, name, password) in [
            ("", "x", "correct horse"),
            ("Li Si", "x", "correct horse"),
            ("li", " ", "correct horse"),
            ("li", "x", "short"),
        ] {
            assert!(
                add(&store, staff, name, role, None, password, 0)
                    .await
                    .is_err()
            );
        }
    }

    #[tokio::test]
    async fn a_session_ends_with_its_time_its_password_or_its_account() {
        let store = with_li().await;
        let sessions = Sessions::new(b"key");
        let accounts = Accounts::load(&store).await.unwrap();
        let value = sessions.sign(accounts.get("li").unwrap(), 100);
        assert!(sessions.check(&accounts, &value, 99).is_some());
        assert!(sessions.check(&accounts, &value, 100).is_none());
        assert!(
            Sessions::new(b"other")
                .check(&accounts, &value, 99)
                .is_none()
        );
        let longer = value.replace(":100:", ":200:");
        assert!(sessions.check(&accounts, &longer, 99).is_none());
        add(
            &store,
            "li",
            "李律师",
            StaffRole::Lawyer,
            LICENCE.map(str::to_owned),
            "another horse",
            1,
        )
        .await
        .unwrap();
        let changed = Accounts::load(&store).await.unwrap();
        assert!(sessions.check(&changed, &value, 99).is_none());
    }

    #[tokio::test]
    async fn the_audit_chain_notices_a_change() {
        let lines = |count: usize| async move {
            let store = MemoryStore::default();
            for n in 0..count {
                let subject = format!("c{n}");
                audit::record(&store, "li", audit::Action::Taken, &subject, n as i64)
                    .await
                    .unwrap();
            }
            store
        };
        let store = lines(5).await;
        let whole = audit::chain(&store, None).await.unwrap();
        assert_eq!((whole.lines, whole.broken, whole.known), (5, None, true));
        let early = audit::chain(&lines(3).await, None).await.unwrap().head;
        assert!(audit::chain(&store, Some(&early)).await.unwrap().known);
        let cut = audit::chain(&lines(3).await, Some(&whole.head))
            .await
            .unwrap();
        assert!(
            !cut.known && cut.broken.is_none(),
            "a cut at the end shows by the noted head only"
        );
        // The third line replaced by another of the same form.
        let id = super::super::log_id("audit");
        let forged = MemoryStore::default();
        let mut revision = crate::store::Revision::START;
        for record in store.after(&id, 0, 9).await.unwrap() {
            let mut body = String::from_utf8(record.body).unwrap();
            if record.turn == 3 {
                body = body.replace("c2", "c9");
            }
            let record = crate::store::NewRecord {
                last_seq: record.last_seq,
                body: body.into_bytes(),
                header: None,
            };
            let appended = forged.append(&id, revision, record).await.unwrap();
            let crate::store::Appended::Done(next) = appended else {
                panic!("{appended:?}");
            };
            revision = next;
        }
        assert_eq!(audit::chain(&forged, None).await.unwrap().broken, Some(4));
    }

    #[tokio::test]
    async fn a_password_is_changed_and_the_second_factor_stays() {
        let store = with_li().await;
        set_totp(&store, "li", Some("SECRET".into()), 1)
            .await
            .unwrap();
        set_password(&store, "li", "another horse", 2)
            .await
            .unwrap();
        assert!(set_password(&store, "li", "short", 3).await.is_err());
        assert!(
            set_password(&store, "wang", "another horse", 3)
                .await
                .is_err()
        );
        let accounts = Accounts::load(&store).await.unwrap();
        assert!(accounts.sign_in("li", "correct horse").is_none());
        let li = accounts.sign_in("li", "another horse").unwrap();
        assert_eq!(li.totp.as_deref(), Some("SECRET"));
        let licence = LICENCE.map(str::to_owned);
        add(
            &store,
            "li",
            "李律师",
            StaffRole::Lawyer,
            licence,
            "a third horse",
            4,
        )
        .await
        .unwrap();
        let accounts = Accounts::load(&store).await.unwrap();
        assert!(accounts.get("li").unwrap().totp.is_some());
        set_totp(&store, "li", None, 5).await.unwrap();
        assert!(
            Accounts::load(&store)
                .await
                .unwrap()
                .get("li")
                .unwrap()
                .totp
                .is_none()
        );
    }
}
