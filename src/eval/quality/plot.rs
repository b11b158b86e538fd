//! Plots as inline SVG: readable without scripts, network or colours alone.

use super::lists::Bin;
use maud::{Markup, html};

/// Side of the reliability plot and its margin, in SVG units.
const SIDE: f64 = 320.0;
const MARGIN: f64 = 36.0;
/// Largest radius of a point.
const RADIUS_MAX: f64 = 9.0;
/// Size of a trend line.
const TREND_WIDTH: f64 = 120.0;
const TREND_HEIGHT: f64 = 24.0;
/// Room around a trend line, so that its ends are whole.
const TREND_PAD: f64 = 3.0;

/// Said probability against the share that was right, with intervals of 95 % and the number of cases at each point.
pub fn reliability(bins: &[Bin]) -> Markup {
    let inner = SIDE - 2.0 * MARGIN;
    let x = |p: f64| MARGIN + inner * p;
    let y = |share: f64| SIDE - MARGIN - inner * share;
    let most = bins.iter().map(|b| b.n).max().unwrap_or(0).max(1) as f64;
    html! {
        svg viewBox={ "0 0 " (SIDE) " " (SIDE) } width=(SIDE) height=(SIDE) role="img" aria-label="可靠性曲线：横轴为给出的概率，纵轴为答对的比例" {
            rect x=(x(0.0)) y=(y(1.0)) width=(inner) height=(inner) class="frame" {}
            line x1=(x(0.0)) y1=(y(0.0)) x2=(x(1.0)) y2=(y(1.0)) class="ideal" {}
            @for tenth in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
                text x=(x(tenth)) y=(SIDE - MARGIN / 2.0) text-anchor="middle" { (tenth) }
                text x=(MARGIN - 6.0) y=(y(tenth) + 4.0) text-anchor="end" { (tenth) }
            }
            @for bin in bins.iter().filter(|b| b.n > 0) {
                @let share = bin.right as f64 / bin.n as f64;
                line x1=(at(x(bin.p))) y1=(at(y(bin.low))) x2=(at(x(bin.p))) y2=(at(y(bin.high))) class="interval" {}
                circle cx=(at(x(bin.p))) cy=(at(y(share))) r=(at(2.0 + RADIUS_MAX * (bin.n as f64 / most).sqrt())) class="point" {
                    title { "概率约 " (bin.p) "：" (bin.n) " 题，对 " (bin.right) " 题" }
                }
                text x=(at(x(bin.p) + 8.0)) y=(at(y(share) - 8.0)) { (bin.n) }
            }
        }
    }
}

/// A line over the runs that have the figure; nothing where there is only one.
pub fn trend(values: &[f64]) -> Markup {
    if values.len() < 2 {
        return html! {};
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = (high - low).max(f64::EPSILON);
    let step = (TREND_WIDTH - 2.0 * TREND_PAD) / (values.len() - 1) as f64;
    let point = |(number, value): (usize, &f64)| {
        let up = (value - low) / span * (TREND_HEIGHT - 2.0 * TREND_PAD);
        let x = at(TREND_PAD + step * number as f64);
        format!("{x},{}", at(TREND_HEIGHT - TREND_PAD - up))
    };
    let points: Vec<String> = values.iter().enumerate().map(point).collect();
    html! {
        svg viewBox={ "0 0 " (TREND_WIDTH) " " (TREND_HEIGHT) } width=(TREND_WIDTH) height=(TREND_HEIGHT) role="img"
            aria-label={ "最近 " (values.len()) " 次" } {
            polyline points=(points.join(" ")) class="trend" {}
        }
    }
}

/// One decimal: enough for a screen.
fn at(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
