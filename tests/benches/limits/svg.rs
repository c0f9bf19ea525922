//! Charts as SVG: two panels side by side that share the axis upwards, both axes
//! logarithmic, with colours for light and for dark pages.

use std::fmt::Write as _;

pub(crate) struct Panel {
    /// What goes from left to right.
    pub(crate) across: String,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) name: String,
    /// 0 or 1.
    pub(crate) colour: usize,
    pub(crate) dashed: bool,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Where values are on the page.
struct Scale {
    values: (f64, f64),
    page: (f64, f64),
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let ((low, high), (start, end)) = (self.values, self.page);
        start + (end - start) * (value / low).ln() / (high / low).ln()
    }
}

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 400.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 340.0;
const LEFT: [f64; 2] = [64.0, 490.0];
const PANEL: f64 = 366.0;
/// Points keep away from the sides.
const MARGIN: f64 = 16.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-size:16px;font-weight:600;fill:#1f2328}\
.paper{fill:#fff}.grid{stroke:#d8dee4}.axis{stroke:#8c959f}.c0{color:#1f6feb}.c1{color:#bc4c00}\
.line{fill:none;stroke:currentColor;stroke-width:2}circle{fill:currentColor}\
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.paper{fill:#0d1117}\
.grid{stroke:#2a313c}.axis{stroke:#656c76}.c0{color:#58a6ff}.c1{color:#f0883e}}";

/// Draws them; `upwards` is the unit of what goes from bottom to top.
pub(crate) fn chart(title: &str, upwards: &str, panels: &[Panel; 2]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n"
    );
    let _ = writeln!(svg, "<text class=\"title\" x=\"{}\" y=\"32\">{title}</text>", LEFT[0]);
    legend(&mut svg, &panels[0].lines);
    text(&mut svg, (LEFT[0] - 8.0, TOP - 14.0), "end", upwards);
    let values = panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let ticks = steps(values.map(|point| point.1));
    let values = (ticks[0], ticks[ticks.len() - 1]);
    let upwards = Scale { values, page: (BOTTOM, TOP) };
    for (panel, left) in panels.iter().zip(LEFT) {
        draw(&mut svg, panel, left, &upwards, &ticks);
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String, lines: &[Line]) {
    let (mut left, y) = (LEFT[0], 56.0);
    for Line { name, colour, dashed, .. } in lines {
        stroke(svg, &format!("M{left} {y}h28"), *colour, *dashed);
        text(svg, (left + 36.0, y + 4.5), "start", name);
        // As far as letters of this size go.
        left += 64.0 + 7.5 * name.len() as f64;
    }
}

fn draw(svg: &mut String, panel: &Panel, left: f64, upwards: &Scale, ticks: &[f64]) {
    let right = left + PANEL;
    for tick in ticks {
        let y = upwards.at(*tick);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{left} {y:.1}h{PANEL}\"/>");
        text(svg, (left - 8.0, y + 4.5), "end", &short(*tick));
    }
    let places: Vec<f64> = panel.lines[0].points.iter().map(|point| point.0).collect();
    let values = (places[0], places[places.len() - 1]);
    let across = Scale { values, page: (left + MARGIN, right - MARGIN) };
    let _ = writeln!(svg, "<path class=\"axis\" d=\"M{left} {BOTTOM}h{PANEL}\"/>");
    for place in places {
        text(svg, (across.at(place), BOTTOM + 20.0), "middle", &short(place));
    }
    text(svg, (left.midpoint(right), BOTTOM + 44.0), "middle", &panel.across);
    for Line { colour, dashed, points, .. } in &panel.lines {
        let points: Vec<_> = points.iter().map(|(x, y)| (across.at(*x), upwards.at(*y))).collect();
        let mut path = String::new();
        for (x, y) in &points {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{command}{x:.1} {y:.1}");
        }
        stroke(svg, &path, *colour, *dashed);
        for (x, y) in points {
            let place = format!("cx=\"{x:.1}\" cy=\"{y:.1}\"");
            let _ = writeln!(svg, "<circle class=\"c{colour}\" {place} r=\"3\"/>");
        }
    }
}

fn stroke(svg: &mut String, path: &str, colour: usize, dashed: bool) {
    let pattern = if dashed { " stroke-dasharray=\"6 4\"" } else { "" };
    let _ = writeln!(svg, "<path class=\"line c{colour}\" d=\"{path}\"{pattern}/>");
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

/// 1, 2, 5, 10 … from the one below all values to the one above.
fn steps(values: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(0.0, f64::max);
    let first = low.log10().floor() as i32;
    let all = (first..).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10_f64.powi(power)));
    let mut steps = Vec::new();
    for step in all {
        // The last one at or below all values is the first that counts.
        if step <= low {
            steps.clear();
        }
        steps.push(step);
        if step >= high && steps.len() > 1 {
            return steps;
        }
    }
    steps
}

/// As one reads it: 500, 20 k, 1 M.
pub(crate) fn short(value: f64) -> String {
    match value {
        1_000_000.0.. => format!("{} M", value / 1_000_000.0),
        1_000.0.. => format!("{} k", value / 1_000.0),
        // Without the last digits of what 0.1 is in binary.
        _ => format!("{}", (value * 1_000.0).round() / 1_000.0),
    }
}
