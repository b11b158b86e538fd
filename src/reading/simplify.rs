//! Traditional characters become simplified ones.
//!
//! OpenCC's Taiwan table is used because it alone knows 著 as a particle (拿著 → 拿着). It must never see a text
//! that is simplified already: 显著 would become 显着. So only texts that hold a traditional character go through it.

use ferrous_opencc::{OpenCC, config::BuiltinConfig, error::OpenCCError};
use std::borrow::Cow;

/// The ideographs looked at: extension A and the main block.
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9FFF;
const WORDS: usize = ((LAST - FIRST) / 64 + 1) as usize;

/// With these characters around it 著 is no particle, in simplified texts too (著名, 显著).
const AFTER_ZHU: &str = "作名称述书者录";
const BEFORE_ZHU: &str = "显名土论原专编执卓昭译巨遗合所拙本较";

/// Converter from traditional to simplified Chinese.
pub struct Simplifier {
    opencc: OpenCC,
    /// One bit for each ideograph of `FIRST..=LAST`: it is written differently in simplified Chinese.
    traditional: Box<[u64; WORDS]>,
}

impl Simplifier {
    /// Loads the embedded tables.
    pub fn new() -> Result<Simplifier, OpenCCError> {
        let plain = OpenCC::from_config(BuiltinConfig::T2s)?;
        let mut traditional = Box::new([0u64; WORDS]);
        let mut buffer = [0u8; 4];
        for code in FIRST..=LAST {
            let Some(c) = char::from_u32(code) else {
                continue;
            };
            let written: &str = c.encode_utf8(&mut buffer);
            if plain.convert(written) != written {
                let bit = (code - FIRST) as usize;
                traditional[bit / 64] |= 1 << (bit % 64);
            }
        }
        Ok(Simplifier {
            opencc: OpenCC::from_config(BuiltinConfig::Tw2s)?,
            traditional,
        })
    }

    /// The text in simplified Chinese; borrowed when there was nothing to change.
    pub fn simplify<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.chars().any(|c| self.is_traditional(c)) || has_particle_zhu(text) {
            Cow::Owned(self.opencc.convert(text))
        } else {
            Cow::Borrowed(text)
        }
    }

    fn is_traditional(&self, c: char) -> bool {
        let code = u32::from(c);
        if !(FIRST..=LAST).contains(&code) {
            return false;
        }
        let bit = (code - FIRST) as usize;
        self.traditional[bit / 64] >> (bit % 64) & 1 == 1
    }
}

/// 拿著, 看著: 著 written for 着.
fn has_particle_zhu(text: &str) -> bool {
    text.match_indices('著').any(|(at, zhu)| {
        let before = text[..at].chars().next_back();
        let after = text[at + zhu.len()..].chars().next();
        !before.is_some_and(|c| BEFORE_ZHU.contains(c))
            && !after.is_some_and(|c| AFTER_ZHU.contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_becomes_simplified() {
        let simplifier = Simplifier::new().unwrap();
        for (from, to) in [
            ("離婚後財產怎麼分", "离婚后财产怎么分"),
            ("皇后和太后", "皇后和太后"),
            ("老闆不發工資", "老板不发工资"),
            ("頭髮被扯掉", "头发被扯掉"),
            ("乾淨的餅乾", "干净的饼干"),
            ("乾隆年間的瓷器", "乾隆年间的瓷器"),
            ("他拿著刀追著我", "他拿着刀追着我"),
            ("著作權和著名商標", "著作权和著名商标"),
            ("顯著位置", "显著位置"),
            ("僱主說裡面有準備", "雇主说里面有准备"),
            // Simplified already: nothing may change.
            ("显著轻微", "显著轻微"),
            ("答复期限", "答复期限"),
            ("瞭望塔", "瞭望塔"),
        ] {
            assert_eq!(simplifier.simplify(from), to);
        }
    }
}
