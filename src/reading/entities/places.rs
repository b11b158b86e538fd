//! Places: provinces, big cities, and whatever ends in 省, 市, 县, 区, 镇, 乡, 村.

use crate::reading::text::Text;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

const SUFFIXES: &[&str] = &[
    "自治州",
    "自治区",
    "自治县",
    "特别行政区",
    "省",
    "市",
    "县",
    "区",
    "镇",
    "乡",
    "村",
    "州",
    "旗",
    "街道",
];
/// Provinces and the like as people shorten them, and cities that are named without 市.
static NAMED: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 \
     海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 石家庄 唐山 保定 \
     邯郸 廊坊 沧州 太原 大同 临汾 沈阳 大连 鞍山 长春 哈尔滨 齐齐哈尔 大庆 南京 无锡 徐州 常州 苏州 \
     南通 扬州 盐城 连云港 淮安 镇江 泰州 宿迁 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 台州 义乌 合肥 芜湖 \
     蚌埠 阜阳 安庆 六安 亳州 福州 厦门 泉州 漳州 莆田 南昌 九江 赣州 上饶 宜春 济南 青岛 淄博 烟台 \
     潍坊 济宁 临沂 菏泽 聊城 德州 泰安 威海 郑州 洛阳 开封 南阳 商丘 新乡 周口 驻马店 信阳 安阳 许昌 \
     武汉 宜昌 襄阳 荆州 黄冈 孝感 长沙 株洲 湘潭 衡阳 岳阳 常德 邵阳 郴州 永州 广州 深圳 珠海 佛山 \
     东莞 中山 惠州 汕头 江门 湛江 茂名 肇庆 清远 揭阳 梅州 南宁 柳州 桂林 玉林 海口 三亚 成都 绵阳 \
     南充 宜宾 达州 泸州 贵阳 遵义 毕节 昆明 曲靖 大理 拉萨 西安 咸阳 宝鸡 渭南 汉中 榆林 延安 兰州 \
     天水 西宁 银川 乌鲁木齐 呼和浩特 包头 赤峰 鄂尔多斯 浦东 昆山"
        .split_whitespace()
        .collect()
});
/// Words with such an ending that name no place.
static NO_PLACES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "城市 超市 上市 夜市 门市 股市 楼市 都市 集市 菜市 早市 本市 全市 外市 该市 本省 外省 全省 该省 \
     本县 全县 县城 小区 社区 市区 郊区 城区 地区 辖区 山区 厂区 校区 园区 景区 开发区 工业区 住宅区 \
     生活区 居住区 灾区 病区 自治区 自治州 自治县 农村 乡村 本村 同村 外村 全村 村镇 城镇 乡镇 集镇 \
     家乡 老乡 故乡 同乡 异乡 他乡 下乡 思乡 城乡 新村 我村 我县 我市 我省 我区 我镇 我乡 禁区 误区 \
     社区里 特区 行政区 节省 广州市区 城中村 库区 矿区 林区 保护区 服务区 商业区 老区 小镇 农产品市 \
     几个村 市 县 区 省 村 镇 乡 州 旗 街道 战区"
        .split_whitespace()
        .collect()
});
/// Longest name of one place, in characters.
const NAME_CHARS_MAX: usize = 8;

/// Byte ranges of the places named in a text, neighbours joined (广东省深圳市).
pub fn places(text: &Text) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for range in &text.words {
        let range = range.start as usize..range.end as usize;
        let word = &text.normal[range.clone()];
        let joins = found.last().is_some_and(|last| last.end == range.start);
        let suffix = joins && SUFFIXES.contains(&word);
        if !suffix && !is_place(word) {
            continue;
        }
        match found.last_mut() {
            Some(last) if joins => last.end = range.end,
            _ => found.push(range),
        }
    }
    found
}

fn is_place(word: &str) -> bool {
    if NAMED.contains(word) {
        return true;
    }
    let Some(stem) = SUFFIXES.iter().find_map(|suffix| word.strip_suffix(suffix)) else {
        return false;
    };
    let stem_chars = stem.chars().count();
    (2..=NAME_CHARS_MAX).contains(&stem_chars) && !NO_PLACES.contains(word)
        || stem_chars == 1 && ends_in_county(word) && !NO_PLACES.contains(word)
}

/// Two-character names are only taken for counties (唐县, 滕县); 某区 and 某村 are too often ordinary words.
fn ends_in_county(word: &str) -> bool {
    word.ends_with('县')
}
