//! The intents files: Rasa's NLU YAML, version 3.1, with faxun's metadata (`area`, `topic`, `follows`).

use crate::dialogue::script::Follows;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::HashSet;

/// The only version of the format that is read.
const VERSION: &str = "3.1";

/// What people want, and how they say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentSpec {
    /// Dotted name (`labour.unpaid_wages`).
    pub intent: String,
    /// Area of life, as shown at the desk.
    pub area: Option<String>,
    /// One of the topics consultations are counted under.
    pub topic: Option<String>,
    pub follows: Follows,
    pub examples: Vec<String>,
}

/// A fault in an intents file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct NluError {
    pub file: String,
    /// From 1; 0 where the fault has no place.
    pub line: usize,
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: Spanned<String>,
    nlu: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    intent: Spanned<String>,
    metadata: Metadata,
    examples: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    area: Option<String>,
    topic: Option<String>,
    follows: Spanned<String>,
}

/// Parses one intents file; `file` is only used to name it in errors.
pub fn parse(file: &str, yaml: &str) -> Result<Vec<IntentSpec>, NluError> {
    let fault = |line: u64, message: String| NluError {
        file: file.to_owned(),
        line: line as usize,
        message,
    };
    let document: Document = serde_saphyr::from_str(yaml).map_err(|error| {
        let line = error.location().map_or(0, |l| l.line());
        fault(line, error.without_snippet().to_string())
    })?;
    if document.version.value != VERSION {
        let line = document.version.referenced.line();
        return Err(fault(line, format!("version is not {VERSION}")));
    }
    let mut seen = HashSet::new();
    let mut specs = Vec::with_capacity(document.nlu.len());
    for item in document.nlu {
        let name = &item.intent.value;
        let line = item.intent.referenced.line();
        if !is_name(name) {
            return Err(fault(line, format!("{name} is no dotted lower-case name")));
        }
        if !seen.insert(name.clone()) {
            return Err(fault(line, format!("intent {name} is there twice")));
        }
        let follows = follows(&item.metadata.follows.value)
            .map_err(|message| fault(item.metadata.follows.referenced.line(), message))?;
        let examples = examples(&item.examples.value)
            .map_err(|(line, message)| fault(item.examples.referenced.line() + line, message))?;
        specs.push(IntentSpec {
            intent: item.intent.value,
            area: item.metadata.area,
            topic: item.metadata.topic,
            follows,
            examples,
        });
    }
    Ok(specs)
}

fn is_name(name: &str) -> bool {
    name.split('.').count() >= 2
        && name.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
}

fn follows(value: &str) -> Result<Follows, String> {
    match value {
        "answer" => Ok(Follows::Answer),
        "text" => Ok(Follows::Text),
        "human" => Ok(Follows::Human),
        "refuse" => Ok(Follows::Refuse),
        _ => match value.strip_prefix("form:") {
            Some(form) if !form.is_empty() => Ok(Follows::Form(form.to_owned())),
            _ => Err(format!(
                "follows is none of answer, text, human, refuse, form:NAME: {value}"
            )),
        },
    }
}

/// The examples of a block; a fault comes with its line in the block, from 0.
fn examples(block: &str) -> Result<Vec<String>, (u64, String)> {
    let mut examples = Vec::new();
    for (line, text) in (0..).zip(block.lines()) {
        match text.strip_prefix("- ").map(str::trim) {
            Some(example) if !example.is_empty() => examples.push(example.to_owned()),
            _ if text.trim().is_empty() => {}
            _ => return Err((line, format!("an example does not begin with `- `: {text}"))),
        }
    }
    if examples.is_empty() {
        return Err((0, "no examples".to_owned()));
    }
    Ok(examples)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
version: \"3.1\"
nlu:
- intent: labour.unpaid_wages
  metadata:
    area: 劳动与工资
    topic: 劳动纠纷
    follows: answer
  examples: |
    - 工资不发
    - 工钱: 三个月没给 # 急

- intent: service.wage_claim
  metadata:
    follows: form:wage_claim
  examples: |
    - 帮我写讨薪申请
";

    #[test]
    fn a_file_is_read() {
        let specs = parse("labour.yml", FILE).unwrap();
        assert_eq!(specs.len(), 2);
        assert_eq!(specs[0].area.as_deref(), Some("劳动与工资"));
        assert_eq!(specs[0].topic.as_deref(), Some("劳动纠纷"));
        assert_eq!(specs[0].examples, ["工资不发", "工钱: 三个月没给 # 急"]);
        assert_eq!(specs[1].follows, Follows::Form("wage_claim".into()));
        assert_eq!(specs[1].area, None);
    }

    #[test]
    fn faults_name_file_and_line() {
        for (from, to, line) in [
            ("\"3.1\"", "\"2.0\"", 1),
            ("area: 劳动与工资", "aera: 劳动与工资", 5),
            ("follows: answer", "follows: maybe", 7),
            ("follows: form:wage_claim", "follows: 'form:'", 14),
            ("service.wage_claim", "labour.unpaid_wages", 12),
            ("labour.unpaid_wages", "Labour", 3),
            ("- 帮我写讨薪申请", "帮我写讨薪申请", 16),
            ("- 工钱: 三个月没给", "* 工钱: 三个月没给", 10),
        ] {
            let error = parse("x.yml", &FILE.replace(from, to)).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert_eq!(error.file, "x.yml");
        }
    }
}
