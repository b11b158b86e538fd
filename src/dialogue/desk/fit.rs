//! Which consultant may have which conversation, and how well he fits.

use super::super::nouns::{Millis, StaffRole};
use super::super::roles::{Act, may};
use super::matter::{Matter, Target, Waiting};
use super::{LANGUAGE_HOLD_MS, REGION_HOLD_MS, TOPIC_HOLD_MS};
use serde::{Deserialize, Serialize};

/// Shortest name that is looked for inside another, in characters: 王 alone is in too many.
const NAME_CHARS_MIN: usize = 2;

/// What a consultant declares of himself; kept with his account. Empty lists: no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Areas of law he answers for, as the intents name them (`劳动与工资`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// Divisions he answers for: 2, 4 or 6 digits of GB/T 2260.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// BCP 47 tags of what he reads besides Chinese (`bo`, `ug`, `en`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Conversations at once; the desk's setting where he says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Names of his clients and relatives: he advises nobody against them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
}

/// What a conversation lacks of a consultant's profile; the greater, the longer it waits for somebody better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misfit {
    None,
    Region,
    Topic,
    Language,
}

impl Misfit {
    pub const ALL: [Misfit; 4] = [
        Misfit::None,
        Misfit::Region,
        Misfit::Topic,
        Misfit::Language,
    ];

    /// After which wait it is accepted, in milliseconds.
    pub fn hold_ms(self) -> Millis {
        match self {
            Misfit::None => 0,
            Misfit::Region => REGION_HOLD_MS,
            Misfit::Topic => TOPIC_HOLD_MS,
            Misfit::Language => LANGUAGE_HOLD_MS,
        }
    }

    /// The greatest misfit that a conversation accepts now.
    pub fn accepted(waiting: &Waiting, now_ms: Millis) -> Misfit {
        let waited_ms = now_ms.saturating_sub(waiting.since_ms);
        let accepts = |m: &&Misfit| waiting.urgent || waited_ms >= m.hold_ms();
        *Misfit::ALL
            .iter()
            .rev()
            .find(accepts)
            .unwrap_or(&Misfit::None)
    }
}

/// How well a consultant fits; `None` when he must not have it however long it waits.
pub fn misfit(
    profile: &Profile,
    role: StaffRole,
    staff: &str,
    waiting: &Waiting,
) -> Option<Misfit> {
    let lawyer = role == StaffRole::Lawyer;
    let serves = may(role, Act::Serve);
    let matter = &waiting.matter;
    if !serves || waiting.lawyer_only && !lawyer || matter.recused.iter().any(|s| s == staff) {
        return None;
    }
    if conflicts(&profile.conflicts, matter) {
        return None;
    }
    let speaks = match matter.language.as_deref() {
        Some(tag) => profile.languages.iter().any(|l| l == tag),
        None => true,
    };
    let wants_lawyer = matter.to == Some(Target::Lawyers);
    if !speaks || wants_lawyer && !lawyer {
        return Some(Misfit::Language);
    }
    let knows = match waiting.wanted_area() {
        Some(area) => profile.skills.is_empty() || profile.skills.iter().any(|s| s == area),
        None => true,
    };
    if !knows {
        return Some(Misfit::Topic);
    }
    let near = match waiting.division.as_deref() {
        Some(division) => {
            let covers = |region: &String| division.starts_with(region.as_str());
            profile.regions.is_empty() || profile.regions.iter().any(covers)
        }
        None => true,
    };
    Some(if near { Misfit::None } else { Misfit::Region })
}

/// Whether a name that was declared is named as the other side.
pub fn conflicts(declared: &[String], matter: &Matter) -> bool {
    declared
        .iter()
        .any(|name| matter.other.iter().any(|told| same_person(name, told)))
}

/// Whether who advises in `one` would advise the other side in `two`: both spouses, employer and worker.
pub fn opposed(one: &Matter, two: &Matter) -> bool {
    let meet = |a: &[String], b: &[String]| a.iter().any(|x| b.iter().any(|y| same_person(x, y)));
    meet(&one.own, &two.other) || meet(&one.other, &two.own)
}

/// Whether one name is told inside the other: 张三 in 我丈夫张三.
fn same_person(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let (a, b) = (plain(a), plain(b));
    let long = |text: &str| text.chars().count() >= NAME_CHARS_MIN;
    long(&a) && long(&b) && (a.contains(&b) || b.contains(&a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_meet_whole_or_inside_and_never_by_one_character() {
        for (a, b, meet) in [
            ("张三", "我丈夫张三", true),
            ("某某建筑 有限公司", "某某建筑有限公司王经理", true),
            ("王", "王五", false),
            ("张三", "李四", false),
            ("", "张三", false),
        ] {
            assert_eq!(same_person(a, b), meet, "{a} {b}");
            assert_eq!(same_person(b, a), meet, "{b} {a}");
        }
    }
}
