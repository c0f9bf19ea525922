//! Prometheus' own tool reads the files for operators: the rules are understood, fire when they should,
//! and the dashboard asks what can be asked.

use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

use gestan_account_tests::process::workspace;
use serde_json::Value;

/// Prometheus' tool, where `tests/run.sh` puts it.
fn promtool(arguments: &[&str]) {
    let program = workspace().join("tests/.venv/bin/promtool");
    let run = Command::new(&program).args(arguments).current_dir(operations()).output();
    let run = run.unwrap_or_else(|error| {
        panic!("{} cannot be run ({error}): tests/run.sh brings it", program.display())
    });
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "promtool {arguments:?}: {out}{err}");
}

fn operations() -> PathBuf {
    workspace().join("docs/operations")
}

#[test]
fn prometheus_understands_every_alert() {
    promtool(&["check", "rules", "alerts.yml"]);
}

#[test]
fn every_alert_fires_when_it_should_and_only_then() {
    promtool(&["test", "rules", "alerts_test.yml"]);

    let read = |file| fs::read_to_string(operations().join(file)).expect("a file");
    let (rules, tests) = (read("alerts.yml"), read("alerts_test.yml"));
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 4, "{alerts:?}");
    for alert in alerts {
        // One moment at which it fires, and one at which it does not.
        assert!(
            tests.matches(&format!("alertname: {alert}\n")).count() >= 1,
            "{alert} never fires"
        );
        let silent = format!("alertname: {alert}, exp_alerts: []");
        assert!(tests.contains(&silent), "{alert} is never seen silent");
    }
}

#[test]
fn prometheus_understands_every_question_of_the_dashboard() {
    let text = fs::read_to_string(operations().join("dashboard.json")).expect("a file");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("questions"));
    // The tool reads questions in rules only.
    let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
    for (number, target) in targets.enumerate() {
        // As Grafana fills them in.
        let question = target["expr"].as_str().expect("a question");
        let question = question.replace("$__rate_interval", "5m").replace("$instance", ".*");
        assert!(!question.contains('$'), "nobody fills in {question}");
        let question = Value::from(question);
        writeln!(rules, "      - record: question_{number}\n        expr: {question}")
            .expect("a string takes all");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dashboard.yml");
    fs::write(&file, rules).expect("it is written");
    promtool(&["check", "rules", file.to_str().expect("a path")]);
}
