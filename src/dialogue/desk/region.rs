//! Where a citizen is and what he writes in, as far as routing must know: provinces and scripts.

use std::ops::RangeInclusive;

/// Provinces by the first two digits of GB/T 2260, with the cities that are named without them. Cities that share
/// their name with one elsewhere are left out.
const PROVINCES: [(&str, &str); 34] = [
    ("11", "北京"),
    ("12", "天津"),
    ("13", "河北 石家庄 唐山 保定 邯郸 廊坊 沧州"),
    ("14", "山西 太原 大同 临汾"),
    ("15", "内蒙古 呼和浩特 包头 赤峰 鄂尔多斯"),
    ("21", "辽宁 沈阳 大连 鞍山"),
    ("22", "吉林 长春"),
    ("23", "黑龙江 哈尔滨 齐齐哈尔 大庆"),
    ("31", "上海 浦东"),
    (
        "32",
        "江苏 南京 无锡 徐州 常州 苏州 南通 扬州 盐城 连云港 淮安 镇江 泰州 宿迁 昆山",
    ),
    ("33", "浙江 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 台州 义乌"),
    ("34", "安徽 合肥 芜湖 蚌埠 阜阳 安庆 六安 亳州"),
    ("35", "福建 福州 厦门 泉州 漳州 莆田"),
    ("36", "江西 南昌 九江 赣州 上饶 宜春"),
    (
        "37",
        "山东 济南 青岛 淄博 烟台 潍坊 济宁 临沂 菏泽 聊城 德州 泰安 威海",
    ),
    (
        "41",
        "河南 郑州 洛阳 开封 南阳 商丘 新乡 周口 驻马店 信阳 安阳 许昌",
    ),
    ("42", "湖北 武汉 宜昌 襄阳 荆州 黄冈 孝感"),
    ("43", "湖南 长沙 株洲 湘潭 衡阳 岳阳 常德 邵阳 郴州 永州"),
    (
        "44",
        "广东 广州 深圳 珠海 佛山 东莞 中山 惠州 汕头 江门 湛江 茂名 肇庆 清远 揭阳 梅州",
    ),
    ("45", "广西 南宁 柳州 桂林 玉林"),
    ("46", "海南 海口 三亚"),
    ("50", "重庆"),
    ("51", "四川 成都 绵阳 南充 宜宾 达州 泸州"),
    ("52", "贵州 贵阳 遵义 毕节"),
    ("53", "云南 昆明 曲靖 大理"),
    ("54", "西藏 拉萨"),
    ("61", "陕西 西安 咸阳 宝鸡 渭南 汉中 榆林 延安"),
    ("62", "甘肃 兰州 天水"),
    ("63", "青海 西宁"),
    ("64", "宁夏 银川"),
    ("65", "新疆 乌鲁木齐"),
    ("71", "台湾"),
    ("81", "香港"),
    ("82", "澳门"),
];

/// Scripts that are not Chinese, with the language they stand for in China.
const SCRIPTS: [(RangeInclusive<char>, &str); 6] = [
    ('\u{0f00}'..='\u{0fff}', "bo"),
    ('\u{0600}'..='\u{06ff}', "ug"),
    ('\u{1800}'..='\u{18af}', "mn"),
    ('\u{ac00}'..='\u{d7a3}', "ko"),
    ('\u{a000}'..='\u{a4cf}', "ii"),
    ('a'..='z', "en"),
];
/// Letters of a script from which a text counts as written in it: an abbreviation in a Chinese text is none.
const LETTERS_MIN: usize = 4;

/// The province of a place as told, two digits; `None` where it is not known.
pub fn division_of(place: &str) -> Option<&'static str> {
    // 吉林省吉林市 and 江苏南京: the name that comes first decides.
    PROVINCES
        .iter()
        .flat_map(|(code, names)| names.split(' ').map(move |name| (*code, name)))
        .filter_map(|(code, name)| Some((place.find(name)?, code)))
        .min()
        .map(|(_, code)| code)
}

/// The language of a text by its letters; `None` for Chinese, and for what has too few letters to tell.
pub fn language_of(text: &str) -> Option<&'static str> {
    let letters = |range: &RangeInclusive<char>| {
        text.chars()
            .filter(|c| range.contains(&c.to_ascii_lowercase()))
            .count()
    };
    let chinese = letters(&('\u{4e00}'..='\u{9fff}'));
    SCRIPTS
        .iter()
        .map(|(range, tag)| (letters(range), *tag))
        .filter(|(n, _)| *n >= LETTERS_MIN && *n > chinese)
        .max_by_key(|(n, _)| *n)
        .map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_to_their_province() {
        for (place, code) in [
            ("山东省青岛市", Some("37")),
            ("青岛", Some("37")),
            ("江苏南京", Some("32")),
            ("内蒙古自治区", Some("15")),
            ("某县", None),
        ] {
            assert_eq!(division_of(place), code, "{place}");
        }
        let mut names: Vec<&str> = PROVINCES.iter().flat_map(|p| p.1.split(' ')).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "a name stands for two provinces");
    }

    #[test]
    fn languages_are_told_by_their_letters() {
        for (text, tag) in [
            ("老板不给工资", None),
            ("公司叫ABCD，欠我三个月工资不给", None),
            ("my boss does not pay me", Some("en")),
            ("ང་ལ་གླ་ཆ་མ་སྤྲད།", Some("bo")),
            ("ئىش ھەققىمنى بەرمىدى", Some("ug")),
            ("1", None),
            ("ok", None),
        ] {
            assert_eq!(language_of(text), tag, "{text}");
        }
    }
}
