//! Which kinds of norms a title may belong to, to tell "there is no such law" from "that kind was not imported".

use super::names::squash;

const LAW: &str = "法律";
const REGULATION: &str = "行政法规";
const DEPARTMENTAL: &str = "部门规章";
const INTERPRETATION: &str = "司法解释";

/// The kinds (as statutes label them) of which one with this title would be.
pub(super) fn of_title(title: &str) -> &'static [&'static str] {
    let title = squash(title);
    // 解释(一), 条例(试行).
    let plain = match title.rfind('(') {
        Some(at) if title.ends_with(')') => &title[..at],
        _ => &title,
    };
    let ends = |endings: &[&str]| endings.iter().any(|e| plain.ends_with(e));
    if title.starts_with("最高") || ends(&["解释", "批复"]) {
        &[INTERPRETATION]
    } else if ends(&["条例"]) {
        &[REGULATION]
    } else if ends(&["办法", "规定", "细则", "规则"]) {
        &[REGULATION, DEPARTMENTAL]
    } else {
        &[LAW]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_tell_their_kind() {
        for (title, kinds) in [
            ("风筝法", &[LAW][..]),
            ("中华人民共和国民法典", &[LAW]),
            ("陀螺管理条例（试行）", &[REGULATION]),
            ("陀螺管理办法", &[REGULATION, DEPARTMENTAL]),
            ("最高人民法院关于风筝的规定", &[INTERPRETATION]),
            ("关于风筝案件的解释（二）", &[INTERPRETATION]),
        ] {
            assert_eq!(of_title(title), kinds, "{title}");
        }
    }
}
