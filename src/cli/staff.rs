//! `faxun staff`.

use super::open::{self, Open};
use super::{ProfileArgs, Role, StaffCommand};
use anyhow::Context as _;
use faxun::dialogue::desk::fit::Profile;
use faxun::dialogue::nouns::StaffRole;
use faxun::people::audit::{self, Action};
use faxun::people::staff::{self, Accounts};
use faxun::store::Store as _;
use std::io::BufRead as _;

pub fn staff(open: &Open, command: StaffCommand) -> anyhow::Result<()> {
    let config = open.settings()?;
    let store = open::store(&config)?;
    let now_ms = faxun::clock::now_ms();
    Open::runtime()?.block_on(async {
        match command {
            StaffCommand::Add {
                staff,
                name,
                role,
                licence,
                password_stdin,
                profile,
            } => {
                let role = role_of(role);
                let password = password(password_stdin)?;
                let name = name.unwrap_or_else(|| staff.clone());
                staff::add(&store, &staff, &name, role, licence, &password, now_ms).await?;
                let profile = profile_of(Profile::default(), profile);
                staff::set_profile(&store, &staff, profile, now_ms).await?;
                audit::record(&store, "", Action::StaffAdded, &staff, now_ms).await?;
                println!("{staff} added as {}", role.label());
            }
            StaffCommand::Set { staff, profile } => {
                let before = Accounts::load(&store).await?;
                let before = before.get(&staff).map(|a| a.profile.clone());
                let profile = profile_of(before.unwrap_or_default(), profile);
                staff::set_profile(&store, &staff, profile, now_ms).await?;
                audit::record(&store, "", Action::StaffChanged, &staff, now_ms).await?;
                println!("{staff} changed");
            }
            StaffCommand::List => {
                for account in Accounts::load(&store).await?.iter() {
                    let profile = &account.profile;
                    // Names of clients and relatives are counted, not shown.
                    println!(
                        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                        account.staff,
                        account.name,
                        account.role.label(),
                        listed(&profile.skills),
                        listed(&profile.regions),
                        listed(&profile.languages),
                        profile.capacity.map_or("-".to_owned(), |n| n.to_string()),
                        profile.conflicts.len(),
                    );
                }
            }
            StaffCommand::TotpOff { staff } => {
                staff::set_totp(&store, &staff, None, now_ms).await?;
                audit::record(&store, "", Action::TotpOff, &staff, now_ms).await?;
                println!("{staff} signs in by password alone until a new second factor is set up");
            }
            StaffCommand::Remove { staff } => {
                staff::remove(&store, &staff, now_ms).await?;
                audit::record(&store, "", Action::StaffRemoved, &staff, now_ms).await?;
                println!("{staff} removed");
            }
        }
        store.close().await?;
        Ok(())
    })
}

fn listed(list: &[String]) -> String {
    if list.is_empty() {
        return "-".to_owned();
    }
    list.join(",")
}

/// What was given, over what was there before.
fn profile_of(before: Profile, given: ProfileArgs) -> Profile {
    let list = |before: Vec<String>, mut given: Vec<String>| {
        if given.is_empty() {
            return before;
        }
        given.retain(|item| !item.is_empty());
        given
    };
    Profile {
        skills: list(before.skills, given.skill),
        regions: list(before.regions, given.region),
        languages: list(before.languages, given.language),
        capacity: given.capacity.or(before.capacity),
        conflicts: list(before.conflicts, given.conflict),
    }
}

fn role_of(role: Role) -> StaffRole {
    match role {
        Role::Consultant => StaffRole::Consultant,
        Role::Lawyer => StaffRole::Lawyer,
        Role::Editor => StaffRole::Editor,
        Role::Approver => StaffRole::Approver,
        Role::Supervisor => StaffRole::Supervisor,
        Role::Admin => StaffRole::Admin,
    }
}

fn password(stdin: bool) -> anyhow::Result<String> {
    if !stdin {
        let mut editor = rustyline::DefaultEditor::new()?;
        eprintln!("the password is shown while you type; use --password-stdin to pipe it in");
        return Ok(editor.readline("password: ")?);
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("cannot read the password from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
