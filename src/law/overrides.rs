//! Corrections to the source's labels (`kb/law-overrides.yml`).

/// What became of the overrides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverrideReport {
    pub applied: usize,
    /// Laws that no loaded statute has.
    pub unmatched: Vec<String>,
}

/// Why overrides were refused; none of them is applied then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OverrideError {
    pub message: String,
}
