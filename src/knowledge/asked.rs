//! The everyday questions of articles, read once for the two searches.

use super::Parsed;
use crate::law::article::ArticleNo;
use crate::law::cite;
use crate::reading::Reader;
use crate::reading::text::Text;
use std::collections::BTreeMap;

/// Questions with the article each asks about.
pub(super) struct Asked {
    questions: Vec<(Article, Text)>,
    /// By article: its number, in the order of the articles.
    numbers: BTreeMap<Article, usize>,
}

/// Short title and article.
type Article = (String, ArticleNo);

impl Asked {
    /// Reads the questions on all cores: tens of thousands, ten microseconds each.
    pub fn read(parsed: &Parsed, reader: &Reader) -> Asked {
        let all: Vec<(Article, &str)> = (parsed.law_questions.iter())
            .flat_map(|law| {
                law.questions.iter().map(|question| {
                    let article = (short(&law.law).to_owned(), question.article);
                    (article, question.question.value.as_str())
                })
            })
            .collect();
        let mut numbers: BTreeMap<Article, usize> = all
            .iter()
            .map(|(article, _)| (article.clone(), 0))
            .collect();
        for (number, place) in numbers.values_mut().enumerate() {
            *place = number;
        }
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        let part = all.len().div_ceil(threads).max(1);
        let read = |part: &[(Article, &str)]| -> Vec<(Article, Text)> {
            let of = |(article, text): &(Article, &str)| (article.clone(), reader.text(text));
            part.iter().map(of).collect()
        };
        let questions = std::thread::scope(|scope| {
            let parts: Vec<_> = all
                .chunks(part)
                .map(|part| scope.spawn(move || read(part)))
                .collect();
            let joined = parts.into_iter().map(|part| part.join());
            // A panic of a reader is passed on, as if it had read here.
            let joined =
                joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.flatten().collect()
        });
        Asked { questions, numbers }
    }

    /// Number of the article that a citation names, if anything is asked about it.
    pub fn number(&self, written: &str) -> Option<usize> {
        let (law, article) = cite::parse_one(written).ok()?;
        let article = (short(&law).to_owned(), article);
        self.numbers.get(&article).copied()
    }

    /// The questions of each article, by its number.
    pub fn by_article(&self) -> Vec<Vec<&Text>> {
        let mut by_article = vec![Vec::new(); self.numbers.len()];
        for (article, text) in &self.questions {
            if let Some(number) = self.numbers.get(article) {
                by_article[*number].push(text);
            }
        }
        by_article
    }

    /// All questions: short title, article, text.
    pub fn into_questions(self) -> impl Iterator<Item = (Article, Text)> {
        self.questions.into_iter()
    }
}

fn short(law: &str) -> &str {
    law.strip_prefix("中华人民共和国").unwrap_or(law)
}
