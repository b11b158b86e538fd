//! What laws are called.

/// Every known way to name a law.
#[derive(Debug, Clone, Default)]
pub struct LawNames {}

impl LawNames {
    /// The names everybody uses, without any statutes loaded.
    pub fn builtin() -> Self {
        LawNames {}
    }

    /// The title `name` stands for: the full title where statutes are loaded, else the short one.
    /// Abbreviation, short or full title, with or without 《》.
    pub fn resolve(&self, _name: &str) -> Option<&str> {
        None
    }
}
