//! The page: data to HTML and nothing else. One file, no script, no network; whatever it shows is escaped by `html!`.

use super::lists::{AreaRow, Bin, Confusion, Lost, Top, TrapKind, Wrong};
use super::{Card, Figure, Quality, Run, plot};
use crate::eval::Outcome;
use crate::eval::cases::Asked;
use crate::eval::golden::Judged;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::collections::HashMap;

/// Runs looked back on.
const TREND_RUNS: usize = 30;
/// Entries named that were found instead of a lost one.
const INSTEAD_MAX: usize = 3;
/// Changes below this are shown as none.
const CHANGE_MIN: f64 = 0.0005;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8886;--bad:#b3261e;--good:#1b6e3c;--mark:#2b5fb3}
@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#7bd99a;--mark:#8ab4f8}}
body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:68rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid var(--line)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
small,.note{opacity:.75}.bad{color:var(--bad)}.good{color:var(--good)}code{font-size:.85em}
.wide{overflow-x:auto}svg text{font-size:11px;fill:currentColor}
.frame{fill:none;stroke:var(--line)}.ideal{stroke:var(--line);stroke-dasharray:4 4}.interval{stroke:var(--mark);stroke-width:1.5}
.point{fill:var(--mark);fill-opacity:.7}.trend{fill:none;stroke:var(--mark);stroke-width:1.5}";

/// What a page is written with: titles by entry.
struct Titles<'a>(HashMap<&'a str, &'a Card>);

impl Titles<'_> {
    /// Title and id.
    fn entry(&self, id: &str) -> Markup {
        html! {
            @if let Some(card) = self.0.get(id) { (card.title) " " }
            code { (id) }
        }
    }
}

/// The whole page. `earlier`: the runs before this one, oldest first.
pub fn page(quality: &Quality, earlier: &[Run]) -> String {
    let titles = Titles(quality.entries.iter().map(|c| (c.id.as_str(), c)).collect());
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "法询 知识质量 " (quality.day) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "知识质量报告" }
                p { (quality.day) " · 知识版本 " code { (quality.knowledge) } " · " (quality.entries.len()) " 个条目" }
                p.note {
                    "数字只取自测题里的“报告部分”（约四成，从未用来调参）；下面要改的题目和条目则取全部题目。n 是题数，题少的数字只看个大概。"
                }
                (summary(&quality.figures, earlier))
                (skipped(quality))
                (golden(&quality.golden_failed))
                (areas(&quality.areas))
                (confusions(&quality.confusions, &titles))
                (reliability(&quality.bins))
                (wrong("又错又有把握的题", "排第一的条目是错的，按把握从大到小。先看最上面的：把握大，市民就会直接看到错的答案。", &quality.worst, &titles))
                (lost(&quality.lost, &titles))
                (traps(&quality.traps))
                (wrong("没有被拒绝的陷阱题", "“作恶”“改行为”两类应当一题不漏。转人工不算拒绝，但也没有作答。", &quality.let_through, &titles))
                (wrong("没有条目却作了答的题", "这些题目没有一个条目答得了，却给出了答案：要么题目归错了，要么条目说得太宽。", &quality.overanswered, &titles))
            }
        }
    };
    page.into_string()
}

fn summary(figures: &[Figure], earlier: &[Run]) -> Markup {
    let last = earlier.last();
    html! {
        h2 { "总表" }
        p.note {
            @match last {
                Some(run) => { "与上次（" (run.day) "，版本 " code { (run.knowledge) } "）相比；曲线是最近 " (TREND_RUNS) " 次以内的走势。" }
                None => { "还没有以前的记录：下次运行起显示变化。" }
            }
        }
        div.wide { table {
            tr { th { "项目" } th.n { "数值" } th.n { "n" } th.n { "变化" } th { "走势" } }
            @for figure in figures {
                tr {
                    td { (figure.label) " " code { (figure.key) } }
                    td.n { (percent(figure.value)) }
                    td.n { (figure.n) }
                    td.n { (change(figure, last)) }
                    td { (plot::trend(&values(figure, earlier))) }
                }
            }
        } }
    }
}

/// The figure in the earlier runs and now.
fn values(figure: &Figure, earlier: &[Run]) -> Vec<f64> {
    let from = earlier.len().saturating_sub(TREND_RUNS - 1);
    let before = earlier[from..].iter();
    let before = before.filter_map(|run| run.figures.get(&figure.key).map(|f| f.0));
    before.chain([figure.value]).collect()
}

fn change(figure: &Figure, last: Option<&Run>) -> Markup {
    let Some((before, n)) = last.and_then(|run| run.figures.get(&figure.key)) else {
        return html! { "–" };
    };
    let change = figure.value - before;
    let class = if change.abs() < CHANGE_MIN {
        ""
    } else if (change > 0.0) == figure.up {
        "good"
    } else {
        "bad"
    };
    html! {
        span class=(class) {
            @if class.is_empty() { "0" } @else { (format!("{:+.1}", 100.0 * change)) }
        }
        @if *n != figure.n { " " small { "上次 n=" (n) } }
    }
}

fn skipped(quality: &Quality) -> Markup {
    html! {
        @if !quality.skipped.is_empty() {
            h2 { "没有测的" }
            ul {
                @for skipped in &quality.skipped { li { (skipped.what) "：" (skipped.why) } }
            }
        }
    }
}

fn golden(failed: &[Judged]) -> Markup {
    html! {
        h2 { "没有通过的金标题（" (failed.len()) "）" }
        @if failed.is_empty() { p.good { "全部如所写。" } }
        @else {
            table {
                tr { th.n { "行" } th { "问题" } th { "结果" } }
                @for judged in failed {
                    tr { td.n { (judged.line) } td { (judged.question) } td { code { (judged.got) } } }
                }
            }
        }
    }
}

fn areas(rows: &[AreaRow]) -> Markup {
    let asked = rows.iter().any(|r| r.asked > 0);
    html! {
        h2 { "各领域的覆盖" }
        @if asked { p.note { "“真实提问”按最可能的意图归领域：作答少、被拒多的领域缺条目。" } }
        div.wide { table {
            tr {
                th { "领域" } th.n { "条目" } th.n { "自测题" } th.n { "排第一" } th.n { "作答" } th.n { "作答中对" } th.n { "金标题" }
                @if asked { th.n { "真实提问" } th.n { "作答" } th.n { "未拒" } }
            }
            @for row in rows {
                tr {
                    td { (row.area) } td.n { (row.entries) } td.n { (row.probes) }
                    td.n { (part(row.first, row.probes)) } td.n { (part(row.answered, row.probes)) }
                    td.n { (part(row.right, row.answered)) " " small { "n=" (row.answered) } }
                    td.n { (row.golden_passed) "/" (row.golden) }
                    @if asked {
                        td.n { (row.asked) } td.n { (part(row.asked_answered, row.asked)) } td.n { (part(row.asked_kept, row.asked)) }
                    }
                }
            }
        } }
    }
}

fn confusions(pairs: &Top<Confusion>, titles: &Titles) -> Markup {
    html! {
        h2 { "互相认错的条目" (counted(pairs, "对")) }
        p.note { "甲的自测题找到了乙，或反过来；次数多的在前。考虑合并，或把标题、问法、首句写得分得开。" }
        table {
            tr { th { "甲" } th { "乙" } th.n { "甲→乙" } th.n { "乙→甲" } th { "例子（把握最大的一题）" } }
            @for pair in &pairs.rows {
                tr {
                    td { (titles.entry(&pair.entries[0])) } td { (titles.entry(&pair.entries[1])) }
                    td.n { (pair.taken[0]) } td.n { (pair.taken[1]) }
                    td { (pair.example) " " small { "p=" (p(pair.p)) } }
                }
            }
        }
    }
}

fn reliability(bins: &[Bin]) -> Markup {
    let n: usize = bins.iter().map(|b| b.n).sum();
    html! {
        h2 { "把握可不可信（n=" (n) "）" }
        p.note { "点在虚线上，说几成把握就对几成；在虚线下，是过于自信。点旁是题数，竖线是 95% 区间。" }
        (plot::reliability(bins))
        table {
            tr { th { "给出的概率" } th.n { "n" } th.n { "答对" } th.n { "95% 区间" } }
            @for bin in bins.iter().rev() {
                tr {
                    td { (format!("{:.1}–{:.1}", bin.from, bin.from + 0.1)) }
                    td.n { (bin.n) }
                    td.n { (part(bin.right, bin.n)) }
                    td.n { @if bin.n > 0 { (percent(bin.low)) "–" (percent(bin.high)) } }
                }
            }
        }
    }
}

fn wrong(heading: &str, note: &str, rows: &Top<Wrong>, titles: &Titles) -> Markup {
    html! {
        h2 { (heading) (counted(rows, "道")) }
        p.note { (note) }
        @if rows.total == 0 { p.good { "没有。" } }
        @else {
            table {
                tr { th { "问题" } th { "应当" } th { "排第一的条目" } th.n { "把握" } th { "结果" } }
                @for row in &rows.rows {
                    tr {
                        td { (row.question) }
                        td { @match &row.asked {
                            Asked::Probe(entry) => (titles.entry(entry)),
                            Asked::Unanswered => "没有条目",
                            Asked::Trap(kind) => { "拒绝（" (kind) "）" },
                        } }
                        td { @if let Some(best) = &row.best { (titles.entry(best)) } }
                        td.n { (p(row.p)) }
                        td { (outcome(row.outcome)) }
                    }
                }
            }
        }
    }
}

fn lost(rows: &[Lost], titles: &Titles) -> Markup {
    html! {
        h2 { "自己的自测题一道也找不到的条目（" (rows.len()) "）" }
        table {
            tr { th { "条目" } th.n { "自测题" } th { "找到的是" } }
            @for row in rows {
                tr {
                    td { (titles.entry(&row.entry)) }
                    td.n { (row.probes) }
                    td {
                        @for (entry, n) in row.instead.iter().take(INSTEAD_MAX) {
                            div { (titles.entry(entry)) " ×" (n) }
                        }
                    }
                }
            }
        }
    }
}

fn traps(rows: &[TrapKind]) -> Markup {
    html! {
        h2 { "陷阱题，按类" }
        div.wide { table {
            tr {
                th { "类" } th.n { "拒绝（报告部分）" } th.n { "n" } th.n { "拒绝（全部）" } th.n { "n" }
                th.n { "作答" } th.n { "反问" } th.n { "指法条" } th.n { "表单" } th.n { "转人工" } th.n { "没听懂" }
            }
            @for row in rows {
                tr {
                    td { (row.kind) }
                    td.n { (part(row.refused, row.n)) } td.n { (row.n) }
                    td.n { (part(row.refused_all, row.n_all)) } td.n { (row.n_all) }
                    td.n { (row.answered) } td.n { (row.clarified) } td.n { (row.pointed) } td.n { (row.form) } td.n { (row.handed_off) } td.n { (row.not_understood) }
                }
            }
        } }
    }
}

/// How many there are, and how many of them are shown.
fn counted<T>(list: &Top<T>, unit: &str) -> String {
    if list.rows.len() < list.total {
        format!("（{} {unit}，列前 {}）", list.total, list.rows.len())
    } else {
        format!("（{} {unit}）", list.total)
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "作答",
        Outcome::Clarified => "反问",
        Outcome::Pointed => "指法条",
        Outcome::Form => "表单",
        Outcome::HandedOff => "转人工",
        Outcome::Refused => "拒绝或没听懂",
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A share, or a dash of nothing.
fn part(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    percent(part as f64 / whole as f64)
}

fn p(p: f32) -> String {
    format!("{p:.2}")
}
