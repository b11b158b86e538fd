//! One immutable snapshot of intents, entries and laws: built whole or not at all, then only swapped.

mod asked;
pub mod check;
mod fit;
mod holidays;
mod script;
mod statutes;
mod turn;

pub use crate::kb::source::{Problem, Sources};
pub use fit::{Fitted, fit, samples_with_statutes};
pub use script::Settings;

use crate::dialogue::nouns::{Danger, DangerKind, Degree};
use crate::dialogue::reading::{Hit, Reading, TOP_MAX};
use crate::dialogue::script::Script;
use crate::kb::entry::Entry;
use crate::kb::rank::{self, Evidence, Ranker, Sample, Support};
pub use crate::kb::search::Found;
use crate::kb::search::{Index, Indexed};
use crate::kb::statutes::{ArticleRanker, LawIndex, Lay};
use crate::kb::wordings::{self, ARTICLES_FOLDER, LawQuestions};
use crate::reading::Reader;
use crate::reading::nlu::{self, IntentSpec};
use crate::reading::text::{LexiconError, Normaliser, Text};
use jiff::civil::Date;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Fixed texts and forms lie beside the intents but are not NLU files.
pub const TEXTS_FILE: &str = "intents/texts.yml";
pub const FORMS_FILE: &str = "intents/forms.yml";
/// Words for the cut, synonyms for the search, weights of the second ranking.
pub const USERDICT_FILE: &str = "kb/userdict.txt";
pub const SYNONYMS_FILE: &str = "kb/synonyms.yml";
pub const RANKER_FILE: &str = "kb/ranker.toml";
/// Weights of the second ranking of articles.
pub const STATUTES_FILE: &str = "kb/statutes.toml";
/// Public holidays and make-up working days by year.
pub const HOLIDAYS_FILE: &str = "kb/holidays.yml";
/// Intents of danger with the kind they stand for.
const DANGER_INTENTS: [(&str, DangerKind); 5] = [
    ("danger.violence", DangerKind::Violence),
    ("danger.self_harm", DangerKind::SelfHarm),
    ("danger.child", DangerKind::Child),
    ("danger.confined", DangerKind::Confined),
    ("danger.money_just_sent", DangerKind::Swindle),
];
/// Probability from which such an intent is asked about. A question too many costs one tap.
const DANGER_INTENT_MIN: f32 = 0.6;
/// Probability that the entry is right whose own question was typed, word for word.
const EXACT_P: f32 = 0.98;

/// Everything that is known, as of one version of the files.
pub struct Knowledge {
    version: String,
    script: Arc<Script>,
    reader: Reader,
    entries: Vec<Entry>,
    intents: Vec<IntentSpec>,
    index: Index,
    /// The entry of each indexed question, by what it says; a question of two entries is in neither.
    exact: HashMap<u64, Option<usize>>,
    ranker: Ranker,
    statutes: Option<Statutes>,
}

/// The statutes and what leads from everyday words to them.
struct Statutes {
    index: Arc<LawIndex>,
    lay: Lay,
    ranker: ArticleRanker,
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knowledge")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Everything that is wrong with the sources, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let end = if at + 1 == self.0.len() { "" } else { "\n" };
            write!(f, "{problem}{end}")?;
        }
        Ok(())
    }
}

/// The sources parsed, not yet put to use.
pub(crate) struct Parsed {
    pub intents: Vec<IntentSpec>,
    pub entries: Vec<Entry>,
    /// Everyday questions by law and article.
    pub law_questions: Vec<LawQuestions>,
    pub problems: Vec<Problem>,
}

impl Parsed {
    /// Parses intents and entries; a file that cannot be read becomes a problem.
    pub(crate) fn of(sources: &Sources) -> Parsed {
        let mut parsed = Parsed {
            intents: Vec::new(),
            entries: Vec::new(),
            law_questions: Vec::new(),
            problems: Vec::new(),
        };
        for file in sources.under("intents/", ".yml") {
            if [TEXTS_FILE, FORMS_FILE].contains(&file.path.as_str()) {
                continue;
            }
            match nlu::parse(&file.path, &file.text) {
                Ok(mut intents) => parsed.intents.append(&mut intents),
                Err(e) => parsed
                    .problems
                    .push(Problem::new(&e.file, e.line, e.message)),
            }
        }
        for file in sources.under("kb/", ".md") {
            match Entry::parse(file) {
                Ok(mut entry) => {
                    entry.wordings =
                        wordings::wordings(sources.text(&wordings::beside(&file.path)));
                    parsed.entries.push(entry);
                }
                Err(mut problems) => parsed.problems.append(&mut problems),
            }
        }
        for file in sources.under(ARTICLES_FOLDER, ".txt") {
            match wordings::of_law(file) {
                Ok(questions) => parsed.law_questions.push(questions),
                Err(mut problems) => parsed.problems.append(&mut problems),
            }
        }
        parsed
    }

    /// The entries' own questions with their intents: more examples for the classifier. Not the wordings: tens of thousands
    /// of legal ones beside some hundred others made it worse at telling them apart, and slower to train.
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        self.entries
            .iter()
            .flat_map(|e| {
                e.ask
                    .iter()
                    .map(|q| (e.intent.value.clone(), q.value.clone()))
            })
            .collect()
    }
}

/// The normaliser of the sources' own dictionary and synonyms.
pub fn normaliser(sources: &Sources) -> Result<Normaliser, Problem> {
    let userdict = sources.text(USERDICT_FILE);
    Normaliser::new(userdict, sources.text(SYNONYMS_FILE)).map_err(|error| match &error {
        LexiconError::UserDictionary { line, message } => {
            Problem::new(USERDICT_FILE, *line, message.clone())
        }
        LexiconError::Synonyms { line, message } => {
            Problem::new(SYNONYMS_FILE, *line, message.clone())
        }
        LexiconError::Simplifier(_) => Problem::new(USERDICT_FILE, 0, error.to_string()),
    })
}

impl Knowledge {
    /// Builds a snapshot; says everything that is wrong at once. Takes up to two seconds of one core.
    pub fn build(
        sources: &Sources,
        laws: Option<Arc<LawIndex>>,
        settings: &Settings,
        today: Date,
    ) -> Result<Knowledge, Problems> {
        let mut parsed = Parsed::of(sources);
        let mut problems = std::mem::take(&mut parsed.problems);
        let normaliser = normaliser(sources).map_err(|p| problems.push(p)).ok();
        let ranker = Ranker::from_toml(sources.text(RANKER_FILE))
            .map_err(|e| problems.push(Problem::new(RANKER_FILE, 0, e.to_string())))
            .unwrap_or_default();
        let article_ranker = ArticleRanker::from_toml(sources.text(STATUTES_FILE))
            .map_err(|e| problems.push(Problem::new(STATUTES_FILE, 0, e.to_string())))
            .unwrap_or_default();
        let laws_now = laws.as_ref().map(|l| Arc::clone(l.laws()));
        let script = script::build(sources, &parsed, laws_now.as_deref(), settings, today)
            .map_err(|mut p| problems.append(&mut p))
            .ok();
        let (Some(normaliser), Some(script), true) = (normaliser, script, problems.is_empty())
        else {
            problems.sort();
            return Err(Problems(problems));
        };
        let script = Script {
            thresholds: settings.thresholds.over(ranker.thresholds()),
            ..script
        };
        let reader = Reader::new(normaliser, &parsed.intents, &parsed.questions());
        let asked = asked::Asked::read(&parsed, &reader);
        let indexed = indexed(&parsed.entries, &reader, &asked);
        let index = Index::new(&indexed, &asked.by_article());
        let laws_version = laws
            .as_ref()
            .map_or(String::new(), |l| format!("+{}", l.version()));
        let statutes = laws.map(|index| Statutes {
            lay: statutes::lay(&index, &parsed, asked, &indexed, today),
            index,
            ranker: article_ranker,
        });
        Ok(Knowledge {
            version: format!("{}{laws_version}", sources.hash()),
            script: Arc::new(script),
            reader,
            entries: parsed.entries,
            intents: parsed.intents,
            index,
            exact: exact(&indexed),
            ranker,
            statutes,
        })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn script(&self) -> &Arc<Script> {
        &self.script
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    pub fn law_index(&self) -> Option<Arc<LawIndex>> {
        self.statutes.as_ref().map(|s| Arc::clone(&s.index))
    }

    pub fn has_statutes(&self) -> bool {
        self.statutes.is_some()
    }

    /// What is read of every message, whoever owns the conversation. The intents too: a danger whose words no
    /// rule knows is still asked about.
    pub fn first(&self, text: &str, today: Date) -> (Text, Reading) {
        let text = self.reader.text(text);
        let mut reading = self.reader.first(&text, today);
        self.reader.classify(&text, &mut reading);
        doubtful_danger(&mut reading);
        (text, reading)
    }

    /// What is read besides while the bot owns the conversation: the entries that may answer. What was found is for
    /// [`Knowledge::consult`].
    pub fn bot(&self, text: &Text, reading: &mut Reading) -> Found {
        let found = self.index.search(text);
        reading.hits = self.hits(&found, reading, None);
        found
    }

    fn hits(
        &self,
        found: &Found,
        reading: &Reading,
        support: Option<&dyn Fn(usize) -> Support>,
    ) -> Vec<Hit> {
        let ranked = self.evident(reading, support, |evidence| {
            self.ranker.rank(found, evidence, TOP_MAX)
        });
        // An entry can only be right where the matter is legal at all.
        let hit = |(entry, p): (usize, f32)| Hit {
            entry: self.entries[entry].id.value.clone(),
            p: p.min(reading.legal),
            cites: Vec::new(),
        };
        let mut hits: Vec<Hit> = ranked.into_iter().map(hit).collect();
        // One that is set aside is not among the matches, whatever its questions say.
        if let Some(Some(entry)) = self.exact.get(&reading.digest)
            && found.matches.iter().any(|m| m.entry == *entry)
        {
            let entry = self.entries[*entry].id.value.clone();
            hits.retain(|h| h.entry != entry);
            hits.iter_mut().for_each(|h| h.p *= 1.0 - EXACT_P);
            let (p, cites) = (EXACT_P, Vec::new());
            hits.insert(0, Hit { entry, p, cites });
            hits.truncate(TOP_MAX);
        }
        hits
    }

    /// What a reading says of entries.
    fn evident<R>(
        &self,
        reading: &Reading,
        support: Option<&dyn Fn(usize) -> Support>,
        then: impl FnOnce(&Evidence) -> R,
    ) -> R {
        let intent = |entry: usize| reading.intent_p(&self.entries[entry].intent.value);
        then(&Evidence {
            intent: &intent,
            legal: reading.legal,
            support,
        })
    }

    /// A question as a sample for fitting; `entry` answers it, if any does.
    fn sample(&self, question: &str, entry: Option<&str>, today: Date) -> Sample {
        let (text, reading) = self.first(question, today);
        let right = |number: usize| Some(self.id(number)) == entry;
        self.sample_of(&self.index.search(&text), &reading, right, None)
    }

    fn sample_of(
        &self,
        found: &Found,
        reading: &Reading,
        right: impl Fn(usize) -> bool,
        support: Option<&dyn Fn(usize) -> Support>,
    ) -> Sample {
        self.evident(reading, support, |evidence| Sample {
            right: found.matches.iter().position(|m| right(m.entry)),
            candidates: (found.matches.iter())
                .map(|m| rank::features(found, m, evidence))
                .collect(),
            weight: 1.0,
        })
    }

    fn id(&self, entry: usize) -> &str {
        &self.entries[entry].id.value
    }

    /// Other weights in place of those of the sources, for fitting.
    pub fn weigh(&mut self, entries: Ranker, articles: ArticleRanker) {
        self.ranker = entries;
        if let Some(statutes) = &mut self.statutes {
            statutes.ranker = articles;
        }
    }

    /// The weights in use.
    pub fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    /// Questions that measure and are never indexed: entry id and question.
    pub fn probes(&self) -> Vec<(String, String)> {
        self.entries
            .iter()
            .flat_map(|e| {
                e.probe
                    .iter()
                    .map(|q| (e.id.value.clone(), q.value.clone()))
            })
            .collect()
    }

    /// The area of each entry, by id.
    pub fn areas(&self) -> HashMap<&str, &str> {
        (self.entries.iter())
            .map(|e| (e.id.value.as_str(), e.area.value.as_str()))
            .collect()
    }

    /// Every question that is indexed.
    pub fn asks(&self) -> Vec<String> {
        self.entries
            .iter()
            .flat_map(|e| e.questions().map(|q| q.value.clone()))
            .collect()
    }

    /// Every example of the intents.
    pub fn examples(&self) -> Vec<String> {
        self.intents
            .iter()
            .flat_map(|i| i.examples.iter().cloned())
            .collect()
    }
}

/// When an intent of danger is likely and no rule has spoken, the citizen is asked whether he is safe.
fn doubtful_danger(reading: &mut Reading) {
    if !reading.dangers.is_empty() || reading.command.is_some() {
        return;
    }
    let likely = |(intent, kind): &(&str, DangerKind)| {
        (reading.intent_p(intent) >= DANGER_INTENT_MIN).then_some(*kind)
    };
    if let Some(kind) = DANGER_INTENTS.iter().find_map(likely) {
        let degree = Degree::Ask;
        reading.dangers.push(Danger { kind, degree });
    }
}

/// Titles and questions by what they say.
fn exact(indexed: &[Indexed]) -> HashMap<u64, Option<usize>> {
    let mut exact = HashMap::new();
    for (number, entry) in indexed.iter().enumerate() {
        for question in &entry.questions {
            let digest = crate::reading::digest(&question.normal);
            let known = exact.entry(digest).or_insert(Some(number));
            if *known != Some(number) {
                *known = None;
            }
        }
    }
    exact
}

/// Title, questions and answer of each entry, read.
fn indexed(entries: &[Entry], reader: &Reader, asked: &asked::Asked) -> Vec<Indexed> {
    let questions = |e: &Entry| {
        let all = std::iter::once(&e.title).chain(e.questions());
        all.map(|q| reader.text(&q.value)).collect()
    };
    entries
        .iter()
        .map(|e| Indexed {
            questions: questions(e),
            body: reader.text(&e.body),
            area: e.area.value.clone(),
            articles: e.laws.iter().map(|l| asked.number(&l.value)).collect(),
        })
        .collect()
}

/// A stamp that changes when a file below `dir` that is part of the knowledge changes.
pub fn stamp(dir: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hash = DefaultHasher::new();
    for folder in ["intents", "kb"] {
        stamp_folder(&dir.join(folder), &mut |path, modified, length| {
            (path, modified, length).hash(&mut hash);
        });
    }
    hash.finish()
}

type Seen<'a> = dyn FnMut(&Path, Option<std::time::SystemTime>, u64) + 'a;

fn stamp_folder(dir: &Path, seen: &mut Seen) {
    let Ok(items) = std::fs::read_dir(dir) else {
        return;
    };
    let mut paths: Vec<_> = items.flatten().map(|i| i.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(meta) = path.metadata() else {
            continue;
        };
        if meta.is_dir() {
            stamp_folder(&path, seen);
        } else {
            seen(&path, meta.modified().ok(), meta.len());
        }
    }
}

#[cfg(test)]
mod tests;
