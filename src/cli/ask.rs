//! `faxun ask`.

use super::open::{self, Open};
use faxun::dialogue::nouns::{Body, Choice, Citation};
use faxun::eval;

/// Answers as the server would, with humans on duty; the texts are one conversation.
pub fn ask(open: &Open, texts: &[String], explain: bool) -> anyhow::Result<()> {
    let config = open.settings()?;
    let knowledge = open::knowledge(&config, open::imported_laws(&config)?)?;
    for (text, (reading, step)) in texts.iter().zip(eval::conversation(
        &knowledge,
        texts,
        faxun::clock::now_ms(),
    )) {
        if texts.len() > 1 {
            println!("> {text}\n");
        }
        for message in step.messages.iter().skip(1) {
            println!("{}\n", render(&message.body));
        }
        if explain {
            println!("row: {}", serde_json::to_string(&step.rule)?);
            println!(
                "outcome: {}",
                serde_json::to_string(&eval::Outcome::of(&step))?
            );
            println!("reading: {}", serde_json::to_string_pretty(&reading)?);
            println!("knowledge: {}", knowledge.version());
        }
    }
    Ok(())
}

/// A message as plain text for a terminal.
pub fn render(body: &Body) -> String {
    match body {
        Body::Text { text } => text.clone(),
        Body::Choice { label, .. } => label.clone(),
        Body::Request { .. } => "［转人工］".to_owned(),
        Body::Rating { score, .. } => format!("［评分 {score}］"),
        Body::End => "［结束］".to_owned(),
        Body::Attachment { media, .. } => format!("［{}］", media.label()),
        Body::Answer {
            title,
            markdown,
            citations,
            next,
            safety,
            ..
        } => {
            let safety = safety
                .as_deref()
                .map_or(String::new(), |s| format!("⚠ {s}\n"));
            let text = markdown.replace("**", "");
            let cited = cited(citations);
            format!("{safety}【{title}】\n{text}\n{cited}{}", choices(next))
        }
        Body::Clarify { text, options } => format!("{text}{}", choices(options)),
        Body::Form {
            title,
            text,
            options,
            step,
            steps,
            ..
        } => format!("【{title} {step}/{steps}】{text}{}", choices(options)),
        Body::Pointer { text, citations } => {
            let articles: Vec<String> = citations
                .iter()
                .map(|c| {
                    format!(
                        "《{}》{}\n{}",
                        c.law,
                        c.article,
                        c.text.as_deref().unwrap_or("")
                    )
                })
                .collect();
            format!("{text}\n{}", articles.join("\n"))
        }
        Body::Notice { text, options, .. } | Body::Handoff { text, options, .. } => {
            format!("{text}{}", choices(options))
        }
    }
}

fn cited(citations: &[Citation]) -> String {
    let lines: Vec<String> = citations
        .iter()
        .map(|c| format!("  《{}》{}（{}）", c.law, c.article, c.verdict.label()))
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("依据：\n{}\n", lines.join("\n"))
    }
}

fn choices(options: &[Choice]) -> String {
    options
        .iter()
        .map(|c| format!("\n  {}. {}", c.option, c.label))
        .collect()
}
