use gestan_account_client::Error;

/// What a window shows of a call that failed.
fn explain(error: &Error) -> Vec<String> {
    let Some(rejection) = error.rejection() else {
        // No answer came, or not in time.
        return vec![error.to_string()];
    };
    let mut lines = vec![rejection.message().to_owned()];
    // Every field that is wrong stands in one answer.
    for violation in rejection.violations() {
        lines.push(format!("{}: {}", violation.field, violation.description));
    }
    // A limit tells how long it holds.
    if let Some(delay) = rejection.retry_delay() {
        lines.push(format!("encore {} s", delay.as_secs()));
    }
    lines
}
