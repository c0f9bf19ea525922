//! What was found, and what to do about it.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// Of which part of the server.
    area: &'static str,
    /// How bad it is.
    verdict: Verdict,
    /// What was found.
    what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// It is in order.
    Ok,
    /// It may be meant, or becomes a problem later.
    Warning,
    /// Customers are not served as they should be.
    Problem,
}

impl Finding {
    pub(super) fn ok(area: &'static str, what: impl Into<String>) -> Self {
        Self { area, verdict: Verdict::Ok, what: what.into(), remedy: None }
    }

    pub(super) fn warning(
        area: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (what, remedy) = (what.into(), Some(remedy.into()));
        Self { area, verdict: Verdict::Warning, what, remedy }
    }

    pub(super) fn problem(
        area: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (what, remedy) = (what.into(), Some(remedy.into()));
        Self { area, verdict: Verdict::Problem, what, remedy }
    }

    pub(super) fn is_problem(&self) -> bool {
        self.verdict == Verdict::Problem
    }

    /// A line, with tabs between.
    pub(super) fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "PROBLEM",
        };
        let remedy = self.remedy.as_ref().map(|remedy| format!("\t→ {remedy}"));
        format!("{verdict}\t{}\t{}{}", self.area, self.what, remedy.unwrap_or_default())
    }
}

/// What helps against a certificate that is not trusted, by the words of the fault: `url` and `ca`
/// are the settings that name the server and its authority.
pub(super) fn certificate_remedy(fault: &str, url: &str, ca: &str) -> Option<String> {
    let has = |part: &str| fault.contains(part);
    if has("tls: unknown authority") || has("tls: no roots") {
        Some(format!("name its authority by {ca}, or install the package ca-certificates"))
    } else if has("tls: certificate expired") || has("tls: certificate not valid yet") {
        Some("its certificate is to be renewed there; look at this machine's clock".to_owned())
    } else if has("tls: certificate for another name") {
        Some(format!("write the name that its certificate has into {url}"))
    } else {
        None
    }
}
