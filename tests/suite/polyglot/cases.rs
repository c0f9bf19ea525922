//! The table of cases that is the same for all languages, and what it expects.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gestan_account_tests::process::Ended;
use serde::Deserialize;

/// The cases, as far as a test looks at them: the requests are the runners'.
pub(super) struct Cases {
    /// Their file.
    pub(super) path: PathBuf,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct File {
    steps: Vec<Step>,
}

/// A call, or a word to the control channel, which has no case.
#[derive(Deserialize)]
struct Step {
    case: Option<String>,
    times: Option<usize>,
    expect: Option<Expected>,
}

/// What has to come of a call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    code: String,
    reason: Option<String>,
    #[serde(default)]
    violations: Vec<String>,
    retry: Option<String>,
    locale: Option<String>,
    #[serde(default)]
    answer: Vec<String>,
}

impl Cases {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the cases");
        let file: File = serde_json::from_str(&text).expect("cases as JSON");
        assert!(file.steps.iter().filter(|step| step.case.is_some()).count() > 20);
        Self { path: path.to_owned(), steps: file.steps }
    }

    /// Asserts that a runner has printed this table, line by line.
    pub(super) fn assert_table(&self, ended: &Ended) {
        let expected = self.table();
        let printed: Vec<&str> = ended.printed.lines().collect();
        let line = |number: usize| printed.get(number).copied().unwrap_or("(nothing)");
        let differences: Vec<String> = (0..expected.len().max(printed.len()))
            .map(|number| (line(number), expected.get(number).map_or("(nothing)", String::as_str)))
            .filter(|(seen, expected)| seen != expected)
            .map(|(seen, expected)| format!("seen:     {seen}\nexpected: {expected}\n"))
            .collect();
        assert!(differences.is_empty(), "\n{}{}", differences.concat(), ended.log);
    }

    fn table(&self) -> Vec<String> {
        let calls = self.steps.iter().filter_map(|step| {
            let (case, expected) = (step.case.as_ref()?, step.expect.as_ref());
            let expected = expected.unwrap_or_else(|| panic!("{case}: nothing is expected"));
            Some(vec![expected.line(case); step.times.unwrap_or(1)])
        });
        calls.flatten().collect()
    }
}

impl Expected {
    /// Case, code, reason, violations, retry delay, language, answer.
    fn line(&self, case: &str) -> String {
        let or_none = |text: Option<&str>| match text {
            None | Some("") => "-".to_owned(),
            Some(text) => text.to_owned(),
        };
        let mut violations = self.violations.clone();
        violations.sort();
        [
            case.to_owned(),
            self.code.clone(),
            or_none(self.reason.as_deref()),
            or_none(Some(&violations.join(" "))),
            or_none(self.retry.as_deref()),
            or_none(self.locale.as_deref()),
            or_none(Some(&self.answer.join("; "))),
        ]
        .join("\t")
    }
}
