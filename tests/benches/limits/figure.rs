//! A figure, its limit, and what is to be reached.

use std::fmt;

use crate::Effort;

/// Values of one thing, one a turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<f64>);

impl Values {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn median(&self) -> f64 {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            even if even % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        }
    }

    fn bounds(&self) -> (f64, f64) {
        let bound = |pick: fn(f64, f64) -> f64| self.0.iter().copied().reduce(pick);
        (bound(f64::min).unwrap_or(f64::NAN), bound(f64::max).unwrap_or(f64::NAN))
    }
}

impl FromIterator<f64> for Values {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// What is to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    None,
}

/// Figures in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    name: String,
    ours: String,
    limit: String,
    /// The ratio where there is a limit, else the figure itself.
    judged: Values,
    goal: Goal,
}

impl Table {
    /// Has a figure and its limit take turns; who goes first changes, too.
    pub(crate) async fn compare(
        &mut self,
        effort: Effort,
        (name, unit, limit_name): (&str, &str, &str),
        goal: Goal,
        mut ours: impl AsyncFnMut() -> f64,
        mut limit: impl AsyncFnMut() -> f64,
    ) {
        let (mut figures, mut limits) = (Values::default(), Values::default());
        for round in 0..effort.rounds {
            if round % 2 == 0 {
                figures.push(ours().await);
                limits.push(limit().await);
            } else {
                limits.push(limit().await);
                figures.push(ours().await);
            }
        }
        let judged =
            figures.0.iter().zip(&limits.0).map(|(figure, limit)| figure / limit).collect();
        self.add(Row {
            name: name.to_owned(),
            ours: format!("{} {unit}", rounded(figures.median())),
            limit: format!("{limit_name}: {} {unit}", rounded(limits.median())),
            judged,
            goal,
        });
    }

    /// A figure that has no limit but a bound.
    pub(crate) fn tell(&mut self, name: &str, unit: &str, goal: Goal, values: Values) {
        self.add(Row {
            name: name.to_owned(),
            ours: format!("{} {unit}", rounded(values.median())),
            limit: "—".to_owned(),
            judged: values,
            goal,
        });
    }

    fn add(&mut self, row: Row) {
        eprintln!("{row}");
        self.0.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | measured | limit | ratio, or value (spread) | to reach | |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- |")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ours, limit, .. } = self;
        let median = self.judged.median();
        let (low, high) = self.judged.bounds();
        let (low, middle, high) = (rounded(low), rounded(median), rounded(high));
        let (goal, reached) = match self.goal {
            Goal::AtLeast(bound) => (format!("≥ {bound}"), Some(median >= bound)),
            Goal::AtMost(bound) => (format!("≤ {bound}"), Some(median <= bound)),
            Goal::None => ("—".to_owned(), None),
        };
        let verdict = match reached {
            Some(true) => "reached",
            Some(false) => "**not reached**",
            None => "",
        };
        write!(f, "| {name} | {ours} | {limit} | {middle} ({low}–{high}) | {goal} | {verdict} |")
    }
}

/// Three digits that count.
pub(crate) fn rounded(value: f64) -> String {
    let digits = (2.0 - value.abs().log10().floor()).clamp(0.0, 3.0) as usize;
    format!("{value:.digits$}")
}
