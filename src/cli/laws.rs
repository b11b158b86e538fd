//! `faxun laws`.

use super::LawsCommand;
use super::open::{self, Open};
use anyhow::Context as _;
use faxun::dialogue::nouns::Verdict;
use faxun::kb::statutes;
use faxun::law::article::ArticleNo;
use faxun::law::cite;

/// False when an article or a citation does not hold today.
pub fn laws(open: &Open, command: LawsCommand) -> anyhow::Result<bool> {
    let config = open.settings()?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    if let LawsCommand::Import { files, add } = &command {
        let sources = open::sources(&config)?;
        let dir = open::laws_dir(&config);
        let report = statutes::import(files, *add, &dir, &sources)
            .context("nothing was imported, and what was there is still there")?;
        println!("{report}");
        return Ok(true);
    }
    let index = open::imported_laws(&config)?
        .context("no statutes are imported yet: make laws, or faxun laws import FILE")?;
    let laws = index.laws();
    match command {
        LawsCommand::Import { .. } => Ok(true),
        LawsCommand::Show { law, article } => {
            let number: ArticleNo = article.parse().with_context(|| {
                format!("{article} is no article number: write 47, 276之一 or 第四十七条")
            })?;
            let versions = laws.versions(&law, number);
            if versions.is_empty() {
                println!(
                    "《{law}》{number}：{}",
                    laws.verdict(&law, number, today).label()
                );
                return Ok(false);
            }
            for version in versions {
                println!("{version}\n");
            }
            let verdict = laws.verdict(&law, number, today);
            println!("{today}：{}", verdict.label());
            Ok(verdict_holds(verdict))
        }
        LawsCommand::Cite { text } => {
            let cited = cite::citations(&text, laws.names());
            let mut all = true;
            for citation in &cited {
                let verdict = laws.verdict(&citation.law, citation.article, today);
                all &= verdict_holds(verdict);
                println!(
                    "《{}》{}：{}",
                    citation.law,
                    citation.article,
                    verdict.label()
                );
            }
            if cited.is_empty() {
                println!("没有找到法条引用");
            }
            Ok(all)
        }
    }
}

fn verdict_holds(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::InForce | Verdict::Unreviewed)
}
