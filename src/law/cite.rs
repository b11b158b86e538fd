//! Citations in running text.

use std::ops::Range;

use super::article::ArticleNo;
use super::names::LawNames;

/// One cited article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// The title the name stands for where it is known, else as written (without 《》).
    pub law: String,
    pub law_known: bool,
    pub article: ArticleNo,
    /// Bytes of the text: of the reference, with the law's name when it stands directly before it.
    pub span: Range<usize>,
}

/// Why a text is not one citation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CiteError {
    #[error("`{0}` names no article; write for instance 劳动合同法 47 or 刑法 276之一")]
    NoArticle(String),
    #[error("`{0}` names no law; write for instance 劳动合同法 47 or 刑法 276之一")]
    NoLaw(String),
}

/// All articles cited in `text`, in order; lists and ranges one by one.
pub fn citations(_text: &str, _names: &LawNames) -> Vec<Cited> {
    Vec::new()
}

/// Reads one citation such as `劳动合同法 47` or 《劳动合同法》第四十七条: the law as written, and the article.
pub fn parse_one(text: &str) -> Result<(String, ArticleNo), CiteError> {
    Err(CiteError::NoArticle(text.to_owned()))
}
