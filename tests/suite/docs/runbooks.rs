//! docs/RUNBOOKS.md is run as it stands: each runbook's commands, in their order, on a real server
//! in the situation that it is for.

mod accounts;
mod leaks;
mod operator;
mod planned;
mod postgres;
mod secrets;
mod trouble;

use std::{
    collections::{BTreeSet, VecDeque},
    thread,
};

use gestan_account_tests::process::workspace;

use self::operator::Operator;
use super::{files, read};

/// What is typed of a runbook, and what is seen.
#[derive(Debug)]
struct Runbook {
    heading: String,
    commands: VecDeque<String>,
    logged: Vec<String>,
}

fn document() -> String {
    read(&workspace().join("docs/RUNBOOKS.md"))
}

/// The headings of the document, each with what stands below it.
fn sections(document: &str) -> Vec<(&str, &str)> {
    let sections = document.split("\n## ").skip(1);
    sections.filter_map(|section| section.split_once('\n')).collect()
}

/// The blocks of a kind.
fn blocks<'a>(text: &'a str, kind: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!("```{kind}\n");
    let blocks: Vec<&str> = text.split(opening.as_str()).skip(1).collect();
    blocks.into_iter().filter_map(|rest| rest.split("\n```").next())
}

/// What every session begins with.
fn first_block(document: &str) -> String {
    let before = document.split("\n## ").next().expect("a beginning");
    blocks(before, "sh").next().expect("the first block").to_owned()
}

/// The runbook under this heading.
fn runbook(heading: &str) -> Runbook {
    let document = document();
    let sections = sections(&document);
    let found = sections.iter().find(|section| section.0 == heading);
    let (_, text) = found.unwrap_or_else(|| panic!("there is no runbook {heading:?}"));
    Runbook {
        heading: heading.to_owned(),
        commands: blocks(text, "sh").map(str::to_owned).collect(),
        logged: blocks(text, "log").flat_map(str::lines).map(str::to_owned).collect(),
    }
}

impl Runbook {
    /// Types the next block, which must succeed; gives what it printed and said.
    async fn next(&mut self, operator: &Operator) -> String {
        let command = self.commands.pop_front();
        let command = command.unwrap_or_else(|| panic!("{}: no more commands", self.heading));
        operator.run(&command).await
    }

    /// Waits until the log has the next line that the runbook shows.
    async fn logged(&mut self, operator: &Operator) {
        let line = self.logged.remove(0);
        operator.wait_for_log(&line).await;
    }
}

/// A command that no test has run makes the test red.
impl Drop for Runbook {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert!(self.commands.is_empty(), "{}: never run: {:?}", self.heading, self.commands);
            assert!(self.logged.is_empty(), "{}: never seen: {:?}", self.heading, self.logged);
        }
    }
}

#[test]
fn every_runbook_with_a_command_is_run_by_a_test() {
    let tests: String = files(&workspace().join("tests/suite/docs/runbooks"), "rs")
        .iter()
        .map(|path| read(path))
        .collect();
    let document = document();
    let sections = sections(&document);
    assert!(sections.len() > 15, "only {} runbooks", sections.len());
    for (heading, text) in sections {
        let has_commands = blocks(text, "sh").next().is_some();
        let is_run = tests.contains(&format!("runbook(\"{heading}\")"));
        assert_eq!(has_commands, is_run, "{heading}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let ends = text.contains("is over when") || text.contains("Nothing is to be typed");
        assert!(ends, "{heading} does not say when it is over");
    }
}

/// The anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn each_alert_leads_to_the_runbook_that_names_it() {
    let rules = read(&workspace().join("docs/operations/alerts.yml"));
    let document = document();
    let sections = sections(&document);
    let mut alerts = BTreeSet::new();
    for rule in rules.split("- alert: ").skip(1) {
        let alert = rule.lines().next().expect("a name").trim();
        let url = rule.lines().find_map(|line| line.trim().strip_prefix("runbook_url: "));
        let url = url.unwrap_or_else(|| panic!("{alert} has no runbook"));
        let place = url.strip_prefix("docs/RUNBOOKS.md#");
        let place = place.unwrap_or_else(|| panic!("{alert}: {url}"));
        let section = sections.iter().find(|(heading, _)| anchor(heading) == place);
        let (_, text) = section.unwrap_or_else(|| panic!("{alert}: no heading for {url}"));
        assert!(text.contains(&format!("`{alert}`")), "{url} does not name {alert}");
        alerts.insert(alert);
    }
    assert!(alerts.len() > 10, "{alerts:?}");
    for word in document.split('`').filter(|word| word.starts_with("GestanAccount")) {
        assert!(alerts.contains(word), "no rule raises {word}");
    }
}
