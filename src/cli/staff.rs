//! `faxun staff`.

use super::open::{self, Open};
use super::{Role, StaffCommand};
use anyhow::Context as _;
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
            } => {
                let role = role_of(role);
                let password = password(password_stdin)?;
                let name = name.unwrap_or_else(|| staff.clone());
                staff::add(&store, &staff, &name, role, licence, &password, now_ms).await?;
                audit::record(&store, "", Action::StaffAdded, &staff, now_ms).await?;
                println!("{staff} added as {}", role.label());
            }
            StaffCommand::List => {
                for account in Accounts::load(&store).await?.iter() {
                    println!(
                        "{}\t{}\t{}",
                        account.staff,
                        account.name,
                        account.role.label()
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
