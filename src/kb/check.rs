#[derive(PartialEq, Clone, Copy)]
pub enum Severity {
    Error,
    Warning,
}
pub struct Finding {
    pub severity: Severity,
}
impl std::fmt::Display for Finding {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
pub fn check(
    _: &crate::knowledge::Sources,
    _: Option<&crate::law::version::Laws>,
    _: &crate::knowledge::Settings,
    _: jiff::civil::Date,
    _: Option<jiff::civil::Date>,
) -> Vec<Finding> {
    vec![]
}
