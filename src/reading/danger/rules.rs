//! The rule files, read once.

use super::pattern::{Builder, PatternError, Patterns, Vocabulary};
use super::scan::Symbol;
use crate::dialogue::nouns::{Concern, DangerKind, Degree};
use serde::Deserialize;
use std::collections::BTreeMap;

const WORDS: &str = include_str!("words.yml");
const FRAMES: &str = include_str!("frames.yml");
const BY_PEOPLE: &str = include_str!("dangers_by_people.yml");
const OF_EVENTS: &str = include_str!("dangers_of_events.yml");
const CONCERNS: &str = include_str!("concerns.yml");

/// Why the rules could not be built. They are part of the program: the tests build them.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error("{file}: {source}")]
    Yaml {
        file: &'static str,
        source: Box<serde_saphyr::Error>,
    },
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("no profile {0:?}")]
    UnknownProfile(String),
}

/// When, and how meant, an event of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// 正在, 刚才, 还在.
    Now,
    /// 现在 where it tells and does not ask.
    Present,
    /// Today, this morning.
    Today,
    /// Tonight, tomorrow, on the way.
    Soon,
    /// Yesterday, these days.
    Recent,
    /// 总是, 天天.
    Habit,
    /// 去年, 以前, 打过.
    Past,
    /// 如果, 要是.
    Hypothetical,
    /// The message asks what the law says.
    Law,
    /// The writer says that it is over.
    Safe,
    /// None of these.
    Bare,
}

/// The degree an event has by its time; `None` is no flag at all.
pub(super) type Profile = BTreeMap<When, Option<Degree>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    lists: BTreeMap<String, String>,
    neutral: Vec<String>,
    negated_by_not: Vec<String>,
    negated_by_never: Vec<String>,
    kept_after_neutral: Vec<String>,
}

/// How far a mark of time reaches, in characters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkSource {
    when: When,
    before: u32,
    after: u32,
    patterns: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FramesFile {
    marks: Vec<MarkSource>,
    law: Vec<String>,
    safe: Vec<String>,
    no_event: Vec<String>,
    told: Vec<String>,
    undone: Vec<String>,
    offender: Vec<String>,
    profiles: BTreeMap<String, Profile>,
    outranks: BTreeMap<DangerKind, Vec<DangerKind>>,
    outranks_below_immediate: BTreeMap<DangerKind, Vec<DangerKind>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DangerSource {
    kind: DangerKind,
    profile: String,
    #[serde(rename = "match")]
    patterns: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    /// Also for what the writer did or means to do.
    #[serde(default)]
    by_writer: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConcernSource {
    concern: Concern,
    #[serde(default, rename = "match")]
    patterns: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    /// Only beside a danger of one of these kinds …
    #[serde(default)]
    danger: Vec<DangerKind>,
    /// … of this degree or above.
    #[serde(default)]
    at_least: Option<Degree>,
    /// The danger, or what the patterns found, is at none of these times.
    #[serde(default)]
    not_when: Vec<When>,
    /// Only where the writer is the one who did it (`offender` of frames.yml).
    #[serde(default)]
    by_writer: bool,
    /// Also where the message only supposes (如果).
    #[serde(default)]
    supposed: bool,
}

/// A mark of time.
pub(super) struct Mark {
    pub when: When,
    pub before: u32,
    pub after: u32,
    pub patterns: Patterns,
}

pub(super) struct DangerRule {
    pub kind: DangerKind,
    pub profile: Profile,
    pub patterns: Patterns,
    pub with: Patterns,
    pub unless: Patterns,
    pub by_writer: bool,
}

pub(super) struct ConcernRule {
    pub concern: Concern,
    pub patterns: Patterns,
    pub with: Patterns,
    pub unless: Patterns,
    pub danger: Vec<DangerKind>,
    pub at_least: Degree,
    pub not_when: Vec<When>,
    pub by_writer: bool,
    pub supposed: bool,
}

/// All rules, compiled.
pub(super) struct Rules {
    pub vocabulary: Vocabulary,
    pub neutral: Patterns,
    /// Lists whose words 不 and 别 undo.
    pub negated_by_not: Vec<Symbol>,
    /// Lists whose words 没 and 未 undo.
    pub negated_by_never: Vec<Symbol>,
    /// Not dropped by a harmless phrase that runs into them.
    pub kept_after_neutral: Vec<Symbol>,
    pub marks: Vec<Mark>,
    pub law: Patterns,
    pub safe: Patterns,
    /// Examinations, advice: no event happened to anybody.
    pub no_event: Patterns,
    /// News and stories: nothing happened unless it is said to happen now.
    pub told: Patterns,
    /// Stretches that say that something did not happen.
    pub undone: Patterns,
    /// Stretches in which the writer is the one who did it.
    pub offender: Patterns,
    pub dangers: Vec<DangerRule>,
    pub concerns: Vec<ConcernRule>,
    /// At the same degree the key silences the others.
    pub outranks: BTreeMap<DangerKind, Vec<DangerKind>>,
    /// The same, as long as the others are not immediate.
    pub outranks_below_immediate: BTreeMap<DangerKind, Vec<DangerKind>>,
}

fn yaml<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, RulesError> {
    serde_saphyr::from_str(text).map_err(|e| RulesError::Yaml {
        file,
        source: Box::new(e),
    })
}

impl Rules {
    /// Reads and compiles the embedded rule files.
    pub fn load() -> Result<Rules, RulesError> {
        let words: WordsFile = yaml("words.yml", WORDS)?;
        let frames: FramesFile = yaml("frames.yml", FRAMES)?;
        let mut dangers: Vec<DangerSource> = yaml("dangers_by_people.yml", BY_PEOPLE)?;
        dangers.extend(yaml::<Vec<DangerSource>>(
            "dangers_of_events.yml",
            OF_EVENTS,
        )?);
        let concerns: Vec<ConcernSource> = yaml("concerns.yml", CONCERNS)?;
        let mut builder = Builder::new(&words.lists)?;
        let profiles = frames.profiles;
        let dangers = dangers
            .into_iter()
            .map(|source| danger_rule(&mut builder, &profiles, source))
            .collect::<Result<_, _>>()?;
        let concerns = concerns
            .into_iter()
            .map(|source| concern_rule(&mut builder, source))
            .collect::<Result<_, _>>()?;
        let marks = frames
            .marks
            .into_iter()
            .map(|m| {
                Ok(Mark {
                    when: m.when,
                    before: m.before,
                    after: m.after,
                    patterns: builder.patterns(&m.patterns)?,
                })
            })
            .collect::<Result<_, PatternError>>()?;
        let symbols = |builder: &Builder, names: &[String]| {
            names
                .iter()
                .map(|n| builder.list(n))
                .collect::<Result<_, _>>()
        };
        Ok(Rules {
            neutral: builder.patterns(&words.neutral)?,
            negated_by_not: symbols(&builder, &words.negated_by_not)?,
            negated_by_never: symbols(&builder, &words.negated_by_never)?,
            kept_after_neutral: symbols(&builder, &words.kept_after_neutral)?,
            marks,
            law: builder.patterns(&frames.law)?,
            safe: builder.patterns(&frames.safe)?,
            no_event: builder.patterns(&frames.no_event)?,
            told: builder.patterns(&frames.told)?,
            undone: builder.patterns(&frames.undone)?,
            offender: builder.patterns(&frames.offender)?,
            dangers,
            concerns,
            outranks: frames.outranks,
            outranks_below_immediate: frames.outranks_below_immediate,
            vocabulary: builder.finish()?,
        })
    }
}

fn danger_rule(
    builder: &mut Builder,
    profiles: &BTreeMap<String, Profile>,
    source: DangerSource,
) -> Result<DangerRule, RulesError> {
    let profile = profiles
        .get(&source.profile)
        .ok_or_else(|| RulesError::UnknownProfile(source.profile.clone()))?;
    Ok(DangerRule {
        kind: source.kind,
        profile: profile.clone(),
        patterns: builder.patterns(&source.patterns)?,
        with: builder.patterns(&source.with)?,
        unless: builder.patterns(&source.unless)?,
        by_writer: source.by_writer,
    })
}

fn concern_rule(builder: &mut Builder, source: ConcernSource) -> Result<ConcernRule, RulesError> {
    Ok(ConcernRule {
        concern: source.concern,
        patterns: builder.patterns(&source.patterns)?,
        with: builder.patterns(&source.with)?,
        unless: builder.patterns(&source.unless)?,
        danger: source.danger,
        at_least: source.at_least.unwrap_or(Degree::Related),
        not_when: source.not_when,
        by_writer: source.by_writer,
        supposed: source.supposed,
    })
}
