//! Each row of OWASP ASVS is judged once, and what SECURITY sums up is what the rows say.

use std::collections::{BTreeMap, BTreeSet};

use gestan_account_tests::process::workspace;

use super::read;

const STATUSES: [&str; 4] = ["met", "in part", "not met", "not applicable"];

/// The chapters that are judged row by row, with how many rows the standard has there.
const CHAPTERS: [(u32, usize); 13] = [
    (1, 30),
    (2, 13),
    (4, 16),
    (5, 13),
    (6, 47),
    (7, 19),
    (8, 13),
    (11, 24),
    (12, 12),
    (13, 21),
    (14, 13),
    (15, 21),
    (16, 17),
];

/// A row as it was judged.
struct Row {
    number: String,
    chapter: u32,
    level: String,
    status: usize,
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// Whether a line of a table begins with a number.
fn is_numbered(line: &str) -> bool {
    line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The rows below the headings of chapters; NIST's tables have other ones.
fn rows() -> Vec<Row> {
    let document = read(&workspace().join("docs/ASVS.md"));
    let mut rows = Vec::new();
    for part in document.split("\n## V").skip(1) {
        let part = part.split("\n## ").next().expect("a chapter");
        let chapter: u32 = part.split(' ').next().expect("a number").parse().expect("a number");
        for line in part.lines().filter(|line| is_numbered(line)) {
            let cells = cells(line);
            assert_eq!(cells.len(), 5, "{line}");
            let status = STATUSES.iter().position(|status| *status == cells[3]);
            let status = status.unwrap_or_else(|| panic!("{line}: no such status"));
            assert!(status == 0 || !cells[4].is_empty(), "{line}: no reason");
            let prefix = format!("{chapter}.");
            assert!(cells[0].starts_with(&prefix), "{line}: in chapter {chapter}");
            let (number, level) = (cells[0].to_owned(), cells[1].to_owned());
            rows.push(Row { number, chapter, level, status });
        }
    }
    rows
}

/// How many of these rows have each status, and how many there are.
fn sums<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<usize> {
    let mut sums = vec![0; STATUSES.len()];
    for row in rows {
        sums[row.status] += 1;
    }
    sums.push(sums.iter().sum());
    sums
}

#[test]
fn every_row_of_the_chapters_that_apply_is_judged_once() {
    let rows = rows();
    let numbers: BTreeSet<&str> = rows.iter().map(|row| row.number.as_str()).collect();
    assert_eq!(numbers.len(), rows.len(), "a row is judged twice");
    let mut counted = BTreeMap::new();
    for row in &rows {
        *counted.entry(row.chapter).or_insert(0) += 1;
    }
    assert_eq!(counted, BTreeMap::from(CHAPTERS));
}

#[test]
fn the_sums_are_those_of_the_rows() {
    let (rows, security) = (rows(), read(&workspace().join("docs/SECURITY.md")));
    let told = |begin: &str| -> Vec<usize> {
        let line = security.lines().find(|line| line.starts_with(begin));
        let line = line.unwrap_or_else(|| panic!("no sums of {begin}"));
        let numbers = cells(line).into_iter().skip(1).map(|cell| cell.trim_matches('*'));
        numbers.map(|number| number.parse().expect("a number")).collect()
    };
    for (chapter, _) in CHAPTERS {
        let own = rows.iter().filter(|row| row.chapter == chapter);
        assert_eq!(told(&format!("| V{chapter} ")), sums(own), "V{chapter}");
    }
    assert_eq!(told("| **all** "), sums(rows.iter()));
    let first = rows.iter().filter(|row| row.level == "1");
    assert_eq!(told("| of these, level 1 "), sums(first));
}

#[test]
fn what_is_not_met_is_summed_up_with_its_reason() {
    let security = read(&workspace().join("docs/SECURITY.md"));
    let (_, section) = security.split_once("\n## 6. ").expect("the section");
    let (level_1, rest) = section.split_once("\nWhat is not met at all").expect("the list");
    let listed: BTreeSet<&str> = rest
        .lines()
        .filter(|line| is_numbered(line))
        .flat_map(|line| cells(line)[0].split(", "))
        .collect();
    let rows = rows();
    let not_met = rows.iter().filter(|row| STATUSES[row.status] == "not met");
    let not_met: BTreeSet<&str> = not_met.map(|row| row.number.as_str()).collect();
    assert_eq!(listed, not_met);
    for row in rows.iter().filter(|row| row.level == "1") {
        let is_missing = matches!(STATUSES[row.status], "in part" | "not met");
        let numbers = level_1.split(|c: char| !c.is_ascii_digit() && c != '.');
        let is_named =
            numbers.map(|word| word.trim_end_matches('.')).any(|word| word == row.number);
        assert_eq!(is_named, is_missing, "{} among what level 1 lacks", row.number);
    }
}
