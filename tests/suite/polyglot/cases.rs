//! The table of cases that is the same for all languages, and what it expects.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use gestan_account_tests::process::Ended;
use serde::Deserialize;
use serde_json::Value;

/// The cases.
pub(super) struct Cases {
    /// Their file.
    pub(super) path: PathBuf,
    /// What is done, one after the other.
    pub(super) steps: Vec<Step>,
}

#[derive(Deserialize)]
struct File {
    steps: Vec<Step>,
}

/// A word to the control channel, or a call.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Step {
    /// The clock moves, by seconds.
    Advance { advance: u32 },
    /// The code that was mailed to an address is kept under a name.
    Mail { mail: String, keep: String },
    /// A call.
    Call(Box<Call>),
}

/// A call: how it is made is the runners' business, what comes of it is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// What it shows.
    pub(super) case: String,
    /// How many times it is made.
    #[serde(default = "once")]
    pub(super) times: usize,
    /// The RPC.
    #[serde(rename = "call")]
    pub(super) rpc: String,
    /// The request, in protobuf's JSON.
    pub(super) request: Value,
    /// The link token.
    pub(super) token: Option<String>,
    /// The `accept-language`.
    pub(super) language: Option<String>,
    /// The deadline, when it is not the usual one.
    pub(super) deadline_ms: Option<u64>,
    /// Names under which paths of the answer are kept.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
    /// Paths of the answer that are printed.
    #[serde(default)]
    pub(super) show: Vec<String>,
    expect: Expected,
}

fn once() -> usize {
    1
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
        assert!(file.steps.iter().filter(|step| matches!(step, Step::Call(_))).count() > 20);
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
        let calls = self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(vec![call.expect.line(&call.case); call.times]),
            Step::Advance { .. } | Step::Mail { .. } => None,
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
