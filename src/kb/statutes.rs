use crate::dialogue::nouns::Citation; use crate::knowledge::Sources; use crate::law::version::Laws; use crate::reading::text::Text; use jiff::civil::Date; use std::path::Path; use std::sync::Arc;
#[derive(Debug, thiserror::Error)] #[error("stub")] pub struct LawsError;
#[derive(Debug, Clone)] pub struct StatuteHit { pub law: String, pub law_short: String, pub article_no: String, pub article_num: u32, pub score: f32 }
pub struct LawIndex { laws: Arc<Laws> }
impl LawIndex { pub fn open(_:&Path)->Result<Option<LawIndex>,LawsError>{Ok(None)} pub fn in_memory(_:&Path,_:&Sources)->Result<LawIndex,LawsError>{Err(LawsError)} pub fn laws(&self)->&Arc<Laws>{&self.laws} pub fn version(&self)->&str{""} pub fn search(&self,_:&Text,_:Date,_:usize)->Vec<StatuteHit>{vec![]} pub fn citation(&self,_:&StatuteHit,_:Date,_:usize)->Option<Citation>{None} }
pub fn import(_:&Path,_:&Path,_:&Sources)->Result<String,LawsError>{Err(LawsError)} pub fn read_laws(_:&Path)->Result<Laws,LawsError>{Err(LawsError)}
