//! `faxun channel`.

use super::ChannelCommand;
use super::open::Open;
use anyhow::Context as _;
use faxun::channels::{self, client::Http};

pub fn channel(open: &Open, command: &ChannelCommand) -> anyhow::Result<bool> {
    let config = open.settings()?;
    let env = |name: &str| std::env::var(name).ok();
    match command {
        ChannelCommand::List => {
            let mut all = true;
            for one in &config.channels {
                let built = one
                    .secrets(&env)
                    .and_then(|s| channels::build(one, &s, &Http::default()));
                let state = match built {
                    Ok(_) => "可用".to_owned(),
                    Err(error) => {
                        all = false;
                        error.to_string()
                    }
                };
                println!(
                    "{}\t{}\t/channels/{}\t{state}",
                    one.name,
                    one.kind.label(),
                    one.name
                );
            }
            Ok(all)
        }
        ChannelCommand::Check { name } => {
            let one = config.channels.iter().find(|c| c.name == *name);
            let one = one.with_context(|| format!("the settings have no channel {name}"))?;
            let channel = channels::build(one, &one.secrets(&env)?, &Http::default())?;
            match Open::runtime()?.block_on(channel.check()) {
                Ok(found) => {
                    println!("{name}（{}）：{found}", one.kind.label());
                    println!("在平台后台填的地址：https://你的域名/channels/{name}");
                    Ok(true)
                }
                Err(problem) => {
                    println!("{name}（{}）：{problem}", one.kind.label());
                    Ok(false)
                }
            }
        }
    }
}
