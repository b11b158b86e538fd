//! The commands. Each returns true when all is well, false when it found something wrong.

mod ask;
mod audit;
mod calibrate;
mod channel;
mod chat;
mod check;
mod data;
mod eval;
mod laws;
mod open;
mod quality;
mod serve;
mod simulate;
mod staff;

use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(
    name = "faxun",
    version,
    about = "法询: a chat-style legal consultation server",
    after_help = "Settings: --config FILE (TOML), then the environment: [limits] messages_per_minute is \
                  FAXUN_LIMITS__MESSAGES_PER_MINUTE.\nExit codes: 0 all is well, 1 something was found wrong, \
                  2 the command could not run."
)]
pub struct Args {
    /// Settings file (TOML).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the store and of imported statutes [default: data].
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve citizens and consultants.
    Serve {
        /// Address and port; port 0 takes a free one, which is printed [default: 127.0.0.1:8787].
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
    /// Answer questions on the terminal; several are said one after the other in one conversation.
    Ask {
        #[arg(required = true)]
        text: Vec<String>,
        /// Also show what was understood and which row decided.
        #[arg(long)]
        explain: bool,
    },
    /// Chat with a running server.
    Chat {
        /// Address of the server's socket.
        #[arg(default_value = "ws://127.0.0.1:8787/ws")]
        url: String,
    },
    /// Check intents and knowledge: unknown keys, dead links, citations, human levels.
    Check {
        /// Statutes (JSON Lines, may be gzipped, or Markdown) instead of the imported ones.
        #[arg(long, value_name = "FILE|DIR")]
        laws: Option<PathBuf>,
        /// The day on which citations are judged (YYYY-MM-DD) [default: today]. Entries whose law changes between
        /// `reviewed` and this day are named.
        #[arg(long, value_name = "DATE")]
        on: Option<jiff::civil::Date>,
        /// Warnings count as errors.
        #[arg(long)]
        strict: bool,
        /// Also ask the golden questions (kb/measure/golden.txt): each must come to what it says.
        #[arg(long)]
        golden: bool,
    },
    /// Import and look up statutes.
    #[command(subcommand)]
    Laws(LawsCommand),
    /// Measure against question files; prints one JSON object.
    #[command(subcommand)]
    Eval(EvalCommand),
    /// Fit the weights of the second rankings; writes kb/ranker.toml, with --statutes kb/statutes.toml.
    Calibrate {
        /// Fit the ranking of articles on this file of questions with their articles instead.
        #[arg(long, value_name = "FILE")]
        statutes: Option<PathBuf>,
        /// Statutes (JSON Lines, may be gzipped) instead of the imported ones.
        #[arg(long, value_name = "FILE")]
        laws: Option<PathBuf>,
    },
    /// Accounts on messaging platforms.
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// Accounts of consultants.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Try out staffing before it is paid for: the routing of the server on a made-up day.
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// The log of what staff did.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Export, erase, rotate keys. The server must not be running on the same data.
    #[command(subcommand)]
    Data(DataCommand),
}

#[derive(Debug, Subcommand)]
enum LawsCommand {
    /// Import statutes, replacing the ones before: JSON Lines (may be gzipped), a law as Markdown, a directory of such.
    Import {
        #[arg(required = true, value_name = "FILE|DIR")]
        files: Vec<PathBuf>,
        /// Keep what was imported before; only the same versions of the same laws are replaced.
        #[arg(long)]
        add: bool,
    },
    /// Show an article with its versions: `faxun laws show 劳动合同法 47`.
    Show {
        law: String,
        /// 47, 276之一, 第四十七条
        article: String,
    },
    /// Find the citations in a text and judge them: `faxun laws cite "《劳动合同法》第四十七条"`.
    Cite { text: String },
}

#[derive(Debug, clap::Args)]
struct EvalOut {
    /// Also write one JSON object a row to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Statutes (JSON Lines, may be gzipped) instead of the imported ones.
    #[arg(long, value_name = "FILE")]
    laws: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum EvalCommand {
    /// Every measure that can run, as a page for editors.
    All(quality::All),
    /// One of 20 topics for a question.
    Topics {
        file: PathBuf,
        #[command(flatten)]
        common: EvalOut,
    },
    /// Does the statute search find the articles that lawyers chose?
    Statutes {
        file: PathBuf,
        #[command(flatten)]
        common: EvalOut,
    },
    /// What becomes of lay questions, and do answers rest on a gold article?
    Answers {
        file: PathBuf,
        #[command(flatten)]
        common: EvalOut,
    },
    /// Are legal questions kept and others refused?
    Scope {
        #[arg(long, value_name = "FILE")]
        legal: PathBuf,
        #[arg(long, value_name = "FILE")]
        other: PathBuf,
        #[command(flatten)]
        common: EvalOut,
    },
    /// Do the questions that are never indexed find their own entry?
    Probes {
        #[command(flatten)]
        common: EvalOut,
    },
}

#[derive(Debug, Subcommand)]
enum ChannelCommand {
    /// Try a channel's credentials with its platform.
    Check {
        /// Its name in the settings.
        name: String,
    },
    /// List the channels with their addresses and the secrets they miss.
    List,
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// Add or replace an account; asks for the password, or reads it with --password-stdin.
    Add {
        /// Sign-in name: a-z, 0-9, dot, dash, underscore.
        staff: String,
        /// The name citizens are shown [default: the sign-in name].
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_enum, default_value_t = Role::Consultant)]
        role: Role,
        /// Licence number, checked; required for a lawyer.
        #[arg(long)]
        licence: Option<String>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// Change what an account answers for. A list that is given replaces the one before; an empty value clears it.
    Set {
        staff: String,
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// List the accounts.
    List,
    /// Take the second factor away from an account whose phone was lost.
    TotpOff { staff: String },
    /// Remove an account; its sign-ins end.
    Remove { staff: String },
}

#[derive(Debug, clap::Args)]
struct ProfileArgs {
    /// Area of law the account answers for, as intents/ names it (劳动与工资); may be repeated. None: all.
    #[arg(long, value_name = "AREA")]
    skill: Vec<String>,
    /// Division it answers for: 2, 4 or 6 digits of GB/T 2260 (37, 3702, 370202); may be repeated. None: all.
    #[arg(long, value_name = "CODE")]
    region: Vec<String>,
    /// Language it reads besides Chinese (bo, ug, mn, ko, ii, en); may be repeated.
    #[arg(long, value_name = "TAG")]
    language: Vec<String>,
    /// Conversations at once [default: desk.capacity].
    #[arg(long, value_name = "N")]
    capacity: Option<u32>,
    /// Name of a client or relative: nobody against them is offered to this account; may be repeated.
    #[arg(long, value_name = "NAME")]
    conflict: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum SimulateCommand {
    /// One day hour by hour: waiting times, 15 s and 3 min attained, and what Erlang C expects.
    Day {
        /// Consultants in all; they work in shifts.
        #[arg(long, default_value_t = 2_000)]
        seats: u32,
        /// Conversations that ask for a person on that day, most of them in the morning.
        #[arg(long, default_value_t = 33_000)]
        conversations: u32,
        /// Conversations a consultant has at once.
        #[arg(long, default_value_t = 1)]
        capacity: u32,
        /// Mean minutes that one conversation takes.
        #[arg(long, default_value_t = 12.0)]
        minutes: f64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Role {
    Consultant,
    Lawyer,
    Editor,
    Approver,
    Supervisor,
    Admin,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that every line follows from the one before, and print the hash of the last.
    Verify {
        /// A hash that an earlier check printed: it must still be that of a line.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Write a conversation as JSON Lines to standard output.
    Export {
        conversation: String,
        /// Show personal numbers instead of masking them (audited).
        #[arg(long)]
        reveal: bool,
    },
    /// Erase a conversation. Final after `data rotate`.
    Erase { conversation: String },
    /// Erase the conversations whose time is over (settings `retention.*`).
    Retain {
        /// Only say which.
        #[arg(long)]
        dry_run: bool,
    },
    /// Keep a conversation whatever is asked or its time: a legal hold.
    Hold {
        conversation: String,
        /// Which duty to keep: a file number, a letter. Never what a citizen wrote.
        #[arg(long)]
        reason: String,
    },
    /// End a legal hold.
    Release { conversation: String },
    /// List the legal holds.
    Holds,
    /// Wrap all living keys anew and destroy the old master key: makes erasures final.
    Rotate,
}

/// Runs a command.
pub fn run(args: Args) -> anyhow::Result<bool> {
    let open = open::Open {
        config: args.config,
        data: args.data,
    };
    match args.command {
        Command::Serve { listen } => serve::serve(&open, listen).map(|()| true),
        Command::Ask { text, explain } => ask::ask(&open, &text, explain).map(|()| true),
        Command::Chat { url } => chat::chat(&url).map(|()| true),
        Command::Check {
            laws,
            on,
            strict,
            golden,
        } => check::check(
            &open,
            &check::Wanted {
                laws,
                on,
                strict,
                golden,
            },
        ),
        Command::Laws(command) => laws::laws(&open, command),
        Command::Eval(command) => eval::eval(&open, command).map(|()| true),
        Command::Calibrate {
            statutes: None,
            laws,
        } => calibrate::calibrate(&open, laws.as_deref()).map(|()| true),
        Command::Calibrate {
            statutes: Some(file),
            laws,
        } => calibrate::statutes(&open, &file, laws.as_deref()).map(|()| true),
        Command::Channel(command) => channel::channel(&open, &command),
        Command::Staff(command) => staff::staff(&open, command).map(|()| true),
        Command::Simulate(command) => simulate::simulate(&command),
        Command::Audit(command) => audit::audit(&open, command),
        Command::Data(command) => data::data(&open, command).map(|()| true),
    }
}
